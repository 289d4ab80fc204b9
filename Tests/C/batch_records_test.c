#include "harness.h"
#include "mlog_batch.h"
#include "varint.h"

#include <stdlib.h>
#include <string.h>

/* The header of a batch with `count` records at offsets 0, 1, ... */
static mlog_batch_header header_for(int32_t count) {
    return (mlog_batch_header){
        .base_timestamp_ms = 1000,
        .max_timestamp_ms = 5000,
        .last_offset_delta = count - 1,
        .record_count = count,
    };
}

/* Walks to the end or to the first bad record; returns mlog_records_next's last answer. */
static int walk(const mlog_batch_header *header, const uint8_t *records, size_t size, int32_t *seen_out) {
    mlog_record_iterator iterator;
    mlog_record record;
    int found;
    *seen_out = 0;
    mlog_records_begin(header, records, size, &iterator);
    while ((found = mlog_records_next(&iterator, &record)) > 0) {
        ++*seen_out;
        const uint8_t *end = records + size;
        CHECK(record.key_bytes < 0 ? record.key == NULL
                                   : record.key >= records && record.key + record.key_bytes <= end);
        CHECK(record.value_bytes < 0 ? record.value == NULL
                                     : record.value >= records && record.value + record.value_bytes <= end);
        size_t cursor = 0;
        int32_t headers = 0;
        mlog_header one;
        while (mlog_header_next(&record, &cursor, &one))
            headers++;
        CHECK_EQUAL(headers, record.header_count);
        CHECK_EQUAL(cursor, record.headers_bytes);
    }
    if (found < 0) CHECK_EQUAL(mlog_records_next(&iterator, &record), -1);
    return found;
}

TEST(records_golden, "records written by hand are read with every field") {
    size_t size;
    uint8_t *batch = test_fixture("batch-none.bin", &size);
    mlog_batch_header header;
    CHECK_EQUAL(mlog_batch_check(batch, size, 1 << 20, &header), MLOG_BATCH_OK);
    mlog_record_iterator iterator;
    mlog_record record;
    mlog_records_begin(&header, batch + MLOG_BATCH_HEADER_BYTES, size - MLOG_BATCH_HEADER_BYTES, &iterator);

    CHECK_EQUAL(mlog_records_next(&iterator, &record), 1);
    CHECK_EQUAL(record.offset, 0x0102030405);
    CHECK_EQUAL(record.timestamp_ms, 1700000000000);
    CHECK_BYTES(record.key, (size_t)record.key_bytes, "key", 3);
    CHECK_BYTES(record.value, (size_t)record.value_bytes, "value", 5);
    CHECK_EQUAL(record.header_count, 0);

    CHECK_EQUAL(mlog_records_next(&iterator, &record), 1);
    CHECK_EQUAL(record.offset, 0x0102030406);
    CHECK_EQUAL(record.timestamp_ms, 1700000000250);
    CHECK(record.key == NULL && record.key_bytes == -1);
    CHECK_EQUAL(record.value_bytes, 300);
    CHECK_EQUAL(record.header_count, 3);
    mlog_header one;
    size_t cursor = 0;
    CHECK(mlog_header_next(&record, &cursor, &one));
    CHECK_BYTES(one.key, (size_t)one.key_bytes, "trace", 5);
    CHECK_BYTES(one.value, (size_t)one.value_bytes, "7", 1);
    CHECK(mlog_header_next(&record, &cursor, &one));
    CHECK_EQUAL(one.key_bytes, 0);
    CHECK(one.value == NULL && one.value_bytes == -1);
    CHECK(mlog_header_next(&record, &cursor, &one));
    CHECK(one.value != NULL && one.value_bytes == 0);
    CHECK(!mlog_header_next(&record, &cursor, &one));

    CHECK_EQUAL(mlog_records_next(&iterator, &record), 1);
    CHECK_EQUAL(record.timestamp_ms, 1699999999000);
    CHECK(record.key != NULL && record.key_bytes == 0);
    CHECK(record.value == NULL && record.value_bytes == -1);
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 1);
    CHECK_EQUAL(record.key_bytes, 70);
    CHECK(record.value != NULL && record.value_bytes == 0);
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 0);
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 0);
    free(batch);
}

TEST(records_cut, "a block of records cut at any byte, or with one more, is refused") {
    size_t size;
    uint8_t *records = test_fixture("records.bin", &size);
    mlog_batch_header header = header_for(4);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = test_copy(records, cut);
        CHECK_EQUAL(mlog_batch_check_records(&header, exact, cut), MLOG_BATCH_BAD_RECORD);
        free(exact);
    }
    CHECK_EQUAL(mlog_batch_check_records(&header, records, size), MLOG_BATCH_OK);
    uint8_t *longer = realloc(records, size + 1);
    longer[size] = 0;
    CHECK_EQUAL(mlog_batch_check_records(&header, longer, size + 1), MLOG_BATCH_BAD_RECORD);
    free(longer);
}

TEST(records_count, "more or fewer records than the header counts are refused") {
    size_t size;
    uint8_t *records = test_fixture("records.bin", &size);
    mlog_batch_header header = header_for(4);
    header.record_count = 3;
    CHECK_EQUAL(mlog_batch_check_records(&header, records, size), MLOG_BATCH_BAD_RECORD);
    header = header_for(5);
    CHECK_EQUAL(mlog_batch_check_records(&header, records, size), MLOG_BATCH_BAD_RECORD);
    free(records);
}

