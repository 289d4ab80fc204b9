#include <stdlib.h>

#include "calls.h"
#include "segment_state.h"

static uint32_t limit_of(const mlog_segment *segment, uint32_t limit_position) {
    uint32_t end = mlog_segment_end_position(segment);
    return limit_position < end ? limit_position : end;
}

mlog_status mlog_segment_read(const mlog_segment *segment, uint32_t position, uint8_t *buffer, size_t size_bytes,
                              size_t *read_out, mlog_error *error_out) {
    uint32_t end = mlog_segment_end_position(segment);
    size_t there = position < end ? end - position : 0;
    if (size_bytes > there) size_bytes = there;
    return mlog_call_read(segment->io, segment->fd, buffer, size_bytes, position, read_out, error_out);
}

/* ---- walking headers ---- */

bool mlog_segment_may_hold(const mlog_segment *segment, const mlog_batch_header *header) {
    if (header->base_offset < segment->base_offset) return false;
    int64_t relative = header->base_offset - segment->base_offset;
    return relative < UINT32_MAX && relative + header->last_offset_delta < UINT32_MAX;
}

mlog_status mlog_segment_header_at(const mlog_segment *segment, mlog_window *window, uint32_t position,
                                   mlog_batch_header *header_out, mlog_error *error_out) {
    const uint8_t *bytes;
    size_t available;
    mlog_status status = mlog_window_get(window, position, MLOG_BATCH_HEADER_BYTES, &bytes, &available, error_out);
    if (status != MLOG_OK) return status;
    uint32_t left = window->limit > position ? window->limit - position : 0;
    uint32_t size_limit = left < MLOG_SEGMENT_BATCH_BYTES_MAX ? left : MLOG_SEGMENT_BATCH_BYTES_MAX;
    if (mlog_batch_read_header(bytes, available, size_limit, header_out) != MLOG_BATCH_OK ||
        !mlog_segment_may_hold(segment, header_out))
        return mlog_fail(MLOG_CORRUPT, error_out);
    return MLOG_OK;
}

/* A walk over headers from near what is looked for. */
typedef struct {
    const mlog_segment *segment;
    mlog_window window;
    uint32_t position; /* where it begins */
    uint8_t buffer[MLOG_WINDOW_LOOKUP_BYTES];
} header_walk;

/* Does the batch that the entry speaks of stand where it says? */
static bool entry_holds(header_walk *walk, const mlog_index_entry *entry) {
    mlog_batch_header header;
    return mlog_segment_header_at(walk->segment, &walk->window, entry->position, &header, NULL) == MLOG_OK &&
           header.base_offset - walk->segment->base_offset == entry->relative_offset;
}

/* Sets the walk to the last index entry that matches. Where there is none, or the log contradicts it, at `otherwise`:
 * that is right as well, and without an index a larger window makes the way shorter. */
static mlog_status begin_walk(header_walk *walk, const mlog_segment *segment, uint32_t limit,
                              const mlog_index_query *query, uint32_t otherwise, mlog_error *error_out) {
    walk->segment = segment;
    walk->position = otherwise;
    mlog_window_begin(&walk->window, segment->io, segment->fd, limit, walk->buffer, sizeof walk->buffer);
    mlog_index_entry entry;
    mlog_status status = mlog_index_search(segment->index, query, &entry, error_out);
    if (status == MLOG_OK && entry_holds(walk, &entry)) {
        if (entry.position > otherwise) walk->position = entry.position;
        return MLOG_OK;
    }
    if (status == MLOG_OK) atomic_store(&segment->index->usable, false);
    if (status != MLOG_OK && status != MLOG_NOT_FOUND) return status;
    if (mlog_segment_index_ok(segment)) return MLOG_OK;
    return mlog_window_open(&walk->window, segment->io, segment->fd, limit, MLOG_WINDOW_HEADERS_BYTES, error_out);
}

/* A batch that the next one contradicts: its offsets were changed. Looked at where they are not the plainest: where it
 * lies wholly above the offset, as only in a log that was compacted, or has another count of records than of offsets.
 */
static bool is_misplaced(header_walk *walk, const mlog_batch_location *location, int64_t offset) {
    const mlog_batch_header *header = &location->header;
    if (header->base_offset <= offset && header->record_count == header->last_offset_delta + 1) return false;
    mlog_batch_header next;
    uint32_t next_position = location->position + header->size_bytes;
    return next_position < walk->window.limit &&
           mlog_segment_header_at(walk->segment, &walk->window, next_position, &next, NULL) == MLOG_OK &&
           next.base_offset <= mlog_batch_last_offset(header);
}

