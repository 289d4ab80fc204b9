#include "mlog_process.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

enum {
    KEPT_BYTES_MAX = 32 << 20
};

bool mlog_process_keep_freed_memory(uint32_t kept_bytes) {
#if defined(__GLIBC__)
    int bytes = kept_bytes < KEPT_BYTES_MAX ? (int)kept_bytes : KEPT_BYTES_MAX;
    /* The second also ends glibc's own moving of both limits. */
    return mallopt(M_TRIM_THRESHOLD, bytes) == 1 && mallopt(M_MMAP_THRESHOLD, bytes) == 1;
#else
    (void)kept_bytes;
    return false;
#endif
}
