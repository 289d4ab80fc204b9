#include "mlog_arena.h"

#include <stdlib.h>

enum {
    CHUNK_BYTES_MAX = 1024 * 1024
};

/* Heads a malloc'ed chunk; its bytes follow. Sixteen bytes, so that they are aligned like malloc's own. */
typedef struct chunk {
    struct chunk *older;
    size_t size_bytes;
} chunk;

_Static_assert(sizeof(chunk) == 16 || sizeof(void *) == 4, "a chunk's bytes are aligned to 16");

static void *allocate(void *arena, size_t size_bytes) {
    return mlog_arena_alloc(arena, size_bytes);
}

static void release(void *arena, void *bytes) {
    (void)arena;
    (void)bytes;
}

/* Per thread rather than per loop: it needs no handing around, and goes with its thread without a destructor. */
static _Thread_local struct {
    mlog_arena arena;
    _Alignas(16) unsigned char block[MLOG_ARENA_BLOCK_BYTES];
} local;

mlog_arena *mlog_arena_begin(size_t cap_bytes) {
    if (local.arena.open) abort();
    local.arena = (mlog_arena){
        .allocator = {.alloc = allocate, .free = release, .allocator_data = &local.arena},
        .next = local.block,
        .end = local.block + sizeof local.block,
        .left_bytes = cap_bytes,
        .open = true,
    };
    return &local.arena;
}

void mlog_arena_end(mlog_arena *arena) {
    chunk *newest = arena->chunks;
    while (newest != NULL) {
        chunk *older = newest->older;
        free(newest);
        newest = older;
    }
    arena->chunks = NULL;
    arena->open = false;
}

void *mlog_arena_alloc_chunk(mlog_arena *arena, size_t size_bytes) {
    chunk *newest = arena->chunks;
    size_t chunk_bytes = newest == NULL ? MLOG_ARENA_BLOCK_BYTES * 2 : newest->size_bytes * 2;
    if (chunk_bytes > CHUNK_BYTES_MAX) chunk_bytes = CHUNK_BYTES_MAX;
    if (chunk_bytes < size_bytes) chunk_bytes = size_bytes;
    chunk *fresh = chunk_bytes > SIZE_MAX - sizeof(chunk) ? NULL : malloc(sizeof(chunk) + chunk_bytes);
    if (fresh == NULL) {
        arena->exhausted = true;
        return NULL;
    }
    *fresh = (chunk){.older = newest, .size_bytes = chunk_bytes};
    arena->chunks = fresh;
    unsigned char *bytes = (unsigned char *)(fresh + 1);
    arena->next = bytes + size_bytes;
    arena->end = bytes + chunk_bytes;
    arena->left_bytes -= size_bytes;
    return bytes;
}
