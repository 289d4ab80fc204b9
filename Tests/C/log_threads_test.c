#include "log_support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Every batch has two records and begins at an even distance from the base: readers can check what they find without
 * sharing notes with the writer. Timestamps are the offsets. */
enum {
    READERS = 3,
    THREADED_BATCHES = 4000 /* offsets of four digits: batches of one size */
};

typedef struct {
    mlog_segment *segment;
    atomic_bool done;
    atomic_int_fast64_t wrong;
} shared_log;

static bool find_one(const mlog_segment *segment, uint64_t *random) {
    uint32_t limit = mlog_segment_end_position(segment);
    mlog_batch_location tail, location;
    if (limit == 0) return true;
    if (mlog_segment_find_offset(segment, KNOWN_BASE, limit, &tail, NULL) != MLOG_OK) return false;
    uint32_t batches = limit / tail.header.size_bytes;
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    /* Half of the time near the end, where entries move from memory to the files. */
    uint32_t number = (uint32_t)(*random >> 33) % batches;
    if ((*random >> 20 & 1) != 0 && batches > 50) number = batches - 1 - number % 50;
    int64_t offset = KNOWN_BASE + 2 * (int64_t)number, found, found_ms, next_offset;
    int32_t epoch;
    uint32_t end;
    uint32_t position = number * tail.header.size_bytes;
    return mlog_segment_find_offset(segment, offset + 1, limit, &location, NULL) == MLOG_OK &&
           location.position == position && location.header.base_offset == offset &&
           mlog_segment_find_timestamp(segment, offset, limit, &found, &found_ms, &epoch, NULL) == MLOG_OK &&
           found == offset &&
           mlog_segment_find_end(segment, position, 3 * tail.header.size_bytes, limit, INT64_MAX, &end, &next_offset,
                                 NULL) == MLOG_OK &&
           next_offset == offset + 2 * (int64_t)((end - position) / tail.header.size_bytes);
}

static void *read_along(void *context) {
    shared_log *shared = context;
    uint64_t random = (uint64_t)(uintptr_t)&random;
    while (!atomic_load(&shared->done))
        if (!find_one(shared->segment, &random)) atomic_fetch_add(&shared->wrong, 1);
    return NULL;
}

TEST(readers_beside_writer, "readers find what was appended before they looked, while the writer goes on") {
    known_log *log = known_log_create(NULL);
    shared_log shared = {.segment = log->segment};
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++)
        CHECK_EQUAL(pthread_create(&readers[i], NULL, read_along, &shared), 0);
    for (int i = 0; i < THREADED_BATCHES; i++) {
        batch_recipe recipe = {.records = 2, .value_bytes = 1200, .first_timestamp_ms = log->next_offset};
        CHECK_OK(known_log_append(log, &recipe));
        if (i % 1000 == 999) CHECK_OK(mlog_segment_flush_index(log->segment, NULL));
    }
    /* Sealed and built anew under their eyes: slower for a moment, never wrong. */
    CHECK_OK(mlog_segment_seal(log->segment, NULL));
    CHECK_OK(mlog_segment_rebuild_index(log->segment, NULL));
    atomic_store(&shared.done, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    CHECK_EQUAL(atomic_load(&shared.wrong), 0);
    CHECK(mlog_segment_index_ok(log->segment));
    known_log_remove(log);
}
