#include "crc32c_kernels.h"

#if defined(__aarch64__)

#include <arm_acle.h>
#include <arm_neon.h>
#include <string.h>

#if defined(__linux__)
#include <sys/auxv.h>
#endif

/* GCC and Clang disagree on how the extensions are spelt. */
#if defined(__clang__)
#define HARDWARE __attribute__((target("crc,aes")))
#define INLINE_HARDWARE static inline __attribute__((always_inline, target("crc,aes")))
#else
#define HARDWARE __attribute__((target("+crc+crypto")))
#define INLINE_HARDWARE static inline __attribute__((always_inline, target("+crc+crypto")))
#endif

INLINE_HARDWARE uint32_t step(uint32_t crc, const uint8_t *data) {
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return __crc32cd(crc, word);
}

INLINE_HARDWARE uint64_t shift(uint32_t crc, uint32_t constant) {
    return vgetq_lane_u64(vreinterpretq_u64_p128(vmull_p64((poly64_t)crc, (poly64_t)constant)), 0);
}

INLINE_HARDWARE uint32_t three_streams(uint32_t crc, const uint8_t *data, size_t stream_bytes, uint32_t shift_one,
                                       uint32_t shift_two) {
    uint32_t second = 0;
    uint32_t third = 0;
    for (size_t at = 0; at < stream_bytes; at += 8) {
        crc = step(crc, data + at);
        second = step(second, data + stream_bytes + at);
        third = step(third, data + 2 * stream_bytes + at);
    }
    return __crc32cd(0, shift(crc, shift_two) ^ shift(second, shift_one)) ^ third;
}

HARDWARE static uint32_t run(uint32_t crc, const uint8_t *data, size_t size_bytes) {
    for (; size_bytes >= 3 * MLOG_CRC32C_LONG_BYTES; size_bytes -= 3 * MLOG_CRC32C_LONG_BYTES) {
        crc = three_streams(crc, data, MLOG_CRC32C_LONG_BYTES, MLOG_CRC32C_LONG_SHIFT_ONE, MLOG_CRC32C_LONG_SHIFT_TWO);
        data += 3 * MLOG_CRC32C_LONG_BYTES;
    }
    for (; size_bytes >= 3 * MLOG_CRC32C_SHORT_BYTES; size_bytes -= 3 * MLOG_CRC32C_SHORT_BYTES) {
        crc =
            three_streams(crc, data, MLOG_CRC32C_SHORT_BYTES, MLOG_CRC32C_SHORT_SHIFT_ONE, MLOG_CRC32C_SHORT_SHIFT_TWO);
        data += 3 * MLOG_CRC32C_SHORT_BYTES;
    }
    for (; size_bytes >= 8; size_bytes -= 8, data += 8)
        crc = step(crc, data);
    for (; size_bytes > 0; size_bytes--)
        crc = __crc32cb(crc, *data++);
    return crc;
}

static bool supported(void) {
#if defined(__linux__)
    /* HWCAP_PMULL and HWCAP_CRC32 of <asm/hwcap.h>, which some C libraries do not offer. */
    const unsigned long needed = 1ul << 4 | 1ul << 7;
    return (getauxval(AT_HWCAP) & needed) == needed;
#else
    return true; /* every arm64 Mac has both */
#endif
}

bool mlog_crc32c_choose_arm(mlog_crc32c_choice *choice_out) {
    if (!supported()) return false;
    *choice_out = (mlog_crc32c_choice){run, "armv8 x3"};
    return true;
}

#else

bool mlog_crc32c_choose_arm(mlog_crc32c_choice *choice_out) {
    (void)choice_out;
    return false;
}

#endif
