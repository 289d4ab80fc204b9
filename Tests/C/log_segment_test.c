#include "log_support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Closes and opens again as after a clean stop. */
static void reopen(known_log *log, mlog_segment_mode mode) {
    CHECK_OK(mlog_segment_flush_index(log->segment, NULL));
    mlog_segment_close(log->segment);
    CHECK_OK(mlog_segment_open(log->io, log->directory, KNOWN_BASE, mode, known_log_end(log), &log->segment, NULL));
    CHECK(mlog_segment_index_ok(log->segment));
    CHECK_EQUAL(mlog_segment_next_offset(log->segment), log->next_offset);
}

TEST(empty_segment, "an empty segment holds nothing and takes no space") {
    known_log *log = known_log_create(NULL);
    uint64_t file_bytes;
    mlog_batch_location location;
    CHECK_OK(mlog_segment_file_bytes(log->segment, &file_bytes, NULL));
    CHECK_EQUAL(file_bytes, 0);
    CHECK_EQUAL(mlog_segment_end_position(log->segment), 0);
    CHECK_EQUAL(mlog_segment_max_timestamp(log->segment), -1);
    CHECK_EQUAL(mlog_segment_find_offset(log->segment, KNOWN_BASE, UINT32_MAX, &location, NULL), MLOG_NOT_FOUND);
    reopen(log, MLOG_SEGMENT_ACTIVE);
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    CHECK_OK(mlog_segment_seal(log->segment, NULL));
    known_log_remove(log);
}

TEST(existing_segment, "a segment that is there is not created again") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 50);
    mlog_segment *second;
    CHECK_EQUAL(mlog_segment_create(log->io, log->directory, KNOWN_BASE, "", &second, NULL), MLOG_EXISTS);
    CHECK(second == NULL);
    check_finds(log, UINT32_MAX);
    known_log_remove(log);
}

TEST(missing_segment, "a segment that is not there, or is shorter than its end, is not opened") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 3);
    mlog_segment *other;
    mlog_error error;
    CHECK_EQUAL(mlog_segment_open(log->io, log->directory, 5, MLOG_SEGMENT_ACTIVE, 0, &other, &error), MLOG_NOT_FOUND);
    CHECK(other == NULL && error.os_error != 0 && strcmp(error.operation, "open") == 0);
    CHECK_EQUAL(mlog_segment_open(log->io, log->directory, KNOWN_BASE, MLOG_SEGMENT_SEALED, 1 << 20, &other, &error),
                MLOG_CORRUPT);
    CHECK(other == NULL && error.os_error == 0);
    known_log_remove(log);
}

TEST(finds_all, "every offset, time and range is found, with entries in memory and in the files") {
    known_log *log = known_log_create(NULL);
    for (int round = 0; round < 4; round++) {
        known_log_fill(log, 700);
        check_finds(log, UINT32_MAX);
        check_finds(log, log->batches[log->count / 2].position);
        CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    }
    known_log_remove(log);
}

TEST(reopened, "after a clean stop a segment goes on as if it had stayed open") {
    known_log *log = known_log_create(NULL);
    for (int round = 0; round < 12; round++) {
        known_log_fill(log, 1 + test_random_below(60));
        int64_t max_timestamp_ms = mlog_segment_max_timestamp(log->segment);
        reopen(log, MLOG_SEGMENT_ACTIVE);
        CHECK_EQUAL(mlog_segment_max_timestamp(log->segment), max_timestamp_ms);
        CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    }
    check_finds(log, UINT32_MAX);
    known_log_remove(log);
}

TEST(sealed, "a sealed segment is trimmed to its end and reads as before") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 900);
    CHECK_OK(mlog_segment_seal(log->segment, NULL));
    uint64_t file_bytes;
    CHECK_OK(mlog_segment_file_bytes(log->segment, &file_bytes, NULL));
    CHECK_EQUAL(file_bytes, known_log_end(log));
    check_finds(log, UINT32_MAX);
    mlog_segment_close(log->segment);
    CHECK_OK(mlog_segment_open(log->io, log->directory, KNOWN_BASE, MLOG_SEGMENT_SEALED, (uint32_t)file_bytes,
                               &log->segment, NULL));
    CHECK(mlog_segment_index_ok(log->segment));
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    check_finds(log, UINT32_MAX);
    known_log_remove(log);
}

