#ifndef CEILING_INTERNAL_H
#define CEILING_INTERNAL_H

/* For accept4, fallocate and mkostemp: the ceiling is Linux's, as the broker's file handling is. Included first. */
#define _GNU_SOURCE

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlog_ceiling.h"

/* Remembers what failed, with errno as it stands, and returns `status`. */
mlog_ceiling_status ceiling_fail(mlog_ceiling_error *error, mlog_ceiling_status status, const char *step);
/* The same for a failure that no system call reported. */
mlog_ceiling_status ceiling_fail_plain(mlog_ceiling_error *error, mlog_ceiling_status status, const char *step);

/* CPU time of the calling thread, in nanoseconds. */
uint64_t ceiling_thread_cpu_ns(void);

/* Tells `progress` when `done` of `total` has crossed another hundredth; *told is the caller's, 0 to begin with. */
void ceiling_tell(const mlog_ceiling_progress *progress, uint64_t done, uint64_t total, uint32_t *told);

/* INVALID when the options contradict each other or the limits in the header. */
mlog_ceiling_status ceiling_check_options(const mlog_ceiling_options *options, mlog_ceiling_error *error) MLOG_CHECKED;

/* ---- the connection ---- */

/*
 * A connected pair over 127.0.0.1 with TCP_NODELAY, whose calls fail with STALLED after timeout_ms without progress. On
 * failure both are -1.
 */
mlog_ceiling_status ceiling_connect(uint32_t timeout_ms, int *client_out, int *server_out,
                                    mlog_ceiling_error *error) MLOG_CHECKED;

/* Sends all of it; `more` says that the rest of the frame follows at once. NETWORK, CLOSED, STALLED. */
mlog_ceiling_status ceiling_send(int fd, const void *data, size_t size_bytes, bool more,
                                 mlog_ceiling_error *error) MLOG_CHECKED;

/*
 * Receives exactly size_bytes. *ended_out, when not null, is set instead of failing when the other side closed in good
 * order before the first byte. NETWORK, CLOSED, STALLED.
 */
mlog_ceiling_status ceiling_receive(int fd, void *data, size_t size_bytes, bool *ended_out,
                                    mlog_ceiling_error *error) MLOG_CHECKED;

/* ---- frames: the product's shape (proto/README.md), with metas and messages of the size that the product's have ----
 */

enum {
    CEILING_FRAME_HEADER_BYTES = 12,
    CEILING_META_BYTES = 32,
    CEILING_REQUEST_MESSAGE_BYTES = 48,
    CEILING_RESPONSE_MESSAGE_BYTES = 24,
    CEILING_REQUEST_BYTES = CEILING_FRAME_HEADER_BYTES + CEILING_META_BYTES + CEILING_REQUEST_MESSAGE_BYTES,
    CEILING_RESPONSE_BYTES = CEILING_FRAME_HEADER_BYTES + CEILING_META_BYTES + CEILING_RESPONSE_MESSAGE_BYTES,
};

/* Writes the front of a frame, up to its attachment: zeros but for the frame header. */
void ceiling_put_request(uint8_t out[CEILING_REQUEST_BYTES], size_t attachment_bytes);
void ceiling_put_response(uint8_t out[CEILING_RESPONSE_BYTES], size_t attachment_bytes);
/* The size of the attachment behind such a front, or CORRUPT. */
mlog_ceiling_status ceiling_read_request(const uint8_t *front, size_t limit_bytes, size_t *attachment_bytes_out,
                                         mlog_ceiling_error *error) MLOG_CHECKED;
mlog_ceiling_status ceiling_read_response(const uint8_t *front, size_t limit_bytes, size_t *attachment_bytes_out,
                                          mlog_ceiling_error *error) MLOG_CHECKED;

/* ---- the batch that is sent ---- */

typedef struct {
    uint8_t *bytes; /* malloc'ed */
    size_t size_bytes;
    int32_t record_count;
} ceiling_batch;

/* Fills one batch with records as `options` says. NO_MEMORY, INVALID (a record larger than a batch may be). */
mlog_ceiling_status ceiling_batch_make(const mlog_ceiling_options *options, ceiling_batch *batch_out,
                                       mlog_ceiling_error *error) MLOG_CHECKED;
/* True when the CRC in the header of the batch at `bytes` is that of its content. */
bool ceiling_batch_is_whole(const uint8_t *bytes, size_t size_bytes);

/* ---- the log ---- */

enum {
    CEILING_SEGMENTS_MAX = 1024
};

/* Segments one behind the other, unlinked at birth, all open until the log is closed. One thread at a time. */
typedef struct {
    const mlog_ceiling_options *options;
    size_t batch_bytes;
    uint64_t used_bytes_per_segment; /* whole batches only */
    uint64_t end;                    /* bytes in all */
    uint64_t preallocated;           /* of the last segment */
    uint32_t segment_count;
    int segments[CEILING_SEGMENTS_MAX];
} ceiling_log;

void ceiling_log_open(ceiling_log *log, const mlog_ceiling_options *options, size_t batch_bytes);
/* Appends one batch of batch_bytes. FILE. */
mlog_ceiling_status ceiling_log_append(ceiling_log *log, const uint8_t *batch, mlog_ceiling_error *error) MLOG_CHECKED;
/* Sends bytes [position, position + size_bytes) of the log, all of it below its end. FILE, CLOSED, STALLED. */
mlog_ceiling_status ceiling_log_send(const ceiling_log *log, int fd, uint64_t position, size_t size_bytes,
                                     mlog_ceiling_error *error) MLOG_CHECKED;
void ceiling_log_close(ceiling_log *log);

/* ---- the server thread ---- */

/*
 * One side of a loop on a thread of its own. `run` is called there with SIGPIPE blocked; when it returns, the
 * connection is shut down, so that the other side never waits for it.
 */
typedef struct ceiling_server {
    mlog_ceiling_status (*run)(struct ceiling_server *server);
    int fd;
    void *context;
    mlog_ceiling_status status;
    mlog_ceiling_error error;
    uint64_t cpu_ns; /* of the thread while `run` ran */
    unsigned long thread;
} ceiling_server;

mlog_ceiling_status ceiling_server_start(ceiling_server *server, mlog_ceiling_error *error) MLOG_CHECKED;
/*
 * Waits for the server's end and says how the whole run ended: the cause rather than its echo on the other side.
 * client_status is how the client's side ended, its error in *error.
 */
mlog_ceiling_status ceiling_server_join(ceiling_server *server, mlog_ceiling_status client_status,
                                        mlog_ceiling_error *error) MLOG_CHECKED;

#endif
