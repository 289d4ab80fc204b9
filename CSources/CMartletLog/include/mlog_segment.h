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
 * Threads: append, truncate, seal, flush_index, recover and rebuild are the writer's, one at a time (the partition's
 * lock). Everything else may run on any thread beside the writer, and sees what was appended before it was called.
 * Positions are bytes from the start of the .log file. `error_out` may be null everywhere.
 */
typedef struct mlog_segment mlog_segment;

enum {
    MLOG_INDEX_INTERVAL_BYTES = 4096,       /* at most one index entry per this much log */
    MLOG_PREALLOCATE_MIN_BYTES = 64 * 1024, /* doubling to MAX, from the first append on */
    MLOG_PREALLOCATE_MAX_BYTES = 16 * 1024 * 1024,
    MLOG_SEGMENT_BYTES_MAX = 1024 * 1024 * 1024,
    MLOG_SEGMENT_BATCH_BYTES_MAX = 64 * 1024 * 1024, /* no batch in a log is larger */
};

/* How a segment is opened. */
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
 * there; index files without a .log are replaced. suffix: "" or ".cleaned" (appended to each file name). On failure
 * nothing is left behind that a later create would not replace. */
mlog_status mlog_segment_create(const mlog_io *io, const char *directory, int64_t base_offset, const char *suffix,
                                mlog_segment **segment_out, mlog_error *error_out) MLOG_CHECKED;

/*
 * Opens an existing segment whose end is known (a sealed one: its file size, see mlog_segment_file_bytes; an active one
 * after mlog_segment_flush_index and a clean stop: the checkpoint). Reads no log data and one index entry. Index files
 * that are missing, torn, or not closed at end_position, as a sealed or flushed index is, are flagged
 * (mlog_segment_index_ok) and left for mlog_segment_rebuild_index; lookups then scan from the start. MLOG_NOT_FOUND: no
 * .log; MLOG_CORRUPT: it is shorter than end_position.
 */
mlog_status mlog_segment_open(const mlog_io *io, const char *directory, int64_t base_offset, mlog_segment_mode mode,
                              uint32_t end_position, mlog_segment **segment_out, mlog_error *error_out) MLOG_CHECKED;

/* Closes the files; unsynced bytes stay in the page cache. Null is fine. */
void mlog_segment_close(mlog_segment *segment);

int64_t mlog_segment_base_offset(const mlog_segment *segment);
uint32_t mlog_segment_end_position(const mlog_segment *segment); /* atomic; first byte past the last whole batch */
int64_t mlog_segment_max_timestamp(const mlog_segment *segment); /* -1 while empty or unknown; atomic */
int64_t mlog_segment_next_offset(const mlog_segment *segment);   /* last offset + 1; -1 while unknown; the writer's */
int mlog_segment_fd(const mlog_segment *segment);                /* of the .log, for sendfile and fdatasync */

/* False when the index is missing or was found wrong, at open or by a lookup: time for mlog_segment_rebuild_index.
 * Until then lookups are right but slow, and appends add no entries. */
bool mlog_segment_index_ok(const mlog_segment *segment);

/* Size of the .log file as it stands, preallocation included. */
mlog_status mlog_segment_file_bytes(const mlog_segment *segment, uint64_t *size_bytes_out,
                                    mlog_error *error_out) MLOG_CHECKED;

/*
 * Appends a batch: `header` (61 bytes, as mlog_batch_assign wrote it), then `rest`, in one pwritev; then the index
 * entries that are due. Nothing is synced. Preallocates when needed. MLOG_OK; MLOG_SEGMENT_FULL (end + size would pass
 * MLOG_SEGMENT_BYTES_MAX, or an offset would not fit the index's 32 bits; nothing written); MLOG_NO_SPACE (cut back to
 * the last whole batch and synced, may be tried again); MLOG_IO_ERROR (take the partition offline).
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

/* Lets the page cache go of [from, to) where it is on the disk; what is not written yet stays, and writing it is
 * started. Reading the range again waits for the disk. A hint: failure is not reported, and that of an earlier write
 * still is by the next sync. */
void mlog_segment_uncache(mlog_segment *segment, uint32_t from_position, uint32_t to_position);

/* Trims preallocation, writes out the index (built anew when it is not ok), syncs all three files; the segment is
 * sealed. May be tried again after MLOG_NO_SPACE. */