TEST(preallocation, "space is allocated in steps that double, and read as zeros") {
    known_log *log = known_log_create(NULL);
    uint64_t before = 0, file_bytes;
    batch_recipe recipe = {.records = 1, .value_bytes = 60000};
    for (int i = 0; i < 100; i++) {
        CHECK_OK(known_log_append(log, &recipe));
        CHECK_OK(mlog_segment_file_bytes(log->segment, &file_bytes, NULL));
        CHECK(file_bytes >= known_log_end(log));
        if (file_bytes != before) CHECK_EQUAL(file_bytes, before == 0 ? MLOG_PREALLOCATE_MIN_BYTES : 2 * before);
        before = file_bytes;
    }
    char *path = known_log_path(log, ".log");
    size_t size_bytes;
    uint8_t *bytes = read_whole(path, &size_bytes);
    for (size_t i = known_log_end(log); i < size_bytes; i++)
        if (!CHECK_EQUAL(bytes[i], 0)) break;
    free(bytes);
    free(path);
    known_log_remove(log);
}

TEST(full, "a batch that would pass the largest size, or 32 bits of offsets, is refused and nothing changes") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 5);
    size_t size_bytes;
    uint32_t position;
    log->next_offset = KNOWN_BASE + (int64_t)UINT32_MAX;
    uint8_t *batch = known_log_build(log, &(batch_recipe){.records = 1}, &size_bytes);
    CHECK_EQUAL(mlog_segment_append_batches(log->segment, batch, size_bytes, &position, NULL), MLOG_SEGMENT_FULL);
    CHECK_EQUAL(mlog_segment_append(log->segment, batch, batch + MLOG_BATCH_HEADER_BYTES,
                                    size_bytes - MLOG_BATCH_HEADER_BYTES, &position, NULL),
                MLOG_SEGMENT_FULL);
    CHECK_EQUAL(mlog_segment_end_position(log->segment), known_log_end(log));
    free(batch);
    known_log_remove(log);
}

TEST(many_batches, "batches appended together are indexed one by one, more entries than memory holds too") {
    known_log *log = known_log_create(NULL);
    size_t capacity = 8 << 20, used = 0;
    uint8_t *all = malloc(capacity);
    for (int i = 0; i < 700; i++) {
        batch_recipe recipe = {.records = 2, .value_bytes = 4000, .first_timestamp_ms = 5000 + i};
        size_t size_bytes;
        uint8_t *batch = known_log_build(log, &recipe, &size_bytes);
        memcpy(all + used, batch, size_bytes);
        known_log_note(log, batch, size_bytes, &recipe);
        used += size_bytes;
        free(batch);
    }
    uint32_t position;
    CHECK_OK(mlog_segment_append_batches(log->segment, all, used, &position, NULL));
    CHECK_EQUAL(position, 0);
    CHECK_EQUAL(mlog_segment_end_position(log->segment), known_log_end(log));
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    check_finds(log, UINT32_MAX);
    free(all);
    known_log_remove(log);
}

TEST(gaps, "where offsets were compacted away the next batch is found") {
    known_log *log = known_log_create(NULL);
    batch_recipe recipe = {.records = 3, .value_bytes = 900};
    for (int i = 0; i < 200; i++) {
        CHECK_OK(known_log_append(log, &recipe));
        log->next_offset += 10;
    }
    for (size_t i = 0; i + 1 < log->count; i++) {
        mlog_batch_location location;
        for (int64_t offset = log->batches[i].last_offset + 1; offset <= log->batches[i + 1].base_offset; offset++) {
            CHECK_OK(mlog_segment_find_offset(log->segment, offset, UINT32_MAX, &location, NULL));
            CHECK_EQUAL(location.position, log->batches[i + 1].position);
        }
    }
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    known_log_remove(log);
}

