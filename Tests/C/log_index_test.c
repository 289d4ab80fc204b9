#include "log_support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A sealed segment and its two index files as they must be. */
typedef struct {
    known_log *log;
    char *paths[2];
    uint8_t *contents[2];
    size_t sizes[2];
} indexed_log;

static indexed_log indexed_log_create(size_t batches) {
    indexed_log indexed = {.log = known_log_create(NULL)};
    known_log_fill(indexed.log, batches);
    CHECK_OK(mlog_segment_seal(indexed.log->segment, NULL));
    indexed.paths[0] = known_log_path(indexed.log, ".index");
    indexed.paths[1] = known_log_path(indexed.log, ".timeindex");
    for (int i = 0; i < 2; i++)
        indexed.contents[i] = read_whole(indexed.paths[i], &indexed.sizes[i]);
    return indexed;
}

static void indexed_log_remove(indexed_log *indexed) {
    for (int i = 0; i < 2; i++) {
        free(indexed->paths[i]);
        free(indexed->contents[i]);
    }
    known_log_remove(indexed->log);
}

static void reopen_sealed(indexed_log *indexed) {
    known_log *log = indexed->log;
    mlog_segment_close(log->segment);
    CHECK_OK(mlog_segment_open(log->io, log->directory, KNOWN_BASE, MLOG_SEGMENT_SEALED, known_log_end(log),
                               &log->segment, NULL));
}

static void restore(indexed_log *indexed) {
    for (int i = 0; i < 2; i++)
        write_whole(indexed->paths[i], indexed->contents[i], indexed->sizes[i]);
}

/* With the files as they are now: everything is found, the damage is known, and the index is built as it was. */
static void check_repair(indexed_log *indexed, bool seen_at_open) {
    known_log *log = indexed->log;
    reopen_sealed(indexed);
    CHECK_EQUAL(mlog_segment_index_ok(log->segment), !seen_at_open);
    CHECK_EQUAL(mlog_segment_check_index(log->segment, NULL), MLOG_CORRUPT);
    check_finds(log, UINT32_MAX);

    CHECK_OK(mlog_segment_rebuild_index(log->segment, NULL));
    CHECK(mlog_segment_index_ok(log->segment));
    CHECK_EQUAL(mlog_segment_next_offset(log->segment), log->next_offset);
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    check_finds(log, UINT32_MAX);
    for (int i = 0; i < 2; i++) {
        size_t size_bytes;
        uint8_t *rebuilt = read_whole(indexed->paths[i], &size_bytes);
        CHECK_BYTES(rebuilt, size_bytes, indexed->contents[i], indexed->sizes[i]);
        free(rebuilt);
    }
    reopen_sealed(indexed);
    CHECK(mlog_segment_index_ok(log->segment));
}

TEST(index_missing, "a missing index is seen, done without, and built as it was") {
    indexed_log indexed = indexed_log_create(400);
    for (int missing = 1; missing < 4; missing++) {
        restore(&indexed);
        for (int i = 0; i < 2; i++)
            if ((missing & 1 << i) != 0) CHECK_EQUAL(unlink(indexed.paths[i]), 0);
        check_repair(&indexed, true);
    }
    indexed_log_remove(&indexed);
}

TEST(index_torn, "an index cut at any byte is seen, done without, and built as it was") {
    indexed_log indexed = indexed_log_create(60);
    for (int i = 0; i < 2; i++) {
        for (size_t cut = 0; cut < indexed.sizes[i]; cut++) {
            restore(&indexed);
            CHECK_EQUAL(truncate(indexed.paths[i], (off_t)cut), 0);
            check_repair(&indexed, true);
        }
    }
    indexed_log_remove(&indexed);
}

TEST(index_short, "an index pair that lost the same entries is seen, done without, and built as it was") {
    indexed_log indexed = indexed_log_create(60);
    for (size_t entries = 0; entries < indexed.sizes[0] / 8; entries++) {
        restore(&indexed);
        CHECK_EQUAL(truncate(indexed.paths[0], (off_t)entries * 8), 0);
        CHECK_EQUAL(truncate(indexed.paths[1], (off_t)entries * 12), 0);
        check_repair(&indexed, true);
    }
    indexed_log_remove(&indexed);
}

TEST(index_zeros, "an index of zeros is seen, done without, and built as it was") {
    indexed_log indexed = indexed_log_create(400);
    for (int i = 0; i < 2; i++) {
        uint8_t *zeros = calloc(1, indexed.sizes[i]);
        restore(&indexed);
        write_whole(indexed.paths[i], zeros, indexed.sizes[i]);
        check_repair(&indexed, true);
        free(zeros);
    }
    indexed_log_remove(&indexed);
}

TEST(index_older, "the index of another segment is seen, done without, and built as it was") {
    indexed_log older = indexed_log_create(300);
    indexed_log indexed = indexed_log_create(400);
    for (int i = 0; i < 2; i++)
        write_whole(indexed.paths[i], older.contents[i], older.sizes[i]);
    check_repair(&indexed, true);
    indexed_log_remove(&older);
    indexed_log_remove(&indexed);
}

TEST(index_page_lost, "a page of zeros within an index costs time, and no right answer") {
    indexed_log indexed = indexed_log_create(2500);
    CHECK(indexed.sizes[0] > 3 * 480);
    for (int i = 0; i < 2; i++) {
        restore(&indexed);
        uint8_t *damaged = test_copy(indexed.contents[i], indexed.sizes[i]);
        memset(damaged + 480, 0, 480);
        write_whole(indexed.paths[i], damaged, indexed.sizes[i]);
        check_repair(&indexed, false);
        free(damaged);
    }
    indexed_log_remove(&indexed);
}

