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

/* How far a walk goes, and what it does on the way. */
typedef struct {
    const mlog_index_entry *last; /* where it begins */
    uint32_t position;            /* where it ends */
    int64_t next_offset;          /* of the batch there; -1: not known */
    bool skips_damage;
} index_walk;

/* A batch walked over is noted once the next one bears it out: offsets lie outside of the CRC. */
typedef struct walked {
    mlog_batch_location last; /* not noted yet */
    bool waits;
} walked;

static mlog_status note_last(mlog_segment *segment, walked *walked, mlog_error *error_out) {
    if (!walked->waits) return MLOG_OK;
    walked->waits = false;
    return mlog_segment_note_recovered(segment, walked->last.position, &walked->last.header, error_out);
}

/* The batch at the walk's end bears the last one out. */
static mlog_status end_walk(mlog_segment *segment, const index_walk *walk, walked *walked, mlog_error *error_out) {
    bool reaches_past =
        walk->next_offset >= 0 && walked->waits && mlog_batch_last_offset(&walked->last.header) >= walk->next_offset;
    if (!reaches_past) return note_last(segment, walked, error_out);
    return walk->skips_damage ? MLOG_OK : mlog_fail(MLOG_CORRUPT, error_out);
}

/* Takes the header that was found at `at`. MLOG_CORRUPT: it cannot be what was written there. */
static mlog_status take_header(mlog_segment *segment, const index_walk *walk, walked *walked, uint32_t at,
                               const mlog_batch_header *header, mlog_error *error_out) {
    bool follows_last = !walked->waits || header->base_offset > mlog_batch_last_offset(&walked->last.header);
    if (!continues(segment, walk->last, header) && !walked->waits) return mlog_fail(MLOG_CORRUPT, error_out);
    if (follows_last) {
        mlog_status status = note_last(segment, walked, error_out);
        if (status != MLOG_OK) return status;
    } else if (!walk->skips_damage || header->base_offset < segment->next_offset) {
        return mlog_fail(MLOG_CORRUPT, error_out);
    }
    *walked = (struct walked){.last = {.header = *header, .position = at}, .waits = true};
    return MLOG_OK;
}

/* Goes on behind what cannot be read at *at. */
static mlog_status pass_damage(mlog_segment *segment, const index_walk *walk, walked *walked, uint32_t *at,
                               mlog_error *error_out) {
    bool whole;
    mlog_status status = mlog_segment_skip_damage(segment, walked->waits ? &walked->last : NULL, *at, walk->position,
                                                  at, &whole, error_out);
    if (status == MLOG_OK && whole) return note_last(segment, walked, error_out);
    walked->waits = false;
    return status;
}

static mlog_status walk_up_to(mlog_segment *segment, const index_walk *walk, mlog_window *window,
                              mlog_error *error_out) {
    uint32_t at = walk->last->position;
    walked walked = {0};
    while (at < walk->position) {
        mlog_batch_header header;
        mlog_status status = mlog_segment_header_at(segment, window, at, &header, error_out);
        if (status == MLOG_OK) status = take_header(segment, walk, &walked, at, &header, error_out);
        bool entry_wrong = at > 0 && at == walk->last->position;
        if (status == MLOG_CORRUPT && walk->skips_damage && !entry_wrong)
            status = pass_damage(segment, walk, &walked, &at, error_out);
        else if (status == MLOG_OK)
            at += header.size_bytes;
        if (status != MLOG_OK) return status;
    }
    return end_walk(segment, walk, &walked, error_out);
}

mlog_status mlog_segment_index_up_to(mlog_segment *segment, const mlog_index_entry *last, uint32_t position,
                                     int64_t next_offset, bool skips_damage, mlog_error *error_out) {
    index_walk walk = {.last = last, .position = position, .next_offset = next_offset, .skips_damage = skips_damage};
    bool from_start = last->position == 0;
    segment->next_offset = from_start ? segment->base_offset : -1;
    atomic_store(&segment->max_timestamp_ms, from_start ? -1 : last->earlier_timestamp_ms);
    mlog_window window;
    mlog_status status =
        mlog_window_open(&window, segment->io, segment->fd, position, MLOG_WINDOW_HEADERS_BYTES, error_out);
    if (status == MLOG_OK) status = walk_up_to(segment, &walk, &window, error_out);
    if (status == MLOG_OK && next_offset >= 0) segment->next_offset = next_offset;
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
    status = mlog_segment_index_up_to(segment, &none, mlog_segment_end_position(segment), segment->next_offset, true,
                                      error_out);
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
