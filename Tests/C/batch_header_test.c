#include "harness.h"
#include "mlog_batch.h"
#include "mlog_builder.h"
#include "mlog_bytes.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIMIT_BYTES = 1 << 20
};

static const char *const golden[] = {"batch-none.bin", "batch-gzip.bin", "batch-snappy.bin", "batch-lz4.bin",
                                     "batch-zstd.bin"};
enum {
    GOLDEN_COUNT = sizeof golden / sizeof *golden
};

TEST(header_golden, "a batch of each codec, written by hand, is read and written as it is") {
    for (int codec = 0; codec < GOLDEN_COUNT; codec++) {
        size_t size;
        uint8_t *batch = test_fixture(golden[codec], &size);
        mlog_batch_header header;
        CHECK_EQUAL(mlog_batch_check(batch, size, LIMIT_BYTES, &header), MLOG_BATCH_OK);
        CHECK_EQUAL(mlog_batch_compression(&header), codec);
        CHECK_EQUAL(header.size_bytes, size);
        CHECK_EQUAL(header.base_offset, 0x0102030405);
        CHECK_EQUAL(mlog_batch_last_offset(&header), 0x0102030408);
        CHECK_EQUAL(header.leader_epoch, 6);
        CHECK_EQUAL(header.base_timestamp_ms, 1700000000000);
        CHECK_EQUAL(header.max_timestamp_ms, 1700000000250);
        CHECK_EQUAL(header.producer_id, 0x0a0b0c0d);
        CHECK_EQUAL(header.producer_epoch, 7);
        CHECK_EQUAL(header.base_sequence, 8);
        CHECK_EQUAL(header.record_count, 4);
        uint8_t written[MLOG_BATCH_HEADER_BYTES];
        mlog_batch_write_header(&header, written);
        CHECK_BYTES(written, sizeof written, batch, sizeof written);
        free(batch);
    }
}

/* Base offset and leader epoch lie outside the CRC; only a negative offset is impossible in itself. */
static bool is_invisible(size_t bit) {
    size_t byte = bit / 8;
    return (byte < 8 && bit != 7) || (byte >= 12 && byte < 16);
}

