#ifndef MLOG_CALLS_H
#define MLOG_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlog_io.h"
#include "mlog_status.h"

/*
 * System calls through a table, finished: EINTR is tried again, short reads and writes are continued, and errno becomes
 * a status. The one place that knows which errno means what. `error_out` may be null.
 */

/* Fills error_out from errno and returns the status that it means. */
mlog_status mlog_call_failed(const char *operation, mlog_error *error_out);

/* For failures that no system call reported: fills error_out with nothing and returns `status`. */
mlog_status mlog_fail(mlog_status status, mlog_error *error_out);

mlog_status mlog_call_open(const mlog_io *io, const char *path, int flags, int *fd_out, mlog_error *error_out);

/* Closes; the descriptor is gone whatever close says, and every write was checked by its own call or its sync. */
void mlog_call_close(const mlog_io *io, int fd);

/* Reads until size_bytes or the end of the file. */
mlog_status mlog_call_read(const mlog_io *io, int fd, uint8_t *buffer, size_t size_bytes, uint64_t position,
                           size_t *read_out, mlog_error *error_out);

/* Writes all parts; they are changed on the way. MLOG_NO_SPACE also when the file takes no more bytes (pwritev = 0). */
mlog_status mlog_call_write(const mlog_io *io, int fd, struct iovec *parts, int part_count, uint64_t position,
                            mlog_error *error_out);

mlog_status mlog_call_truncate(const mlog_io *io, int fd, uint64_t size_bytes, mlog_error *error_out);

/* fallocate, mode 0: the file's size grows. *supported_out is false, with MLOG_OK, where the file system has none. */
mlog_status mlog_call_allocate(const mlog_io *io, int fd, uint64_t position, uint64_t size_bytes, bool *supported_out,
                               mlog_error *error_out);

mlog_status mlog_call_fsync(const mlog_io *io, int fd, mlog_error *error_out);
mlog_status mlog_call_fdatasync(const mlog_io *io, int fd, mlog_error *error_out);
mlog_status mlog_call_size(const mlog_io *io, int fd, uint64_t *size_bytes_out, mlog_error *error_out);

#endif
