#include "calls.h"
#include "segment_state.h"

enum {
    PAGE_BYTES = 4096
};

mlog_status mlog_segment_rewrite(const mlog_segment *segment, uint32_t from_position, mlog_error *error_out) {
    uint32_t end = mlog_segment_end_position(segment);
    uint32_t at = from_position / PAGE_BYTES * PAGE_BYTES;
    mlog_window window;
    mlog_status status = mlog_window_open(&window, segment->io, segment->fd, end, MLOG_WINDOW_BATCHES_BYTES, error_out);
    while (status == MLOG_OK && at < end) {
        const uint8_t *bytes;
        size_t available;
        status = mlog_window_get(&window, at, MLOG_WINDOW_BATCHES_BYTES, &bytes, &available, error_out);
        if (status == MLOG_OK && available == 0) status = mlog_fail(MLOG_CORRUPT, error_out);
        if (status != MLOG_OK) break;
        struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = available};
        status = mlog_call_write(segment->io, segment->fd, &part, 1, at, error_out);
        at += (uint32_t)available;
    }
    mlog_window_end(&window);
    return status;
}
