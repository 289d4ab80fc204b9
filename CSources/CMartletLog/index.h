#ifndef MLOG_INDEX_H
#define MLOG_INDEX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "mlog_io.h"
#include "mlog_segment.h"
#include "mlog_status.h"

/*
 * The pair of index files of a segment (FORMAT.md). Entry i of .index and entry i of .timeindex speak of the same
 * batch, so that one search serves both. New entries wait in memory until 64 of them are worth a write; searches see
 * them there.
 *
 * Threads: one writer; searches on any thread beside it. What a search finds is checked by its caller against the batch
 * header that it points to, so a wrong index costs time and never a wrong answer.
 */

enum {
    MLOG_INDEX_ENTRY_BYTES = 8,
    MLOG_TIME_ENTRY_BYTES = 12,
    /* Entries in memory: as many batches' headers a recovery reads to make them anew. */
    MLOG_INDEX_BUFFERED_MAX = 64,
};

/* Speaks of the batch that begins at `position`. */
typedef struct {
    int64_t earlier_timestamp_ms; /* the largest timestamp of all batches before it */
    uint32_t relative_offset;     /* its base offset - the segment's */
    uint32_t position;
} mlog_index_entry;

/* An entry matches when all three hold. All fields rise along the index, so the matches are a prefix of it. */
typedef struct {
    int64_t relative_offset_max;
    int64_t position_max;
    bool by_time;
    int64_t time_below_ms; /* earlier_timestamp_ms < this; looked at only when by_time */
} mlog_index_query;

typedef struct {
    const mlog_io *io;
    int offset_fd; /* -1: the file is missing */
    int time_fd;
    atomic_bool usable;         /* false: missing, found wrong or being built; searches find nothing */
    bool growing;               /* the writer's: entries are added */
    pthread_mutex_t lock;       /* over the four fields below; the writer alone changes them */
    uint32_t file_count;        /* entries in the files */
    uint32_t buffered_count;    /* entries after those, in memory */
    mlog_index_entry *buffered; /* room for MLOG_INDEX_BUFFERED_MAX; null in a segment opened sealed */
    uint32_t last_position;     /* of the last entry; 0 when there is none */
} mlog_index;

/* Creates both files, empty, replacing what is there. */
mlog_status mlog_index_create(mlog_index *index, const mlog_io *io, const char *offset_path, const char *time_path,
                              mlog_error *error_out);

/* Opens both files. A missing file, or sizes that are not those of a pair, make the index not usable. */
mlog_status mlog_index_open(mlog_index *index, const mlog_io *io, const char *offset_path, const char *time_path,
                            mlog_error *error_out);

void mlog_index_close(mlog_index *index);

/* Allocates the room for entries in memory; needed before anything is added. Fine when done already. */
mlog_status mlog_index_make_writable(mlog_index *index, mlog_error *error_out);

/* Opens the files that are missing, created; the caller syncs the directory. */
mlog_status mlog_index_create_missing(mlog_index *index, const char *offset_path, const char *time_path,
                                      mlog_error *error_out);

/* Entry `number`, in the files or in memory. MLOG_NOT_FOUND past the last; MLOG_CORRUPT when it is none. */
mlog_status mlog_index_entry_at(mlog_index *index, uint32_t number, mlog_index_entry *entry_out, mlog_error *error_out);

uint32_t mlog_index_count(mlog_index *index);

/* What the files hold at `number`, past the entries that count; false when that is no entry. */
bool mlog_index_stale_entry_at(mlog_index *index, uint32_t number, mlog_index_entry *entry_out);

/* Takes the last entry out of the index; the files keep it until it is overwritten. There must be one, in the files. */
mlog_status mlog_index_drop_last(mlog_index *index, mlog_error *error_out);

/* Keeps the longest prefix of the files that is in order and lies below end_position, and lets it grow from there;
 * *last_out is the last entry kept, all zero when there is none. Reads every entry. Both files must be open. */
mlog_status mlog_index_keep_valid(mlog_index *index, uint32_t end_position, mlog_index_entry *last_out,
                                  mlog_error *error_out);

/* Is an entry due for a batch at `position`? */
static inline bool mlog_index_is_due(const mlog_index *index, uint32_t position) {
    return index->growing && position - index->last_position >= MLOG_INDEX_INTERVAL_BYTES;
}

/* Makes sure that one more entry fits in memory, writing the buffered ones out when they fill it. */
mlog_status mlog_index_reserve(mlog_index *index, mlog_error *error_out);

/* Adds an entry. There must be room (mlog_index_reserve). */
void mlog_index_add(mlog_index *index, const mlog_index_entry *entry);

/* The index is wrong, or cannot be written: neither searched nor added to until it is built anew. */
void mlog_index_give_up(mlog_index *index);

/* Writes the buffered entries to the files; `closing`, when not null, behind them, without counting it. */
mlog_status mlog_index_flush(mlog_index *index, const mlog_index_entry *closing, mlog_error *error_out);

/* Cuts the files to the entries written, plus `extra` closing ones. */
mlog_status mlog_index_trim(mlog_index *index, uint32_t extra, mlog_error *error_out);

mlog_status mlog_index_sync(mlog_index *index, mlog_error *error_out);

/* Forgets the entries at or past `position`. The files keep them until mlog_index_trim. */
mlog_status mlog_index_cut(mlog_index *index, uint32_t position, mlog_error *error_out);

/* Forgets every entry and lets the index grow anew. */
void mlog_index_clear(mlog_index *index);

/*
 * The last matching entry, or by time one that may stand one earlier; MLOG_NOT_FOUND when there is none or the index is
 * not usable. An index whose entries cannot be read as such (gone, zeros, out of order) becomes not usable.
 */
mlog_status mlog_index_search(mlog_index *index, const mlog_index_query *query, mlog_index_entry *entry_out,
                              mlog_error *error_out);

#endif
