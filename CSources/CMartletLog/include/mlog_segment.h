#ifndef MLOG_SEGMENT_H
#define MLOG_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlog_batch.h"
#include "mlog_io.h"
#include "mlog_status.h"

/*
 * One segment: <base offset, 20 digits>.log with its .index and .timeindex (FORMAT.md).
 *
 * Threads: append, truncate, seal, recover and rebuild are the writer's, one at a time (the partition's lock).
 * Everything else may run on any thread beside the writer, and sees what was appended before it was called. Positions
 * are bytes from the start of the .log file. `error_out` may be null everywhere.
 */
typedef struct mlog_segment mlog_segment;

enum {
    MLOG_INDEX_INTERVAL_BYTES = 4096,       /* at most one index entry per this much log */
    MLOG_PREALLOCATE_MIN_BYTES = 64 * 1024, /* doubling to MAX, from the first append on */
    MLOG_PREALLOCATE_MAX_BYTES = 16 * 1024 * 1024,
    MLOG_SEGMENT_BYTES_MAX = 1024 * 1024 * 1024,
};

typedef enum MLOG_CLOSED_ENUM {
    MLOG_SEGMENT_ACTIVE, /* may be appended to */
    MLOG_SEGMENT_SEALED, /* read only */
} mlog_segment_mode;

/* Where a batch stands. */
typedef struct {
    mlog_batch_header header;
    uint32_t position;
} mlog_batch_location;

/* Creates the three files, empty, active, without preallocation; the directory is synced. MLOG_EXISTS when the .log is
 * there. suffix: "" or ".cleaned" (appended to each file name). */
mlog_status mlog_segment_create(const mlog_io *io, const char *directory, int64_t base_offset, const char *suffix,
                                mlog_segment **segment_out, mlog_error *error_out) MLOG_CHECKED;

/*
 * Opens an existing segment whose end is known (a sealed one: its file size; an active one after a clean stop: the
 * checkpoint). Reads no log data. Index files that are missing, torn, out of order or beyond end_position are flagged
 * (mlog_segment_index_ok) and left for mlog_segment_rebuild_index; lookups then scan from the start.
 */
mlog_status mlog_segment_open(const mlog_io *io, const char *directory, int64_t base_offset, mlog_segment_mode mode,
                              uint32_t end_position, mlog_segment **segment_out, mlog_error *error_out) MLOG_CHECKED;

/* Closes the files; unsynced bytes stay in the page cache. Null is fine. */
void mlog_segment_close(mlog_segment *segment);

int64_t mlog_segment_base_offset(const mlog_segment *segment);
uint32_t mlog_segment_end_position(const mlog_segment *segment); /* atomic; first byte past the last whole batch */
int64_t mlog_segment_max_timestamp(const mlog_segment *segment); /* -1 while empty or unknown */
int mlog_segment_fd(const mlog_segment *segment);                /* of the .log, for sendfile and fdatasync */
bool mlog_segment_index_ok(const mlog_segment *segment);

/*
 * Appends a batch: `header` (61 bytes, as mlog_batch_assign wrote it), then `rest`, in one pwritev; then the index
 * entries that are due. Nothing is synced. Preallocates when needed. MLOG_OK; MLOG_SEGMENT_FULL (end + size would pass
 * MLOG_SEGMENT_BYTES_MAX; nothing written); MLOG_NO_SPACE (cut back to the last whole batch and synced, may be tried
 * again); MLOG_IO_ERROR (take the partition offline).
 */
mlog_status mlog_segment_append(mlog_segment *segment, const uint8_t header[MLOG_BATCH_HEADER_BYTES],
                                const uint8_t *rest, size_t rest_bytes, uint32_t *position_out,
                                mlog_error *error_out) MLOG_CHECKED;

/* Appends whole batches as they are (a follower's, a compactor's): the caller has checked them. Otherwise as
 * mlog_segment_append. */
mlog_status mlog_segment_append_batches(mlog_segment *segment, const uint8_t *batches, size_t size_bytes,
                                        uint32_t *position_out, mlog_error *error_out) MLOG_CHECKED;

