#ifndef MLOG_ARENA_H
#define MLOG_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The memory of one encoding or decoding: a cap, one thread, everything released at once.
 *
 * Every thread has one arena with a block of MLOG_ARENA_BLOCK_BYTES of its own, which serves most calls without malloc.
 * What a call needs beyond it comes from malloc in growing chunks and goes back at the end of the call, so that one
 * large message leaves nothing behind.
 */
enum {
    MLOG_ARENA_BLOCK_BYTES = 32 * 1024
};

typedef struct mlog_arena mlog_arena;

struct mlog_arena {
    /* What protobuf-c allocates through; its free does nothing. */
    ProtobufCAllocator allocator;
    unsigned char *next; /* free bytes of the current chunk: next ..< end */
    unsigned char *end;
    size_t left_bytes; /* of the cap */
    bool exhausted;    /* an allocation was refused, by the cap or by malloc */
    bool open;
    void *chunks; /* list of malloc'ed chunks, newest first */
};

/*
 * Opens the calling thread's arena. At most cap_bytes can be allocated (alignment counted), then allocations fail.
 * Each begin is followed by mlog_arena_end on the same thread before the next begin; a second begin aborts. Never null.
 */
mlog_arena *mlog_arena_begin(size_t cap_bytes);

/* Releases all that was allocated. */
void mlog_arena_end(mlog_arena *arena);

/* The slow path of mlog_arena_alloc: a new chunk, or null when the cap or the machine's memory is used up. */
void *mlog_arena_alloc_chunk(mlog_arena *arena, size_t size_bytes);

/* size_bytes of uninitialised memory aligned to 16; null when the cap or the machine's memory is used up. */
static inline void *mlog_arena_alloc(mlog_arena *arena, size_t size_bytes) {
    size_t rounded = (size_bytes + 15) & ~(size_t)15;
    if (rounded < size_bytes || rounded > arena->left_bytes) {
        arena->exhausted = true;
        return NULL;
    }
    if (rounded > (size_t)(arena->end - arena->next)) return mlog_arena_alloc_chunk(arena, rounded);
    arena->left_bytes -= rounded;
    void *bytes = arena->next;
    arena->next += rounded;
    return bytes;
}

#endif
