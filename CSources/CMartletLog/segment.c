#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "mlog_file.h"
#include "segment_state.h"

bool mlog_segment_path(const char *directory, int64_t base_offset, const char *extension, const char *suffix, char *out,
                       size_t capacity_bytes) {
    int length = snprintf(out, capacity_bytes, "%s/%020" PRId64 "%s%s", directory, base_offset, extension, suffix);
    return length >= 0 && (size_t)length < capacity_bytes;
}

/* The paths of a segment's three files. */
typedef struct {
    char log[PATH_MAX];
    char offset_index[PATH_MAX];
    char time_index[PATH_MAX];
} segment_paths;

static mlog_status paths_of(const mlog_segment *segment, segment_paths *out, mlog_error *error_out) {
    const char *directory = segment->directory, *suffix = segment->suffix;
    int64_t base = segment->base_offset;
    if (mlog_segment_path(directory, base, ".log", suffix, out->log, PATH_MAX) &&
        mlog_segment_path(directory, base, ".index", suffix, out->offset_index, PATH_MAX) &&
        mlog_segment_path(directory, base, ".timeindex", suffix, out->time_index, PATH_MAX))
        return MLOG_OK;
    errno = ENAMETOOLONG;
    return mlog_call_failed("open", error_out);
}

/* A segment with nothing open. */
static mlog_status new_segment(const mlog_io *io, const char *directory, int64_t base_offset, const char *suffix,
                               mlog_segment **segment_out, mlog_error *error_out) {
    *segment_out = NULL;
    mlog_segment *segment = malloc(sizeof *segment);
    if (segment == NULL) return mlog_fail(MLOG_NO_MEMORY, error_out);
    *segment = (mlog_segment){
        .io = io,
        .base_offset = base_offset,
        .fd = -1,
        .next_offset = -1,
        .allocation_supported = true,
        .directory = strdup(directory),
        .suffix = strdup(suffix),
    };
    atomic_init(&segment->end_position, 0);
    atomic_init(&segment->max_timestamp_ms, -1);
    if (segment->directory == NULL || segment->suffix == NULL) {
        mlog_segment_close(segment);
        return mlog_fail(MLOG_NO_MEMORY, error_out);
    }
    *segment_out = segment;
    return MLOG_OK;
}

/* The index as its owner wants it opened or created; on failure the segment has none. */
typedef mlog_status (*index_opener)(mlog_index *index, const mlog_io *io, const char *offset_path,
                                    const char *time_path, mlog_error *error_out);

static mlog_status attach_index(mlog_segment *segment, const segment_paths *paths, index_opener opener,
                                mlog_error *error_out) {
    segment->index = malloc(sizeof *segment->index);
    if (segment->index == NULL) return mlog_fail(MLOG_NO_MEMORY, error_out);
    mlog_status status = opener(segment->index, segment->io, paths->offset_index, paths->time_index, error_out);
    if (status != MLOG_OK) {
        free(segment->index);
        segment->index = NULL;
    }
    return status;
}

mlog_status mlog_segment_create(const mlog_io *io, const char *directory, int64_t base_offset, const char *suffix,
                                mlog_segment **segment_out, mlog_error *error_out) {
    mlog_segment *segment;
    segment_paths paths;
    mlog_status status = new_segment(io, directory, base_offset, suffix, segment_out, error_out);
    if (status != MLOG_OK) return status;
    segment = *segment_out;
    segment->next_offset = base_offset;

    status = paths_of(segment, &paths, error_out);
    if (status == MLOG_OK) status = mlog_call_open(io, paths.log, O_RDWR | O_CREAT | O_EXCL, &segment->fd, error_out);
    bool created = status == MLOG_OK;
    if (status == MLOG_OK) status = attach_index(segment, &paths, mlog_index_create, error_out);
    if (status == MLOG_OK) status = mlog_directory_sync(io, directory, error_out);
    if (status == MLOG_OK) return MLOG_OK;

    /* Without the .log the index files count for nothing. */
    if (created) (void)mlog_file_remove(io, paths.log, false, NULL);
    mlog_segment_close(segment);
    *segment_out = NULL;
    return status;
}

/* Opens the files of an existing segment; nothing about them is known yet. */
static mlog_status open_files(const mlog_io *io, const char *directory, int64_t base_offset, int flags,
                              mlog_segment **segment_out, mlog_error *error_out) {
    segment_paths paths;
    mlog_status status = new_segment(io, directory, base_offset, "", segment_out, error_out);
    if (status != MLOG_OK) return status;
    mlog_segment *segment = *segment_out;
    status = paths_of(segment, &paths, error_out);
    if (status == MLOG_OK) status = mlog_call_open(io, paths.log, flags, &segment->fd, error_out);
    if (status == MLOG_OK) status = attach_index(segment, &paths, mlog_index_open, error_out);
    return status;
}

