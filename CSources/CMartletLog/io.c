#define _GNU_SOURCE
#include "mlog_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int system_open(void *context, const char *path, int flags, mode_t mode) {
    (void)context;
    return open(path, flags, mode);
}

static int system_close(void *context, int fd) {
    (void)context;
    return close(fd);
}

static ssize_t system_pread(void *context, int fd, void *buffer, size_t size_bytes, off_t position) {
    (void)context;
    return pread(fd, buffer, size_bytes, position);
}

static ssize_t system_pwritev(void *context, int fd, const struct iovec *parts, int part_count, off_t position) {
    (void)context;
    return pwritev(fd, parts, part_count, position);
}

static int system_ftruncate(void *context, int fd, off_t size_bytes) {
    (void)context;
    return ftruncate(fd, size_bytes);
}

static int system_fallocate(void *context, int fd, int mode, off_t position, off_t size_bytes) {
    (void)context;
    return fallocate(fd, mode, position, size_bytes);
}

static int system_fdatasync(void *context, int fd) {
    (void)context;
    return fdatasync(fd);
}

static int system_fsync(void *context, int fd) {
    (void)context;
    return fsync(fd);
}

static int system_syncfs(void *context, int fd) {
    (void)context;
    return syncfs(fd);
}

static int system_sync_file_range(void *context, int fd, off_t position, off_t size_bytes, unsigned flags) {
    (void)context;
    return sync_file_range(fd, position, size_bytes, flags);
}

static int system_fadvise(void *context, int fd, off_t position, off_t size_bytes, int advice) {
    (void)context;
    int failure = posix_fadvise(fd, position, size_bytes, advice);
    if (failure == 0) return 0;
    errno = failure;
    return -1;
}

static int system_rename(void *context, const char *from, const char *to) {
    (void)context;
    return rename(from, to);
}

static int system_unlink(void *context, const char *path) {
    (void)context;
    return unlink(path);
}

static int system_mkdir(void *context, const char *path, mode_t mode) {
    (void)context;
    return mkdir(path, mode);
}

static int system_rmdir(void *context, const char *path) {
    (void)context;
    return rmdir(path);
}

static int system_lock(void *context, int fd) {
    (void)context;
    return flock(fd, LOCK_EX | LOCK_NB);
}

static off_t system_size(void *context, int fd) {
    (void)context;
    struct stat status;
    return fstat(fd, &status) == 0 ? status.st_size : -1;
}

static off_t system_next_data(void *context, int fd, off_t position) {
    (void)context;
    return lseek(fd, position, SEEK_DATA);
}

static off_t system_next_hole(void *context, int fd, off_t position) {
    (void)context;
    return lseek(fd, position, SEEK_HOLE);
}

/* Not in every libc yet; the number is the same on all architectures. */
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

static ssize_t system_cached_pages(void *context, int fd, off_t position, off_t size_bytes) {
    (void)context;
    struct {
        uint64_t position, size_bytes;
    } range = {(uint64_t)position, (uint64_t)size_bytes};
    struct {
        uint64_t cached, dirty, in_writeback, evicted, recently_evicted;
    } pages = {0};
    return syscall(SYS_cachestat, fd, &range, &pages, 0) == 0 ? (ssize_t)pages.cached : -1;
}

const mlog_io *mlog_io_system(void) {
    static const mlog_io table = {
        .open = system_open,
        .close = system_close,
        .pread = system_pread,
        .pwritev = system_pwritev,
        .ftruncate = system_ftruncate,
        .fallocate = system_fallocate,
        .fdatasync = system_fdatasync,
        .fsync = system_fsync,
        .syncfs = system_syncfs,
        .sync_file_range = system_sync_file_range,
        .fadvise = system_fadvise,
        .rename = system_rename,
        .unlink = system_unlink,
        .mkdir = system_mkdir,
        .rmdir = system_rmdir,
        .lock = system_lock,
        .size = system_size,
        .next_data = system_next_data,
        .next_hole = system_next_hole,
        .cached_pages = system_cached_pages,
    };
    return &table;
}