TEST(index_garbage, "random bytes within an index cost time, and no right answer") {
    indexed_log indexed = indexed_log_create(1500);
    for (int round = 0; round < 8; round++) {
        int i = round % 2;
        restore(&indexed);
        uint8_t *damaged = test_copy(indexed.contents[i], indexed.sizes[i]);
        test_random_fill(damaged + test_random_below(indexed.sizes[i] - 200), 120);
        write_whole(indexed.paths[i], damaged, indexed.sizes[i]);
        check_repair(&indexed, false);
        free(damaged);
    }
    indexed_log_remove(&indexed);
}

TEST(index_times, "a single time changed in the index gives no wrong answer") {
    indexed_log indexed = indexed_log_create(900);
    size_t entries = indexed.sizes[1] / 12 - 1;
    for (size_t entry = 1; entry < entries; entry += 3) {
        uint8_t *damaged = test_copy(indexed.contents[1], indexed.sizes[1]);
        damaged[entry * 12 + test_random_below(8)] ^= (uint8_t)(1 << test_random_below(8));
        write_whole(indexed.paths[1], damaged, indexed.sizes[1]);
        free(damaged);
        reopen_sealed(&indexed);
        check_finds(indexed.log, UINT32_MAX);
    }
    indexed_log_remove(&indexed);
}

TEST(index_offsets, "an offset changed in both index files gives no wrong answer") {
    indexed_log indexed = indexed_log_create(900);
    size_t entries = indexed.sizes[0] / 8 - 1;
    for (size_t entry = 0; entry < entries; entry += 3) {
        uint8_t *offsets = test_copy(indexed.contents[0], indexed.sizes[0]);
        uint8_t *times = test_copy(indexed.contents[1], indexed.sizes[1]);
        if (offsets[entry * 8 + 3]-- == 0) offsets[entry * 8 + 2]--;
        memcpy(times + entry * 12 + 8, offsets + entry * 8, 4);
        write_whole(indexed.paths[0], offsets, indexed.sizes[0]);
        write_whole(indexed.paths[1], times, indexed.sizes[1]);
        free(offsets);
        free(times);
        reopen_sealed(&indexed);
        for (size_t i = 0; i < indexed.log->count; i++) {
            const known_batch *batch = &indexed.log->batches[i];
            mlog_batch_location location;
            CHECK_OK(mlog_segment_find_offset(indexed.log->segment, batch->last_offset, UINT32_MAX, &location, NULL));
            if (!CHECK_EQUAL(location.position, batch->position)) break;
        }
    }
    indexed_log_remove(&indexed);
}

/* Exchanges entries `first` and `second` of one index file. */
static void exchange(uint8_t *bytes, size_t entry_bytes, size_t first, size_t second) {
    uint8_t entry[16];
    memcpy(entry, bytes + first * entry_bytes, entry_bytes);
    memcpy(bytes + first * entry_bytes, bytes + second * entry_bytes, entry_bytes);
    memcpy(bytes + second * entry_bytes, entry, entry_bytes);
}

TEST(index_disorder, "good entries in a wrong order cost time, and no right offset") {
    indexed_log indexed = indexed_log_create(3000);
    known_log *log = indexed.log;
    size_t entries = indexed.sizes[0] / 8 - 1; /* the closing one stays */
    for (int round = 0; round < 6; round++) {
        uint8_t *damaged[2];
        for (int i = 0; i < 2; i++)
            damaged[i] = test_copy(indexed.contents[i], indexed.sizes[i]);
        for (int exchanges = 0; exchanges < 40; exchanges++) {
            size_t first = test_random_below(entries), second = test_random_below(entries);
            exchange(damaged[0], 8, first, second);
            exchange(damaged[1], 12, first, second);
        }
        for (int i = 0; i < 2; i++) {
            write_whole(indexed.paths[i], damaged[i], indexed.sizes[i]);
            free(damaged[i]);
        }
        reopen_sealed(&indexed);
        for (size_t i = 0; i < log->count; i++) {
            mlog_batch_location location;
            CHECK_OK(mlog_segment_find_offset(log->segment, log->batches[i].last_offset, UINT32_MAX, &location, NULL));
            if (!CHECK_EQUAL(location.position, log->batches[i].position)) break;
        }
    }
    indexed_log_remove(&indexed);
}

TEST(index_appended, "a segment whose index was lost takes appends, and is sealed with its index whole") {
    indexed_log indexed = indexed_log_create(300);
    known_log *log = indexed.log;
    mlog_segment_close(log->segment);
    CHECK_EQUAL(unlink(indexed.paths[1]), 0);
    CHECK_OK(mlog_segment_open(log->io, log->directory, KNOWN_BASE, MLOG_SEGMENT_ACTIVE, known_log_end(log),
                               &log->segment, NULL));
    CHECK(!mlog_segment_index_ok(log->segment));
    known_log_fill(log, 300);
    check_finds(log, UINT32_MAX);
    CHECK_OK(mlog_segment_flush_index(log->segment, NULL));
    CHECK_OK(mlog_segment_seal(log->segment, NULL));
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    check_finds(log, UINT32_MAX);
    indexed_log_remove(&indexed);
}