TEST(truncated, "a log cut at any batch goes on from there") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 1500);
    while (log->count > 20) {
        log->count -= 1 + test_random_below(log->count / 3);
        log->next_offset = log->batches[log->count - 1].last_offset + 1;
        CHECK_OK(mlog_segment_truncate(log->segment, known_log_end(log), NULL));
        CHECK_EQUAL(mlog_segment_end_position(log->segment), known_log_end(log));
        CHECK_EQUAL(mlog_segment_next_offset(log->segment), log->next_offset);
        uint64_t file_bytes;
        CHECK_OK(mlog_segment_file_bytes(log->segment, &file_bytes, NULL));
        CHECK_EQUAL(file_bytes, known_log_end(log));
        CHECK_OK(mlog_segment_check_index(log->segment, NULL));
        check_finds(log, UINT32_MAX);
        known_log_fill(log, 5);
        CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    }
    CHECK_OK(mlog_segment_truncate(log->segment, 0, NULL));
    CHECK_EQUAL(mlog_segment_max_timestamp(log->segment), -1);
    CHECK_EQUAL(mlog_segment_next_offset(log->segment), KNOWN_BASE);
    known_log_remove(log);
}

/* ---- scanning ---- */

typedef struct {
    const known_log *log;
    size_t seen;
    size_t stop_at;
    bool with_bytes;
} scan_check;

static bool check_visit(void *context, const mlog_batch_location *location, const uint8_t *bytes) {
    scan_check *check = context;
    if (check->seen == check->stop_at) return false;
    const known_batch *batch = &check->log->batches[check->seen++];
    CHECK_EQUAL(location->position, batch->position);
    CHECK_EQUAL(location->header.base_offset, batch->base_offset);
    mlog_batch_header header;
    if (!check->with_bytes) return CHECK(bytes == NULL);
    return CHECK_EQUAL(mlog_batch_check(bytes, batch->size_bytes, UINT32_MAX, &header), MLOG_BATCH_OK);
}

TEST(scans, "a scan shows every batch once, and stops where it is told to") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 1200);
    uint32_t stopped_at;
    for (int with_bytes = 0; with_bytes < 2; with_bytes++) {
        scan_check all = {.log = log, .stop_at = SIZE_MAX, .with_bytes = with_bytes};
        CHECK_OK(mlog_segment_scan(log->segment, 0, UINT32_MAX, with_bytes, check_visit, &all, &stopped_at, NULL));
        CHECK_EQUAL(all.seen, log->count);
        CHECK_EQUAL(stopped_at, known_log_end(log));
        scan_check some = {.log = log, .stop_at = 100, .with_bytes = with_bytes};
        CHECK_OK(mlog_segment_scan(log->segment, 0, UINT32_MAX, with_bytes, check_visit, &some, &stopped_at, NULL));
        CHECK_EQUAL(some.seen, 100);
        CHECK_EQUAL(stopped_at, log->batches[100].position);
    }
    known_log_remove(log);
}

TEST(scan_finds_damage, "a scan with checksums stops at a changed byte, and names the place") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 300);
    const known_batch *damaged = &log->batches[170];
    overwrite_log(log, damaged->position + damaged->size_bytes - 1, "\xff", 1);
    uint32_t stopped_at;
    scan_check check = {.log = log, .stop_at = SIZE_MAX, .with_bytes = true};
    CHECK_EQUAL(mlog_segment_scan(log->segment, 0, UINT32_MAX, true, check_visit, &check, &stopped_at, NULL),
                MLOG_CORRUPT);
    CHECK_EQUAL(stopped_at, damaged->position);
    CHECK_EQUAL(check.seen, 170);
    known_log_remove(log);
}

TEST(reads, "reading stops at the end of the log, not of the file") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 10);
    uint8_t buffer[64];
    size_t count;
    uint32_t end = known_log_end(log);
    CHECK_OK(mlog_segment_read(log->segment, end - 10, buffer, sizeof buffer, &count, NULL));
    CHECK_EQUAL(count, 10);
    CHECK_OK(mlog_segment_read(log->segment, end, buffer, sizeof buffer, &count, NULL));
    CHECK_EQUAL(count, 0);
    CHECK_OK(mlog_segment_read(log->segment, end + 100, buffer, sizeof buffer, &count, NULL));
    CHECK_EQUAL(count, 0);
    known_log_remove(log);
}
