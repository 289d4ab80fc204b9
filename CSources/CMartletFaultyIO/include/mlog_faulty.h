#ifndef MLOG_FAULTY_H
#define MLOG_FAULTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlog_io.h"

/*
 * A table of calls for tests. It works on real files, fails where it is told to, and keeps a model of what a power cut
 * may take: every 4 KiB page, file size, and directory entry that was not synced (RULES 30). For tests only.
 *
 *     mlog_faulty *disk = mlog_faulty_open("/tmp/x/limbo");
 *     mlog_faulty_crash_after(disk, 17);
 *     ... run the code under test with mlog_faulty_io(disk), until calls fail ...
 *     mlog_faulty_power_loss(disk, seed, &loss);   // the files are now what was left
 *     ... start again with the same table, or any other ...
 *
 * Any thread; the calls run one at a time. Paths of one file are always spelled alike. Syncs are modelled and not made.
 * After one that failed the file's pages count as clean, as Linux does it: a later sync succeeds and does not keep
 * them.
 */
typedef struct mlog_faulty mlog_faulty;

typedef enum MLOG_CLOSED_ENUM {
    MLOG_CALL_OPEN = 0,
    MLOG_CALL_CLOSE,
    MLOG_CALL_PREAD,
    MLOG_CALL_PWRITEV,
    MLOG_CALL_FTRUNCATE,
    MLOG_CALL_FALLOCATE,
    MLOG_CALL_FDATASYNC,
    MLOG_CALL_FSYNC,
    MLOG_CALL_SYNCFS,
    MLOG_CALL_SYNC_FILE_RANGE,
    MLOG_CALL_FADVISE,
    MLOG_CALL_RENAME,
    MLOG_CALL_UNLINK,
    MLOG_CALL_MKDIR,
    MLOG_CALL_RMDIR,
    MLOG_CALL_LOCK,
    MLOG_CALL_SIZE,
    MLOG_CALL_NEXT_DATA,
    MLOG_CALL_CACHED_PAGES,
} mlog_call_kind;

enum {
    MLOG_CALL_KINDS = MLOG_CALL_CACHED_PAGES + 1,
    MLOG_FAULTS_MAX = 16,
};

/* `limbo` is a directory (created when missing, left behind) on the file system under test but
 * outside of what is tested: it keeps what was unlinked or overwritten. Null: errno tells why. */
mlog_faulty *mlog_faulty_open(const char *limbo);
void mlog_faulty_close(mlog_faulty *disk);

/* Valid until mlog_faulty_close. */
const mlog_io *mlog_faulty_io(mlog_faulty *disk);

/* ---- failing ---- */

/* What goes wrong, and when. Calls are counted from the injection on, among those of this kind and path. */
typedef struct {
    mlog_call_kind kind;
    uint64_t nth;          /* 1: the next one */
    uint64_t times;        /* UINT64_MAX: from there on, until healed */
    int os_error;          /* 0: not a failure, but a short read or write of */
    size_t short_bytes;    /*    at most this many bytes; of 0 bytes, a sync that keeps nothing, a cache that is cold */
    const char *path_part; /* only files whose path has this in it; null: all. Copied. */
} mlog_fault;

/* False when there are MLOG_FAULTS_MAX already. */
bool mlog_faulty_inject(mlog_faulty *disk, const mlog_fault *fault);

/* Takes all faults back. */
void mlog_faulty_heal(mlog_faulty *disk);

/* After `changes` more calls that change or sync something, the process counts as killed: everything but close fails
 * with EIO and does nothing, until mlog_faulty_power_loss or mlog_faulty_restart. */
void mlog_faulty_crash_after(mlog_faulty *disk, uint64_t changes);
bool mlog_faulty_crashed(mlog_faulty *disk);

/* Blocks until that has happened: true; false after `most_ms` milliseconds without. */
bool mlog_faulty_wait_for_crash(mlog_faulty *disk, uint64_t most_ms);

/* Calls of a kind so far, failed ones too. */
uint64_t mlog_faulty_calls(mlog_faulty *disk, mlog_call_kind kind);

/* Calls so far that change or sync something. */
uint64_t mlog_faulty_changes(mlog_faulty *disk);

/* ---- losing ---- */

/* What a power cut took, of what it could have taken. */
typedef struct {
    uint64_t pages_unsynced;
    uint64_t pages_dropped;
    uint64_t sizes_dropped;
    uint64_t entries_unsynced; /* creates, renames, unlinks of unsynced directories */
    uint64_t entries_dropped;
} mlog_power_loss;

/*
 * Cuts the power: of everything unsynced, a subset chosen by `seed` is undone in the real files; the rest counts as
 * synced. Descriptors opened through the table should be closed before or after, and not used in between. Faults are
 * healed. Returns 0, or -1 and errno when the real files cannot be changed.
 */
int mlog_faulty_power_loss(mlog_faulty *disk, uint64_t seed, mlog_power_loss *loss_out);

/* The kernel takes back the memory of clean pages: what was written before a sync that failed, and not again, is as the
 * disk has it. Returns 0, or -1 and errno when the real files cannot be changed. */
int mlog_faulty_drop_clean(mlog_faulty *disk);

/* The process is started again after a crash, with the machine still up: nothing is lost. */
void mlog_faulty_restart(mlog_faulty *disk);

#endif
