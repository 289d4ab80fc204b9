#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "calls.h"
#include "mlog_bytes.h"
#include "mlog_crc32c.h"
#include "mlog_file.h"

enum {
    HEAD_BYTES = 16,
    HEAD_VERSION = 4, /* where the fields stand */
    HEAD_SIZE = 8,
    HEAD_CRC = 12,
};

static const uint8_t MAGIC[4] = {'M', 'L', 'C', 'P'};

/* The CRC covers version and size too, so that no field of the head can change unseen. */
static uint32_t checksum(const uint8_t head[HEAD_BYTES], const uint8_t *content, size_t size_bytes) {
    return mlog_crc32c(mlog_crc32c(0, head + HEAD_VERSION, HEAD_CRC - HEAD_VERSION), content, size_bytes);
}

static mlog_status write_synced(const mlog_io *io, const char *path, uint32_t version, const uint8_t *content,
                                size_t size_bytes, mlog_error *error_out) {
    uint8_t head[HEAD_BYTES];
    memcpy(head, MAGIC, sizeof MAGIC);
    mlog_store_u32(head + HEAD_VERSION, version);
    mlog_store_u32(head + HEAD_SIZE, (uint32_t)size_bytes);
    mlog_store_u32(head + HEAD_CRC, checksum(head, content, size_bytes));

    int fd;
    mlog_status status = mlog_call_open(io, path, O_WRONLY | O_CREAT | O_TRUNC, &fd, error_out);
    if (status != MLOG_OK) return status;
    struct iovec parts[] = {
        {.iov_base = head, .iov_len = HEAD_BYTES},
        {.iov_base = (void *)(uintptr_t)content, .iov_len = size_bytes},
    };
    status = mlog_call_write(io, fd, parts, 2, 0, error_out);
    if (status == MLOG_OK) status = mlog_call_fsync(io, fd, error_out);
    mlog_call_close(io, fd);
    return status;
}

mlog_status mlog_checkpoint_write(const mlog_io *io, const char *path, uint32_t version, const uint8_t *content,
                                  size_t size_bytes, mlog_error *error_out) {
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);
    if (length < 0 || (size_t)length >= sizeof temporary || size_bytes > UINT32_MAX) {
        errno = length >= (int)sizeof temporary ? ENAMETOOLONG : EFBIG;
        return mlog_call_failed("open", error_out);
    }
    mlog_status status = write_synced(io, temporary, version, content, size_bytes, error_out);
    if (status == MLOG_OK) return mlog_file_rename(io, temporary, path, error_out);

    /* Frees the space; when even that fails the next write truncates it. */
    (void)mlog_file_remove(io, temporary, false, NULL);
    return status;
}

static mlog_status check_head(const uint8_t head[HEAD_BYTES], const uint8_t *content, size_t size_bytes) {
    bool right = mlog_load_u32(head + HEAD_SIZE) == size_bytes &&
                 mlog_load_u32(head + HEAD_CRC) == checksum(head, content, size_bytes);
    return right ? MLOG_OK : MLOG_CORRUPT;
}

static mlog_status read_open(const mlog_io *io, int fd, size_t limit_bytes, uint32_t *version_out,
                             uint8_t **content_out, size_t *size_bytes_out, mlog_error *error_out) {
    uint64_t file_bytes;
    uint8_t head[HEAD_BYTES];
    size_t count;
    mlog_status status = mlog_call_size(io, fd, &file_bytes, error_out);
    if (status == MLOG_OK) status = mlog_call_read(io, fd, head, HEAD_BYTES, 0, &count, error_out);
    if (status != MLOG_OK) return status;
    if (count < HEAD_BYTES || file_bytes < HEAD_BYTES || memcmp(head, MAGIC, sizeof MAGIC) != 0)
        return mlog_fail(MLOG_CORRUPT, error_out);
    *version_out = mlog_load_u32(head + HEAD_VERSION);
    if (file_bytes - HEAD_BYTES > limit_bytes) return mlog_fail(MLOG_CORRUPT, error_out);

    size_t size_bytes = (size_t)(file_bytes - HEAD_BYTES);
    uint8_t *content = malloc(size_bytes > 0 ? size_bytes : 1);
    if (content == NULL) return mlog_fail(MLOG_NO_MEMORY, error_out);
    status = mlog_call_read(io, fd, content, size_bytes, HEAD_BYTES, &count, error_out);
    if (status == MLOG_OK && (count < size_bytes || check_head(head, content, size_bytes) != MLOG_OK))
        status = mlog_fail(MLOG_CORRUPT, error_out);
    if (status != MLOG_OK) {
        free(content);
        return status;
    }
    *content_out = content;
    *size_bytes_out = size_bytes;
    return MLOG_OK;
}

mlog_status mlog_checkpoint_read(const mlog_io *io, const char *path, size_t limit_bytes, uint32_t *version_out,
                                 uint8_t **content_out, size_t *size_bytes_out, mlog_error *error_out) {
    *version_out = 0;
    *content_out = NULL;
    *size_bytes_out = 0;
    int fd;
    mlog_status status = mlog_call_open(io, path, O_RDONLY, &fd, error_out);
    if (status != MLOG_OK) return status;
    status = read_open(io, fd, limit_bytes, version_out, content_out, size_bytes_out, error_out);
    mlog_call_close(io, fd);
    return status;
}

void mlog_checkpoint_free(uint8_t *content) {
    free(content);
}
