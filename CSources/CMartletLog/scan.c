#include "calls.h"
#include "segment_state.h"

static mlog_status check_whole(mlog_window *window, uint32_t position, const mlog_batch_header *header,
                               const uint8_t **bytes_out, mlog_error *error_out) {
    size_t available;
    mlog_batch_header checked;
    mlog_status status = mlog_window_get(window, position, header->size_bytes, bytes_out, &available, error_out);
    if (status != MLOG_OK) return status;
    if (mlog_batch_check(*bytes_out, available, header->size_bytes, &checked) == MLOG_BATCH_OK) return MLOG_OK;
    return mlog_fail(MLOG_CORRUPT, error_out);
}

mlog_status mlog_segment_scan(const mlog_segment *segment, uint32_t from_position, uint32_t limit_position,
                              bool check_crc, mlog_batch_visitor visitor, void *context, uint32_t *stopped_at_out,
                              mlog_error *error_out) {
    uint32_t end = mlog_segment_end_position(segment);
    uint32_t limit = limit_position < end ? limit_position : end;
    size_t capacity = check_crc ? MLOG_WINDOW_BATCHES_BYTES : MLOG_WINDOW_HEADERS_BYTES;
    mlog_window window;
    mlog_status status = mlog_window_open(&window, segment->io, segment->fd, limit, capacity, error_out);
    bool more = true;
    uint32_t at = from_position;
    while (status == MLOG_OK && at < limit) {
        mlog_batch_location location = {.position = at};
        const uint8_t *bytes = NULL;
        status = mlog_segment_header_at(segment, &window, at, &location.header, error_out);
        if (status == MLOG_OK && check_crc) status = check_whole(&window, at, &location.header, &bytes, error_out);
        if (status == MLOG_OK) more = visitor(context, &location, bytes);
        if (status != MLOG_OK || !more) break;
        at += location.header.size_bytes;
    }
    mlog_window_end(&window);
    *stopped_at_out = at;
    return status;
}
