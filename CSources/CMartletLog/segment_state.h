#ifndef MLOG_SEGMENT_STATE_H
#define MLOG_SEGMENT_STATE_H

#include <stdatomic.h>

#include "index.h"
#include "mlog_segment.h"
#include "window.h"

/* What the files of this folder share about a segment. */
struct mlog_segment {
    const mlog_io *io;
    int64_t base_offset;
    int fd;
    _Atomic uint32_t end_position;    /* published with release: the bytes below it are in the file */
    _Atomic int64_t max_timestamp_ms; /* of the batches below the end */
    mlog_index *index;

    /* The writer's. */
    int64_t next_offset;       /* -1: unknown */
    uint32_t allocated_bytes;  /* the file is this long, zeros from the end on */
    bool allocation_supported; /* by the file system */
    bool sealed;
    char *directory;
    char *suffix;
};

/* ---- segment.c ---- */

/* Creates the index files that are missing, and syncs the directory when there were any. */
mlog_status mlog_segment_create_missing_index(mlog_segment *segment, mlog_error *error_out);

/* ---- append.c ---- */

/* Takes note of a batch at `position`: an index entry when one is due (there must be room), time and next offset. */
void mlog_segment_note_batch(mlog_segment *segment, uint32_t position, const mlog_batch_header *header);

/* ---- find.c ---- */

/* May a batch with this header stand in the segment? Its offsets must fit 32 bits from the base. */
bool mlog_segment_may_hold(const mlog_segment *segment, const mlog_batch_header *header);

/* The header of the batch at `position`, which ends below the window's limit. MLOG_CORRUPT when there is none. */
mlog_status mlog_segment_header_at(const mlog_segment *segment, mlog_window *window, uint32_t position,
                                   mlog_batch_header *header_out, mlog_error *error_out);

/* ---- damage.c ---- */

/* Where a walk over headers goes on that found none at `position`: at a whole batch of later offsets, else at `limit`.
 * `last`: the batch walked over before; null: none since the start or the last damage. *whole_out: its CRC is right. */
mlog_status mlog_segment_skip_damage(const mlog_segment *segment, const mlog_batch_location *last, uint32_t position,
                                     uint32_t limit, uint32_t *next_out, bool *whole_out, mlog_error *error_out);

/* ---- rebuild.c ---- */

/* mlog_segment_note_batch with room made for the entry; a full disk gives the index up. */
mlog_status mlog_segment_note_recovered(mlog_segment *segment, uint32_t position, const mlog_batch_header *header,
                                        mlog_error *error_out);

/*
 * Walks the headers from the last index entry below `position` up to it, noting each batch: index, max timestamp and
 * next offset are then those of the log below `position`. `last` all zero: from the start. MLOG_CORRUPT when the
 * headers do not lead there; with skips_damage only when `last` does not hold, and batches that cannot be found are
 * left out of the index. `next_offset`: that of the batch at `position`, -1 when it is not known.
 */
mlog_status mlog_segment_index_up_to(mlog_segment *segment, const mlog_index_entry *last, uint32_t position,
                                     int64_t next_offset, bool skips_damage, mlog_error *error_out);

/* ---- seal.c ---- */

/* The entry that closes the index at the end; false when the segment is empty and has none. */
bool mlog_segment_closing_entry(const mlog_segment *segment, mlog_index_entry *entry_out);

/* ---- search.c ---- */

/* What must come at the end of the good part, and where to look for what comes later. */
typedef struct {
    uint32_t from;    /* first position that a batch may begin at */
    uint32_t to;      /* past the last */
    uint32_t log_end; /* position that expected_offset belongs to */
    int64_t expected_offset;
    bool offsets_may_skip;
    int32_t leader_epoch_min;
    uint32_t batch_limit_bytes;
} mlog_search;

/* Looks for a whole, valid batch with higher offsets. *found_out is true when there is one at *position_out, or when
 * the search reached its limit of work there. */
mlog_status mlog_segment_search_batch(const mlog_segment *segment, const mlog_search *search, uint32_t file_bytes,
                                      bool *found_out, uint32_t *position_out, mlog_error *error_out);

#endif
