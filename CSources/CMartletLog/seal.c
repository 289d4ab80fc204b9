#define _GNU_SOURCE
#undef NDEBUG /* assertions stay on in release */
#include <assert.h>
#include <fcntl.h>

#include "calls.h"
#include "segment_state.h"

mlog_status mlog_segment_sync(mlog_segment *segment, mlog_error *error_out) {
    return mlog_call_fdatasync(segment->io, segment->fd, error_out);
}

void mlog_segment_start_writeback(mlog_segment *segment, uint32_t from_position, uint32_t to_position) {
    if (to_position <= from_position) return;
    (void)segment->io->sync_file_range(segment->io->context, segment->fd, from_position,
                                       (off_t)to_position - from_position, SYNC_FILE_RANGE_WRITE);
}

void mlog_segment_uncache(mlog_segment *segment, uint32_t from_position, uint32_t to_position) {
    if (to_position <= from_position) return;
    (void)segment->io->fadvise(segment->io->context, segment->fd, from_position, (off_t)to_position - from_position,
                               POSIX_FADV_DONTNEED);
}

bool mlog_segment_closing_entry(const mlog_segment *segment, mlog_index_entry *entry_out) {
    uint32_t end = mlog_segment_end_position(segment);
    *entry_out = (mlog_index_entry){
        .earlier_timestamp_ms = mlog_segment_max_timestamp(segment),
        .relative_offset = (uint32_t)(segment->next_offset - segment->base_offset),
        .position = end,
    };
    return end > 0;
}

mlog_status mlog_segment_flush_index(mlog_segment *segment, mlog_error *error_out) {
    mlog_index *index = segment->index;
    /* One that is not usable must not be closed: the next open would take it for whole. */
    if (!atomic_load(&index->usable)) return MLOG_OK;
    mlog_index_entry closing;
    bool closes = mlog_segment_closing_entry(segment, &closing);
    mlog_status status = mlog_index_flush(index, closes ? &closing : NULL, error_out);
    return status == MLOG_OK ? mlog_index_trim(index, closes ? 1 : 0, error_out) : status;
}

/* The index written and closed; the closing entry is part of it from here on. */
static mlog_status seal_index(mlog_segment *segment, mlog_error *error_out) {
    if (!atomic_load(&segment->index->usable)) return mlog_segment_rebuild_index(segment, error_out);
    mlog_status status = mlog_segment_flush_index(segment, error_out);
    return status == MLOG_OK ? mlog_index_sync(segment->index, error_out) : status;
}

mlog_status mlog_segment_seal(mlog_segment *segment, mlog_error *error_out) {
    uint32_t end = mlog_segment_end_position(segment);
    assert(!segment->sealed);
    mlog_status status = seal_index(segment, error_out);
    if (status != MLOG_OK) return status;
    status = mlog_call_truncate(segment->io, segment->fd, end, error_out);
    if (status == MLOG_OK) segment->allocated_bytes = end;
    if (status == MLOG_OK) status = mlog_call_fsync(segment->io, segment->fd, error_out);
    segment->sealed = status == MLOG_OK;
    return status;
}

/* Time and next offset of what is left, from the last index entry on. */
static mlog_status look_again(mlog_segment *segment, uint32_t end_position, mlog_error *error_out) {
    mlog_index_entry last = {0};
    uint32_t count = mlog_index_count(segment->index);
    if (segment->index->growing && count > 0) {
        mlog_status status = mlog_index_entry_at(segment->index, count - 1, &last, error_out);
        if (status != MLOG_OK) return status;
    }
    return mlog_segment_index_up_to(segment, &last, end_position, -1, true, error_out);
}

static mlog_status cut_index(mlog_segment *segment, uint32_t end_position, mlog_error *error_out) {
    mlog_status status = mlog_index_cut(segment->index, end_position, error_out);
    if (status == MLOG_CORRUPT) {
        mlog_index_give_up(segment->index);
        mlog_index_clear(segment->index);
        segment->index->growing = false;
        status = MLOG_OK;
    }
    /* Synced: entries of the batches cut must not come back after a crash, beside other batches. */
    if (status == MLOG_OK) status = mlog_index_trim(segment->index, 0, error_out);
    return status == MLOG_OK ? mlog_index_sync(segment->index, error_out) : status;
}

mlog_status mlog_segment_truncate(mlog_segment *segment, uint32_t end_position, mlog_error *error_out) {
    uint32_t old_end = mlog_segment_end_position(segment);
    assert(!segment->sealed && end_position <= old_end);
    atomic_store_explicit(&segment->end_position, end_position, memory_order_release);

    mlog_status status = mlog_call_truncate(segment->io, segment->fd, end_position, error_out);
    if (status == MLOG_OK) status = mlog_call_fsync(segment->io, segment->fd, error_out);
    if (status != MLOG_OK) return status;
    segment->allocated_bytes = end_position;
    status = cut_index(segment, end_position, error_out);
    if (status != MLOG_OK || end_position == old_end) return status;
    return look_again(segment, end_position, error_out);
}