/* Takes what is known of the end from the entry that closes the index, or marks the index not usable. */
static mlog_status read_closing_entry(mlog_segment *segment, uint32_t end_position, mlog_error *error_out) {
    mlog_index *index = segment->index;
    if (!atomic_load(&index->usable)) return MLOG_OK;
    uint32_t count = mlog_index_count(index);
    if (count == 0) {
        if (end_position == 0)
            segment->next_offset = segment->base_offset;
        else
            atomic_store(&index->usable, false);
        return MLOG_OK;
    }
    mlog_index_entry last;
    mlog_status status = mlog_index_entry_at(index, count - 1, &last, error_out);
    if (status == MLOG_OK && last.position == end_position) {
        segment->next_offset = segment->base_offset + last.relative_offset;
        atomic_store(&segment->max_timestamp_ms, last.earlier_timestamp_ms);
        return MLOG_OK;
    }
    atomic_store(&index->usable, false);
    return status == MLOG_CORRUPT ? MLOG_OK : status;
}

/* An active segment's index goes on growing: without its closing entry, with room for new ones. */
static mlog_status reopen_index(mlog_segment *segment, mlog_error *error_out) {
    mlog_index *index = segment->index;
    mlog_status status = mlog_index_make_writable(index, error_out);
    index->growing = atomic_load(&index->usable);
    if (status != MLOG_OK || !index->growing || mlog_index_count(index) == 0) return status;
    status = mlog_index_drop_last(index, error_out);
    if (status != MLOG_CORRUPT) return status;
    mlog_index_give_up(index);
    return MLOG_OK;
}

mlog_status mlog_segment_open(const mlog_io *io, const char *directory, int64_t base_offset, mlog_segment_mode mode,
                              uint32_t end_position, mlog_segment **segment_out, mlog_error *error_out) {
    int flags = mode == MLOG_SEGMENT_ACTIVE ? O_RDWR : O_RDONLY;
    uint64_t file_bytes = 0;
    mlog_status status = open_files(io, directory, base_offset, flags, segment_out, error_out);
    if (status == MLOG_OK) status = mlog_segment_file_bytes(*segment_out, &file_bytes, error_out);
    if (status == MLOG_OK && (file_bytes < end_position || end_position > MLOG_SEGMENT_BYTES_MAX))
        status = mlog_fail(MLOG_CORRUPT, error_out);
    if (status == MLOG_OK) status = read_closing_entry(*segment_out, end_position, error_out);
    if (status == MLOG_OK && mode == MLOG_SEGMENT_ACTIVE) status = reopen_index(*segment_out, error_out);
    if (status != MLOG_OK) {
        mlog_segment_close(*segment_out);
        *segment_out = NULL;
        return status;
    }
    (*segment_out)->sealed = mode == MLOG_SEGMENT_SEALED;
    uint64_t allocated = file_bytes < MLOG_SEGMENT_BYTES_MAX ? file_bytes : MLOG_SEGMENT_BYTES_MAX;
    (*segment_out)->allocated_bytes = (uint32_t)allocated;
    atomic_store_explicit(&(*segment_out)->end_position, end_position, memory_order_release);
    return MLOG_OK;
}

mlog_status mlog_segment_open_for_recovery(const mlog_io *io, const char *directory, int64_t base_offset,
                                           mlog_segment **segment_out, mlog_error *error_out) {
    mlog_status status = open_files(io, directory, base_offset, O_RDWR, segment_out, error_out);
    if (status == MLOG_OK) status = mlog_segment_create_missing_index(*segment_out, error_out);
    if (status == MLOG_OK) status = mlog_index_make_writable((*segment_out)->index, error_out);
    if (status != MLOG_OK) {
        mlog_segment_close(*segment_out);
        *segment_out = NULL;
        return status;
    }
    atomic_store(&(*segment_out)->index->usable, false);
    return MLOG_OK;
}

mlog_status mlog_segment_create_missing_index(mlog_segment *segment, mlog_error *error_out) {
    mlog_index *index = segment->index;
    if (index->offset_fd >= 0 && index->time_fd >= 0) return MLOG_OK;
    segment_paths paths;
    mlog_status status = paths_of(segment, &paths, error_out);
    if (status == MLOG_OK) status = mlog_index_create_missing(index, paths.offset_index, paths.time_index, error_out);
    return status == MLOG_OK ? mlog_directory_sync(segment->io, segment->directory, error_out) : status;
}

void mlog_segment_close(mlog_segment *segment) {
    if (segment == NULL) return;
    if (segment->index != NULL) mlog_index_close(segment->index);
    free(segment->index);
    mlog_call_close(segment->io, segment->fd);
    free(segment->directory);
    free(segment->suffix);
    free(segment);
}

int64_t mlog_segment_base_offset(const mlog_segment *segment) {
    return segment->base_offset;
}

uint32_t mlog_segment_end_position(const mlog_segment *segment) {
    return atomic_load_explicit(&segment->end_position, memory_order_acquire);
}

int64_t mlog_segment_max_timestamp(const mlog_segment *segment) {
    return atomic_load_explicit(&segment->max_timestamp_ms, memory_order_relaxed);
}

int64_t mlog_segment_next_offset(const mlog_segment *segment) {
    return segment->next_offset;
}

int mlog_segment_fd(const mlog_segment *segment) {
    return segment->fd;
}

bool mlog_segment_index_ok(const mlog_segment *segment) {
    return atomic_load(&segment->index->usable);
}

mlog_status mlog_segment_file_bytes(const mlog_segment *segment, uint64_t *size_bytes_out, mlog_error *error_out) {
    return mlog_call_size(segment->io, segment->fd, size_bytes_out, error_out);
}
