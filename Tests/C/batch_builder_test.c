#include "harness.h"
#include "mlog_builder.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIMIT_BYTES = 1 << 20
};

/* Finishes and checks the batch; the records are unpacked into memory that the caller frees. */
static uint8_t *finish(mlog_builder *builder, mlog_batch_header *header_out, size_t *records_bytes_out) {
    const uint8_t *batch;
    size_t size;
    CHECK_EQUAL(mlog_builder_finish(builder, 11, 2, 40, &batch, &size), MLOG_BUILDER_OK);
    CHECK_EQUAL(mlog_batch_check(batch, size, LIMIT_BYTES, header_out), MLOG_BATCH_OK);
    CHECK_EQUAL(header_out->size_bytes, size);
    const uint8_t *records = batch + MLOG_BATCH_HEADER_BYTES;
    size_t records_bytes = size - MLOG_BATCH_HEADER_BYTES;
    if (mlog_batch_compression(header_out) == MLOG_COMPRESSION_NONE) {
        *records_bytes_out = records_bytes;
        return test_copy(records, records_bytes);
    }
    uint8_t *unpacked = malloc(LIMIT_BYTES);
    CHECK_EQUAL(mlog_lz4_unpack(records, records_bytes, unpacked, LIMIT_BYTES, records_bytes_out), MLOG_BATCH_OK);
    return unpacked;
}

/* What the model remembers of a record. */
typedef struct {
    int64_t timestamp_ms;
    const uint8_t *key;
    const uint8_t *value;
    int32_t key_bytes;
    int32_t value_bytes;
    int32_t header_count;
    mlog_builder_header headers[3];
} model_record;

static int32_t random_length(size_t bound) {
    return (int32_t)test_random_below(bound) - 1;
}

static model_record random_record(const uint8_t *pool, size_t pool_bytes) {
    model_record record = {
        .timestamp_ms = 1700000000000 + (int64_t)test_random_below(200000) - 100000,
        .key = pool + test_random_below(pool_bytes / 2),
        .value = pool + test_random_below(pool_bytes / 2),
        .key_bytes = random_length(80),
        .value_bytes = random_length(test_random_below(20) == 0 ? 20000 : 300),
        .header_count = (int32_t)test_random_below(4),
    };
    for (int32_t i = 0; i < record.header_count; i++) {
        record.headers[i] = (mlog_builder_header){pool, pool + i, (int32_t)test_random_below(70), random_length(70)};
    }
    return record;
}

static mlog_builder_status append(mlog_builder *builder, const model_record *record) {
    return mlog_builder_append(builder, record->timestamp_ms, record->key, record->key_bytes, record->value,
                               record->value_bytes, record->headers, record->header_count);
}

static void check_field(const uint8_t *found, int32_t found_bytes, const uint8_t *expected, int32_t expected_bytes) {
    CHECK_EQUAL(found_bytes, expected_bytes);
    CHECK((found == NULL) == (expected_bytes < 0));
    if (found_bytes == expected_bytes && found_bytes > 0) CHECK(memcmp(found, expected, (size_t)found_bytes) == 0);
}

static void check_record(const mlog_record *found, const model_record *expected, int32_t index) {
    CHECK_EQUAL(found->offset, index);
    CHECK_EQUAL(found->timestamp_ms, expected->timestamp_ms);
    check_field(found->key, found->key_bytes, expected->key, expected->key_bytes);
    check_field(found->value, found->value_bytes, expected->value, expected->value_bytes);
    CHECK_EQUAL(found->header_count, expected->header_count);
    size_t cursor = 0;
    for (int32_t i = 0; i < expected->header_count; i++) {
        mlog_header header;
        if (!CHECK(mlog_header_next(found, &cursor, &header))) return;
        check_field(header.key, header.key_bytes, expected->headers[i].key, expected->headers[i].key_bytes);
        check_field(header.value, header.value_bytes, expected->headers[i].value, expected->headers[i].value_bytes);
    }
}

