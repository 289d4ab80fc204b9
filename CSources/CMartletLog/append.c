#undef NDEBUG /* assertions stay on in release */
#include <assert.h>

#include "calls.h"
#include "segment_state.h"

/* ---- space ---- */

static uint32_t smaller(uint64_t a, uint32_t b) {
    return a < b ? (uint32_t)a : b;
}

/*
 * How far to allocate so that the file holds `needed` bytes: by as much as there is already, so that a partition with
 * little data takes little disk, and a busy one seldom asks.
 */
static uint32_t allocation_target(uint32_t allocated, uint32_t needed) {
    uint32_t step = allocated;
    if (step < MLOG_PREALLOCATE_MIN_BYTES) step = MLOG_PREALLOCATE_MIN_BYTES;
    if (step > MLOG_PREALLOCATE_MAX_BYTES) step = MLOG_PREALLOCATE_MAX_BYTES;
    uint32_t target = smaller((uint64_t)allocated + step, MLOG_SEGMENT_BYTES_MAX);
    return target > needed ? target : needed;
}

/* Makes the file `needed` bytes long, and longer while the disk has room; zeros, so that a later fdatasync has no size
 * to write. Where the file system has no fallocate, writes grow the file. */
static mlog_status allocate(mlog_segment *segment, uint32_t needed, mlog_error *error_out) {
    uint32_t allocated = segment->allocated_bytes, target = allocation_target(allocated, needed);
    mlog_status status = mlog_call_allocate(segment->io, segment->fd, allocated, target - allocated,
                                            &segment->allocation_supported, error_out);
    if (status == MLOG_NO_SPACE && target > needed) {
        target = needed;
        status = mlog_call_allocate(segment->io, segment->fd, allocated, target - allocated,
                                    &segment->allocation_supported, error_out);
    }
    if (status == MLOG_OK && segment->allocation_supported) segment->allocated_bytes = target;
    return status;
}

/* Back to the last whole batch, with nothing behind it: RULES 4 and 8. */
static mlog_status cut_back(mlog_segment *segment, mlog_error *error_out) {
    uint32_t end = atomic_load_explicit(&segment->end_position, memory_order_relaxed);
    mlog_status status = mlog_call_truncate(segment->io, segment->fd, end, error_out);
    if (status == MLOG_OK) status = mlog_call_fsync(segment->io, segment->fd, error_out);
    if (status == MLOG_OK) segment->allocated_bytes = end;
    return status;
}

/* Writes at `position`, all or nothing. */
static mlog_status write_parts(mlog_segment *segment, struct iovec *parts, int part_count, uint32_t position,
                               size_t size_bytes, mlog_error *error_out) {
    uint32_t needed = position + (uint32_t)size_bytes;
    mlog_status status = MLOG_OK;
    if (needed > segment->allocated_bytes && segment->allocation_supported)
        status = allocate(segment, needed, error_out);
    if (status == MLOG_OK) status = mlog_call_write(segment->io, segment->fd, parts, part_count, position, error_out);
    if (status == MLOG_OK) return MLOG_OK;

    /* Only a full disk is worth another try. A cut that fails leaves bytes of a batch behind the end, and then nothing
     * may be appended any more. */
    mlog_error cut_error;
    if (status != MLOG_NO_SPACE) return MLOG_IO_ERROR;
    if (cut_back(segment, &cut_error) == MLOG_OK) return MLOG_NO_SPACE;
    if (error_out != NULL) *error_out = cut_error;
    return MLOG_IO_ERROR;
}

/* ---- batches ---- */

static bool fits(const mlog_segment *segment, uint32_t position, size_t size_bytes, int64_t last_offset) {
    assert(!segment->sealed);
    return size_bytes <= MLOG_SEGMENT_BYTES_MAX - position && last_offset - segment->base_offset < UINT32_MAX;
}

void mlog_segment_note_batch(mlog_segment *segment, uint32_t position, const mlog_batch_header *header) {
    mlog_index *index = segment->index;
    int64_t max_timestamp_ms = atomic_load_explicit(&segment->max_timestamp_ms, memory_order_relaxed);
    if (mlog_index_is_due(index, position)) {
        mlog_index_add(index, &(mlog_index_entry){
                                  .earlier_timestamp_ms = max_timestamp_ms,
                                  .relative_offset = (uint32_t)(header->base_offset - segment->base_offset),
                                  .position = position,
                              });
    }
    if (header->max_timestamp_ms > max_timestamp_ms)
        atomic_store_explicit(&segment->max_timestamp_ms, header->max_timestamp_ms, memory_order_relaxed);
    segment->next_offset = mlog_batch_last_offset(header) + 1;
}

/* Room for the entry of a batch at `position`, found before anything is written: then a full disk refuses the batch and
 * the index never lags. */
static mlog_status reserve_entry(mlog_segment *segment, uint32_t position, mlog_error *error_out) {
    bool due = mlog_index_is_due(segment->index, position);
    return due ? mlog_index_reserve(segment->index, error_out) : MLOG_OK;
}

