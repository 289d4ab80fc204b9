#include "mlog_crc32c.h"

/*
 * A CRC is a remainder: appending n bytes multiplies it by x^(8 n), modulo the polynomial. Everything here is
 * bit-reflected, as the CRC itself: bit 31 stands for x^0, bit 0 for x^31.
 */

#define POLYNOMIAL 0x82f63b78u
#define ONE (1u << 31)
#define X_TO_THE_8 (1u << 23)

static uint32_t times_x(uint32_t value) {
    return value >> 1 ^ (0 - (value & 1) & POLYNOMIAL);
}

static uint32_t multiply(uint32_t a, uint32_t b) {
    uint32_t product = 0;
    for (; a != 0; a <<= 1) {
        product ^= 0 - (a >> 31) & b;
        b = times_x(b);
    }
    return product;
}

/* x^(8 n), by squaring. */
static uint32_t shift_of(size_t size_bytes) {
    uint32_t shift = ONE, power = X_TO_THE_8;
    for (; size_bytes != 0; size_bytes >>= 1) {
        if ((size_bytes & 1) != 0) shift = multiply(shift, power);
        power = multiply(power, power);
    }
    return shift;
}

uint32_t mlog_crc32c_join(uint32_t first_crc, uint32_t second_crc, size_t second_bytes) {
    /* The inversions before and after each CRC cancel out. */
    return multiply(shift_of(second_bytes), first_crc) ^ second_crc;
}
