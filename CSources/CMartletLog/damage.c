#include "calls.h"
#include "segment_state.h"

/* Is the batch whose header was walked over what was written? */
static mlog_status is_whole(const mlog_segment *segment, const mlog_batch_location *location, uint32_t limit,
                            bool *whole_out, mlog_error *error_out) {
    const uint8_t *bytes;
    size_t available;
    mlog_window window;
    mlog_batch_header checked;
    *whole_out = false;
    mlog_status status =
        mlog_window_open(&window, segment->io, segment->fd, limit, MLOG_WINDOW_HEADERS_BYTES, error_out);
    if (status == MLOG_OK)
        status =
            mlog_window_get(&window, location->position, location->header.size_bytes, &bytes, &available, error_out);
    if (status == MLOG_OK)
        *whole_out = mlog_batch_check(bytes, available, location->header.size_bytes, &checked) == MLOG_BATCH_OK;
    mlog_window_end(&window);
    return status;
}

mlog_status mlog_segment_skip_damage(const mlog_segment *segment, const mlog_batch_location *last, uint32_t position,
                                     uint32_t limit, uint32_t *next_out, bool *whole_out, mlog_error *error_out) {
    mlog_search search = {
        .from = position + 1,
        .to = limit,
        .log_end = position,
        .expected_offset = segment->base_offset - 1,
        .offsets_may_skip = true,
        .batch_limit_bytes = MLOG_SEGMENT_BATCH_BYTES_MAX,
    };
    bool found;
    *next_out = limit;
    *whole_out = false;
    mlog_status status = last != NULL ? is_whole(segment, last, limit, whole_out, error_out) : MLOG_OK;
    if (status != MLOG_OK) return status;
    if (*whole_out) {
        search.expected_offset = mlog_batch_last_offset(&last->header);
    } else if (last != NULL) {
        /* Its length may be what is wrong: then the walk has lost its way behind it. */
        search.from = last->position + 1;
        search.expected_offset = last->header.base_offset;
    }
    uint32_t next;
    status = mlog_segment_search_batch(segment, &search, limit, &found, &next, error_out);
    if (status == MLOG_OK && found) *next_out = next;
    return status;
}

mlog_status mlog_segment_find_sound(const mlog_segment *segment, uint32_t position, uint32_t limit_position,
                                    int64_t offset_above, int32_t leader_epoch_min, uint32_t *position_out,
                                    mlog_error *error_out) {
    uint32_t end = mlog_segment_end_position(segment);
    uint32_t limit = limit_position < end ? limit_position : end;
    mlog_search search = {
        .from = position + 1,
        .to = limit,
        .log_end = position,
        .expected_offset = offset_above,
        .offsets_may_skip = true,
        .leader_epoch_min = leader_epoch_min,
        .batch_limit_bytes = MLOG_SEGMENT_BATCH_BYTES_MAX,
    };
    bool found;
    mlog_status status = mlog_segment_search_batch(segment, &search, limit, &found, position_out, error_out);
    return status != MLOG_OK || found ? status : mlog_fail(MLOG_NOT_FOUND, error_out);
}
