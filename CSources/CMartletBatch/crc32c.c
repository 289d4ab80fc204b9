#include "mlog_crc32c.h"

#include <stdatomic.h>

#include "crc32c_kernels.h"

static mlog_crc32c_choice choose(void) {
    mlog_crc32c_choice choice;
    if (mlog_crc32c_choose_x86(&choice) || mlog_crc32c_choose_arm(&choice)) return choice;
    return (mlog_crc32c_choice){mlog_crc32c_slicing, "portable"};
}

static mlog_crc32c_kernel choose_then_run;

/* Replaced by the first call. Threads that race for it find the same kernel, so relaxed order is enough. */
static _Atomic(mlog_crc32c_kernel *) current = choose_then_run;

static uint32_t choose_then_run(uint32_t crc, const uint8_t *data, size_t size_bytes) {
    mlog_crc32c_kernel *run = choose().run;
    atomic_store_explicit(&current, run, memory_order_relaxed);
    return run(crc, data, size_bytes);
}

uint32_t mlog_crc32c(uint32_t crc, const void *data, size_t size_bytes) {
    mlog_crc32c_kernel *run = atomic_load_explicit(&current, memory_order_relaxed);
    return ~run(~crc, data, size_bytes);
}

uint32_t mlog_crc32c_portable(uint32_t crc, const void *data, size_t size_bytes) {
    return ~mlog_crc32c_slicing(~crc, data, size_bytes);
}

const char *mlog_crc32c_implementation(void) {
    return choose().name;
}
