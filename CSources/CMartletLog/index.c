#include "index.h"

#undef NDEBUG /* assertions stay on in release */
#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "calls.h"
#include "mlog_bytes.h"

_Static_assert(MLOG_INDEX_BUFFERED_MAX *MLOG_TIME_ENTRY_BYTES <= 4096, "one page of either file");

static void prepare(mlog_index *index, const mlog_io *io) {
    *index = (mlog_index){.io = io, .offset_fd = -1, .time_fd = -1};
    atomic_init(&index->usable, false);
    pthread_mutex_init(&index->lock, NULL);
}

mlog_status mlog_index_create(mlog_index *index, const mlog_io *io, const char *offset_path, const char *time_path,
                              mlog_error *error_out) {
    prepare(index, io);
    int flags = O_RDWR | O_CREAT | O_TRUNC;
    mlog_status status = mlog_call_open(io, offset_path, flags, &index->offset_fd, error_out);
    if (status == MLOG_OK) status = mlog_call_open(io, time_path, flags, &index->time_fd, error_out);
    if (status == MLOG_OK) status = mlog_index_make_writable(index, error_out);
    index->growing = status == MLOG_OK;
    atomic_store(&index->usable, status == MLOG_OK);
    if (status != MLOG_OK) mlog_index_close(index);
    return status;
}

/* Opens one file and finds how many whole entries it holds. A missing one has none. */
static mlog_status open_existing(const mlog_io *io, const char *path, uint32_t entry_bytes, int *fd_out,
                                 uint32_t *count_out, bool *torn_out, mlog_error *error_out) {
    *count_out = 0;
    *torn_out = true;
    mlog_status status = mlog_call_open(io, path, O_RDWR, fd_out, error_out);
    if (status == MLOG_NOT_FOUND) return MLOG_OK;
    uint64_t size_bytes = 0;
    if (status == MLOG_OK) status = mlog_call_size(io, *fd_out, &size_bytes, error_out);
    /* One entry is due per 4 KiB of log, and one more closes it: a longer file is not an index. */
    uint64_t count_max = MLOG_SEGMENT_BYTES_MAX / MLOG_INDEX_INTERVAL_BYTES + 1;
    uint64_t count = size_bytes / entry_bytes;
    *torn_out = size_bytes % entry_bytes != 0 || count > count_max;
    *count_out = (uint32_t)(count > count_max ? 0 : count);
    return status;
}

mlog_status mlog_index_open(mlog_index *index, const mlog_io *io, const char *offset_path, const char *time_path,
                            mlog_error *error_out) {
    prepare(index, io);
    uint32_t offset_count, time_count = 0;
    bool offset_torn, time_torn = true;
    mlog_status status = open_existing(io, offset_path, MLOG_INDEX_ENTRY_BYTES, &index->offset_fd, &offset_count,
                                       &offset_torn, error_out);
    if (status == MLOG_OK)
        status =
            open_existing(io, time_path, MLOG_TIME_ENTRY_BYTES, &index->time_fd, &time_count, &time_torn, error_out);
    if (status != MLOG_OK) {
        mlog_index_close(index);
        return status;
    }
    index->file_count = offset_count < time_count ? offset_count : time_count;
    atomic_store(&index->usable, !offset_torn && !time_torn && offset_count == time_count);
    return MLOG_OK;
}

mlog_status mlog_index_create_missing(mlog_index *index, const char *offset_path, const char *time_path,
                                      mlog_error *error_out) {
    mlog_status status = MLOG_OK;
    if (index->offset_fd < 0)
        status = mlog_call_open(index->io, offset_path, O_RDWR | O_CREAT, &index->offset_fd, error_out);
    if (status == MLOG_OK && index->time_fd < 0)
        status = mlog_call_open(index->io, time_path, O_RDWR | O_CREAT, &index->time_fd, error_out);
    return status;
}

void mlog_index_close(mlog_index *index) {
    mlog_call_close(index->io, index->offset_fd);
    mlog_call_close(index->io, index->time_fd);
    free(index->buffered);
    pthread_mutex_destroy(&index->lock);
}

mlog_status mlog_index_make_writable(mlog_index *index, mlog_error *error_out) {
    if (index->buffered == NULL) index->buffered = malloc(MLOG_INDEX_BUFFERED_MAX * sizeof(mlog_index_entry));
    return index->buffered != NULL ? MLOG_OK : mlog_fail(MLOG_NO_MEMORY, error_out);
}

/* ---- entries as bytes ---- */

static void encode(const mlog_index_entry *entry, uint8_t *offset_bytes, uint8_t *time_bytes) {
    mlog_store_u32(offset_bytes, entry->relative_offset);
    mlog_store_u32(offset_bytes + 4, entry->position);
    mlog_store_u64(time_bytes, (uint64_t)entry->earlier_timestamp_ms);
    mlog_store_u32(time_bytes + 8, entry->relative_offset);
}

