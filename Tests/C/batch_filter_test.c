#include "harness.h"
#include "mlog_batch.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIMIT_BYTES = 1 << 20,
    RECORDS = 4
};

/* The fixture's records that `kept` (a bit for each) names, in a batch of exactly the bytes that it takes. */
static uint8_t *filter(const char *fixture, unsigned kept, int64_t horizon_ms, mlog_batch_header *header_out) {
    size_t size;
    size_t bound;
    size_t filtered_bytes;
    bool keep[RECORDS];
    for (int i = 0; i < RECORDS; i++)
        keep[i] = (kept >> i & 1) != 0;
    uint8_t *source = test_fixture(fixture, &size);
    CHECK_EQUAL(mlog_batch_filter_bound(source, size, LIMIT_BYTES, &bound), MLOG_BATCH_OK);
    uint8_t *out = malloc(bound);
    CHECK_EQUAL(mlog_batch_filter(source, size, keep, horizon_ms, LIMIT_BYTES, out, bound, &filtered_bytes),
                MLOG_BATCH_OK);
    CHECK_EQUAL(mlog_batch_check(out, filtered_bytes, LIMIT_BYTES, header_out), MLOG_BATCH_OK);
    uint8_t *exact = test_copy(out, filtered_bytes);
    free(out);
    free(source);
    return exact;
}

/* What is left has the offsets and timestamps that the fixture's records have. */
static void check_records(const uint8_t *records, size_t size, const mlog_batch_header *header, unsigned kept) {
    static const int64_t deltas_ms[RECORDS] = {0, 250, -1000, 100};
    mlog_record_iterator iterator;
    mlog_record record;
    mlog_records_begin(header, records, size, &iterator);
    for (int i = 0; i < RECORDS; i++) {
        if ((kept >> i & 1) == 0) continue;
        if (!CHECK_EQUAL(mlog_records_next(&iterator, &record), 1)) return;
        CHECK_EQUAL(record.offset, 0x0102030405 + i);
        CHECK_EQUAL(record.timestamp_ms, 1700000000000 + deltas_ms[i]);
        CHECK_EQUAL(record.header_count, i == 1 ? 3 : 0);
    }
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 0);
}

static void check_kept(const char *fixture, unsigned kept, int64_t horizon_ms) {
    mlog_batch_header header;
    uint8_t *batch = filter(fixture, kept, horizon_ms, &header);
    CHECK_EQUAL(header.record_count, __builtin_popcount(kept));
    CHECK_EQUAL(header.base_offset, 0x0102030405);
    CHECK_EQUAL(header.last_offset_delta, RECORDS - 1);
    CHECK_EQUAL(header.leader_epoch, 6);
    CHECK_EQUAL(header.producer_id, 0x0a0b0c0d);
    CHECK_EQUAL(header.base_sequence, 8);
    CHECK_EQUAL(header.max_timestamp_ms, 1700000000250);
    CHECK_EQUAL((header.attributes & MLOG_ATTRIBUTE_DELETE_HORIZON) != 0, horizon_ms >= 0);
    CHECK_EQUAL(header.base_timestamp_ms, horizon_ms >= 0 ? horizon_ms : 1700000000000);

    const uint8_t *records = batch + MLOG_BATCH_HEADER_BYTES;
    size_t records_bytes = header.size_bytes - MLOG_BATCH_HEADER_BYTES;
    uint8_t unpacked[1000];
    if (mlog_batch_compression(&header) == MLOG_COMPRESSION_LZ4) {
        CHECK_EQUAL(mlog_lz4_unpack(records, records_bytes, unpacked, sizeof unpacked, &records_bytes), MLOG_BATCH_OK);
        records = unpacked;
    }
    check_records(records, records_bytes, &header, kept);
    free(batch);
}

TEST(filter_subsets, "any subset of a batch's records keeps offsets, timestamps and the header's fields") {
    for (unsigned kept = 0; kept < 1u << RECORDS; kept++) {
        check_kept("batch-none.bin", kept, -1);
        check_kept("batch-lz4.bin", kept, -1);
        check_kept("batch-none.bin", kept, 1800000000000);
        check_kept("batch-lz4.bin", kept, 0);
    }
}

TEST(filter_all, "a batch of which all is kept is the same batch, one of which nothing is, a header") {
    size_t size;
    uint8_t *source = test_fixture("batch-none.bin", &size);
    mlog_batch_header header;
    uint8_t *all = filter("batch-none.bin", 0xf, -1, &header);
    CHECK_BYTES(all, header.size_bytes, source, size);
    uint8_t *none = filter("batch-lz4.bin", 0, -1, &header);
    CHECK_EQUAL(header.size_bytes, MLOG_BATCH_HEADER_BYTES);
    free(none);
    free(all);
    free(source);
}

TEST(filter_refusals, "what cannot be read is not filtered") {
    const bool keep[RECORDS] = {true, true, true, true};
    uint8_t out[2000];
    size_t size;
    size_t bound;
    size_t out_bytes;
    uint8_t *source = test_fixture("batch-lz4.bin", &size);
    CHECK_EQUAL(mlog_batch_filter(source, size, keep, -1, 429, out, sizeof out, &out_bytes), MLOG_BATCH_TOO_LARGE);
    CHECK_EQUAL(mlog_batch_filter(source, size, keep, -1, 430, out, 100, &out_bytes), MLOG_BATCH_TOO_LARGE);
    CHECK_EQUAL(mlog_batch_filter(source, size - 1, keep, -1, 430, out, sizeof out, &out_bytes), MLOG_BATCH_SHORT);
    free(source);
    source = test_fixture("batch-none.bin", &size);
    source[MLOG_BATCH_HEADER_BYTES]++;
    CHECK_EQUAL(mlog_batch_filter(source, size, keep, -1, 430, out, sizeof out, &out_bytes), MLOG_BATCH_BAD_RECORD);
    CHECK_EQUAL(out_bytes, 0);
    free(source);
    source = test_fixture("batch-gzip.bin", &size);
    CHECK_EQUAL(mlog_batch_filter_bound(source, size, LIMIT_BYTES, &bound), MLOG_BATCH_UNSUPPORTED);
    free(source);
}
