#include "mlog_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "calls.h"

/* The directory that holds `path`: "." for a bare name, "/" for the root. MLOG_IO_ERROR (ENAMETOOLONG) beyond PATH_MAX.
 */
static mlog_status parent_of(const char *path, char parent_out[PATH_MAX], mlog_error *error_out) {
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    while (length > 0 && path[length - 1] != '/')
        length--;
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return mlog_call_failed("open", error_out);
    }
    memcpy(parent_out, path, length);
    parent_out[length] = '\0';
    if (length == 0) memcpy(parent_out, ".", 2);
    return MLOG_OK;
}

static mlog_status sync_parent(const mlog_io *io, const char *path, mlog_error *error_out) {
    char parent[PATH_MAX];
    mlog_status status = parent_of(path, parent, error_out);
    return status == MLOG_OK ? mlog_directory_sync(io, parent, error_out) : status;
}

mlog_status mlog_directory_create(const mlog_io *io, const char *path, mlog_error *error_out) {
    int result;
    do {
        result = io->mkdir(io->context, path, 0750);
    } while (result < 0 && errno == EINTR);
    if (result < 0 && errno != EEXIST) return mlog_call_failed("mkdir", error_out);

    /* One that is there already may have been created just before a crash, so its parent is synced all the same. */
    int fd;
    mlog_status status = mlog_call_open(io, path, O_RDONLY | O_DIRECTORY, &fd, error_out);
    if (status != MLOG_OK) return status;
    mlog_call_close(io, fd);
    return sync_parent(io, path, error_out);
}

mlog_status mlog_directory_remove(const mlog_io *io, const char *path, mlog_error *error_out) {
    int result;
    do {
        result = io->rmdir(io->context, path);
    } while (result < 0 && errno == EINTR);
    if (result < 0 && errno != ENOENT) return mlog_call_failed("rmdir", error_out);
    return sync_parent(io, path, error_out);
}

mlog_status mlog_directory_sync(const mlog_io *io, const char *path, mlog_error *error_out) {
    int fd;
    mlog_status status = mlog_call_open(io, path, O_RDONLY | O_DIRECTORY, &fd, error_out);
    if (status != MLOG_OK) return status;
    status = mlog_call_fsync(io, fd, error_out);
    mlog_call_close(io, fd);
    return status;
}

mlog_status mlog_directory_lock(const mlog_io *io, const char *path, int *fd_out, mlog_error *error_out) {
    mlog_status status = mlog_call_open(io, path, O_RDWR | O_CREAT, fd_out, error_out);
    if (status != MLOG_OK) return status;
    int result;
    do {
        result = io->lock(io->context, *fd_out);
    } while (result < 0 && errno == EINTR);
    if (result == 0) return MLOG_OK;
    status = mlog_call_failed("flock", error_out);
    mlog_call_close(io, *fd_out);
    *fd_out = -1;
    return status;
}

mlog_status mlog_filesystem_sync(const mlog_io *io, const char *path, mlog_error *error_out) {
    int fd;
    mlog_status status = mlog_call_open(io, path, O_RDONLY, &fd, error_out);
    if (status != MLOG_OK) return status;
    int result;
    do {
        result = io->syncfs(io->context, fd);
    } while (result < 0 && errno == EINTR);
    if (result < 0) status = mlog_call_failed("syncfs", error_out);
    mlog_call_close(io, fd);
    return status;
}

mlog_status mlog_file_rename(const mlog_io *io, const char *from, const char *to, mlog_error *error_out) {
    char from_parent[PATH_MAX], to_parent[PATH_MAX];
    mlog_status status = parent_of(from, from_parent, error_out);
    if (status == MLOG_OK) status = parent_of(to, to_parent, error_out);
    if (status != MLOG_OK) return status;

    int result;
    do {
        result = io->rename(io->context, from, to);
    } while (result < 0 && errno == EINTR);
    if (result < 0) return mlog_call_failed("rename", error_out);

    status = mlog_directory_sync(io, to_parent, error_out);
    if (status == MLOG_OK && strcmp(from_parent, to_parent) != 0)
        status = mlog_directory_sync(io, from_parent, error_out);
    return status;
}

mlog_status mlog_file_remove(const mlog_io *io, const char *path, bool sync, mlog_error *error_out) {
    int result;
    do {
        result = io->unlink(io->context, path);
    } while (result < 0 && errno == EINTR);
    if (result < 0 && errno != ENOENT) return mlog_call_failed("unlink", error_out);
    return sync ? sync_parent(io, path, error_out) : MLOG_OK;
}