static void check_batch(mlog_builder *builder, const model_record *model, int32_t count) {
    mlog_batch_header header;
    size_t records_bytes;
    uint8_t *records = finish(builder, &header, &records_bytes);
    CHECK_EQUAL(records_bytes + MLOG_BATCH_HEADER_BYTES, mlog_builder_size_bytes(builder));
    CHECK_EQUAL(header.record_count, count);
    CHECK_EQUAL(header.last_offset_delta, count - 1);
    CHECK_EQUAL(header.base_offset, 0);
    CHECK_EQUAL(header.leader_epoch, -1);
    CHECK_EQUAL(header.producer_id, 11);
    CHECK_EQUAL(header.producer_epoch, 2);
    CHECK_EQUAL(header.base_sequence, 40);
    CHECK_EQUAL(header.base_timestamp_ms, model[0].timestamp_ms);

    mlog_record_iterator iterator;
    mlog_record record;
    int64_t largest_ms = INT64_MIN;
    mlog_records_begin(&header, records, records_bytes, &iterator);
    for (int32_t i = 0; i < count; i++) {
        if (!CHECK_EQUAL(mlog_records_next(&iterator, &record), 1)) break;
        check_record(&record, &model[i], i);
        if (model[i].timestamp_ms > largest_ms) largest_ms = model[i].timestamp_ms;
    }
    CHECK_EQUAL(mlog_records_next(&iterator, &record), 0);
    CHECK_EQUAL(header.max_timestamp_ms, largest_ms);
    free(records);
}

static void check_random_batches(mlog_compression compression) {
    enum {
        RECORDS_MAX = 3000,
        POOL_BYTES = 65536
    };
    model_record *model = malloc(RECORDS_MAX * sizeof *model);
    uint8_t *pool = malloc(POOL_BYTES);
    for (size_t i = 0; i < POOL_BYTES; i++)
        pool[i] = (uint8_t)test_random_below(4);
    mlog_builder *builder = mlog_builder_open(compression, 200000, LIMIT_BYTES, NULL);
    for (int batch = 0; batch < 8; batch++) {
        int32_t count = 0;
        while (count < RECORDS_MAX) {
            model[count] = random_record(pool, POOL_BYTES);
            size_t before = mlog_builder_size_bytes(builder);
            mlog_builder_status status = append(builder, &model[count]);
            if (status == MLOG_BUILDER_FULL) {
                CHECK_EQUAL(mlog_builder_size_bytes(builder), before);
                break;
            }
            if (!CHECK_EQUAL(status, MLOG_BUILDER_OK)) break;
            count++;
            /* Finishing does not end a batch: what is done for that on the way goes on behind it. */
            if (test_random_below(300) == 0) check_batch(builder, model, count);
        }
        CHECK(count > 10 && mlog_builder_record_count(builder) == count);
        check_batch(builder, model, count);
        check_batch(builder, model, count); /* finishing again gives the same */
        mlog_builder_reset(builder);
    }
    mlog_builder_close(builder);
    free(pool);
    free(model);
}

TEST(builder_random, "random records come back from uncompressed batches") {
    check_random_batches(MLOG_COMPRESSION_NONE);
}

TEST(builder_random_lz4, "random records come back from compressed batches") {
    check_random_batches(MLOG_COMPRESSION_LZ4);
}

