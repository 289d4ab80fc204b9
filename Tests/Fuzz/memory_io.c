#include "memory_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILES = 3,
    DIRECTORY_FD = FILES,
    FILE_BYTES_MAX = 1 << 20,
};

typedef struct {
    uint8_t bytes[FILE_BYTES_MAX];
    size_t size_bytes;
} memory_file;

static memory_file files[FILES];

static int file_of(const char *path) {
    static const char *const extensions[FILES] = {".log", ".timeindex", ".index"};
    size_t length = strlen(path);
    for (int i = 0; i < FILES; i++) {
        size_t extension = strlen(extensions[i]);
        if (length >= extension && strcmp(path + length - extension, extensions[i]) == 0) return i;
    }
    return DIRECTORY_FD;
}

static int fail(int os_error) {
    errno = os_error;
    return -1;
}

/* Sets the size; what is new reads as zeros. */
static int resize(int fd, size_t size_bytes) {
    if (size_bytes > FILE_BYTES_MAX) return fail(ENOSPC);
    memory_file *file = &files[fd];
    if (size_bytes > file->size_bytes) memset(file->bytes + file->size_bytes, 0, size_bytes - file->size_bytes);
    file->size_bytes = size_bytes;
    return 0;
}

static int memory_open(void *context, const char *path, int flags, mode_t mode) {
    (void)context, (void)flags, (void)mode;
    return file_of(path);
}

static int memory_close(void *context, int fd) {
    (void)context, (void)fd;
    return 0;
}

static ssize_t memory_pread(void *context, int fd, void *buffer, size_t size_bytes, off_t position) {
    (void)context;
    const memory_file *file = &files[fd];
    size_t there = (size_t)position < file->size_bytes ? file->size_bytes - (size_t)position : 0;
    size_t count = size_bytes < there ? size_bytes : there;
    if (count > 0) memcpy(buffer, file->bytes + position, count);
    return (ssize_t)count;
}

static ssize_t memory_pwritev(void *context, int fd, const struct iovec *parts, int part_count, off_t position) {
    (void)context;
    size_t at = (size_t)position;
    for (int i = 0; i < part_count; i++) {
        size_t end = at + parts[i].iov_len;
        if (end > files[fd].size_bytes && resize(fd, end) != 0) return -1;
        memcpy(files[fd].bytes + at, parts[i].iov_base, parts[i].iov_len);
        at = end;
    }
    return (ssize_t)(at - (size_t)position);
}

static int memory_ftruncate(void *context, int fd, off_t size_bytes) {
    (void)context;
    return resize(fd, (size_t)size_bytes);
}

static int memory_fallocate(void *context, int fd, int mode, off_t position, off_t size_bytes) {
    (void)context, (void)mode;
    size_t end = (size_t)(position + size_bytes);
    return end > files[fd].size_bytes ? resize(fd, end) : 0;
}

static int memory_sync(void *context, int fd) {
    (void)context, (void)fd;
    return 0;
}

static off_t memory_size(void *context, int fd) {
    (void)context;
    return (off_t)files[fd].size_bytes;
}

static off_t memory_next_data(void *context, int fd, off_t position) {
    (void)context;
    return (size_t)position < files[fd].size_bytes ? position : fail(ENXIO);
}

static off_t memory_next_hole(void *context, int fd, off_t position) {
    (void)context;
    return (size_t)position < files[fd].size_bytes ? (off_t)files[fd].size_bytes : fail(ENXIO);
}

const mlog_io *memory_io(void) {
    /* The calls that segments never make are left out. */
    static const mlog_io table = {
        .open = memory_open,
        .close = memory_close,
        .pread = memory_pread,
        .pwritev = memory_pwritev,
        .ftruncate = memory_ftruncate,
        .fallocate = memory_fallocate,
        .fdatasync = memory_sync,
        .fsync = memory_sync,
        .size = memory_size,
        .next_data = memory_next_data,
        .next_hole = memory_next_hole,
    };
    return &table;
}

void memory_io_reset(void) {
    for (int i = 0; i < FILES; i++)
        files[i].size_bytes = 0;
}

void memory_io_set(const char *extension, const uint8_t *bytes, size_t size_bytes) {
    memory_file *file = &files[file_of(extension)];
    file->size_bytes = size_bytes < FILE_BYTES_MAX ? size_bytes : FILE_BYTES_MAX;
    if (file->size_bytes > 0) memcpy(file->bytes, bytes, file->size_bytes);
}
