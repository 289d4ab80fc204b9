#include <string.h>

#include "calls.h"
#include "segment_state.h"

enum {
    MAGIC_AT = 16,
    /* Records take at least 7 bytes and LZ4 packs at most 255 to 1: no byte of log holds more offsets than this. */
    OFFSETS_PER_BYTE_MAX = 64,
};

/* Bytes may be made to look like thousands of large batches. Past this much checking (a fraction of a second) what is
 * there counts as data. */
static const uint64_t CHECKED_BYTES_MAX = 1024ull * 1024 * 1024;

typedef struct {
    const mlog_segment *segment;
    const mlog_search *search;
    mlog_window scanned; /* where headers are looked for */
    mlog_window checked; /* where whole batches are checked */
    uint64_t checked_bytes;
} batch_search;

/* Could the header belong to a batch that was appended after what is good? */
static bool is_later(const batch_search *state, uint32_t position, const mlog_batch_header *header) {
    const mlog_search *search = state->search;
    if (!mlog_segment_may_hold(state->segment, header) || header->base_offset <= search->expected_offset ||
        header->leader_epoch < search->leader_epoch_min)
        return false;
    int64_t skipped = header->base_offset - search->expected_offset;
    return search->offsets_may_skip || skipped <= (int64_t)(position - search->log_end) * OFFSETS_PER_BYTE_MAX;
}

/* Is there a batch at `position`? True, too, when there may be and the limit of work is reached. */
static mlog_status try_position(batch_search *state, uint32_t position, const uint8_t *bytes, bool *found_out,
                                mlog_error *error_out) {
    mlog_batch_header header;
    *found_out = false;
    if (mlog_batch_read_header(bytes, MLOG_BATCH_HEADER_BYTES, state->search->batch_limit_bytes, &header) !=
            MLOG_BATCH_OK ||
        !is_later(state, position, &header))
        return MLOG_OK;

    state->checked_bytes += header.size_bytes;
    if (state->checked_bytes > CHECKED_BYTES_MAX) {
        *found_out = true;
        return MLOG_OK;
    }
    const uint8_t *batch;
    size_t available;
    mlog_status status = mlog_window_get(&state->checked, position, header.size_bytes, &batch, &available, error_out);
    if (status != MLOG_OK) return status;
    *found_out = mlog_batch_check(batch, available, state->search->batch_limit_bytes, &header) == MLOG_BATCH_OK;
    return MLOG_OK;
}

/* Tries every position of `bytes` that a header would fit behind and whose magic byte is right. */
static mlog_status try_block(batch_search *state, uint32_t position, const uint8_t *bytes, size_t size_bytes,
                             bool *found_out, uint32_t *position_out, mlog_error *error_out) {
    size_t starts = size_bytes - MLOG_BATCH_HEADER_BYTES + 1;
    const uint8_t *next = bytes + MAGIC_AT, *end = next + starts, *magic;
    while (next < end && (magic = memchr(next, MLOG_BATCH_MAGIC, (size_t)(end - next))) != NULL) {
        const uint8_t *header = magic - MAGIC_AT;
        *position_out = position + (uint32_t)(header - bytes);
        mlog_status status = try_position(state, *position_out, header, found_out, error_out);
        if (status != MLOG_OK || *found_out) return status;
        next = magic + 1;
    }
    return MLOG_OK;
}

static mlog_status search_all(batch_search *state, bool *found_out, uint32_t *position_out, mlog_error *error_out) {
    uint32_t at = state->search->from;
    while (at < state->search->to) {
        const uint8_t *bytes;
        size_t available;
        mlog_status status =
            mlog_window_get(&state->scanned, at, MLOG_WINDOW_BATCHES_BYTES, &bytes, &available, error_out);
        if (status != MLOG_OK || available < MLOG_BATCH_HEADER_BYTES) return status;
        status = try_block(state, at, bytes, available, found_out, position_out, error_out);
        if (status != MLOG_OK || *found_out) return status;
        at += (uint32_t)available - MLOG_BATCH_HEADER_BYTES + 1;
    }
    return MLOG_OK;
}

mlog_status mlog_segment_search_batch(const mlog_segment *segment, const mlog_search *search, uint32_t file_bytes,
                                      bool *found_out, uint32_t *position_out, mlog_error *error_out) {
    batch_search state = {.segment = segment, .search = search};
    *found_out = false;
    *position_out = 0;
    mlog_status status =
        mlog_window_open(&state.scanned, segment->io, segment->fd, file_bytes, MLOG_WINDOW_BATCHES_BYTES, error_out);
    if (status == MLOG_OK)
        status = mlog_window_open(&state.checked, segment->io, segment->fd, file_bytes, MLOG_WINDOW_BATCHES_BYTES,
                                  error_out);
    if (status == MLOG_OK) status = search_all(&state, found_out, position_out, error_out);
    mlog_window_end(&state.scanned);
    mlog_window_end(&state.checked);
    if (!*found_out) *position_out = 0;
    return status;
}