/* False for what no entry is: one that points at the start of the log, as zeros do, or whose halves do not belong
 * together. time_bytes null: the time is not wanted. */
static bool decode(const uint8_t *offset_bytes, const uint8_t *time_bytes, mlog_index_entry *entry_out) {
    entry_out->relative_offset = mlog_load_u32(offset_bytes);
    entry_out->position = mlog_load_u32(offset_bytes + 4);
    entry_out->earlier_timestamp_ms = time_bytes != NULL ? (int64_t)mlog_load_u64(time_bytes) : -1;
    return entry_out->position != 0 &&
           (time_bytes == NULL || mlog_load_u32(time_bytes + 8) == entry_out->relative_offset);
}

enum {
    BLOCK_ENTRIES = 128, /* what one read of each file brings */
};

/*
 * Reads `count` entries from the files, at most BLOCK_ENTRIES; with_times false leaves the .timeindex alone. *good_out
 * of them are entries; MLOG_CORRUPT when that is not all.
 */
static mlog_status read_block(const mlog_index *index, uint32_t first, uint32_t count, bool with_times,
                              mlog_index_entry *entries_out, uint32_t *good_out, mlog_error *error_out) {
    uint8_t offsets[BLOCK_ENTRIES * MLOG_INDEX_ENTRY_BYTES], times[BLOCK_ENTRIES * MLOG_TIME_ENTRY_BYTES];
    size_t offset_bytes, time_bytes = 0;
    assert(count <= BLOCK_ENTRIES);
    *good_out = 0;
    mlog_status status = mlog_call_read(index->io, index->offset_fd, offsets, (size_t)count * MLOG_INDEX_ENTRY_BYTES,
                                        (uint64_t)first * MLOG_INDEX_ENTRY_BYTES, &offset_bytes, error_out);
    if (status == MLOG_OK && with_times)
        status = mlog_call_read(index->io, index->time_fd, times, (size_t)count * MLOG_TIME_ENTRY_BYTES,
                                (uint64_t)first * MLOG_TIME_ENTRY_BYTES, &time_bytes, error_out);
    if (status != MLOG_OK) return status;

    size_t there = offset_bytes / MLOG_INDEX_ENTRY_BYTES;
    if (with_times && time_bytes / MLOG_TIME_ENTRY_BYTES < there) there = time_bytes / MLOG_TIME_ENTRY_BYTES;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *time = with_times ? times + i * MLOG_TIME_ENTRY_BYTES : NULL;
        if (i >= there || !decode(offsets + i * MLOG_INDEX_ENTRY_BYTES, time, &entries_out[i]))
            return mlog_fail(MLOG_CORRUPT, error_out);
        *good_out = i + 1;
    }
    return MLOG_OK;
}

static mlog_status read_one(const mlog_index *index, uint32_t number, bool with_times, mlog_index_entry *entry_out,
                            mlog_error *error_out) {
    uint32_t good;
    return read_block(index, number, 1, with_times, entry_out, &good, error_out);
}

/* ---- searching ---- */

static bool matches(const mlog_index_entry *entry, const mlog_index_query *query) {
    return entry->relative_offset <= query->relative_offset_max && entry->position <= query->position_max &&
           (!query->by_time || entry->earlier_timestamp_ms < query->time_below_ms);
}

/* How many of the entries match; they are a prefix. */
static uint32_t count_matches(const mlog_index_entry *entries, uint32_t count, const mlog_index_query *query) {
    uint32_t low = 0;
    while (low < count) {
        uint32_t middle = low + (count - low) / 2;
        if (matches(&entries[middle], query))
            low = middle + 1;
        else
            count = middle;
    }
    return low;
}

static bool is_ordered(const mlog_index_entry *entries, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        const mlog_index_entry *last = &entries[i - 1], *next = &entries[i];
        if (next->position <= last->position || next->relative_offset <= last->relative_offset ||
            next->earlier_timestamp_ms < last->earlier_timestamp_ms)
            return false;
    }
    return true;
}

/* How many of the first `count` entries of the files match, and the last of them: halves until a block is left, then
 * reads that. */
