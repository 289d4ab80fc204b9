#include "harness.h"
#include "mlog_batch.h"

#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

/* Text that compresses well but not to nothing; every third run is random. */
static uint8_t *sample(size_t size) {
    uint8_t *bytes = malloc(size > 0 ? size : 1);
    for (size_t at = 0; at < size; at++) {
        bytes[at] = at / 5000 % 3 == 2 ? (uint8_t)test_random() : (uint8_t) "a martlet never lands "[at % 22];
    }
    return bytes;
}

static uint8_t *pack(const uint8_t *bytes, size_t size, size_t *packed_bytes_out) {
    void *state = malloc(mlog_lz4_state_bytes());
    uint8_t *packed = malloc(mlog_lz4_pack_bound(size));
    *packed_bytes_out = mlog_lz4_pack(bytes, size, packed, state);
    CHECK(*packed_bytes_out <= mlog_lz4_pack_bound(size));
    free(state);
    uint8_t *exact = test_copy(packed, *packed_bytes_out);
    free(packed);
    return exact;
}

/* Unpacks into exactly `capacity` bytes and compares when that is meant to work. */
static void check_unpacks(const uint8_t *packed, size_t packed_bytes, const uint8_t *bytes, size_t size,
                          size_t capacity) {
    uint8_t *out = malloc(capacity);
    size_t found;
    mlog_batch_status status = mlog_lz4_unpack(packed, packed_bytes, out, capacity, &found);
    if (capacity < size) {
        CHECK_EQUAL(status, MLOG_BATCH_TOO_LARGE);
        CHECK_EQUAL(found, 0);
    } else if (CHECK_EQUAL(status, MLOG_BATCH_OK)) {
        CHECK_BYTES(out, found, bytes, size);
    }
    free(out);
}

static void check_frame(const uint8_t *packed, size_t packed_bytes, const uint8_t *bytes, size_t size) {
    size_t bound;
    CHECK_EQUAL(mlog_lz4_unpacked_bound(packed, packed_bytes, SIZE_MAX, &bound), MLOG_BATCH_OK);
    CHECK(bound >= size);
    check_unpacks(packed, packed_bytes, bytes, size, bound);
    check_unpacks(packed, packed_bytes, bytes, size, size);
    if (size > 0) check_unpacks(packed, packed_bytes, bytes, size, size - 1);
    if (size > 0) check_unpacks(packed, packed_bytes, bytes, size, size / 2);
    CHECK_EQUAL(mlog_lz4_unpacked_bound(packed, packed_bytes, 7, &bound), MLOG_BATCH_OK);
    CHECK(bound <= 7);
}

static const size_t sizes[] = {0, 1, 12, 13, 100, 65535, 65536, 65537, 131072, 200000, 1000000};

TEST(lz4_round_trip, "what is packed unpacks to the same, into just enough room and no less") {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t packed_bytes;
        uint8_t *bytes = sample(sizes[i]);
        uint8_t *packed = pack(bytes, sizes[i], &packed_bytes);
        check_frame(packed, packed_bytes, bytes, sizes[i]);
        free(packed);
        free(bytes);
    }
}

TEST(lz4_kind, "frames are as Kafka's Java client reads them: independent 64 KiB blocks and nothing optional") {
    size_t packed_bytes;
    uint8_t *bytes = sample(200000);
    uint8_t *packed = pack(bytes, 200000, &packed_bytes);
    LZ4F_dctx *context;
    LZ4F_frameInfo_t info;
    size_t consumed = packed_bytes;
    CHECK(!LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)));
    CHECK(!LZ4F_isError(LZ4F_getFrameInfo(context, &info, packed, &consumed)));
    CHECK_EQUAL(info.blockMode, LZ4F_blockIndependent);
    CHECK_EQUAL(info.blockSizeID, LZ4F_max64KB);
    CHECK_EQUAL(info.contentChecksumFlag, LZ4F_noContentChecksum);
    CHECK_EQUAL(info.blockChecksumFlag, LZ4F_noBlockChecksum);
    CHECK_EQUAL(info.contentSize, 0);
    LZ4F_freeDecompressionContext(context);
    free(packed);
    free(bytes);
}

/* Packs with liblz4's own frame writer. */
static uint8_t *pack_as(const uint8_t *bytes, size_t size, const LZ4F_preferences_t *preferences,
                        size_t *packed_bytes_out) {
    size_t capacity = LZ4F_compressFrameBound(size, preferences);
    uint8_t *packed = malloc(capacity);
    *packed_bytes_out = LZ4F_compressFrame(packed, capacity, bytes, size, preferences);
    CHECK(!LZ4F_isError(*packed_bytes_out));
    uint8_t *exact = test_copy(packed, *packed_bytes_out);
    free(packed);
    return exact;
}

