#ifndef MLOG_CEILING_H
#define MLOG_CEILING_H

#include <stddef.h>
#include <stdint.h>

#include "mlog_attributes.h"

/*
 * The ceiling: the least that a log over loopback can do, in bare C, so that every figure of the benchmark stands
 * beside what this machine gives at best. The loops use the project's own CRC, frame sizes, window and file mode, and
 * nothing else of it: no protocol decoding, no index, no locks, no second connection.
 *
 * Every loop has one server thread (its CPU time is reported) and one TCP connection over 127.0.0.1, with neither
 * delays (TCP_NODELAY) nor pacing (reno); the client runs on the calling thread. All functions block until done, hold
 * no state between calls, and may be called from any thread. None runs for ever: a side that makes no progress for
 * `stall_timeout_ms` ends the run. Files are unlinked as soon as they are made: nothing is left behind, not even by a
 * crash.
 */

/* How a loop ended; MLOG_CEILING_OK is 0. */
typedef enum MLOG_CLOSED_ENUM {
    MLOG_CEILING_OK = 0,
    MLOG_CEILING_INVALID, /* the options contradict each other: nothing was run */
    MLOG_CEILING_NO_MEMORY,
    MLOG_CEILING_THREAD,  /* no thread could be started */
    MLOG_CEILING_FILE,    /* a file could not be made, extended, written or sent */
    MLOG_CEILING_NETWORK, /* a socket call failed */
    MLOG_CEILING_CLOSED,  /* the other side closed the connection early */
    MLOG_CEILING_STALLED, /* no progress for stall_timeout_ms */
    MLOG_CEILING_CORRUPT, /* what arrived is not what was sent */
} mlog_ceiling_status;

/* One sentence in plain words without a full stop. Static storage. */
const char *mlog_ceiling_status_text(mlog_ceiling_status status);

/* What a failed loop met. Filled on every status but MLOG_CEILING_OK. */
typedef struct {
    int os_error;     /* errno, 0 when no system call failed */
    const char *step; /* what was tried, in a few words; static storage */
} mlog_ceiling_error;

/* Told from the client's thread about a hundred times in a run; `report` may be null. It must not block. */
typedef struct {
    void (*report)(void *context, double fraction); /* 0 to 1 */
    void *context;
} mlog_ceiling_progress;

typedef struct {
    const char *directory;      /* where the log's files are made; must exist */
    uint64_t total_bytes;       /* batches to move, rounded up to whole batches; 3 GiB and up for a real figure */
    uint32_t record_bytes;      /* value of each record, 1 B to 1 MiB; no key, no headers */
    uint32_t batch_bytes;       /* a batch counts as full at this size, 1 KiB to 8 MiB */
    uint32_t window;            /* produce: batches in flight; fetch: requests in flight; 1 to 64 */
    uint32_t response_bytes;    /* fetch only: bytes per response, rounded down to whole batches, one at least */
    uint32_t segment_bytes;     /* a file is full at this size; at least preallocate_bytes and one batch */
    uint32_t preallocate_bytes; /* the file grows by this much at a time, with fallocate; 0: not at all */
    uint32_t stall_timeout_ms;  /* 1 or more */
    mlog_ceiling_progress progress;
} mlog_ceiling_options;

/*
 * The product's own sizes: 100-byte records, 64 KiB batches, 5 in flight, 1 MiB responses, segments of 1 GiB that grow
 * by 16 MiB, 3 GiB in all, 10 s. The directory is null: set it.
 */
mlog_ceiling_options mlog_ceiling_default_options(void);

typedef struct {
    uint64_t records;
    uint64_t bytes;         /* of whole batches, headers included */
    uint64_t elapsed_ns;    /* from the first frame sent to the last answer */
    uint64_t server_cpu_ns; /* of the server thread in that time; 0 where there is no server */
    uint64_t client_cpu_ns;
} mlog_ceiling_result;

/*
 * The produce loop. The client sends one prebuilt batch again and again in frames of the product's shape, `window` of
 * them unanswered at most. The server receives each into a buffer, checks its CRC, writes it with pwrite to a fresh
 * preallocated file, and answers with a small frame. Nothing is synced: this is `flush=os`.
 *
 * INVALID, NO_MEMORY, THREAD, FILE, NETWORK, CLOSED, STALLED, CORRUPT. result_out is zeroed on failure.
 */
mlog_ceiling_status mlog_ceiling_produce(const mlog_ceiling_options *options, mlog_ceiling_result *result_out,
                                         mlog_ceiling_error *error_out) MLOG_CHECKED;

/*
 * The fetch loop. The log is written first, unmeasured, so that it is in the page cache. Then the server only
 * sends ranges of whole batches with sendfile; the client checks every CRC and visits every record.
 *
 * Statuses as above.
 */
mlog_ceiling_status mlog_ceiling_fetch(const mlog_ceiling_options *options, mlog_ceiling_result *result_out,
                                       mlog_ceiling_error *error_out) MLOG_CHECKED;

typedef struct {
    uint64_t count;         /* messages, 1 or more */
    uint32_t message_bytes; /* 1 B to 64 KiB */
    uint32_t rate_per_s;    /* 1 or more */
    uint32_t stall_timeout_ms;
    mlog_ceiling_progress progress;
} mlog_ceiling_echo_options;

/*
 * The echo: an open loop. Message i is due at start + i / rate whatever happened to those before it, and its latency
 * runs from when it was due, not from when it was sent: a stall is charged to everything that it delayed. A sender
 * thread keeps the rate, the server sends every byte back, the calling thread receives.
 *
 * latencies_ns_out: room for `count`, caller-owned, in order of sending; what it holds on failure is not defined.
 * result_out counts messages as records. Statuses as above but FILE.
 */
mlog_ceiling_status mlog_ceiling_echo(const mlog_ceiling_echo_options *options, uint64_t *latencies_ns_out,
                                      mlog_ceiling_result *result_out, mlog_ceiling_error *error_out) MLOG_CHECKED;

/*
 * What one core compresses: packs `data` (data_bytes long, at least block_bytes) with the project's LZ4 settings, block
 * by block and round and round, until at least total_bytes went in. `records` in the result counts blocks,
 * `bytes` what went in; *packed_bytes_out is what came out. INVALID, NO_MEMORY.
 */
mlog_ceiling_status mlog_ceiling_compress(const uint8_t *data, size_t data_bytes, uint32_t block_bytes,
                                          uint64_t total_bytes, uint64_t *packed_bytes_out,
                                          mlog_ceiling_result *result_out, mlog_ceiling_error *error_out) MLOG_CHECKED;

/* ---- the clock that the loops use, so that the product is paced and timed in the same way ---- */

/* Monotonic time in nanoseconds. */
uint64_t mlog_ceiling_now_ns(void);

/*
 * Asks the kernel to wake the calling thread as near to the time as it can (the default leaves it 50 us of freedom).
 * For threads that keep a rate.
 */
void mlog_ceiling_use_precise_timers(void);

/* Sleeps until `time_ns` of mlog_ceiling_now_ns; returns at once when it has passed. */
void mlog_ceiling_sleep_until(uint64_t time_ns);

#endif