static mlog_status search_files(const mlog_index *index, uint32_t count, const mlog_index_query *query,
                                uint32_t *matches_out, mlog_index_entry *last_out, mlog_error *error_out) {
    uint32_t low = 0, high = count; /* entries below low match, those from high on do not */
    mlog_status status = MLOG_OK;
    while (high - low > BLOCK_ENTRIES - 2) {
        uint32_t middle = low + (high - low) / 2;
        status = read_one(index, middle, query->by_time, last_out, error_out);
        if (status != MLOG_OK) return status;
        if (matches(last_out, query))
            low = middle + 1;
        else
            high = middle;
    }
    /* Two before low are read too: the answer when none of the rest matches, and what must stand in order before it. */
    uint32_t first = low > 2 ? low - 2 : 0, good;
    mlog_index_entry block[BLOCK_ENTRIES];
    status = read_block(index, first, high - first, query->by_time, block, &good, error_out);
    if (status != MLOG_OK) return status;
    uint32_t found = count_matches(block, high - first, query);
    if ((found == 0 && first > 0) || !is_ordered(block, high - first)) return mlog_fail(MLOG_CORRUPT, error_out);
    *matches_out = first + found;
    if (found > 0) *last_out = block[found - 1];
    /* An offset is checked against the log; a time cannot be. One entry earlier is right as well, and makes up for a
     * time that was changed and still stands in order. */
    if (query->by_time && found > 1) *last_out = block[found - 2];
    if (query->by_time && found == 1) *matches_out = 0;
    return MLOG_OK;
}

mlog_status mlog_index_search(mlog_index *index, const mlog_index_query *query, mlog_index_entry *entry_out,
                              mlog_error *error_out) {
    if (!atomic_load(&index->usable)) return mlog_fail(MLOG_NOT_FOUND, error_out);
    pthread_mutex_lock(&index->lock);
    uint32_t file_count = index->file_count;
    uint32_t found = count_matches(index->buffered, index->buffered_count, query);
    if (found > 0) *entry_out = index->buffered[found - 1];
    pthread_mutex_unlock(&index->lock);
    if (found > 0) return MLOG_OK;
    if (file_count == 0) return mlog_fail(MLOG_NOT_FOUND, error_out);

    mlog_status status = search_files(index, file_count, query, &found, entry_out, error_out);
    if (status == MLOG_CORRUPT) {
        atomic_store(&index->usable, false);
        return mlog_fail(MLOG_NOT_FOUND, error_out);
    }
    return status != MLOG_OK || found > 0 ? status : mlog_fail(MLOG_NOT_FOUND, error_out);
}

uint32_t mlog_index_count(mlog_index *index) {
    pthread_mutex_lock(&index->lock);
    uint32_t count = index->file_count + index->buffered_count;
    pthread_mutex_unlock(&index->lock);
    return count;
}

mlog_status mlog_index_entry_at(mlog_index *index, uint32_t number, mlog_index_entry *entry_out,
                                mlog_error *error_out) {
    pthread_mutex_lock(&index->lock);
    uint32_t file_count = index->file_count;
    bool there = number < file_count + index->buffered_count;
    if (there && number >= file_count) *entry_out = index->buffered[number - file_count];
    pthread_mutex_unlock(&index->lock);
    if (!there) return mlog_fail(MLOG_NOT_FOUND, error_out);
    return number >= file_count ? MLOG_OK : read_one(index, number, true, entry_out, error_out);
}

bool mlog_index_stale_entry_at(mlog_index *index, uint32_t number, mlog_index_entry *entry_out) {
    return read_one(index, number, true, entry_out, NULL) == MLOG_OK;
}

/* ---- the writer ---- */

static void set_counts(mlog_index *index, uint32_t file_count, uint32_t buffered_count, uint32_t last_position) {
    pthread_mutex_lock(&index->lock);
    index->file_count = file_count;
    index->buffered_count = buffered_count;
    index->last_position = last_position;
    pthread_mutex_unlock(&index->lock);
}

void mlog_index_clear(mlog_index *index) {
    set_counts(index, 0, 0, 0);
    index->growing = true;
}

void mlog_index_give_up(mlog_index *index) {
    atomic_store(&index->usable, false);
    index->growing = false;
}

mlog_status mlog_index_drop_last(mlog_index *index, mlog_error *error_out) {
    assert(index->file_count > 0 && index->buffered_count == 0);
    mlog_index_entry previous = {0};
    uint32_t count = index->file_count - 1;
    mlog_status status = count > 0 ? read_one(index, count - 1, true, &previous, error_out) : MLOG_OK;
    if (status == MLOG_OK) set_counts(index, count, 0, previous.position);
    return status;
}

static bool follows(const mlog_index_entry *next, const mlog_index_entry *last) {
    return next->position >= last->position + MLOG_INDEX_INTERVAL_BYTES &&
           (last->position == 0 || (next->relative_offset > last->relative_offset &&
                                    next->earlier_timestamp_ms >= last->earlier_timestamp_ms));
}