/* A write that failed for want of space may be tried again, any other takes the partition offline. */
static mlog_status as_write_status(mlog_status status) {
    return status == MLOG_OK || status == MLOG_NO_SPACE ? status : MLOG_IO_ERROR;
}

mlog_status mlog_segment_append(mlog_segment *segment, const uint8_t header[MLOG_BATCH_HEADER_BYTES],
                                const uint8_t *rest, size_t rest_bytes, uint32_t *position_out, mlog_error *error_out) {
    uint32_t end = atomic_load_explicit(&segment->end_position, memory_order_relaxed);
    size_t size_bytes = MLOG_BATCH_HEADER_BYTES + rest_bytes;
    *position_out = end;

    mlog_batch_header fields;
    mlog_batch_status batch_status = mlog_batch_read_header(header, MLOG_BATCH_HEADER_BYTES, UINT32_MAX, &fields);
    assert(batch_status == MLOG_BATCH_OK && fields.size_bytes == size_bytes);
    assert(segment->next_offset < 0 || fields.base_offset >= segment->next_offset);
    if (!fits(segment, end, size_bytes, mlog_batch_last_offset(&fields)))
        return mlog_fail(MLOG_SEGMENT_FULL, error_out);

    mlog_status status = as_write_status(reserve_entry(segment, end, error_out));
    if (status != MLOG_OK) return status;
    struct iovec parts[] = {
        {.iov_base = (void *)(uintptr_t)header, .iov_len = MLOG_BATCH_HEADER_BYTES},
        {.iov_base = (void *)(uintptr_t)rest, .iov_len = rest_bytes},
    };
    status = write_parts(segment, parts, 2, end, size_bytes, error_out);
    if (status != MLOG_OK) return status;
    mlog_segment_note_batch(segment, end, &fields);
    atomic_store_explicit(&segment->end_position, end + (uint32_t)size_bytes, memory_order_release);
    return MLOG_OK;
}

/* The header of the batch at `at` in the caller's bytes, which the caller has checked. */
static mlog_batch_header header_in(const uint8_t *batches, size_t size_bytes, size_t at) {
    mlog_batch_header header;
    size_t left = size_bytes - at;
    mlog_batch_status status =
        mlog_batch_read_header(batches + at, left, left < UINT32_MAX ? (uint32_t)left : UINT32_MAX, &header);
    assert(status == MLOG_BATCH_OK);
    return header;
}

/* Notes the batches that stand in the file from `position` on. */
static mlog_status note_batches(mlog_segment *segment, const uint8_t *batches, size_t size_bytes, uint32_t position,
                                mlog_error *error_out) {
    size_t at = 0;
    while (at < size_bytes) {
        mlog_batch_header header = header_in(batches, size_bytes, at);
        mlog_status status = reserve_entry(segment, position + (uint32_t)at, error_out);
        if (status != MLOG_OK) return status;
        mlog_segment_note_batch(segment, position + (uint32_t)at, &header);
        at += header.size_bytes;
    }
    return MLOG_OK;
}

/* Offsets rise, and all of it fits. */
static bool all_fit(const mlog_segment *segment, const uint8_t *batches, size_t size_bytes, uint32_t position) {
    int64_t next_offset = segment->next_offset;
    size_t at = 0;
    while (at < size_bytes) {
        mlog_batch_header header = header_in(batches, size_bytes, at);
        assert(next_offset < 0 || header.base_offset >= next_offset);
        next_offset = mlog_batch_last_offset(&header) + 1;
        at += header.size_bytes;
    }
    return fits(segment, position, size_bytes, next_offset - 1);
}

mlog_status mlog_segment_append_batches(mlog_segment *segment, const uint8_t *batches, size_t size_bytes,
                                        uint32_t *position_out, mlog_error *error_out) {
    uint32_t end = atomic_load_explicit(&segment->end_position, memory_order_relaxed);
    *position_out = end;
    if (size_bytes == 0) return MLOG_OK;
    if (!all_fit(segment, batches, size_bytes, end)) return mlog_fail(MLOG_SEGMENT_FULL, error_out);

    mlog_status status = as_write_status(reserve_entry(segment, end, error_out));
    if (status != MLOG_OK) return status;
    struct iovec part = {.iov_base = (void *)(uintptr_t)batches, .iov_len = size_bytes};
    status = write_parts(segment, &part, 1, end, size_bytes, error_out);
    if (status != MLOG_OK) return status;

    /* More entries than fit in memory are written out on the way. Where that fails the batches stand all the same, and
     * the index waits to be built anew. */
    status = note_batches(segment, batches, size_bytes, end, error_out);
    if (status != MLOG_OK) {
        mlog_index_give_up(segment->index);
        (void)note_batches(segment, batches, size_bytes, end, NULL);
    }
    atomic_store_explicit(&segment->end_position, end + (uint32_t)size_bytes, memory_order_release);
    return MLOG_OK;
}