TEST(builder_golden, "the builder writes the bytes that were written by hand") {
    size_t size;
    uint8_t *expected = test_fixture("records.bin", &size);
    uint8_t long_value[300];
    uint8_t long_key[70];
    memset(long_value, 'x', sizeof long_value);
    memset(long_key, 'k', sizeof long_key);
    const uint8_t *trace = (const uint8_t *)"trace";
    const mlog_builder_header headers[] = {
        {trace, (const uint8_t *)"7", 5, 1}, {NULL, NULL, 0, -1}, {trace, NULL, 5, 0}};
    const int64_t base_ms = 1700000000000;
    mlog_builder *builder = mlog_builder_open(MLOG_COMPRESSION_NONE, LIMIT_BYTES, LIMIT_BYTES, NULL);
    CHECK_EQUAL(mlog_builder_append(builder, base_ms, (const uint8_t *)"key", 3, (const uint8_t *)"value", 5, NULL, 0),
                MLOG_BUILDER_OK);
    CHECK_EQUAL(mlog_builder_append(builder, base_ms + 250, NULL, -1, long_value, 300, headers, 3), MLOG_BUILDER_OK);
    CHECK_EQUAL(mlog_builder_append(builder, base_ms - 1000, NULL, 0, NULL, -1, NULL, 0), MLOG_BUILDER_OK);
    CHECK_EQUAL(mlog_builder_append(builder, base_ms + 100, long_key, 70, NULL, 0, NULL, 0), MLOG_BUILDER_OK);
    mlog_batch_header header;
    size_t records_bytes;
    uint8_t *records = finish(builder, &header, &records_bytes);
    CHECK_BYTES(records, records_bytes, expected, size);
    free(records);
    free(expected);
    mlog_builder_close(builder);
}

TEST(builder_refusals, "what does not fit is refused and leaves the batch as it was") {
    static uint8_t value[2000];
    mlog_builder *builder = mlog_builder_open(MLOG_COMPRESSION_NONE, 500, 1000, NULL);
    const uint8_t *batch = value;
    size_t size = 1;
    CHECK_EQUAL(mlog_builder_finish(builder, -1, -1, -1, &batch, &size), MLOG_BUILDER_EMPTY);
    CHECK(batch == NULL && size == 0);
    CHECK_EQUAL(mlog_builder_append(builder, 1, NULL, -1, value, 2000, NULL, 0), MLOG_BUILDER_RECORD_TOO_LARGE);
    CHECK_EQUAL(mlog_builder_append(builder, 1, NULL, -1, value, INT32_MAX, NULL, 0), MLOG_BUILDER_RECORD_TOO_LARGE);
    CHECK_EQUAL(mlog_builder_append(builder, 1, NULL, -1, value, 1, NULL, 1025), MLOG_BUILDER_TOO_MANY_HEADERS);
    CHECK_EQUAL(mlog_builder_record_count(builder), 0);
    CHECK_EQUAL(mlog_builder_append(builder, 1, NULL, -1, value, 300, NULL, 0), MLOG_BUILDER_OK);
    CHECK_EQUAL(mlog_builder_append(builder, 1, NULL, -1, value, 300, NULL, 0), MLOG_BUILDER_FULL);
    CHECK_EQUAL(mlog_builder_append(builder, 1, NULL, -1, value, 2000, NULL, 0), MLOG_BUILDER_RECORD_TOO_LARGE);
    CHECK_EQUAL(mlog_builder_record_count(builder), 1);
    mlog_builder_close(builder);
}

TEST(builder_impossible, "a builder with a limit below a header takes nothing, one of another codec is not opened") {
    mlog_builder *builder = mlog_builder_open(MLOG_COMPRESSION_NONE, 10, 10, NULL);
    CHECK_EQUAL(mlog_builder_append(builder, 1, NULL, -1, NULL, -1, NULL, 0), MLOG_BUILDER_RECORD_TOO_LARGE);
    mlog_builder_close(builder);
    CHECK(mlog_builder_open(MLOG_COMPRESSION_ZSTD, 1000, 1000, NULL) == NULL);
    mlog_builder_close(NULL);
}

