#include "crc32c_kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define HARDWARE __attribute__((target("sse4.2,pclmul")))
#define INLINE_HARDWARE static inline __attribute__((always_inline, target("sse4.2,pclmul")))

INLINE_HARDWARE uint64_t step(uint64_t crc, const uint8_t *data) {
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return _mm_crc32_u64(crc, word);
}

INLINE_HARDWARE uint64_t shift(uint64_t crc, uint32_t constant) {
    __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)crc), _mm_cvtsi32_si128((int)constant), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
}

INLINE_HARDWARE uint64_t three_streams(uint64_t crc, const uint8_t *data, size_t stream_bytes, uint32_t shift_one,
                                       uint32_t shift_two) {
    uint64_t second = 0;
    uint64_t third = 0;
    for (size_t at = 0; at < stream_bytes; at += 8) {
        crc = step(crc, data + at);
        second = step(second, data + stream_bytes + at);
        third = step(third, data + 2 * stream_bytes + at);
    }
    return _mm_crc32_u64(0, shift(crc, shift_two) ^ shift(second, shift_one)) ^ third;
}

HARDWARE static uint32_t run(uint32_t initial, const uint8_t *data, size_t size_bytes) {
    uint64_t crc = initial;
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
        crc = _mm_crc32_u8((uint32_t)crc, *data++);
    return (uint32_t)crc;
}

bool mlog_crc32c_choose_x86(mlog_crc32c_choice *choice_out) {
    if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("pclmul")) return false;
    *choice_out = (mlog_crc32c_choice){run, "sse4.2 x3"};
    return true;
}

#else

bool mlog_crc32c_choose_x86(mlog_crc32c_choice *choice_out) {
    (void)choice_out;
    return false;
}

#endif
