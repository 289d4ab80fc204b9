#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "calls.h"
#include "mlog_bytes.h"
#include "segment_state.h"

enum {
    BASE_OFFSET_AT = 0,
    LENGTH_AT = 8,
    LEADER_EPOCH_AT = 12,
    LAST_OFFSET_DELTA_AT = 23,
};

/* The fields by which two copies of a batch are known for one. */
static bool is_same_batch(const uint8_t *there, const uint8_t *batch, size_t size_bytes) {
    return memcmp(there + BASE_OFFSET_AT, batch + BASE_OFFSET_AT, sizeof(int64_t)) == 0 &&
           memcmp(there + LENGTH_AT, batch + LENGTH_AT, sizeof(int32_t)) == 0 &&
           mlog_load_u32(there + LENGTH_AT) + LENGTH_AT + sizeof(uint32_t) == size_bytes &&
           memcmp(there + LEADER_EPOCH_AT, batch + LEADER_EPOCH_AT, sizeof(int32_t)) == 0 &&
           memcmp(there + LAST_OFFSET_DELTA_AT, batch + LAST_OFFSET_DELTA_AT, sizeof(int32_t)) == 0;
}

static mlog_status write_batch(const mlog_io *io, int fd, uint32_t position, const uint8_t *batch, size_t size_bytes,
                               mlog_error *error_out) {
    struct iovec part = {.iov_base = (void *)(uintptr_t)batch, .iov_len = size_bytes};
    mlog_status status = mlog_call_write(io, fd, &part, 1, position, error_out);
    return status == MLOG_OK ? mlog_call_fsync(io, fd, error_out) : status;
}

mlog_status mlog_segment_repair(const mlog_segment *segment, uint32_t position, const uint8_t *batch, size_t size_bytes,
                                mlog_error *error_out) {
    uint8_t there[MLOG_BATCH_HEADER_BYTES];
    uint32_t end = mlog_segment_end_position(segment);
    if (position > end || size_bytes > end - position || size_bytes < sizeof there)
        return mlog_fail(MLOG_NOT_FOUND, error_out);
    size_t count;
    mlog_status status = mlog_call_read(segment->io, segment->fd, there, sizeof there, position, &count, error_out);
    if (status != MLOG_OK) return status;
    if (count < sizeof there || !is_same_batch(there, batch, size_bytes)) return mlog_fail(MLOG_NOT_FOUND, error_out);

    /* A sealed segment's own descriptor cannot write. */
    char path[PATH_MAX];
    int fd;
    if (!mlog_segment_path(segment->directory, segment->base_offset, ".log", segment->suffix, path, sizeof path))
        return mlog_fail(MLOG_NOT_FOUND, error_out);
    status = mlog_call_open(segment->io, path, O_RDWR, &fd, error_out);
    if (status != MLOG_OK) return status;
    status = write_batch(segment->io, fd, position, batch, size_bytes, error_out);
    mlog_call_close(segment->io, fd);
    return status;
}
