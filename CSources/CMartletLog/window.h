#ifndef MLOG_WINDOW_H
#define MLOG_WINDOW_H

#include <stdbool.h>

#include "mlog_batch.h"
#include "mlog_io.h"
#include "mlog_status.h"

/*
 * A window over the bytes of a .log file, moved forward by large reads. One thread at a time; what it hands out is
 * valid until the next call.
 */
typedef struct {
    const mlog_io *io;
    int fd;
    uint32_t limit;    /* no byte from here on is looked at */
    uint32_t data_end; /* from here on there are zeros: read only where a batch reaches behind it; 0: not known */
    uint8_t *buffer;
    size_t capacity;
    size_t filled;
    uint32_t start; /* position of the buffer's first byte */
    bool owned;     /* the buffer came from malloc */
} mlog_window;

enum {
    /* From an index entry on, every batch up to the next entry begins within this much: one read finds any of them. */
    MLOG_WINDOW_LOOKUP_BYTES = 4096 + MLOG_BATCH_HEADER_BYTES,
    MLOG_WINDOW_HEADERS_BYTES = 64 * 1024,
    MLOG_WINDOW_BATCHES_BYTES = 1024 * 1024,
};

/* A window on the caller's buffer. */
void mlog_window_begin(mlog_window *window, const mlog_io *io, int fd, uint32_t limit, uint8_t *buffer,
                       size_t capacity);

/* A window on a buffer of its own; mlog_window_end frees it. */
mlog_status mlog_window_open(mlog_window *window, const mlog_io *io, int fd, uint32_t limit, size_t capacity,
                             mlog_error *error_out);
void mlog_window_end(mlog_window *window);

/* The bytes at `position`: size_bytes of them, or as many as there are before the limit or the end of the file. A
 * window that is too small grows. */
mlog_status mlog_window_get(mlog_window *window, uint32_t position, size_t size_bytes, const uint8_t **bytes_out,
                            size_t *available_out, mlog_error *error_out);

#endif