TEST(builder_far_timestamps, "a timestamp too far from the first for a delta is for another batch") {
    mlog_builder *builder = mlog_builder_open(MLOG_COMPRESSION_NONE, 1000, 1000, NULL);
    CHECK_EQUAL(mlog_builder_append(builder, INT64_MIN, NULL, -1, NULL, -1, NULL, 0), MLOG_BUILDER_OK);
    CHECK_EQUAL(mlog_builder_append(builder, 0, NULL, -1, NULL, -1, NULL, 0), MLOG_BUILDER_FULL);
    CHECK_EQUAL(mlog_builder_append(builder, -1, NULL, -1, NULL, -1, NULL, 0), MLOG_BUILDER_OK);
    mlog_builder_reset(builder);
    CHECK_EQUAL(mlog_builder_append(builder, INT64_MAX, NULL, -1, NULL, -1, NULL, 0), MLOG_BUILDER_OK);
    mlog_builder_close(builder);
}

/* Lends memory of its own, another piece with each call. */
typedef struct {
    uint8_t *pieces[8];
    size_t piece_bytes[8];
    int count;
    bool is_exhausted;
} lender;

static uint8_t *lend(void *context, size_t used_bytes, size_t needed_bytes, size_t *capacity_bytes_out) {
    lender *from = context;
    if (from->is_exhausted || from->count == 8) return NULL;
    uint8_t *piece = malloc(needed_bytes);
    if (piece == NULL) return NULL;
    if (used_bytes > 0) {
        memcpy(piece, from->pieces[from->count - 1], used_bytes);
        /* What was lent before is not to be touched any more. */
        memset(from->pieces[from->count - 1], 0xEE, from->piece_bytes[from->count - 1]);
    }
    from->pieces[from->count] = piece;
    from->piece_bytes[from->count++] = needed_bytes;
    *capacity_bytes_out = needed_bytes;
    return piece;
}

TEST(builder_lent_memory, "a batch is built in memory that is lent, and left there when it is parted with") {
    static uint8_t value[700];
    memset(value, 'v', sizeof value);
    lender from = {0};
    mlog_builder_memory memory = {.context = &from, .grow = lend};
    mlog_builder *lent = mlog_builder_open(MLOG_COMPRESSION_NONE, LIMIT_BYTES, LIMIT_BYTES, &memory);
    mlog_builder *own = mlog_builder_open(MLOG_COMPRESSION_NONE, LIMIT_BYTES, LIMIT_BYTES, NULL);
    CHECK_EQUAL(from.count, 0);
    for (int i = 0; i < 20; i++) {
        CHECK_EQUAL(mlog_builder_append(lent, i, NULL, -1, value, 700, NULL, 0), MLOG_BUILDER_OK);
        CHECK_EQUAL(mlog_builder_append(own, i, NULL, -1, value, 700, NULL, 0), MLOG_BUILDER_OK);
    }
    CHECK(from.count > 1);
    const uint8_t *lent_bytes, *own_bytes;
    size_t lent_size, own_size;
    CHECK_EQUAL(mlog_builder_finish(lent, 7, 1, 5, &lent_bytes, &lent_size), MLOG_BUILDER_OK);
    CHECK_EQUAL(mlog_builder_finish(own, 7, 1, 5, &own_bytes, &own_size), MLOG_BUILDER_OK);
    int last = from.count - 1;
    CHECK(lent_bytes == from.pieces[last]);
    CHECK_BYTES(lent_bytes, lent_size, own_bytes, own_size);

    mlog_builder_part(lent);
    from.is_exhausted = true;
    CHECK_EQUAL(mlog_builder_append(lent, 1, NULL, -1, value, 1, NULL, 0), MLOG_BUILDER_NO_MEMORY);
    CHECK_EQUAL(mlog_builder_record_count(lent), 0);
    from.is_exhausted = false;
    CHECK_EQUAL(mlog_builder_append(lent, 1, NULL, -1, value, 1, NULL, 0), MLOG_BUILDER_OK);
    CHECK_EQUAL(from.count, last + 2);
    CHECK_BYTES(from.pieces[last], own_size, own_bytes, own_size);

    mlog_builder_close(lent);
    mlog_builder_close(own);
    while (from.count > 0)
        free(from.pieces[--from.count]);
}
