#include <errno.h>
#include <string.h>

#include "calls.h"
#include "segment_state.h"

/* ---- the good part ---- */

typedef struct {
    const mlog_segment *segment;
    mlog_segment *noting; /* the segment whose index is built on the way, or null */
    const mlog_recovery_rules *rules;
    mlog_batch_visitor visitor;
    void *context;
    mlog_window window; /* up to the end of the file */
    uint32_t data_end;  /* from here on there are zeros */
    mlog_recovery_result *result;
} examination;

/* Checks offset and epoch, which the CRC does not cover, against what came before. */
static mlog_end_cause check_context(const examination *exam, const mlog_batch_header *header) {
    const mlog_recovery_rules *rules = exam->rules;
    int64_t expected = exam->result->end_offset;
    bool offset_right = rules->offsets_may_skip ? header->base_offset >= expected : header->base_offset == expected;
    if (!offset_right || !mlog_segment_may_hold(exam->segment, header)) return MLOG_END_WRONG_OFFSET;
    if (header->leader_epoch < exam->result->last_epoch || header->leader_epoch > rules->leader_epoch_max)
        return MLOG_END_WRONG_EPOCH;
    return MLOG_END_CLEAN;
}

/* The batch at the end of the good part: MLOG_END_CLEAN when it is good too. */
static mlog_status check_batch(examination *exam, mlog_batch_header *header_out, mlog_end_cause *cause_out,
                               mlog_error *error_out) {
    mlog_recovery_result *result = exam->result;
    const uint8_t *bytes;
    size_t available;
    uint32_t limit_bytes = exam->rules->batch_limit_bytes;
    mlog_status status =
        mlog_window_get(&exam->window, result->end_position, MLOG_BATCH_HEADER_BYTES, &bytes, &available, error_out);
    if (status != MLOG_OK) return status;
    result->batch_status = mlog_batch_read_header(bytes, available, limit_bytes, header_out);
    if (result->batch_status == MLOG_BATCH_OK) {
        status =
            mlog_window_get(&exam->window, result->end_position, header_out->size_bytes, &bytes, &available, error_out);
        if (status != MLOG_OK) return status;
        result->batch_status = mlog_batch_check(bytes, available, limit_bytes, header_out);
    }
    *cause_out = result->batch_status == MLOG_BATCH_OK ? check_context(exam, header_out) : MLOG_END_BAD_BATCH;
    if (*cause_out != MLOG_END_CLEAN || exam->visitor == NULL) return MLOG_OK;

    mlog_batch_location location = {.header = *header_out, .position = result->end_position};
    if (!exam->visitor(exam->context, &location, bytes)) *cause_out = MLOG_END_REFUSED;
    return MLOG_OK;
}

/* Goes over the good batches; *header_out is that of the one that ended them, if its cause says that it has any. */
static mlog_status walk_good(examination *exam, mlog_batch_header *header_out, mlog_error *error_out) {
    mlog_recovery_result *result = exam->result;
    while (result->end_position < exam->data_end) {
        mlog_status status = check_batch(exam, header_out, &result->cause, error_out);
        if (status != MLOG_OK || result->cause != MLOG_END_CLEAN) return status;
        if (exam->noting != NULL)
            status = mlog_segment_note_recovered(exam->noting, result->end_position, header_out, error_out);
        if (status != MLOG_OK) return status;
        result->end_position += header_out->size_bytes;
        result->end_offset = mlog_batch_last_offset(header_out) + 1;
        result->last_epoch = header_out->leader_epoch;
        if (header_out->max_timestamp_ms > result->max_timestamp_ms)
            result->max_timestamp_ms = header_out->max_timestamp_ms;
    }
    return MLOG_OK;
}

/* ---- what follows ---- */

/*
 * Where the file's data ends; `from` when there is none behind it. Past it lies preallocated space, which is not read:
 * a page of it that was, even ahead of a read, counts as data from then on, and so drags in the next.
 */
static uint32_t find_data_end(const mlog_segment *segment, uint32_t from, uint32_t limit) {
    const mlog_io *io = segment->io;
    uint32_t end = from;
    off_t at = from;
    while (at < limit) {
        off_t data = io->next_data(io->context, segment->fd, at);
        if (data < 0 && errno == ENXIO) return end;
        if (data < 0) return limit; /* not told: then all is read */
        if (data >= limit) return end;
        off_t hole = io->next_hole(io->context, segment->fd, data);
        if (hole <= data) return limit;
        end = hole < limit ? (uint32_t)hole : limit;
        at = hole;
    }
    return end;
}

/* Skips what the file system knows to be zeros: preallocated space is not read. False when nothing else follows. */
static bool skip_hole(const mlog_segment *segment, uint32_t *position, uint32_t limit) {
    off_t next = segment->io->next_data(segment->io->context, segment->fd, *position);
    if (next < 0) return errno != ENXIO; /* not told: then it is read */
    if (next >= limit) return false;
    if (next > *position) *position = (uint32_t)next;
    return true;
}

