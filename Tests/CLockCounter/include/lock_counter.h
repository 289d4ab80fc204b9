#ifndef LOCK_COUNTER_H
#define LOCK_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Counts the atomic read-modify-write instructions (a lock prefix, or an exchange with memory) that the calling thread
 * executes between begin and end. Every lock takes at least one, whoever wrote it and however it was inlined, and so
 * does every reference count. For tests: the thread runs one instruction at a time meanwhile, about a microsecond each.
 */

/* False where it cannot be done: on other systems than Linux, on other processors than x86-64. */
bool lock_counter_works(void);

/* Begins to count on the calling thread. */
void lock_counter_begin(void);

/* Ends it, on the same thread. Returns the count. */
int64_t lock_counter_end(void);

#endif