TEST(header_bit_flips, "every flipped bit of a header is noticed but those of base offset and leader epoch") {
    for (int codec = 0; codec < GOLDEN_COUNT; codec++) {
        size_t size;
        uint8_t *batch = test_fixture(golden[codec], &size);
        for (size_t bit = 0; bit < MLOG_BATCH_HEADER_BYTES * 8; bit++) {
            mlog_batch_header header;
            batch[bit / 8] ^= (uint8_t)(1 << bit % 8);
            bool accepted = mlog_batch_check(batch, size, LIMIT_BYTES, &header) == MLOG_BATCH_OK;
            CHECK_EQUAL(accepted, is_invisible(bit));
            batch[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(batch);
    }
}

TEST(record_bit_flips, "every flipped bit of the records is noticed") {
    size_t size;
    uint8_t *batch = test_fixture("batch-none.bin", &size);
    for (size_t bit = MLOG_BATCH_HEADER_BYTES * 8; bit < size * 8; bit++) {
        mlog_batch_header header;
        batch[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_EQUAL(mlog_batch_check(batch, size, LIMIT_BYTES, &header), MLOG_BATCH_BAD_CRC);
        batch[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(batch);
}

TEST(header_cuts, "a batch cut at any byte is short, and the header result is zeroed") {
    size_t size;
    uint8_t *batch = test_fixture("batch-lz4.bin", &size);
    const mlog_batch_header zero = {0};
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = test_copy(batch, cut);
        mlog_batch_header header;
        memset(&header, 0xff, sizeof header);
        CHECK_EQUAL(mlog_batch_check(exact, cut, LIMIT_BYTES, &header), MLOG_BATCH_SHORT);
        CHECK(memcmp(&header, &zero, sizeof header) == 0);
        bool has_header = cut >= MLOG_BATCH_HEADER_BYTES;
        CHECK_EQUAL(mlog_batch_read_header(exact, cut, LIMIT_BYTES, &header),
                    has_header ? MLOG_BATCH_OK : MLOG_BATCH_SHORT);
        free(exact);
    }
    free(batch);
}

TEST(header_bytes_behind, "bytes behind a batch are no part of it") {
    size_t size;
    uint8_t *batch = test_fixture("batch-none.bin", &size);
    uint8_t *longer = malloc(size + 100);
    memset(longer, 0xaa, size + 100);
    memcpy(longer, batch, size);
    mlog_batch_header header;
    CHECK_EQUAL(mlog_batch_check(longer, size + 100, LIMIT_BYTES, &header), MLOG_BATCH_OK);
    CHECK_EQUAL(header.size_bytes, size);
    free(longer);
    free(batch);
}

/* A header changed in one way, and what is then wrong with it. */
static void check_changed(void (*change)(mlog_batch_header *), mlog_batch_status expected, int line) {
    mlog_batch_header header = {
        .base_timestamp_ms = 100,
        .max_timestamp_ms = 200,
        .producer_id = -1,
        .size_bytes = 61 + 3 * 7,
        .last_offset_delta = 2,
        .base_sequence = -1,
        .record_count = 3,
        .producer_epoch = -1,
        .magic = MLOG_BATCH_MAGIC,
    };
    change(&header);
    uint8_t bytes[MLOG_BATCH_HEADER_BYTES];
    mlog_batch_header found;
    mlog_batch_write_header(&header, bytes);
    mlog_batch_status status = mlog_batch_read_header(bytes, sizeof bytes, 1000, &found);
    test_check_equal(status, expected, "the header's status", __FILE__, line);
}

static void nothing(mlog_batch_header *header) {
    (void)header;
}
static void smallest(mlog_batch_header *header) {
    header->size_bytes = 61, header->record_count = 0;
}
static void below_header(mlog_batch_header *header) {
    header->size_bytes = 60;
}
static void at_limit(mlog_batch_header *header) {
    header->size_bytes = 1000;
}
static void above_limit(mlog_batch_header *header) {
    header->size_bytes = 1001;
}
static void negative_length(mlog_batch_header *header) {
    header->size_bytes = 0x80000000;
}
static void wrapping_length(mlog_batch_header *header) {
    header->size_bytes = 5; /* stored as 2^32 - 7 */
}
static void older_magic(mlog_batch_header *header) {
    header->magic = 1;
}
static void reserved_bit(mlog_batch_header *header) {
    header->attributes = 0x80;
}
static void high_reserved_bit(mlog_batch_header *header) {
    header->attributes = 0x8000;
}
static void unknown_codec(mlog_batch_header *header) {
    header->attributes = 5;
}
static void every_known_bit(mlog_batch_header *header) {
    header->attributes = 0x7c;
}
static void negative_offset(mlog_batch_header *header) {
    header->base_offset = -1;
}
static void last_possible_offset(mlog_batch_header *header) {
    header->base_offset = INT64_MAX - 3;
}
static void past_last_offset(mlog_batch_header *header) {
    header->base_offset = INT64_MAX - 2;
}
static void negative_delta(mlog_batch_header *header) {
    header->last_offset_delta = -1;
}
static void negative_count(mlog_batch_header *header) {
    header->record_count = -1;
}
static void too_many_records(mlog_batch_header *header) {
    header->record_count = 4, header->size_bytes = 500;
}
static void fewer_records(mlog_batch_header *header) {
    header->record_count = 2;
}
static void largest_delta(mlog_batch_header *header) {
    header->last_offset_delta = INT32_MAX;
}
static void records_too_small(mlog_batch_header *header) {
    header->size_bytes--;
}
static void bytes_without_records(mlog_batch_header *header) {
    header->record_count = 0;
}
static void packed_small(mlog_batch_header *header) {
    header->size_bytes = 62, header->attributes = 3;
}
static void packed_nothing(mlog_batch_header *header) {
    header->size_bytes = 61, header->attributes = 3;
}
static void max_below_base(mlog_batch_header *header) {
    header->max_timestamp_ms = 99;
}
static void append_time(mlog_batch_header *header) {
    header->max_timestamp_ms = 99, header->attributes = 8;
}
static void horizon(mlog_batch_header *header) {
    header->max_timestamp_ms = 99, header->attributes = 0x40;
}

TEST(header_contradictions, "a header that contradicts itself is refused for the right reason") {
    static const struct {
        void (*change)(mlog_batch_header *);
        mlog_batch_status expected;
        int line;
    } cases[] = {
        {nothing, MLOG_BATCH_OK, __LINE__},
        {smallest, MLOG_BATCH_OK, __LINE__},
        {below_header, MLOG_BATCH_BAD_LENGTH, __LINE__},
        {at_limit, MLOG_BATCH_OK, __LINE__},
        {above_limit, MLOG_BATCH_BAD_LENGTH, __LINE__},
        {negative_length, MLOG_BATCH_BAD_LENGTH, __LINE__},
        {wrapping_length, MLOG_BATCH_BAD_LENGTH, __LINE__},
        {older_magic, MLOG_BATCH_BAD_MAGIC, __LINE__},
        {reserved_bit, MLOG_BATCH_BAD_ATTRIBUTES, __LINE__},
        {high_reserved_bit, MLOG_BATCH_BAD_ATTRIBUTES, __LINE__},
        {unknown_codec, MLOG_BATCH_BAD_ATTRIBUTES, __LINE__},
        {every_known_bit, MLOG_BATCH_OK, __LINE__},
        {negative_offset, MLOG_BATCH_BAD_COUNT, __LINE__},
        {last_possible_offset, MLOG_BATCH_OK, __LINE__},
        {past_last_offset, MLOG_BATCH_BAD_COUNT, __LINE__},
        {negative_delta, MLOG_BATCH_BAD_COUNT, __LINE__},
        {negative_count, MLOG_BATCH_BAD_COUNT, __LINE__},
        {too_many_records, MLOG_BATCH_BAD_COUNT, __LINE__},
        {fewer_records, MLOG_BATCH_OK, __LINE__},
        {largest_delta, MLOG_BATCH_OK, __LINE__},
        {records_too_small, MLOG_BATCH_BAD_COUNT, __LINE__},
        {bytes_without_records, MLOG_BATCH_BAD_COUNT, __LINE__},
        {packed_small, MLOG_BATCH_OK, __LINE__},
        {packed_nothing, MLOG_BATCH_BAD_COUNT, __LINE__},
        {max_below_base, MLOG_BATCH_BAD_COUNT, __LINE__},
        {append_time, MLOG_BATCH_OK, __LINE__},
        {horizon, MLOG_BATCH_OK, __LINE__},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_changed(cases[i].change, cases[i].expected, cases[i].line);
    }
}

TEST(header_random, "random bytes are refused and nothing outside them is read") {
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[200];
        size_t size = test_random_below(sizeof bytes);
        test_random_fill(bytes, size);
        if (size > 16) bytes[16] = MLOG_BATCH_MAGIC;
        if (size > 11) bytes[8] = 0, bytes[9] = 0, bytes[10] = 0;
        uint8_t *exact = test_copy(bytes, size);
        mlog_batch_header header;
        CHECK(mlog_batch_check(exact, size, LIMIT_BYTES, &header) != MLOG_BATCH_OK);
        free(exact);
    }
}

TEST(header_assign, "assigning changes base offset and leader epoch and nothing else") {
    size_t size;
    uint8_t *batch = test_fixture("batch-none.bin", &size);
    uint8_t assigned[MLOG_BATCH_HEADER_BYTES];
    mlog_batch_assign(batch, INT64_MAX - 100, 12, assigned);
    CHECK_EQUAL(mlog_load_u64(assigned), INT64_MAX - 100);
    CHECK_EQUAL(mlog_load_u32(assigned + 12), 12);
    CHECK(memcmp(assigned + 8, batch + 8, 4) == 0);
    CHECK(memcmp(assigned + 16, batch + 16, sizeof assigned - 16) == 0);
    free(batch);
}

TEST(header_append_time, "assigning the append time makes the CRC anew") {
    size_t size;
    uint8_t *batch = test_fixture("batch-none.bin", &size);
    uint8_t *stored = test_copy(batch, size);
    mlog_batch_assign_append_time(batch, size, 50, 3, 1234567, stored);
    mlog_batch_header header;
    CHECK_EQUAL(mlog_batch_check(stored, size, LIMIT_BYTES, &header), MLOG_BATCH_OK);
    CHECK_EQUAL(header.base_offset, 50);
    CHECK_EQUAL(header.leader_epoch, 3);
    CHECK_EQUAL(header.max_timestamp_ms, 1234567);
    CHECK_EQUAL(header.attributes, MLOG_ATTRIBUTE_LOG_APPEND_TIME);
    CHECK_EQUAL(header.base_timestamp_ms, 1700000000000);
    free(stored);
    free(batch);
}

TEST(header_set_producer, "other producer fields leave a valid batch") {
    size_t size;
    uint8_t *batch = test_fixture("batch-lz4.bin", &size);
    mlog_batch_set_producer(batch, size, INT64_MAX, INT16_MAX, INT32_MAX);
    mlog_batch_header header;
    CHECK_EQUAL(mlog_batch_check(batch, size, LIMIT_BYTES, &header), MLOG_BATCH_OK);
    CHECK_EQUAL(header.producer_id, INT64_MAX);
    CHECK_EQUAL(header.producer_epoch, INT16_MAX);
    CHECK_EQUAL(header.base_sequence, INT32_MAX);
    free(batch);
}
