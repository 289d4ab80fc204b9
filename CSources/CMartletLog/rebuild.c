#include "calls.h"
#include "segment_state.h"
#include "window.h"

/* Room for an entry; when the disk has none the index is given up, and the walk goes on without it. */
static mlog_status reserve_or_give_up(mlog_segment *segment, uint32_t position, mlog_error *error_out) {
    mlog_index *index = segment->index;
    if (!mlog_index_is_due(index, position)) return MLOG_OK;
    mlog_status status = mlog_index_reserve(index, error_out);
    if (status != MLOG_NO_SPACE) return status;
    mlog_index_give_up(index);
    return MLOG_OK;
}

mlog_status mlog_segment_note_recovered(mlog_segment *segment, uint32_t position, const mlog_batch_header *header,
                                        mlog_error *error_out) {
    mlog_status status = reserve_or_give_up(segment, position, error_out);
    if (status == MLOG_OK) mlog_segment_note_batch(segment, position, header);
    return status;
}

/* Does the batch at the last index entry carry the offset that the entry says, and do offsets rise from there? */
static bool continues(const mlog_segment *segment, const mlog_index_entry *last, const mlog_batch_header *header) {
    if (segment->next_offset < 0) return header->base_offset - segment->base_offset == last->relative_offset;
    return header->base_offset >= segment->next_offset;
}

static mlog_status walk_up_to(mlog_segment *segment, const mlog_index_entry *last, uint32_t position,
                              mlog_window *window, mlog_error *error_out) {
    uint32_t at = last->position;
    while (at < position) {
        mlog_batch_header header;
        mlog_status status = mlog_segment_header_at(segment, window, at, &header, error_out);
        if (status == MLOG_OK && !continues(segment, last, &header)) status = mlog_fail(MLOG_CORRUPT, error_out);
        if (status == MLOG_OK) status = mlog_segment_note_recovered(segment, at, &header, error_out);
        if (status != MLOG_OK) return status;
        at += header.size_bytes;
    }
    return MLOG_OK;
}

mlog_status mlog_segment_index_up_to(mlog_segment *segment, const mlog_index_entry *last, uint32_t position,
                                     mlog_error *error_out) {
    bool from_start = last->position == 0;
    segment->next_offset = from_start ? segment->base_offset : -1;
    atomic_store(&segment->max_timestamp_ms, from_start ? -1 : last->earlier_timestamp_ms);
    mlog_window window;
    mlog_status status =
        mlog_window_open(&window, segment->io, segment->fd, position, MLOG_WINDOW_HEADERS_BYTES, error_out);
    if (status == MLOG_OK) status = walk_up_to(segment, last, position, &window, error_out);
    mlog_window_end(&window);
    return status;
}

mlog_status mlog_segment_rebuild_index(mlog_segment *segment, mlog_error *error_out) {
    mlog_index *index = segment->index;
    atomic_store(&index->usable, false);
    mlog_status status = mlog_segment_create_missing_index(segment, error_out);
    if (status == MLOG_OK) status = mlog_index_make_writable(index, error_out);
    if (status != MLOG_OK) return status;

    mlog_index_clear(index);
    mlog_index_entry none = {0}, closing;
    status = mlog_segment_index_up_to(segment, &none, mlog_segment_end_position(segment), error_out);
    bool closes = mlog_segment_closing_entry(segment, &closing);
    if (status == MLOG_OK && !index->growing) status = mlog_fail(MLOG_NO_SPACE, error_out);
    if (status == MLOG_OK) status = mlog_index_flush(index, closes ? &closing : NULL, error_out);
    if (status == MLOG_OK) status = mlog_index_trim(index, closes ? 1 : 0, error_out);
    if (status == MLOG_OK) status = mlog_index_sync(index, error_out);
    if (status != MLOG_OK) {
        mlog_index_give_up(index);
        return status;
    }
    atomic_store(&index->usable, true);
    return MLOG_OK;
}

/* ---- checking ---- */

/* What the entries must be, found by walking the headers. */
typedef struct {
    mlog_index *index;
    uint32_t number;        /* of the next entry */
    uint32_t last_position; /* of the last one */
    int64_t max_timestamp_ms;
} index_check;

static mlog_status check_entry(index_check *check, uint32_t relative_offset, uint32_t position, mlog_error *error_out) {
    mlog_index_entry entry;
    mlog_status status = mlog_index_entry_at(check->index, check->number++, &entry, error_out);
    if (status == MLOG_NOT_FOUND) return mlog_fail(MLOG_CORRUPT, error_out);
    if (status != MLOG_OK) return status;
    bool right = entry.position == position && entry.relative_offset == relative_offset &&
                 entry.earlier_timestamp_ms == check->max_timestamp_ms;
    return right ? MLOG_OK : mlog_fail(MLOG_CORRUPT, error_out);
}

static mlog_status check_entries(const mlog_segment *segment, mlog_window *window, mlog_error *error_out) {
    index_check check = {.index = segment->index, .max_timestamp_ms = -1};
    uint32_t at = 0, end = window->limit;
    int64_t next_offset = segment->base_offset;
    while (at < end) {
        mlog_batch_header header;
        mlog_status status = mlog_segment_header_at(segment, window, at, &header, error_out);
        if (status == MLOG_OK && at - check.last_position >= MLOG_INDEX_INTERVAL_BYTES) {
            status = check_entry(&check, (uint32_t)(header.base_offset - segment->base_offset), at, error_out);
            check.last_position = at;
        }
        if (status != MLOG_OK) return status;
        if (header.max_timestamp_ms > check.max_timestamp_ms) check.max_timestamp_ms = header.max_timestamp_ms;
        next_offset = mlog_batch_last_offset(&header) + 1;
        at += header.size_bytes;
    }
    /* The entry that closes it is in the files alone while the segment is active. */
    if (mlog_index_count(segment->index) == check.number) return MLOG_OK;
    mlog_status status = check_entry(&check, (uint32_t)(next_offset - segment->base_offset), end, error_out);
    if (status == MLOG_OK && mlog_index_count(segment->index) != check.number)
        status = mlog_fail(MLOG_CORRUPT, error_out);
    return status;
}

mlog_status mlog_segment_check_index(const mlog_segment *segment, mlog_error *error_out) {
    if (!mlog_segment_index_ok(segment)) return mlog_fail(MLOG_CORRUPT, error_out);
    mlog_window window;
    mlog_status status = mlog_window_open(&window, segment->io, segment->fd, mlog_segment_end_position(segment),
                                          MLOG_WINDOW_HEADERS_BYTES, error_out);
    if (status == MLOG_OK) status = check_entries(segment, &window, error_out);
    mlog_window_end(&window);
    return status;
}