static mlog_status measure_torn(const mlog_segment *segment, uint32_t end, uint32_t limit, uint64_t *torn_out,
                                mlog_error *error_out) {
    mlog_window window;
    mlog_status status =
        mlog_window_open(&window, segment->io, segment->fd, limit, MLOG_WINDOW_HEADERS_BYTES, error_out);
    uint32_t at = end;
    *torn_out = 0;
    while (status == MLOG_OK && at < limit && skip_hole(segment, &at, limit)) {
        const uint8_t *bytes;
        size_t available;
        status = mlog_window_get(&window, at, MLOG_WINDOW_HEADERS_BYTES, &bytes, &available, error_out);
        if (available == 0) break;
        size_t used = available;
        while (used > 0 && bytes[used - 1] == 0)
            used--;
        if (used > 0) *torn_out = at + used - end;
        at += (uint32_t)available;
    }
    mlog_window_end(&window);
    return status;
}

/*
 * A whole batch whose CRC is right was written whole. Pages that were lost read as zeros, which only lowers an offset
 * or epoch: one that is too high was changed, so the batch counts as the later one itself.
 */
static bool is_changed_batch(const examination *exam, const mlog_batch_header *header) {
    switch (exam->result->cause) {
    case MLOG_END_WRONG_OFFSET:
        return header->base_offset > exam->result->end_offset;
    case MLOG_END_WRONG_EPOCH:
        return header->leader_epoch > exam->rules->leader_epoch_max;
    case MLOG_END_CLEAN:
    case MLOG_END_BAD_BATCH:
    case MLOG_END_REFUSED:
        return false;
    }
    return false;
}

enum {
    PAGE_BYTES = 4096,
    PAGE_END_BYTES = 8, /* this many zeros at a page's end are no coincidence */
};

/* Does a page between `from` and `to` end in zeros? */
static mlog_status find_lost_page(const mlog_segment *segment, uint32_t from, uint32_t to, bool *lost_out,
                                  mlog_error *error_out) {
    static const uint8_t zeros[PAGE_END_BYTES];
    *lost_out = false;
    for (uint64_t page_end = from / PAGE_BYTES * PAGE_BYTES + PAGE_BYTES; page_end <= to; page_end += PAGE_BYTES) {
        uint8_t bytes[PAGE_END_BYTES];
        size_t count;
        mlog_status status =
            mlog_call_read(segment->io, segment->fd, bytes, sizeof bytes, page_end - PAGE_END_BYTES, &count, error_out);
        if (status != MLOG_OK) return status;
        *lost_out = count == sizeof bytes && memcmp(bytes, zeros, sizeof zeros) == 0;
        if (*lost_out) break;
    }
    return MLOG_OK;
}

static mlog_status look_behind(examination *exam, const mlog_batch_header *ending, mlog_error *error_out) {
    mlog_recovery_result *result = exam->result;
    uint32_t end = result->end_position, limit = exam->window.limit;
    mlog_status status = measure_torn(exam->segment, end, exam->data_end, &result->torn_bytes, error_out);
    if (status != MLOG_OK) return status;
    if (result->torn_bytes == 0) {
        result->cause = MLOG_END_CLEAN;
        result->batch_status = MLOG_BATCH_OK;
        return MLOG_OK;
    }
    if (is_changed_batch(exam, ending)) {
        result->valid_batch_behind = true;
        result->valid_batch_position = end;
        return MLOG_OK;
    }
    uint32_t refused_bytes = result->cause == MLOG_END_REFUSED ? ending->size_bytes : 1;
    mlog_search search = {
        .from = end + refused_bytes,
        .to = end + (uint32_t)result->torn_bytes,
        .log_end = end,
        .expected_offset = result->end_offset,
        .offsets_may_skip = exam->rules->offsets_may_skip,
        .leader_epoch_min = result->last_epoch,
        .batch_limit_bytes = exam->rules->batch_limit_bytes,
    };
    status = mlog_segment_search_batch(exam->segment, &search, limit, &result->valid_batch_behind,
                                       &result->valid_batch_position, error_out);
    if (status != MLOG_OK || !result->valid_batch_behind) return status;
    return find_lost_page(exam->segment, end, result->valid_batch_position, &result->page_lost, error_out);
}

/* ---- the whole ---- */

