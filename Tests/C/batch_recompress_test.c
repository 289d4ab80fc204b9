#include "harness.h"
#include "mlog_batch.h"
#include "mlog_builder.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIMIT_BYTES = 1 << 20
};

static mlog_batch_status recompress(const uint8_t *source, size_t size, mlog_compression compression, uint8_t **out,
                                    size_t *out_bytes) {
    size_t bound;
    mlog_batch_status status = mlog_batch_recompress_bound(source, size, LIMIT_BYTES, &bound);
    *out = NULL;
    if (status != MLOG_BATCH_OK) return status;
    *out = malloc(bound);
    return mlog_batch_recompress(source, size, compression, LIMIT_BYTES, *out, bound, out_bytes);
}

static void check_becomes(const char *from, mlog_compression compression, const char *records_as) {
    size_t size;
    size_t expected_bytes;
    uint8_t *source = test_fixture(from, &size);
    uint8_t *expected = test_fixture(records_as, &expected_bytes);
    uint8_t *out;
    size_t out_bytes;
    if (CHECK_EQUAL(recompress(source, size, compression, &out, &out_bytes), MLOG_BATCH_OK)) {
        mlog_batch_header before;
        mlog_batch_header after;
        CHECK_EQUAL(mlog_batch_check(source, size, LIMIT_BYTES, &before), MLOG_BATCH_OK);
        CHECK_EQUAL(mlog_batch_check(out, out_bytes, LIMIT_BYTES, &after), MLOG_BATCH_OK);
        CHECK_EQUAL(mlog_batch_compression(&after), compression);
        before.attributes = after.attributes;
        before.crc = after.crc;
        before.size_bytes = after.size_bytes;
        CHECK(memcmp(&before, &after, sizeof before) == 0);
        if (compression == MLOG_COMPRESSION_NONE) CHECK_BYTES(out, out_bytes, expected, expected_bytes);
    }
    free(out);
    free(expected);
    free(source);
}

TEST(recompress_golden, "a batch becomes that of another codec, with all else kept") {
    check_becomes("batch-lz4.bin", MLOG_COMPRESSION_NONE, "batch-none.bin");
    check_becomes("batch-none.bin", MLOG_COMPRESSION_NONE, "batch-none.bin");
    check_becomes("batch-none.bin", MLOG_COMPRESSION_LZ4, "batch-lz4.bin");
    check_becomes("batch-lz4.bin", MLOG_COMPRESSION_LZ4, "batch-lz4.bin");
}

TEST(recompress_unsupported, "other codecs are refused, to read and to write") {
    static const char *const others[] = {"batch-gzip.bin", "batch-snappy.bin", "batch-zstd.bin"};
    size_t size;
    uint8_t *out;
    size_t out_bytes;
    for (int i = 0; i < 3; i++) {
        uint8_t *source = test_fixture(others[i], &size);
        CHECK_EQUAL(recompress(source, size, MLOG_COMPRESSION_NONE, &out, &out_bytes), MLOG_BATCH_UNSUPPORTED);
        free(source);
    }
    uint8_t *source = test_fixture("batch-none.bin", &size);
    CHECK_EQUAL(recompress(source, size, MLOG_COMPRESSION_GZIP, &out, &out_bytes), MLOG_BATCH_UNSUPPORTED);
    free(out);
    free(source);
}

TEST(recompress_limits, "records above the limit, and output above the capacity, are refused") {
    size_t size;
    size_t out_bytes;
    uint8_t *packed = test_fixture("batch-lz4.bin", &size);
    uint8_t out[1000];
    CHECK_EQUAL(mlog_batch_recompress(packed, size, MLOG_COMPRESSION_NONE, 430, out, 491, &out_bytes), MLOG_BATCH_OK);
    CHECK_EQUAL(out_bytes, 491);
    CHECK_EQUAL(mlog_batch_recompress(packed, size, MLOG_COMPRESSION_NONE, 429, out, 1000, &out_bytes),
                MLOG_BATCH_TOO_LARGE);
    for (size_t capacity = 0; capacity < 491; capacity++) {
        uint8_t *exact = malloc(capacity);
        CHECK_EQUAL(mlog_batch_recompress(packed, size, MLOG_COMPRESSION_NONE, 430, exact, capacity, &out_bytes),
                    MLOG_BATCH_TOO_LARGE);
        CHECK_EQUAL(out_bytes, 0);
        free(exact);
    }
    free(packed);
    uint8_t *plain = test_fixture("batch-none.bin", &size);
    CHECK_EQUAL(mlog_batch_recompress(plain, size, MLOG_COMPRESSION_LZ4, 429, out, 1000, &out_bytes),
                MLOG_BATCH_TOO_LARGE);
    CHECK_EQUAL(mlog_batch_recompress(plain, size - 1, MLOG_COMPRESSION_LZ4, 430, out, 1000, &out_bytes),
                MLOG_BATCH_SHORT);
    free(plain);
}

TEST(recompress_bad_records, "a batch with a bad record is not rewritten") {
    size_t size;
    uint8_t *plain = test_fixture("batch-none.bin", &size);
    plain[MLOG_BATCH_HEADER_BYTES]++; /* the first record's length */
    uint8_t *out;
    size_t out_bytes;
    CHECK_EQUAL(recompress(plain, size, MLOG_COMPRESSION_LZ4, &out, &out_bytes), MLOG_BATCH_BAD_RECORD);
    free(out);
    free(plain);
}

TEST(status_texts, "every status has a text of its own") {
    for (int a = MLOG_BATCH_OK; a <= MLOG_BATCH_NO_MEMORY; a++) {
        const char *text = mlog_batch_status_text((mlog_batch_status)a);
        CHECK(strlen(text) > 10 && text[strlen(text) - 1] != '.');
        for (int b = MLOG_BATCH_OK; b < a; b++)
            CHECK(strcmp(text, mlog_batch_status_text((mlog_batch_status)b)) != 0);
    }
}
