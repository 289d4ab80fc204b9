#include "ceiling_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

void ceiling_log_open(ceiling_log *log, const mlog_ceiling_options *options, size_t batch_bytes) {
    memset(log, 0, sizeof *log);
    log->options = options;
    log->batch_bytes = batch_bytes;
    log->used_bytes_per_segment = options->segment_bytes / batch_bytes * batch_bytes;
}

void ceiling_log_close(ceiling_log *log) {
    for (uint32_t i = 0; i < log->segment_count; i++)
        close(log->segments[i]);
    log->segment_count = 0;
}

/* Without the space that was preallocated and never used, as a sealed segment of the product. */
static int trim_last(ceiling_log *log) {
    if (log->segment_count == 0 || log->preallocated == 0) return 0;
    return ftruncate(log->segments[log->segment_count - 1], (off_t)log->used_bytes_per_segment);
}

static mlog_ceiling_status roll(ceiling_log *log, mlog_ceiling_error *error) {
    char path[4096];
    if (log->segment_count == CEILING_SEGMENTS_MAX || log->used_bytes_per_segment == 0)
        return ceiling_fail_plain(error, MLOG_CEILING_INVALID, "a segment is too small for what is to be moved");
    if (trim_last(log) < 0) return ceiling_fail(error, MLOG_CEILING_FILE, "trimming a full segment");
    int length = snprintf(path, sizeof path, "%s/ceiling-XXXXXX", log->options->directory);
    if (length < 0 || (size_t)length >= sizeof path)
        return ceiling_fail_plain(error, MLOG_CEILING_INVALID, "the directory's path is too long");
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) return ceiling_fail(error, MLOG_CEILING_FILE, "creating a segment");
    log->segments[log->segment_count++] = fd;
    log->preallocated = 0;
    if (unlink(path) < 0) return ceiling_fail(error, MLOG_CEILING_FILE, "unlinking a segment");
    return MLOG_CEILING_OK;
}

/* The product's way: the file's end lies ahead of what is written, in steps. */
static mlog_ceiling_status preallocate(ceiling_log *log, int fd, uint64_t needed, mlog_ceiling_error *error) {
    uint32_t step_bytes = log->options->preallocate_bytes;
    while (step_bytes > 0 && log->preallocated < needed) {
        if (fallocate(fd, 0, (off_t)log->preallocated, step_bytes) < 0) {
            if (errno == EINTR) continue;
            return ceiling_fail(error, MLOG_CEILING_FILE, "preallocating");
        }
        log->preallocated += step_bytes;
    }
    return MLOG_CEILING_OK;
}

mlog_ceiling_status ceiling_log_append(ceiling_log *log, const uint8_t *batch, mlog_ceiling_error *error) {
    mlog_ceiling_status status = MLOG_CEILING_OK;
    if (log->segment_count == 0 || log->end == log->segment_count * log->used_bytes_per_segment)
        status = roll(log, error);
    if (status != MLOG_CEILING_OK) return status;
    uint64_t position = log->end - (log->segment_count - 1) * log->used_bytes_per_segment;
    int fd = log->segments[log->segment_count - 1];
    status = preallocate(log, fd, position + log->batch_bytes, error);
    if (status != MLOG_CEILING_OK) return status;
    for (size_t written_bytes = 0; written_bytes < log->batch_bytes;) {
        ssize_t written =
            pwrite(fd, batch + written_bytes, log->batch_bytes - written_bytes, (off_t)(position + written_bytes));
        if (written < 0) {
            if (errno == EINTR) continue;
            return ceiling_fail(error, MLOG_CEILING_FILE, "writing a batch");
        }
        written_bytes += (size_t)written;
    }
    log->end += log->batch_bytes;
    return MLOG_CEILING_OK;
}

static mlog_ceiling_status fail_sendfile(mlog_ceiling_error *error, ssize_t sent) {
    const char *step = "sending a range of a segment";
    if (sent == 0) return ceiling_fail_plain(error, MLOG_CEILING_CORRUPT, step);
    if (errno == EAGAIN) return ceiling_fail(error, MLOG_CEILING_STALLED, step);
    if (errno == EPIPE || errno == ECONNRESET) return ceiling_fail(error, MLOG_CEILING_CLOSED, step);
    return ceiling_fail(error, MLOG_CEILING_FILE, step);
}

mlog_ceiling_status ceiling_log_send(const ceiling_log *log, int fd, uint64_t position, size_t size_bytes,
                                     mlog_ceiling_error *error) {
    while (size_bytes > 0) {
        uint64_t segment = position / log->used_bytes_per_segment;
        off_t offset = (off_t)(position % log->used_bytes_per_segment);
        uint64_t rest_of_segment = log->used_bytes_per_segment - (uint64_t)offset;
        size_t wanted_bytes = size_bytes < rest_of_segment ? size_bytes : (size_t)rest_of_segment;
        ssize_t sent = sendfile(fd, log->segments[segment], &offset, wanted_bytes);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return fail_sendfile(error, sent);
        position += (uint64_t)sent;
        size_bytes -= (size_t)sent;
    }
    return MLOG_CEILING_OK;
}
