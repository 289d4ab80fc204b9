#ifndef MLOG_IO_H
#define MLOG_IO_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

/*
 * Every system call that the log makes goes through one of these tables, so that tests can inject EINTR, short writes,
 * ENOSPC, EIO, and a crash after N calls, or drop what was not synced. Each member behaves like the call of its name:
 * -1 and errno on failure. A table outlives every handle opened with it; its functions are called on any thread.
 */
typedef struct mlog_io {
    void *context;
    int (*open)(void *context, const char *path, int flags, mode_t mode);
    int (*close)(void *context, int fd);
    ssize_t (*pread)(void *context, int fd, void *buffer, size_t size_bytes, off_t position);
    ssize_t (*pwritev)(void *context, int fd, const struct iovec *parts, int part_count, off_t position);
    int (*ftruncate)(void *context, int fd, off_t size_bytes);
    int (*fallocate)(void *context, int fd, int mode, off_t position, off_t size_bytes);
    int (*fdatasync)(void *context, int fd);
    int (*fsync)(void *context, int fd);
    int (*syncfs)(void *context, int fd);
    int (*sync_file_range)(void *context, int fd, off_t position, off_t size_bytes, unsigned flags);
    /* posix_fadvise, but for how it fails. */
    int (*fadvise)(void *context, int fd, off_t position, off_t size_bytes, int advice);
    int (*rename)(void *context, const char *from, const char *to);
    int (*unlink)(void *context, const char *path);
    int (*mkdir)(void *context, const char *path, mode_t mode);
    int (*rmdir)(void *context, const char *path);
    /* flock(LOCK_EX | LOCK_NB). */
    int (*lock)(void *context, int fd);
    /* Size in bytes of an open file, or -1. */
    off_t (*size)(void *context, int fd);
    /* The first position at or past `position` that may hold something else than zeros: lseek(SEEK_DATA). -1 and ENXIO:
     * none. */
    off_t (*next_data)(void *context, int fd, off_t position);
    /* The first position past `position`, where there is data, from which on the file system knows of zeros only, up to
     * the next data or the file's end: lseek(SEEK_HOLE). */
    off_t (*next_hole)(void *context, int fd, off_t position);
    /* How many pages of the range are in the page cache, those included that are on their way there: cachestat(2).
     * size_bytes is above 0. -1 and ENOSYS before Linux 6.5, EOPNOTSUPP where files are not cached in pages. */
    ssize_t (*cached_pages)(void *context, int fd, off_t position, off_t size_bytes);
} mlog_io;

/* The table of the real calls. Static storage. */
const mlog_io *mlog_io_system(void);

#endif