mlog_status mlog_segment_seal(mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* Writes the index entries that are still in memory to their files, and the closing entry by which
 * mlog_segment_open knows them (not synced): part of a clean stop. Appends may go on after it. */
mlog_status mlog_segment_flush_index(mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* Cuts to `end_position` (a batch boundary): ftruncate, fsync, index cut accordingly. Durable on return. The caller
 * keeps readers away from what is cut: their limit_position is at most `end_position`. */
mlog_status mlog_segment_truncate(mlog_segment *segment, uint32_t end_position, mlog_error *error_out) MLOG_CHECKED;

/*
 * Writes `batch`, whole and checked by the caller, over the one at `position`, if that has the same base offset, last
 * offset, leader epoch and size (RULES 17); sealed segments too. Durable on return. Any thread, one repair at a time,
 * beside readers: while it runs they may see the damaged bytes, the good ones, or some of both. MLOG_NOT_FOUND: what is
 * there is another batch; nothing was written. After any other failure the batch may be damaged as before.
 */
mlog_status mlog_segment_repair(const mlog_segment *segment, uint32_t position, const uint8_t *batch, size_t size_bytes,
                                mlog_error *error_out) MLOG_CHECKED;

/* ---- reading; limit_position is the first byte that must not be looked at ---- */

/* Reads up to size_bytes at `position`; *read_out may be smaller only at limit of the file. */
mlog_status mlog_segment_read(const mlog_segment *segment, uint32_t position, uint8_t *buffer, size_t size_bytes,
                              size_t *read_out, mlog_error *error_out) MLOG_CHECKED;

/* The batch that holds `offset`, or, where it was compacted away, the first one after. Damage on the way is passed
 * over. MLOG_NOT_FOUND: none below limit_position; MLOG_CORRUPT: it is damaged itself, as far as can be told. */
mlog_status mlog_segment_find_offset(const mlog_segment *segment, int64_t offset, uint32_t limit_position,
                                     mlog_batch_location *location_out, mlog_error *error_out) MLOG_CHECKED;

/*
 * The largest batch boundary at or below min(start_position + max_bytes, limit_position), but at least the end of the
 * batch at start_position (also when it alone is larger than max_bytes). Batches with base offset >= offset_limit are
 * left out. *next_offset_out: last offset of the last batch + 1. MLOG_NOT_FOUND: no batch there below the limits;
 * MLOG_CORRUPT: none that can be read (a later bad one only ends the range).
 */
mlog_status mlog_segment_find_end(const mlog_segment *segment, uint32_t start_position, uint32_t max_bytes,
                                  uint32_t limit_position, int64_t offset_limit, uint32_t *end_position_out,
                                  int64_t *next_offset_out, mlog_error *error_out) MLOG_CHECKED;

/* Whether [from_position, to_position) of the log can be read without the disk. True, too, where that cannot be told.
 * One system call. What is on its way from the disk counts as there. */
bool mlog_segment_is_cached(const mlog_segment *segment, uint32_t from_position, uint32_t to_position);

/* The first record with a timestamp at or after timestamp_ms. Unpacks one batch at a time. MLOG_NOT_FOUND: none;
 * MLOG_CORRUPT: a batch that must be looked into cannot be read. */
mlog_status mlog_segment_find_timestamp(const mlog_segment *segment, int64_t timestamp_ms, uint32_t limit_position,
                                        int64_t *offset_out, int64_t *found_timestamp_ms_out, int32_t *leader_epoch_out,
                                        mlog_error *error_out) MLOG_CHECKED;

/* Called for each batch in order; return false to stop the scan (which then ends with MLOG_OK). `bytes` is the whole
 * batch, or null in a headers-only scan; valid during the call. */
typedef bool (*mlog_batch_visitor)(void *context, const mlog_batch_location *location, const uint8_t *bytes);

/* Visits the batches in [from_position, limit_position). check_crc reads whole batches and checks them. MLOG_CORRUPT at
 * the first bad one. *stopped_at_out: position of the batch that was bad or at which the visitor stopped, else the
 * limit. */
mlog_status mlog_segment_scan(const mlog_segment *segment, uint32_t from_position, uint32_t limit_position,
                              bool check_crc, mlog_batch_visitor visitor, void *context, uint32_t *stopped_at_out,
                              mlog_error *error_out) MLOG_CHECKED;

/* The next whole batch behind the one at `position`, which is damaged, with a base offset above offset_above and at
 * least that leader epoch. Tries every byte. MLOG_NOT_FOUND: none below limit_position. May also be a place that only
 * looks like one, when the search reached its limit of work there (FORMAT.md): its caller checks it. */
mlog_status mlog_segment_find_sound(const mlog_segment *segment, uint32_t position, uint32_t limit_position,
                                    int64_t offset_above, int32_t leader_epoch_min, uint32_t *position_out,
                                    mlog_error *error_out) MLOG_CHECKED;

/* ---- recovery ---- */

typedef struct {
    int64_t expected_offset;    /* base offset that the batch at from_position must have */
    bool offsets_may_skip;      /* compacted: at least the expected offset */
    int32_t leader_epoch_min;   /* epochs must not fall below this, nor fall at all */
    int32_t leader_epoch_max;   /* the epoch history's last one: it was made durable before any append at it */
    uint32_t batch_limit_bytes; /* larger length fields are not batches */
    bool damaged_below;         /* mlog_segment_recover: below from_position batches are known to be damaged */
} mlog_recovery_rules;

/* Why the log ends where it does. */
typedef enum MLOG_CLOSED_ENUM {
    MLOG_END_CLEAN = 0,    /* nothing but zeros follows, or the file ends */
    MLOG_END_BAD_BATCH,    /* what follows is no valid batch: see batch_status */
    MLOG_END_WRONG_OFFSET, /* a valid batch, but with another base offset than must come */
    MLOG_END_WRONG_EPOCH,  /* a valid batch, but its leader epoch falls, or no leader ever had it */
    MLOG_END_REFUSED,      /* the visitor refused it */
} mlog_end_cause;

typedef struct {
    uint32_t end_position; /* first byte past the last good batch */
    int64_t end_offset;    /* its last offset + 1 */
    int32_t last_epoch;    /* leader_epoch_min when there was no batch */
    int64_t max_timestamp_ms;
    uint64_t torn_bytes; /* bytes past end_position up to the last nonzero one */
    mlog_end_cause cause;
    mlog_batch_status batch_status; /* under MLOG_END_BAD_BATCH; else OK */
    /* A whole batch with a good CRC and higher offsets stands at valid_batch_position, at or past the end: corruption,
     * not a tail. Also true when the search for one reached its limit of work at valid_batch_position (FORMAT.md):
     * what may be data is never called a tail. */
    bool valid_batch_behind;
    uint32_t valid_batch_position;
    /* With valid_batch_behind: between the two, zeros run up to the end of a 4 KiB page. Writes that were never synced
     * leave such holes after a power cut, changed bits do not. A caller that knows of a power cut (another boot id) and
     * that nothing past end_position was promised may cut here too, and says so; any other must not. */
    bool page_lost;
} mlog_recovery_result;

/*
 * What stands from from_position to the end of the file: every batch is checked (DESIGN section 3, RULES 5) and shown
 * to `visitor` (may be null), which returns false to refuse it. Changes nothing; any thread. MLOG_OK whatever was
 * found.
 */
mlog_status mlog_segment_examine(const mlog_segment *segment, uint32_t from_position, const mlog_recovery_rules *rules,
                                 mlog_batch_visitor visitor, void *context, mlog_recovery_result *result_out,
                                 mlog_error *error_out) MLOG_CHECKED;

/*
 * mlog_segment_examine, then takes result->end_position as the segment's end and builds the index anew past what of it
 * is still good. Cuts nothing: the caller decides, given the result, and calls mlog_segment_truncate before it appends
 * when torn_bytes is not 0. from_position is a batch boundary below which all was synced; only batch headers are read
 * there, and only from the last index entry on. MLOG_CORRUPT: the headers below from_position do not lead up to it;
 * find out where the damage is, and recover with damaged_below, which leaves it out of the index. A full disk leaves
 * the index not ok, and is no failure.
 */
mlog_status mlog_segment_recover(mlog_segment *segment, uint32_t from_position, const mlog_recovery_rules *rules,
                                 mlog_batch_visitor visitor, void *context, mlog_recovery_result *result_out,
                                 mlog_error *error_out) MLOG_CHECKED;

/*
 * Writes the bytes from the page of from_position to the end over themselves. After a sync that failed, the kernel
 * counts as clean what it has in memory and the disk has not: no later sync writes it, unless it is written again. The
 * writer's. Nothing is synced.
 */
mlog_status mlog_segment_rewrite(const mlog_segment *segment, uint32_t from_position,
                                 mlog_error *error_out) MLOG_CHECKED;

/* Takes `position`, as from_position above, for the end of a segment that is opened for recovery: what lies below can
 * be read and looked up, by what of the index is still good there. For reading only: it is recovered through another
 * handle, which sees all that the index files hold. */
mlog_status mlog_segment_resume(mlog_segment *segment, uint32_t position, mlog_error *error_out) MLOG_CHECKED;

/* Opens for recovery: an active segment whose end is not known; its end is 0 until mlog_segment_recover. Index files
 * are created when missing. */
mlog_status mlog_segment_open_for_recovery(const mlog_io *io, const char *directory, int64_t base_offset,
                                           mlog_segment **segment_out, mlog_error *error_out) MLOG_CHECKED;

/* Builds both indexes anew from the headers in [0, end). Durable on return. Batches that are damaged, and so cannot be
 * found, are left out. */
mlog_status mlog_segment_rebuild_index(mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* Is the index the one that mlog_segment_rebuild_index would make? Reads the headers. MLOG_OK or MLOG_CORRUPT. The
 * segment is sealed or its writer is kept away. */
mlog_status mlog_segment_check_index(const mlog_segment *segment, mlog_error *error_out) MLOG_CHECKED;

/* "<directory>/<base offset, 20 digits><extension><suffix>" into out; false if capacity_bytes is too small. */
bool mlog_segment_path(const char *directory, int64_t base_offset, const char *extension, const char *suffix, char *out,
                       size_t capacity_bytes);

#endif