/* Makes everything below the end at the call durable (fdatasync of the .log). */
mlog_status mlog_segment_sync(mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* Starts writeback of [from, to) without waiting. A hint: failure is not reported. */
void mlog_segment_start_writeback(mlog_segment *segment, uint32_t from_position, uint32_t to_position);

/* Trims preallocation, writes out the index, syncs all three files; the segment is sealed. */
mlog_status mlog_segment_seal(mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* Writes the index entries that are still in memory to their files (not synced): part of a clean stop. */
mlog_status mlog_segment_flush_index(mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* Cuts to `end_position` (a batch boundary): ftruncate, fsync, index cut accordingly. Durable on return. */
mlog_status mlog_segment_truncate(mlog_segment *segment, uint32_t end_position, mlog_error *error_out) MLOG_CHECKED;

/* ---- reading; limit_position is the first byte that must not be looked at ---- */

/* Reads up to size_bytes at `position`; *read_out may be smaller only at limit of the file. */
mlog_status mlog_segment_read(const mlog_segment *segment, uint32_t position, uint8_t *buffer, size_t size_bytes,
                              size_t *read_out, mlog_error *error_out) MLOG_CHECKED;

/* The batch that holds `offset`, or, where it was compacted away, the first one after. MLOG_NOT_FOUND: none below
 * limit_position. */
mlog_status mlog_segment_find_offset(const mlog_segment *segment, int64_t offset, uint32_t limit_position,
                                     mlog_batch_location *location_out, mlog_error *error_out) MLOG_CHECKED;

/*
 * The largest batch boundary at or below min(start_position + max_bytes, limit_position), but at least the end of the
 * batch at start_position (also when it alone is larger than max_bytes). Batches with base offset >= offset_limit are
 * left out. *next_offset_out: last offset of the last batch + 1.
 */
mlog_status mlog_segment_find_end(const mlog_segment *segment, uint32_t start_position, uint32_t max_bytes,
                                  uint32_t limit_position, int64_t offset_limit, uint32_t *end_position_out,
                                  int64_t *next_offset_out, mlog_error *error_out) MLOG_CHECKED;

/* The first record with a timestamp at or after timestamp_ms. Unpacks one batch at a time. MLOG_NOT_FOUND: none. */
mlog_status mlog_segment_find_timestamp(const mlog_segment *segment, int64_t timestamp_ms, uint32_t limit_position,
                                        int64_t *offset_out, int64_t *found_timestamp_ms_out, int32_t *leader_epoch_out,
                                        mlog_error *error_out) MLOG_CHECKED;

/* Called for each batch in order; return false to stop the scan (which then ends with MLOG_OK). `bytes` is the whole
 * batch, or null in a headers-only scan; valid during the call. */
typedef bool (*mlog_batch_visitor)(void *context, const mlog_batch_location *location, const uint8_t *bytes);

/* Visits the batches in [from_position, limit_position). check_crc reads whole batches and checks them. MLOG_CORRUPT at
 * the first bad one. */
mlog_status mlog_segment_scan(const mlog_segment *segment, uint32_t from_position, uint32_t limit_position,
                              bool check_crc, mlog_batch_visitor visitor, void *context, uint32_t *stopped_at_out,
                              mlog_error *error_out) MLOG_CHECKED;

/* ---- recovery ---- */

typedef struct {
    int64_t expected_offset;    /* base offset that the batch at from_position must have */
    bool offsets_may_skip;      /* compacted: at least the expected offset */
    int32_t leader_epoch_min;   /* epochs must not fall below this, nor fall at all */
    uint32_t batch_limit_bytes; /* larger length fields are not batches */
} mlog_recovery_rules;

typedef struct {
    uint32_t end_position; /* first byte past the last good batch */
    int64_t end_offset;    /* its last offset + 1 */
    int32_t last_epoch;
    int64_t max_timestamp_ms;
    uint64_t torn_bytes;     /* bytes past end_position that are not all zero, up to the last nonzero one */
    mlog_batch_status why;   /* what was wrong at end_position; OK when the log simply ends there */
    bool valid_batch_behind; /* a later batch with a good CRC and a higher offset follows: corruption, not a tail */
    uint32_t valid_batch_position;
} mlog_recovery_result;

/*
 * Checks every batch from from_position to the end of the file (DESIGN section 3, RULES 5) and builds the index anew
 * over that range. Cuts nothing: the caller decides (mlog_segment_truncate), given the result. The segment's end
 * becomes result->end_position. visitor (may be null) sees each good batch, e.g. to rebuild producer state.
 */
mlog_status mlog_segment_recover(mlog_segment *segment, uint32_t from_position, const mlog_recovery_rules *rules,
                                 mlog_batch_visitor visitor, void *context, mlog_recovery_result *result_out,
                                 mlog_error *error_out) MLOG_CHECKED;

/* Opens for recovery: an active segment whose end is not known; its end is 0 until mlog_segment_recover. */
mlog_status mlog_segment_open_for_recovery(const mlog_io *io, const char *directory, int64_t base_offset,
                                           mlog_segment **segment_out, mlog_error *error_out) MLOG_CHECKED;

/* Builds both indexes anew from the headers in [0, end). Durable on return. */
mlog_status mlog_segment_rebuild_index(mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* Is every index entry a batch boundary with the right offset and time? Reads the headers. MLOG_OK or MLOG_CORRUPT. */
mlog_status mlog_segment_check_index(const mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* "<directory>/<base offset, 20 digits><extension><suffix>" into out; false if capacity_bytes is too small. */
bool mlog_segment_path(const char *directory, int64_t base_offset, const char *extension, const char *suffix, char *out,
                       size_t capacity_bytes);

#endif
