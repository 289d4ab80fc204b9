#include <stdlib.h>

#include "calls.h"
#include "segment_state.h"

/* What a search by time finds. */
typedef struct {
    int64_t offset;
    int64_t timestamp_ms;
    int32_t leader_epoch;
} found_record;

/* The first record at or after the time among uncompressed records. MLOG_NOT_FOUND when the header promised more. */
static mlog_status search_records(const mlog_batch_header *header, const uint8_t *records, size_t records_bytes,
                                  int64_t timestamp_ms, found_record *found_out, mlog_error *error_out) {
    mlog_record_iterator iterator;
    mlog_record record;
    mlog_records_begin(header, records, records_bytes, &iterator);
    int more;
    while ((more = mlog_records_next(&iterator, &record)) > 0) {
        if (record.timestamp_ms < timestamp_ms) continue;
        *found_out = (found_record){record.offset, record.timestamp_ms, header->leader_epoch};
        return MLOG_OK;
    }
    return mlog_fail(more < 0 ? MLOG_CORRUPT : MLOG_NOT_FOUND, error_out);
}

static mlog_status status_of_unpacking(mlog_batch_status status, mlog_error *error_out) {
    if (status == MLOG_BATCH_OK) return MLOG_OK;
    return mlog_fail(status == MLOG_BATCH_NO_MEMORY ? MLOG_NO_MEMORY : MLOG_CORRUPT, error_out);
}

static mlog_status search_packed(const mlog_batch_header *header, const uint8_t *block, size_t block_bytes,
                                 int64_t timestamp_ms, found_record *found_out, mlog_error *error_out) {
    /* LZ4 is the one codec that the broker takes in. */
    if (mlog_batch_compression(header) != MLOG_COMPRESSION_LZ4) return mlog_fail(MLOG_CORRUPT, error_out);
    size_t size_bytes;
    mlog_status status = status_of_unpacking(
        mlog_lz4_unpacked_bound(block, block_bytes, MLOG_LZ4_UNPACKED_BYTES_MAX, &size_bytes), error_out);
    if (status != MLOG_OK) return status;
    uint8_t *records = malloc(size_bytes > 0 ? size_bytes : 1);
    if (records == NULL) return mlog_fail(MLOG_NO_MEMORY, error_out);
    status = status_of_unpacking(mlog_lz4_unpack(block, block_bytes, records, size_bytes, &size_bytes), error_out);
    if (status == MLOG_OK) status = search_records(header, records, size_bytes, timestamp_ms, found_out, error_out);
    free(records);
    return status;
}

static mlog_status search_batch(mlog_window *window, uint32_t position, const mlog_batch_header *header,
                                int64_t timestamp_ms, found_record *found_out, mlog_error *error_out) {
    const uint8_t *batch;
    size_t available;
    mlog_batch_header checked;
    mlog_status status = mlog_window_get(window, position, header->size_bytes, &batch, &available, error_out);
    if (status != MLOG_OK) return status;
    if (mlog_batch_check(batch, available, header->size_bytes, &checked) != MLOG_BATCH_OK)
        return mlog_fail(MLOG_CORRUPT, error_out);
    const uint8_t *records = batch + MLOG_BATCH_HEADER_BYTES;
    size_t records_bytes = header->size_bytes - MLOG_BATCH_HEADER_BYTES;
    if (mlog_batch_compression(header) == MLOG_COMPRESSION_NONE)
        return search_records(header, records, records_bytes, timestamp_ms, found_out, error_out);
    return search_packed(header, records, records_bytes, timestamp_ms, found_out, error_out);
}

/* Where the search begins: every batch before the entry found is too early. At 0 when there is no entry or the log
 * contradicts it. */
static mlog_status start_position(const mlog_segment *segment, mlog_window *window, int64_t timestamp_ms,
                                  uint32_t *position_out, mlog_error *error_out) {
    mlog_index_query query = {
        .relative_offset_max = UINT32_MAX,
        .position_max = (int64_t)window->limit - 1,
        .by_time = true,
        .time_below_ms = timestamp_ms,
    };
    mlog_index_entry entry;
    mlog_batch_header header;
    *position_out = 0;
    mlog_status status = mlog_index_search(segment->index, &query, &entry, error_out);
    if (status != MLOG_OK) return status == MLOG_NOT_FOUND ? MLOG_OK : status;
    if (mlog_segment_header_at(segment, window, entry.position, &header, NULL) == MLOG_OK &&
        header.base_offset - segment->base_offset == entry.relative_offset)
        *position_out = entry.position;
    else
        atomic_store(&segment->index->usable, false);
    return MLOG_OK;
}

static mlog_status search(const mlog_segment *segment, mlog_window *window, int64_t timestamp_ms,
                          found_record *found_out, mlog_error *error_out) {
    uint32_t at;
    mlog_status status = start_position(segment, window, timestamp_ms, &at, error_out);
    if (status != MLOG_OK) return status;
    while (at < window->limit) {
        mlog_batch_header header;
        status = mlog_segment_header_at(segment, window, at, &header, error_out);
        if (status != MLOG_OK) return status;
        if (header.max_timestamp_ms >= timestamp_ms) {
            /* Clients write the header's times: when no record is that late, the search goes on. */
            status = search_batch(window, at, &header, timestamp_ms, found_out, error_out);
            if (status != MLOG_NOT_FOUND) return status;
        }
        at += header.size_bytes;
    }
    return mlog_fail(MLOG_NOT_FOUND, error_out);
}

mlog_status mlog_segment_find_timestamp(const mlog_segment *segment, int64_t timestamp_ms, uint32_t limit_position,
                                        int64_t *offset_out, int64_t *found_timestamp_ms_out, int32_t *leader_epoch_out,
                                        mlog_error *error_out) {
    *offset_out = *found_timestamp_ms_out = -1;
    *leader_epoch_out = -1;
    uint32_t end = mlog_segment_end_position(segment);
    uint32_t limit = limit_position < end ? limit_position : end;
    bool too_late = mlog_segment_index_ok(segment) && mlog_segment_max_timestamp(segment) < timestamp_ms;
    if (limit == 0 || too_late) return mlog_fail(MLOG_NOT_FOUND, error_out);

    mlog_window window;
    mlog_status status =
        mlog_window_open(&window, segment->io, segment->fd, limit, MLOG_WINDOW_HEADERS_BYTES, error_out);
    found_record found;
    if (status == MLOG_OK) status = search(segment, &window, timestamp_ms, &found, error_out);
    mlog_window_end(&window);
    if (status != MLOG_OK) return status;
    *offset_out = found.offset;
    *found_timestamp_ms_out = found.timestamp_ms;
    *leader_epoch_out = found.leader_epoch;
    return MLOG_OK;
}
