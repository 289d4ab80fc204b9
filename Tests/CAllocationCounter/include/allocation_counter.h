#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdint.h>

/*
 * How often the calling thread has asked for memory so far. For tests: linking this replaces malloc and its kin in the
 * whole program by ones that count and then do as glibc's do. -1 where that cannot be done: without glibc, or under a
 * sanitizer, which replaces them itself.
 */
int64_t allocations_of_this_thread(void);

#endif
