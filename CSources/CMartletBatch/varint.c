#include "varint.h"

const uint8_t *mlog_varint_read_long(const uint8_t *at, const uint8_t *end, int bits, uint64_t *value_out) {
    uint64_t value = 0;
    for (int shift = 0; shift < bits && at < end; shift += 7) {
        uint64_t group = *at & 0x7f;
        /* The last byte has room for fewer than seven bits. */
        if (bits - shift < 7 && group >> (bits - shift) != 0) break;
        value |= group << shift;
        if (*at++ < 0x80) {
            *value_out = value;
            return at;
        }
    }
    *value_out = 0;
    return NULL;
}
