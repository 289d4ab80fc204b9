#ifndef MLOG_VARINT_H
#define MLOG_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Zigzag varints as in Protocol Buffers: seven bits a byte, the lowest first, the top bit set in all but the last.
 *
 * A reader takes the place and the end of what may be read and returns the place after, or null when the varint runs
 * past the end or holds more bits than its type. One- and two-byte forms, nearly all that occur, are decoded in line.
 */

enum {
    MLOG_VARINT32_BYTES_MAX = 5,
    MLOG_VARINT64_BYTES_MAX = 10,
};

const uint8_t *mlog_varint_read_long(const uint8_t *at, const uint8_t *end, int bits, uint64_t *value_out);

/* Called for every field of every record: left to itself, the compiler makes it a function, and a slow one. */
static inline __attribute__((always_inline)) const uint8_t *
mlog_varint_read_unsigned(const uint8_t *at, const uint8_t *end, int bits, uint64_t *value_out) {
    ptrdiff_t left_bytes = end - at;
    if (__builtin_expect(left_bytes >= 1 && at[0] < 0x80, 1)) {
        *value_out = at[0];
        return at + 1;
    }
    if (__builtin_expect(left_bytes >= 2 && at[1] < 0x80, 1)) {
        *value_out = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
        return at + 2;
    }
    return mlog_varint_read_long(at, end, bits, value_out);
}

static inline __attribute__((always_inline)) const uint8_t *mlog_varint_read32(const uint8_t *at, const uint8_t *end,
                                                                               int32_t *value_out) {
    uint64_t raw;
    at = mlog_varint_read_unsigned(at, end, 32, &raw);
    *value_out = (int32_t)((uint32_t)raw >> 1 ^ (0 - ((uint32_t)raw & 1)));
    return at;
}

static inline __attribute__((always_inline)) const uint8_t *mlog_varint_read64(const uint8_t *at, const uint8_t *end,
                                                                               int64_t *value_out) {
    uint64_t raw;
    at = mlog_varint_read_unsigned(at, end, 64, &raw);
    *value_out = (int64_t)(raw >> 1 ^ (0 - (raw & 1)));
    return at;
}

static inline uint64_t mlog_zigzag(int64_t value) {
    return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

/* The bytes that a varint takes: one for each seven bits begun, at least one. */
static inline size_t mlog_varint_bytes(int64_t value) {
    unsigned highest_bit = 63u ^ (unsigned)__builtin_clzll(mlog_zigzag(value) | 1);
    return (highest_bit * 9 + 73) >> 6; /* highest_bit / 7 + 1 without a division, exact for 0 ... 63 */
}

/* Writes at most ten bytes and returns the place after. */
static inline uint8_t *mlog_varint_write(uint8_t *at, int64_t value) {
    uint64_t rest = mlog_zigzag(value);
    for (; rest >= 0x80; rest >>= 7)
        *at++ = (uint8_t)(rest | 0x80);
    *at++ = (uint8_t)rest;
    return at;
}

#endif
