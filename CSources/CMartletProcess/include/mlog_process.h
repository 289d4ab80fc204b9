#ifndef MLOG_PROCESS_H
#define MLOG_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* What the broker's process asks of the C library that Swift does not see. */

/*
 * Freed memory stays with the process until `kept_bytes` of it lie together at the end of one of the allocator's heaps,
 * and blocks below `kept_bytes` come from these heaps. By itself glibc gives them back to the system as soon as they
 * are freed, and every request's buffer is mapped, faulted in, cleared and unmapped again.
 *
 * kept_bytes: 1 B to 32 MiB, the most that glibc takes from a heap; more is taken as that. For the whole process, from
 * now on; call it once, early, before other threads allocate. False where the C library has no such setting: all stays
 * as it was.
 */
bool mlog_process_keep_freed_memory(uint32_t kept_bytes);

#endif