mlog_status mlog_index_keep_valid(mlog_index *index, uint32_t end_position, mlog_index_entry *last_out,
                                  mlog_error *error_out) {
    uint32_t kept = 0, total = index->file_count;
    *last_out = (mlog_index_entry){0};
    bool in_order = true;
    while (kept < total && in_order) {
        mlog_index_entry block[BLOCK_ENTRIES];
        uint32_t wanted = total - kept < BLOCK_ENTRIES ? total - kept : BLOCK_ENTRIES, good;
        mlog_status status = read_block(index, kept, wanted, true, block, &good, error_out);
        if (status != MLOG_OK && status != MLOG_CORRUPT) return status;
        in_order = good == wanted;
        for (uint32_t i = 0; i < good; i++) {
            if (block[i].position >= end_position || !follows(&block[i], last_out)) {
                in_order = false;
                break;
            }
            *last_out = block[i];
            kept++;
        }
    }
    set_counts(index, kept, 0, last_out->position);
    index->growing = true;
    return MLOG_OK;
}

mlog_status mlog_index_reserve(mlog_index *index, mlog_error *error_out) {
    if (index->buffered_count < MLOG_INDEX_BUFFERED_MAX) return MLOG_OK;
    return mlog_index_flush(index, NULL, error_out);
}

void mlog_index_add(mlog_index *index, const mlog_index_entry *entry) {
    assert(index->buffered_count < MLOG_INDEX_BUFFERED_MAX);
    pthread_mutex_lock(&index->lock);
    index->buffered[index->buffered_count++] = *entry;
    index->last_position = entry->position;
    pthread_mutex_unlock(&index->lock);
}

mlog_status mlog_index_flush(mlog_index *index, const mlog_index_entry *closing, mlog_error *error_out) {
    enum {
        ENTRIES = MLOG_INDEX_BUFFERED_MAX + 1
    };
    uint8_t offsets[ENTRIES * MLOG_INDEX_ENTRY_BYTES], times[ENTRIES * MLOG_TIME_ENTRY_BYTES];
    uint32_t count = index->buffered_count;
    for (uint32_t i = 0; i < count; i++)
        encode(&index->buffered[i], offsets + i * MLOG_INDEX_ENTRY_BYTES, times + i * MLOG_TIME_ENTRY_BYTES);
    if (closing != NULL)
        encode(closing, offsets + count * MLOG_INDEX_ENTRY_BYTES, times + count * MLOG_TIME_ENTRY_BYTES);
    uint32_t written = count + (closing != NULL ? 1 : 0);
    if (written == 0) return MLOG_OK;

    /* Written without the lock: only the writer changes the entries in memory, and searches look in the files only
     * below file_count. */
    struct iovec part = {.iov_base = offsets, .iov_len = (size_t)written * MLOG_INDEX_ENTRY_BYTES};
    mlog_status status = mlog_call_write(index->io, index->offset_fd, &part, 1,
                                         (uint64_t)index->file_count * MLOG_INDEX_ENTRY_BYTES, error_out);
    part = (struct iovec){.iov_base = times, .iov_len = (size_t)written * MLOG_TIME_ENTRY_BYTES};
    if (status == MLOG_OK)
        status = mlog_call_write(index->io, index->time_fd, &part, 1,
                                 (uint64_t)index->file_count * MLOG_TIME_ENTRY_BYTES, error_out);
    if (status == MLOG_OK) set_counts(index, index->file_count + count, 0, index->last_position);
    return status;
}

mlog_status mlog_index_trim(mlog_index *index, uint32_t extra, mlog_error *error_out) {
    uint64_t count = (uint64_t)index->file_count + extra;
    mlog_status status = mlog_call_truncate(index->io, index->offset_fd, count * MLOG_INDEX_ENTRY_BYTES, error_out);
    if (status == MLOG_OK)
        status = mlog_call_truncate(index->io, index->time_fd, count * MLOG_TIME_ENTRY_BYTES, error_out);
    return status;
}

mlog_status mlog_index_sync(mlog_index *index, mlog_error *error_out) {
    mlog_status status = mlog_call_fsync(index->io, index->offset_fd, error_out);
    return status == MLOG_OK ? mlog_call_fsync(index->io, index->time_fd, error_out) : status;
}

mlog_status mlog_index_cut(mlog_index *index, uint32_t position, mlog_error *error_out) {
    if (index->last_position < position) return MLOG_OK;
    mlog_index_query below = {.relative_offset_max = INT64_MAX, .position_max = (int64_t)position - 1};
    uint32_t buffered = count_matches(index->buffered, index->buffered_count, &below);
    if (buffered > 0) {
        set_counts(index, index->file_count, buffered, index->buffered[buffered - 1].position);
        return MLOG_OK;
    }
    uint32_t kept = 0;
    mlog_index_entry last = {0};
    if (index->file_count > 0) {
        mlog_status status = search_files(index, index->file_count, &below, &kept, &last, error_out);
        if (status != MLOG_OK) return status;
    }
    set_counts(index, kept, 0, kept > 0 ? last.position : 0);
    return MLOG_OK;
}
