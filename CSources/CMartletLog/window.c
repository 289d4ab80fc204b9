#include "window.h"

#include <stdlib.h>

#include "calls.h"

void mlog_window_begin(mlog_window *window, const mlog_io *io, int fd, uint32_t limit, uint8_t *buffer,
                       size_t capacity) {
    *window = (mlog_window){.io = io, .fd = fd, .limit = limit, .buffer = buffer, .capacity = capacity};
}

mlog_status mlog_window_open(mlog_window *window, const mlog_io *io, int fd, uint32_t limit, size_t capacity,
                             mlog_error *error_out) {
    mlog_window_begin(window, io, fd, limit, malloc(capacity), capacity);
    window->owned = true;
    return window->buffer != NULL ? MLOG_OK : mlog_fail(MLOG_NO_MEMORY, error_out);
}

void mlog_window_end(mlog_window *window) {
    if (window->owned) free(window->buffer);
    window->buffer = NULL;
}

/* A batch larger than the window: the old content is read again, not kept. */
static mlog_status grow(mlog_window *window, size_t size_bytes, mlog_error *error_out) {
    uint8_t *larger = malloc(size_bytes);
    if (larger == NULL) return mlog_fail(MLOG_NO_MEMORY, error_out);
    if (window->owned) free(window->buffer);
    window->buffer = larger;
    window->capacity = size_bytes;
    window->filled = 0;
    window->owned = true;
    return MLOG_OK;
}

/* How much to read at `position`: a walk that jumped over the window's end is over batches larger than it, of which
 * only the headers are wanted. */
static size_t read_size(const mlog_window *window, uint32_t position, size_t size_bytes) {
    bool jumped = window->filled > 0 && position > window->start + window->filled;
    size_t wanted = window->capacity;
    if (jumped && wanted > MLOG_WINDOW_LOOKUP_BYTES) wanted = MLOG_WINDOW_LOOKUP_BYTES;
    if (window->data_end > 0) {
        size_t data = window->data_end > position ? window->data_end - position : 0;
        if (wanted > data) wanted = data;
    }
    if (wanted < size_bytes) wanted = size_bytes;
    size_t there = window->limit - position;
    return wanted < there ? wanted : there;
}

mlog_status mlog_window_get(mlog_window *window, uint32_t position, size_t size_bytes, const uint8_t **bytes_out,
                            size_t *available_out, mlog_error *error_out) {
    *bytes_out = window->buffer;
    *available_out = 0;
    if (position >= window->limit) return MLOG_OK;
    if (size_bytes > window->limit - position) size_bytes = window->limit - position;

    bool inside = position >= window->start && position - window->start + size_bytes <= window->filled;
    if (!inside) {
        mlog_status status = size_bytes > window->capacity ? grow(window, size_bytes, error_out) : MLOG_OK;
        if (status != MLOG_OK) return status;
        size_t wanted = read_size(window, position, size_bytes);
        window->start = position;
        status = mlog_call_read(window->io, window->fd, window->buffer, wanted, position, &window->filled, error_out);
        if (status != MLOG_OK) {
            window->filled = 0;
            return status;
        }
    }
    size_t available = window->filled - (position - window->start);
    *bytes_out = window->buffer + (position - window->start);
    *available_out = available < size_bytes ? available : size_bytes;
    return MLOG_OK;
}