TEST(records_mutated, "changed and random records are walked without reading outside them") {
    size_t size;
    uint8_t *records = test_fixture("records.bin", &size);
    mlog_batch_header header = header_for(4);
    int32_t seen;
    for (size_t at = 0; at < size; at++) {
        for (int change = 1; change < 256; change++) {
            records[at] ^= (uint8_t)change;
            walk(&header, records, size, &seen);
            CHECK(seen <= 4);
            records[at] ^= (uint8_t)change;
        }
    }
    free(records);
    header = header_for(1000);
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[64];
        size_t length = test_random_below(sizeof bytes);
        for (size_t at = 0; at < length; at++)
            bytes[at] = (uint8_t)test_random_below(i % 2 == 0 ? 16 : 256);
        uint8_t *exact = test_copy(bytes, length);
        CHECK_EQUAL(walk(&header, exact, length, &seen), -1);
        free(exact);
    }
}

/* Builds one record from its parts, as given, with the right length in front. */
typedef struct {
    uint8_t bytes[256];
    size_t size;
} raw_record;

static raw_record raw(int64_t timestamp_delta, int64_t offset_delta, int64_t key_bytes, int64_t value_bytes,
                      int64_t header_count, size_t padding) {
    uint8_t body[128] = {0};
    uint8_t *at = body + 1;
    at = mlog_varint_write(at, timestamp_delta);
    at = mlog_varint_write(at, offset_delta);
    at = mlog_varint_write(at, key_bytes);
    at = mlog_varint_write(at, value_bytes);
    at = mlog_varint_write(at, header_count);
    size_t body_bytes = (size_t)(at - body) + padding;
    raw_record record;
    uint8_t *to = mlog_varint_write(record.bytes, (int64_t)body_bytes);
    memcpy(to, body, body_bytes);
    record.size = (size_t)(to - record.bytes) + body_bytes;
    return record;
}

static mlog_batch_status status_of(raw_record record, mlog_batch_header header) {
    uint8_t *exact = test_copy(record.bytes, record.size);
    mlog_batch_status status = mlog_batch_check_records(&header, exact, record.size);
    free(exact);
    return status;
}

TEST(records_limits, "lengths, counts and deltas outside their ranges are refused") {
    mlog_batch_header one = header_for(1);
    CHECK_EQUAL(status_of(raw(0, 0, -1, -1, 0, 0), one), MLOG_BATCH_OK);
    CHECK_EQUAL(status_of(raw(0, 0, -1, -1, 0, 1), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, -2, -1, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, -1, -2, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, 100, -1, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, INT32_MAX, -1, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, -1, INT32_MAX, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, -1, (int64_t)INT32_MAX + 1, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, -1, -1, -1, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, -1, -1, 1025, 0), one), MLOG_BATCH_BAD_RECORD);
    /* Two zero bytes are a header: an empty key, an empty value. */
    CHECK_EQUAL(status_of(raw(0, 0, -1, -1, 2, 4), one), MLOG_BATCH_OK);
    CHECK_EQUAL(status_of(raw(0, 0, -1, -1, 2, 3), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 0, -1, -1, 1, 4), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, -1, -1, -1, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(0, 1, -1, -1, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(INT64_MAX, 0, -1, -1, 0, 0), one), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(status_of(raw(INT64_MAX - 1000, 0, -1, -1, 0, 0), one), MLOG_BATCH_OK);
}

TEST(records_offsets, "offsets rise strictly and may skip where a compactor took records away") {
    static const struct {
        int64_t deltas[3];
        mlog_batch_status expected;
    } cases[] = {
        {{0, 1, 2}, MLOG_BATCH_OK},         {{0, 4, 9}, MLOG_BATCH_OK},         {{3, 4, 5}, MLOG_BATCH_OK},
        {{0, 0, 1}, MLOG_BATCH_BAD_RECORD}, {{0, 2, 1}, MLOG_BATCH_BAD_RECORD}, {{0, 1, 10}, MLOG_BATCH_BAD_RECORD},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[256];
        size_t size = 0;
        for (int record = 0; record < 3; record++) {
            raw_record one = raw(0, cases[i].deltas[record], -1, 0, 0, 0);
            memcpy(bytes + size, one.bytes, one.size);
            size += one.size;
        }
        mlog_batch_header header = header_for(3);
        header.last_offset_delta = 9;
        CHECK_EQUAL(mlog_batch_check_records(&header, bytes, size), cases[i].expected);
    }
}

TEST(records_append_time, "under append time every record has the batch's largest timestamp") {
    raw_record one = raw(-7, 0, -1, -1, 0, 0);
    mlog_batch_header header = header_for(1);
    mlog_record_iterator iterator;
    mlog_record record;
    mlog_records_begin(&header, one.bytes, one.size, &iterator);
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 1);
    CHECK_EQUAL(record.timestamp_ms, 993);
    header.attributes = MLOG_ATTRIBUTE_LOG_APPEND_TIME;
    mlog_records_begin(&header, one.bytes, one.size, &iterator);
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 1);
    CHECK_EQUAL(record.timestamp_ms, 5000);
}
