#include "crc32c_kernels.h"
#include "harness.h"
#include "mlog_crc32c.h"

#include <stdlib.h>
#include <string.h>

TEST(crc_standard_examples, "crc32c has the values of RFC 3720's examples") {
    uint8_t bytes[32];
    memset(bytes, 0, sizeof bytes);
    CHECK(mlog_crc32c(0, bytes, sizeof bytes) == 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    CHECK(mlog_crc32c(0, bytes, sizeof bytes) == 0x62a8ab43);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    CHECK(mlog_crc32c(0, bytes, sizeof bytes) == 0x46dd794e);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    CHECK(mlog_crc32c(0, bytes, sizeof bytes) == 0x113fdb5c);
    CHECK(mlog_crc32c(0, "123456789", 9) == 0xe3069283);
    CHECK(mlog_crc32c(17, NULL, 0) == 17);
}

/* One bit at a time, as the polynomial is defined. */
static uint32_t crc_by_definition(uint32_t crc, const uint8_t *bytes, size_t size_bytes) {
    crc = ~crc;
    for (size_t i = 0; i < size_bytes; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

TEST(crc_portable_is_right, "the portable crc32c agrees with the definition") {
    uint8_t bytes[200];
    test_random_fill(bytes, sizeof bytes);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        uint32_t start = (uint32_t)test_random();
        CHECK_EQUAL(mlog_crc32c_portable(start, bytes, size), crc_by_definition(start, bytes, size));
    }
}

TEST(crc_chosen_is_right, "the chosen crc32c agrees with the portable one at every size and alignment") {
    enum {
        SIZE_MAX_BYTES = 3 * MLOG_CRC32C_LONG_BYTES * 2 + 3 * MLOG_CRC32C_SHORT_BYTES + 16
    };
    uint8_t *bytes = malloc(SIZE_MAX_BYTES + 8);
    test_random_fill(bytes, SIZE_MAX_BYTES + 8);
    for (size_t size = 0; size <= SIZE_MAX_BYTES; size += size < 1600 ? 1 : 61) {
        uint8_t *exact = test_copy(bytes + size % 8, size);
        uint32_t start = (uint32_t)test_random();
        CHECK_EQUAL(mlog_crc32c(start, exact, size), mlog_crc32c_portable(start, exact, size));
        CHECK_EQUAL(mlog_crc32c(start, bytes + size % 8, size), mlog_crc32c_portable(start, exact, size));
        free(exact);
    }
    free(bytes);
}

TEST(crc_extends, "crc32c of a whole is that of its second part begun with that of its first") {
    uint8_t bytes[9000];
    test_random_fill(bytes, sizeof bytes);
    uint32_t whole = mlog_crc32c(0, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= sizeof bytes; cut += 97) {
        CHECK_EQUAL(mlog_crc32c(mlog_crc32c(0, bytes, cut), bytes + cut, sizeof bytes - cut), whole);
    }
}

TEST(crc_joins, "the crc32c of two pieces joins to that of the whole, wherever it is cut") {
    uint8_t bytes[9000];
    test_random_fill(bytes, sizeof bytes);
    for (size_t size = 0; size <= sizeof bytes; size += 449) {
        uint32_t whole = mlog_crc32c(0, bytes, size);
        for (size_t cut = 0; cut <= size; cut += cut < 80 ? 1 : 97) {
            uint32_t first = mlog_crc32c(0, bytes, cut), second = mlog_crc32c(0, bytes + cut, size - cut);
            CHECK_EQUAL(mlog_crc32c_join(first, second, size - cut), whole);
        }
    }
}

TEST(crc_choice_has_a_name, "the implementation is named after what was chosen") {
    mlog_crc32c_choice choice = {.name = "portable"};
    if (!mlog_crc32c_choose_x86(&choice)) mlog_crc32c_choose_arm(&choice);
    CHECK(strcmp(mlog_crc32c_implementation(), choice.name) == 0);
}
