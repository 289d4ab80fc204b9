#ifndef MLOG_FILE_H
#define MLOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlog_io.h"
#include "mlog_status.h"

/* Directories, locks and checkpoint files: all blocking, any thread. `error_out` may be null everywhere. */

/* Creates `path` (mode 0750) and syncs its parent. MLOG_OK also when it is there already as a directory. */
mlog_status mlog_directory_create(const mlog_io *io, const char *path, mlog_error *error_out) MLOG_CHECKED;

/* Removes an empty directory (missing is fine) and syncs its parent. */
mlog_status mlog_directory_remove(const mlog_io *io, const char *path, mlog_error *error_out) MLOG_CHECKED;

/* fsync of the directory: what was created, renamed or removed in it is durable on return. */
mlog_status mlog_directory_sync(const mlog_io *io, const char *path, mlog_error *error_out) MLOG_CHECKED;

/* Takes the exclusive lock on `path` (created when missing) that lasts until the process ends or *fd_out is closed.
 * MLOG_LOCKED when held. */
mlog_status mlog_directory_lock(const mlog_io *io, const char *path, int *fd_out, mlog_error *error_out) MLOG_CHECKED;

/* The inode of `path` and when that was made, in ns since 1970 (0 where the file system does not tell). False: it
 * cannot be asked for. */
bool mlog_directory_place(const char *path, uint64_t *inode_out, int64_t *birth_ns_out);

/* syncfs on the file system that holds `path`: all that was written to it before is durable on return. */
mlog_status mlog_filesystem_sync(const mlog_io *io, const char *path, mlog_error *error_out) MLOG_CHECKED;

/*
 * A checkpoint: `size_bytes` of content behind a 16-byte head (magic "MLCP", format version, size, CRC-32C; FORMAT.md).
 * Written to "<path>.tmp", synced, renamed over `path`, directory synced: after a crash either the old or the new
 * content is there, whole. One writer of a path at a time. On failure the old content stays.
 */
mlog_status mlog_checkpoint_write(const mlog_io *io, const char *path, uint32_t version, const uint8_t *content,
                                  size_t size_bytes, mlog_error *error_out) MLOG_CHECKED;

/*
 * Reads a checkpoint whole. *content_out is malloc'ed (free it with mlog_checkpoint_free), of *size_bytes_out bytes.
 * MLOG_NOT_FOUND, MLOG_CORRUPT (bad magic, size or CRC), or larger than limit_bytes; *version_out is set whenever the
 * head could be read.
 */
mlog_status mlog_checkpoint_read(const mlog_io *io, const char *path, size_t limit_bytes, uint32_t *version_out,
                                 uint8_t **content_out, size_t *size_bytes_out, mlog_error *error_out) MLOG_CHECKED;
void mlog_checkpoint_free(uint8_t *content);

/* rename, then fsync of the directory that holds `to`, and of the one that held `from` when it is another. */
mlog_status mlog_file_rename(const mlog_io *io, const char *from, const char *to, mlog_error *error_out) MLOG_CHECKED;
/* unlink (missing is fine), then fsync of its directory unless `sync` is false. */
mlog_status mlog_file_remove(const mlog_io *io, const char *path, bool sync, mlog_error *error_out) MLOG_CHECKED;

#endif
