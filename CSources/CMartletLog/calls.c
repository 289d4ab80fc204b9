#include "calls.h"

#include <errno.h>
#include <fcntl.h>

enum {
    FILE_MODE = 0640
};

static mlog_status status_of(int os_error) {
    switch (os_error) {
    case ENOSPC:
    case EDQUOT:
        return MLOG_NO_SPACE;
    case EMFILE:
    case ENFILE:
        return MLOG_TOO_MANY_FILES;
    case ENOMEM:
        return MLOG_NO_MEMORY;
    case ENOENT:
        return MLOG_NOT_FOUND;
    case EEXIST:
        return MLOG_EXISTS;
    case EWOULDBLOCK:
        return MLOG_LOCKED;
    case EACCES:
    case EPERM:
    case EROFS:
        return MLOG_NOT_PERMITTED;
    case ENOTDIR:
    case EISDIR:
        return MLOG_NOT_A_DIRECTORY;
    default:
        return MLOG_IO_ERROR;
    }
}

mlog_status mlog_call_failed(const char *operation, mlog_error *error_out) {
    int os_error = errno;
    if (error_out != NULL) *error_out = (mlog_error){.os_error = os_error, .operation = operation};
    return status_of(os_error);
}

mlog_status mlog_fail(mlog_status status, mlog_error *error_out) {
    if (error_out != NULL) *error_out = (mlog_error){0};
    return status;
}

mlog_status mlog_call_open(const mlog_io *io, const char *path, int flags, int *fd_out, mlog_error *error_out) {
    do {
        *fd_out = io->open(io->context, path, flags | O_CLOEXEC, FILE_MODE);
    } while (*fd_out < 0 && errno == EINTR);
    return *fd_out >= 0 ? MLOG_OK : mlog_call_failed("open", error_out);
}

void mlog_call_close(const mlog_io *io, int fd) {
    if (fd >= 0) (void)io->close(io->context, fd);
}

mlog_status mlog_call_read(const mlog_io *io, int fd, uint8_t *buffer, size_t size_bytes, uint64_t position,
                           size_t *read_out, mlog_error *error_out) {
    *read_out = 0;
    while (*read_out < size_bytes) {
        ssize_t count =
            io->pread(io->context, fd, buffer + *read_out, size_bytes - *read_out, (off_t)(position + *read_out));
        if (count == 0) break;
        if (count > 0)
            *read_out += (size_t)count;
        else if (errno != EINTR)
            return mlog_call_failed("pread", error_out);
    }
    return MLOG_OK;
}

/* Drops the first `count` bytes from the parts; returns how many parts are used up. */
static int advance(struct iovec *parts, int part_count, size_t count) {
    int done = 0;
    while (done < part_count && count >= parts[done].iov_len)
        count -= parts[done++].iov_len;
    if (done < part_count) {
        parts[done].iov_base = (uint8_t *)parts[done].iov_base + count;
        parts[done].iov_len -= count;
    }
    return done;
}

mlog_status mlog_call_write(const mlog_io *io, int fd, struct iovec *parts, int part_count, uint64_t position,
                            mlog_error *error_out) {
    int done = advance(parts, part_count, 0);
    while (done < part_count) {
        ssize_t count = io->pwritev(io->context, fd, parts + done, part_count - done, (off_t)position);
        if (count > 0) {
            position += (uint64_t)count;
            done += advance(parts + done, part_count - done, (size_t)count);
        } else if (count == 0) {
            errno = ENOSPC;
            return mlog_call_failed("pwritev", error_out);
        } else if (errno != EINTR) {
            return mlog_call_failed("pwritev", error_out);
        }
    }
    return MLOG_OK;
}

mlog_status mlog_call_truncate(const mlog_io *io, int fd, uint64_t size_bytes, mlog_error *error_out) {
    int result;
    do {
        result = io->ftruncate(io->context, fd, (off_t)size_bytes);
    } while (result < 0 && errno == EINTR);
    return result == 0 ? MLOG_OK : mlog_call_failed("ftruncate", error_out);
}

mlog_status mlog_call_allocate(const mlog_io *io, int fd, uint64_t position, uint64_t size_bytes, bool *supported_out,
                               mlog_error *error_out) {
    int result;
    do {
        result = io->fallocate(io->context, fd, 0, (off_t)position, (off_t)size_bytes);
    } while (result < 0 && errno == EINTR);
    *supported_out = result == 0 || (errno != EOPNOTSUPP && errno != ENOSYS);
    return result == 0 || !*supported_out ? MLOG_OK : mlog_call_failed("fallocate", error_out);
}

mlog_status mlog_call_fsync(const mlog_io *io, int fd, mlog_error *error_out) {
    int result;
    do {
        result = io->fsync(io->context, fd);
    } while (result < 0 && errno == EINTR);
    return result == 0 ? MLOG_OK : mlog_call_failed("fsync", error_out);
}

mlog_status mlog_call_fdatasync(const mlog_io *io, int fd, mlog_error *error_out) {
    int result;
    do {
        result = io->fdatasync(io->context, fd);
    } while (result < 0 && errno == EINTR);
    return result == 0 ? MLOG_OK : mlog_call_failed("fdatasync", error_out);
}

mlog_status mlog_call_size(const mlog_io *io, int fd, uint64_t *size_bytes_out, mlog_error *error_out) {
    off_t size = io->size(io->context, fd);
    *size_bytes_out = size < 0 ? 0 : (uint64_t)size;
    return size >= 0 ? MLOG_OK : mlog_call_failed("fstat", error_out);
}