static mlog_status walk_to_offset(header_walk *walk, int64_t offset, mlog_batch_location *location_out,
                                  mlog_error *error_out) {
    uint32_t at = walk->position, limit = walk->window.limit;
    bool has_passed = false, damaged = false, whole;
    mlog_batch_location passed;
    while (at < limit) {
        mlog_status status = mlog_segment_header_at(walk->segment, &walk->window, at, &location_out->header, error_out);
        if (status == MLOG_CORRUPT) {
            status =
                mlog_segment_skip_damage(walk->segment, has_passed ? &passed : NULL, at, limit, &at, &whole, error_out);
            has_passed = false;
            damaged = true;
            if (status != MLOG_OK) return status;
            continue;
        }
        if (status != MLOG_OK) return status;
        location_out->position = at;
        if (mlog_batch_last_offset(&location_out->header) >= offset && !is_misplaced(walk, location_out, offset)) {
            /* Only a batch that holds the offset is no guess then. */
            bool guessed = damaged && location_out->header.base_offset > offset;
            return guessed ? mlog_fail(MLOG_CORRUPT, error_out) : MLOG_OK;
        }
        passed = *location_out;
        has_passed = true;
        at += location_out->header.size_bytes;
    }
    return mlog_fail(damaged ? MLOG_CORRUPT : MLOG_NOT_FOUND, error_out);
}

mlog_status mlog_segment_find_offset(const mlog_segment *segment, int64_t offset, uint32_t limit_position,
                                     mlog_batch_location *location_out, mlog_error *error_out) {
    *location_out = (mlog_batch_location){0};
    uint32_t limit = limit_of(segment, limit_position);
    if (limit == 0) return mlog_fail(MLOG_NOT_FOUND, error_out);
    int64_t relative = offset > segment->base_offset ? offset - segment->base_offset : 0;
    mlog_index_query query = {.relative_offset_max = relative, .position_max = (int64_t)limit - 1};
    header_walk walk;
    mlog_status status = begin_walk(&walk, segment, limit, &query, 0, error_out);
    if (status == MLOG_OK) status = walk_to_offset(&walk, offset, location_out, error_out);
    mlog_window_end(&walk.window);
    return status;
}

/* ---- the end of a range ---- */

typedef struct {
    uint64_t bound;       /* no batch may end past it */
    int64_t offset_limit; /* nor begin at this offset or a later one */
    uint32_t end_position;
    int64_t next_offset;
} range_end;

/* Takes the batches from the walk's position on while they fit. A batch that cannot be read ends the range: its own
 * reader will hear of it. */
static void extend_range(header_walk *walk, range_end *range) {
    uint32_t at = walk->position;
    mlog_batch_header header;
    while (at < walk->window.limit &&
           mlog_segment_header_at(walk->segment, &walk->window, at, &header, NULL) == MLOG_OK &&
           header.base_offset < range->offset_limit && (uint64_t)at + header.size_bytes <= range->bound) {
        at += header.size_bytes;
        range->end_position = at;
        range->next_offset = mlog_batch_last_offset(&header) + 1;
    }
}

/* From the last index entry below the bound; from the one before when not even the batch at that entry fits. */
static mlog_status extend_by_index(const mlog_segment *segment, uint32_t limit, range_end *range,
                                   mlog_error *error_out) {
    uint32_t first_end = range->end_position;
    mlog_index_query query = {
        .relative_offset_max = range->offset_limit - 1 - segment->base_offset,
        .position_max = (int64_t)range->bound - 1,
    };
    for (;;) {
        header_walk walk;
        mlog_status status = begin_walk(&walk, segment, limit, &query, first_end, error_out);
        if (status == MLOG_OK) extend_range(&walk, range);
        mlog_window_end(&walk.window);
        bool done = range->end_position > first_end || walk.position == first_end;
        if (status != MLOG_OK || done) return status;
        query.position_max = (int64_t)walk.position - 1;
    }
}

mlog_status mlog_segment_find_end(const mlog_segment *segment, uint32_t start_position, uint32_t max_bytes,
                                  uint32_t limit_position, int64_t offset_limit, uint32_t *end_position_out,
                                  int64_t *next_offset_out, mlog_error *error_out) {
    uint32_t limit = limit_of(segment, limit_position);
    *end_position_out = start_position;
    *next_offset_out = -1;
    if (start_position >= limit || offset_limit <= segment->base_offset) return mlog_fail(MLOG_NOT_FOUND, error_out);

    uint8_t buffer[MLOG_BATCH_HEADER_BYTES];
    mlog_window window;
    mlog_batch_header first;
    mlog_window_begin(&window, segment->io, segment->fd, limit, buffer, sizeof buffer);
    mlog_status status = mlog_segment_header_at(segment, &window, start_position, &first, error_out);
    if (status != MLOG_OK) return status;
    if (first.base_offset >= offset_limit) return mlog_fail(MLOG_NOT_FOUND, error_out);

    uint64_t bound = (uint64_t)start_position + max_bytes;
    range_end range = {
        .bound = bound < limit ? bound : limit,
        .offset_limit = offset_limit,
        .end_position = start_position + first.size_bytes,
        .next_offset = mlog_batch_last_offset(&first) + 1,
    };
    if (range.end_position < range.bound) status = extend_by_index(segment, limit, &range, error_out);
    *end_position_out = range.end_position;
    *next_offset_out = range.next_offset;
    return status;
}
