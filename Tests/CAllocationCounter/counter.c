#include "allocation_counter.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)

static _Thread_local int64_t allocations;

/* glibc's own, under the names that it keeps for programs like this. */
void *__libc_malloc(size_t size_bytes);
void *__libc_calloc(size_t count, size_t size_bytes);
void *__libc_realloc(void *memory, size_t size_bytes);
void *__libc_memalign(size_t alignment, size_t size_bytes);

void *malloc(size_t size_bytes) {
    allocations++;
    return __libc_malloc(size_bytes);
}

void *calloc(size_t count, size_t size_bytes) {
    allocations++;
    return __libc_calloc(count, size_bytes);
}

void *realloc(void *memory, size_t size_bytes) {
    allocations++;
    return __libc_realloc(memory, size_bytes);
}

void *aligned_alloc(size_t alignment, size_t size_bytes) {
    allocations++;
    return __libc_memalign(alignment, size_bytes);
}

int posix_memalign(void **memory_out, size_t alignment, size_t size_bytes) {
    allocations++;
    void *memory = __libc_memalign(alignment, size_bytes);
    if (memory == NULL) return ENOMEM;
    *memory_out = memory;
    return 0;
}

int64_t allocations_of_this_thread(void) {
    return allocations;
}

#else

int64_t allocations_of_this_thread(void) {
    return -1;
}

#endif
