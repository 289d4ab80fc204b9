#include "ceiling_internal.h"

#include <errno.h>

const char *mlog_ceiling_status_text(mlog_ceiling_status status) {
    switch (status) {
    case MLOG_CEILING_OK:
        return "done";
    case MLOG_CEILING_INVALID:
        return "the options contradict each other";
    case MLOG_CEILING_NO_MEMORY:
        return "out of memory";
    case MLOG_CEILING_THREAD:
        return "no thread could be started";
    case MLOG_CEILING_FILE:
        return "a file could not be made, extended, written or sent";
    case MLOG_CEILING_NETWORK:
        return "a socket call failed";
    case MLOG_CEILING_CLOSED:
        return "the other side closed the connection early";
    case MLOG_CEILING_STALLED:
        return "the run made no progress for too long";
    case MLOG_CEILING_CORRUPT:
        return "what arrived is not what was sent";
    }
    return "unknown status";
}

mlog_ceiling_status ceiling_fail(mlog_ceiling_error *error, mlog_ceiling_status status, const char *step) {
    error->os_error = errno;
    error->step = step;
    return status;
}

mlog_ceiling_status ceiling_fail_plain(mlog_ceiling_error *error, mlog_ceiling_status status, const char *step) {
    error->os_error = 0;
    error->step = step;
    return status;
}

mlog_ceiling_options mlog_ceiling_default_options(void) {
    return (mlog_ceiling_options){
        .total_bytes = 3ULL << 30,
        .record_bytes = 100,
        .batch_bytes = 64 << 10,
        .window = 5,
        .response_bytes = 1 << 20,
        .segment_bytes = 1 << 30,
        .preallocate_bytes = 16 << 20,
        .stall_timeout_ms = 10000,
    };
}

static const char *find_contradiction(const mlog_ceiling_options *options) {
    if (options->directory == NULL) return "no directory was given";
    if (options->total_bytes == 0) return "nothing is to be moved";
    if (options->record_bytes < 1 || options->record_bytes > 1 << 20) return "record_bytes is not in 1 B to 1 MiB";
    if (options->batch_bytes < 1 << 10 || options->batch_bytes > 8 << 20) return "batch_bytes is not in 1 KiB to 8 MiB";
    if (options->window < 1 || options->window > 64) return "window is not in 1 to 64";
    if (options->segment_bytes < options->preallocate_bytes) return "a segment is smaller than a preallocation step";
    if (options->stall_timeout_ms == 0) return "stall_timeout_ms is 0";
    return NULL;
}

mlog_ceiling_status ceiling_check_options(const mlog_ceiling_options *options, mlog_ceiling_error *error) {
    const char *contradiction = find_contradiction(options);
    if (contradiction == NULL) return MLOG_CEILING_OK;
    return ceiling_fail_plain(error, MLOG_CEILING_INVALID, contradiction);
}

void ceiling_tell(const mlog_ceiling_progress *progress, uint64_t done, uint64_t total, uint32_t *told) {
    if (progress->report == NULL) return;
    double fraction = done >= total ? 1 : (double)done / (double)total;
    uint32_t hundredths = (uint32_t)(fraction * 100);
    if (hundredths <= *told) return;
    *told = hundredths;
    progress->report(progress->context, fraction);
}
