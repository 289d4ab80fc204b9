#include "log_support.h"

#include <stdlib.h>
#include <string.h>

/* The bytes of the hex dump in FORMAT.md. */
static size_t example_bytes(uint8_t *out, size_t capacity) {
    size_t size_bytes, count = 0;
    uint8_t *page = read_whole("../../CSources/CMartletLog/FORMAT.md", &size_bytes);
    page[size_bytes] = '\0';
    const char *line = strstr((const char *)page, "\n00000000  ");
    while (line != NULL && strncmp(line, "\n0000", 5) == 0) {
        const char *end = strchr(line + 1, '\n');
        char *next = (char *)(uintptr_t)line + 11;
        while (next < end && count < capacity)
            out[count++] = (uint8_t)strtoul(next, &next, 16);
        line = end;
    }
    free(page);
    return count;
}

TEST(format_example, "the example in FORMAT.md is a valid batch and holds what the page says") {
    uint8_t bytes[256];
    size_t size_bytes = example_bytes(bytes, sizeof bytes);
    CHECK_EQUAL(size_bytes, 88);
    mlog_batch_header header;
    CHECK_EQUAL(mlog_batch_check(bytes, size_bytes, 4096, &header), MLOG_BATCH_OK);
    CHECK_EQUAL(header.base_offset, 42);
    CHECK_EQUAL(header.leader_epoch, 3);
    CHECK_EQUAL(header.max_timestamp_ms, 1700000000003);

    mlog_record_iterator iterator;
    mlog_record record;
    mlog_header extra;
    size_t cursor = 0;
    mlog_records_begin(&header, bytes + MLOG_BATCH_HEADER_BYTES, size_bytes - MLOG_BATCH_HEADER_BYTES, &iterator);
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 1);
    CHECK_BYTES(record.key, (size_t)record.key_bytes, "k", 1);
    CHECK_BYTES(record.value, (size_t)record.value_bytes, "hello", 5);
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 1);
    CHECK_EQUAL(record.offset, 43);
    CHECK(record.key == NULL);
    CHECK_BYTES(record.value, (size_t)record.value_bytes, "bye", 3);
    CHECK(mlog_header_next(&record, &cursor, &extra));
    CHECK_BYTES(extra.key, (size_t)extra.key_bytes, "h", 1);
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 0);
}

TEST(format_index, "the index files hold the bytes that FORMAT.md tells") {
    known_log *log = known_log_create(NULL);
    CHECK_OK(known_log_append(log, &(batch_recipe){.records = 2, .value_bytes = 4200, .first_timestamp_ms = 70}));
    CHECK_OK(known_log_append(log, &(batch_recipe){.records = 1, .value_bytes = 1, .first_timestamp_ms = 90}));
    CHECK_OK(mlog_segment_seal(log->segment, NULL));
    uint32_t position = log->batches[1].position, end = known_log_end(log);
    uint8_t offsets[16] = {0, 0, 0, 2, [6] = (uint8_t)(position >> 8), (uint8_t)position,
                           0, 0, 0, 3, [14] = (uint8_t)(end >> 8),     (uint8_t)end};
    uint8_t times[24] = {[7] = 71, 0, 0, 0, 2, [19] = 90, 0, 0, 0, 3};
    char *path = known_log_path(log, ".index");
    size_t size_bytes;
    uint8_t *bytes = read_whole(path, &size_bytes);
    CHECK_BYTES(bytes, size_bytes, offsets, sizeof offsets);
    free(bytes);
    free(path);
    path = known_log_path(log, ".timeindex");
    bytes = read_whole(path, &size_bytes);
    CHECK_BYTES(bytes, size_bytes, times, sizeof times);
    free(bytes);
    free(path);
    known_log_remove(log);
}