static mlog_status examine(examination *exam, uint32_t from_position, mlog_error *error_out) {
    mlog_recovery_result *result = exam->result;
    *result = (mlog_recovery_result){
        .end_position = from_position,
        .end_offset = exam->rules->expected_offset,
        .last_epoch = exam->rules->leader_epoch_min,
        .max_timestamp_ms = -1,
    };
    const mlog_segment *segment = exam->segment;
    uint64_t file_bytes;
    mlog_status status = mlog_segment_file_bytes(segment, &file_bytes, error_out);
    if (status != MLOG_OK) return status;
    if (file_bytes < from_position) return mlog_fail(MLOG_CORRUPT, error_out);
    uint32_t limit = file_bytes < MLOG_SEGMENT_BYTES_MAX ? (uint32_t)file_bytes : MLOG_SEGMENT_BYTES_MAX;

    mlog_batch_header ending = {0};
    status = mlog_window_open(&exam->window, segment->io, segment->fd, limit, MLOG_WINDOW_BATCHES_BYTES, error_out);
    exam->data_end = find_data_end(segment, from_position, limit);
    exam->window.data_end = exam->data_end;
    if (status == MLOG_OK) status = walk_good(exam, &ending, error_out);
    if (status == MLOG_OK) status = look_behind(exam, &ending, error_out);
    mlog_window_end(&exam->window);
    return status;
}

mlog_status mlog_segment_examine(const mlog_segment *segment, uint32_t from_position, const mlog_recovery_rules *rules,
                                 mlog_batch_visitor visitor, void *context, mlog_recovery_result *result_out,
                                 mlog_error *error_out) {
    examination exam = {
        .segment = segment,
        .rules = rules,
        .visitor = visitor,
        .context = context,
        .result = result_out,
    };
    return examine(&exam, from_position, error_out);
}

/* Keeps of the index what is good below from_position, and walks on from there; when that does not lead there, without
 * the index from the start. */
static mlog_status resume_index(mlog_segment *segment, uint32_t from_position, int64_t next_offset, bool skips_damage,
                                mlog_error *error_out) {
    mlog_index_entry last;
    mlog_status status = mlog_index_keep_valid(segment->index, from_position, &last, error_out);
    if (status == MLOG_OK)
        status = mlog_segment_index_up_to(segment, &last, from_position, next_offset, skips_damage, error_out);
    if (status != MLOG_CORRUPT || last.position == 0) return status;
    mlog_index_clear(segment->index);
    return mlog_segment_index_up_to(segment, &(mlog_index_entry){0}, from_position, next_offset, skips_damage,
                                    error_out);
}

/* Is the only entry beyond those recovered the one that closed the index at this very end? The next batch's would be
 * the same. */
static bool closes_here(const mlog_segment *segment, uint32_t count_before, const mlog_recovery_result *result) {
    mlog_index_entry entry;
    uint32_t count = mlog_index_count(segment->index);
    return count_before == count + 1 && mlog_index_stale_entry_at(segment->index, count, &entry) &&
           entry.position == result->end_position &&
           entry.relative_offset == (uint32_t)(segment->next_offset - segment->base_offset);
}

/* Entries beyond those recovered speak of batches that are gone: they must not come back beside other batches. */
static mlog_status drop_stale_entries(mlog_segment *segment, uint32_t count_before, const mlog_recovery_result *result,
                                      mlog_error *error_out) {
    mlog_index *index = segment->index;
    if (count_before <= mlog_index_count(index) || closes_here(segment, count_before, result)) return MLOG_OK;
    mlog_status status = mlog_index_trim(index, 0, error_out);
    return status == MLOG_OK ? mlog_index_sync(index, error_out) : status;
}

mlog_status mlog_segment_resume(mlog_segment *segment, uint32_t position, mlog_error *error_out) {
    mlog_status status = resume_index(segment, position, -1, true, error_out);
    if (status != MLOG_OK) return status;
    atomic_store(&segment->index->usable, segment->index->growing);
    atomic_store_explicit(&segment->end_position, position, memory_order_release);
    return MLOG_OK;
}

mlog_status mlog_segment_recover(mlog_segment *segment, uint32_t from_position, const mlog_recovery_rules *rules,
                                 mlog_batch_visitor visitor, void *context, mlog_recovery_result *result_out,
                                 mlog_error *error_out) {
    mlog_index *index = segment->index;
    uint32_t count_before = mlog_index_count(index);
    *result_out = (mlog_recovery_result){.end_offset = rules->expected_offset, .max_timestamp_ms = -1};
    atomic_store(&index->usable, false);
    int64_t next_offset = from_position > 0 ? rules->expected_offset : -1;
    mlog_status status = resume_index(segment, from_position, next_offset, rules->damaged_below, error_out);
    if (status != MLOG_OK) return status;

    examination exam = {
        .segment = segment,
        .noting = segment,
        .rules = rules,
        .visitor = visitor,
        .context = context,
        .result = result_out,
    };
    status = examine(&exam, from_position, error_out);
    if (status == MLOG_OK) status = drop_stale_entries(segment, count_before, result_out, error_out);
    if (status != MLOG_OK) return status;

    segment->allocated_bytes = result_out->torn_bytes == 0 ? exam.window.limit : result_out->end_position;
    result_out->max_timestamp_ms = mlog_segment_max_timestamp(segment);
    atomic_store(&index->usable, index->growing);
    atomic_store_explicit(&segment->end_position, result_out->end_position, memory_order_release);
    return MLOG_OK;
}