TEST(lz4_other_kinds, "frames of every other kind are read") {
    const size_t size = 300000;
    uint8_t *bytes = sample(size);
    for (int kind = 0; kind < 64; kind++) {
        LZ4F_preferences_t preferences = {
            .frameInfo = {
                .blockSizeID = (LZ4F_blockSizeID_t)(LZ4F_max64KB + kind % 4),
                .blockMode = (kind & 4) != 0 ? LZ4F_blockIndependent : LZ4F_blockLinked,
                .contentChecksumFlag = (kind & 8) != 0 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum,
                .blockChecksumFlag = (kind & 16) != 0 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum,
                .contentSize = (kind & 32) != 0 ? size : 0,
            }};
        size_t packed_bytes;
        uint8_t *packed = pack_as(bytes, size, &preferences, &packed_bytes);
        check_frame(packed, packed_bytes, bytes, size);
        free(packed);
    }
    free(bytes);
}

static mlog_batch_status unpack_status(const uint8_t *packed, size_t packed_bytes) {
    uint8_t *exact = test_copy(packed, packed_bytes);
    uint8_t *out = malloc(1 << 20);
    size_t found;
    mlog_batch_status status = mlog_lz4_unpack(exact, packed_bytes, out, 1 << 20, &found);
    free(out);
    free(exact);
    return status;
}

TEST(lz4_cuts, "a frame cut at any byte, or with a byte more, is refused") {
    size_t size;
    uint8_t *frame = test_fixture("frame.lz4", &size);
    size_t bound;
    for (size_t cut = 0; cut < size; cut++) {
        CHECK_EQUAL(unpack_status(frame, cut), MLOG_BATCH_BAD_COMPRESSION);
        uint8_t *exact = test_copy(frame, cut);
        CHECK_EQUAL(mlog_lz4_unpacked_bound(exact, cut, 1 << 20, &bound), MLOG_BATCH_BAD_COMPRESSION);
        free(exact);
    }
    CHECK_EQUAL(unpack_status(frame, size), MLOG_BATCH_OK);
    frame = realloc(frame, size + 1);
    frame[size] = 0;
    CHECK_EQUAL(unpack_status(frame, size + 1), MLOG_BATCH_BAD_COMPRESSION);
    CHECK_EQUAL(mlog_lz4_unpacked_bound(frame, size + 1, 1 << 20, &bound), MLOG_BATCH_BAD_COMPRESSION);
    free(frame);
}

TEST(lz4_golden, "a frame written by hand is read, and its records are those of the plain batch") {
    size_t frame_bytes;
    size_t size;
    uint8_t *frame = test_fixture("frame.lz4", &frame_bytes);
    uint8_t *records = test_fixture("records.bin", &size);
    check_frame(frame, frame_bytes, records, size);
    free(records);
    free(frame);
}

TEST(lz4_bomb, "a bomb is bounded by the limit before memory is asked for, and refused") {
    const size_t size = 8 << 20;
    uint8_t *zeros = calloc(1, size);
    size_t packed_bytes;
    uint8_t *packed = pack(zeros, size, &packed_bytes);
    size_t bound;
    CHECK(packed_bytes < size / 200);
    CHECK_EQUAL(mlog_lz4_unpacked_bound(packed, packed_bytes, 1 << 20, &bound), MLOG_BATCH_OK);
    CHECK_EQUAL(bound, 1 << 20);
    CHECK_EQUAL(unpack_status(packed, packed_bytes), MLOG_BATCH_TOO_LARGE);
    free(packed);
    free(zeros);
}

TEST(lz4_strangers, "what is no LZ4 frame is refused") {
    const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0};
    const uint8_t legacy[] = {0x02, 0x21, 0x4c, 0x18, 0, 0, 0, 0};
    const uint8_t dictionary[] = {0x04, 0x22, 0x4d, 0x18, 0x61, 0x40, 1, 2, 3, 4, 0, 0, 0, 0, 0};
    const uint8_t bad_checksum[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x83, 0, 0, 0, 0};
    CHECK_EQUAL(unpack_status(skippable, sizeof skippable), MLOG_BATCH_BAD_COMPRESSION);
    CHECK_EQUAL(unpack_status(legacy, sizeof legacy), MLOG_BATCH_BAD_COMPRESSION);
    CHECK_EQUAL(unpack_status(dictionary, sizeof dictionary), MLOG_BATCH_BAD_COMPRESSION);
    CHECK_EQUAL(unpack_status(bad_checksum, sizeof bad_checksum), MLOG_BATCH_BAD_COMPRESSION);
}

TEST(lz4_mutated, "changed frames are unpacked without writing or reading outside the memory given") {
    size_t size;
    uint8_t *frame = test_fixture("frame.lz4", &size);
    int changed = 0;
    for (int i = 0; i < 20000; i++) {
        uint8_t *copy = test_copy(frame, size);
        for (uint64_t flips = test_random_below(4) + 1; flips > 0; flips--) {
            copy[test_random_below(size)] ^= (uint8_t)(1 << test_random_below(8));
        }
        size_t capacity = test_random_below(1000);
        uint8_t *out = malloc(capacity);
        size_t found;
        mlog_batch_status status = mlog_lz4_unpack(copy, size, out, capacity, &found);
        CHECK(status == MLOG_BATCH_OK || found == 0);
        CHECK(found <= capacity);
        if (status != MLOG_BATCH_OK) changed++;
        free(out);
        free(copy);
    }
    CHECK(changed > 1000);
    free(frame);
}
