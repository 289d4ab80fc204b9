#include "harness.h"
#include "varint.h"

#include <stdlib.h>
#include <string.h>

static void check_round_trip(int64_t value) {
    uint8_t bytes[MLOG_VARINT64_BYTES_MAX + 1];
    size_t size = (size_t)(mlog_varint_write(bytes, value) - bytes);
    CHECK_EQUAL(size, mlog_varint_bytes(value));

    uint8_t *exact = test_copy(bytes, size);
    int64_t found = 0;
    CHECK(mlog_varint_read64(exact, exact + size, &found) == exact + size);
    CHECK_EQUAL(found, value);
    int32_t narrow = 0;
    const uint8_t *after = mlog_varint_read32(exact, exact + size, &narrow);
    bool fits = value >= INT32_MIN && value <= INT32_MAX;
    CHECK(after == (fits ? exact + size : NULL));
    if (fits) CHECK_EQUAL(narrow, value);
    for (size_t cut = 0; cut < size; cut++)
        CHECK(mlog_varint_read64(exact, exact + cut, &found) == NULL);
    free(exact);
}

TEST(varint_round_trip, "a varint reads back as it was written, and not when it is cut") {
    for (int bit = 0; bit < 64; bit++) {
        int64_t power = (int64_t)((uint64_t)1 << bit);
        for (int64_t near = -2; near <= 2; near++) {
            int64_t value;
            if (!__builtin_add_overflow(power, near, &value)) check_round_trip(value);
            if (!__builtin_sub_overflow(0, value, &value)) check_round_trip(value);
        }
    }
    for (int i = 0; i < 1000; i++)
        check_round_trip((int64_t)(test_random() >> test_random_below(64)));
}

static void check_bytes_of(int64_t value, const char *expected, size_t expected_bytes) {
    uint8_t bytes[MLOG_VARINT64_BYTES_MAX];
    size_t size = (size_t)(mlog_varint_write(bytes, value) - bytes);
    CHECK_BYTES(bytes, size, expected, expected_bytes);
}

TEST(varint_known_bytes, "varints have the bytes that Protocol Buffers documents") {
    check_bytes_of(0, "\x00", 1);
    check_bytes_of(-1, "\x01", 1);
    check_bytes_of(1, "\x02", 1);
    check_bytes_of(-64, "\x7f", 1);
    check_bytes_of(64, "\x80\x01", 2);
    check_bytes_of(INT32_MAX, "\xfe\xff\xff\xff\x0f", 5);
    check_bytes_of(INT64_MIN, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10);
}

TEST(varint_too_long, "a varint with more bits than its type, or without an end, is refused") {
    const uint8_t *wide = (const uint8_t *)"\xff\xff\xff\xff\x10";
    const uint8_t *endless = (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff";
    const uint8_t *wide64 = (const uint8_t *)"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
    int32_t narrow;
    int64_t value;
    CHECK(mlog_varint_read32(wide, wide + 5, &narrow) == NULL);
    CHECK(mlog_varint_read32(endless, endless + 11, &narrow) == NULL);
    CHECK(mlog_varint_read64(endless, endless + 11, &value) == NULL);
    CHECK(mlog_varint_read64(wide64, wide64 + 10, &value) == NULL);
}
