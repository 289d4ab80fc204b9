#include "ceiling_internal.h"

#include <string.h>

static const uint8_t magic[4] = {'M', 'R', 'T', '1'};

static void put_u32(uint8_t *out, uint32_t value) {
    out[0] = (uint8_t)(value >> 24);
    out[1] = (uint8_t)(value >> 16);
    out[2] = (uint8_t)(value >> 8);
    out[3] = (uint8_t)value;
}

static uint32_t get_u32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_front(uint8_t *out, size_t message_bytes, size_t attachment_bytes) {
    memset(out, 0, CEILING_FRAME_HEADER_BYTES + CEILING_META_BYTES + message_bytes);
    memcpy(out, magic, sizeof magic);
    put_u32(out + 4, CEILING_META_BYTES);
    put_u32(out + 8, (uint32_t)(message_bytes + attachment_bytes));
}

static mlog_ceiling_status read_front(const uint8_t *front, size_t message_bytes, size_t limit_bytes,
                                      size_t *attachment_bytes_out, mlog_ceiling_error *error) {
    uint32_t body_bytes = get_u32(front + 8);
    bool fits = memcmp(front, magic, sizeof magic) == 0 && get_u32(front + 4) == CEILING_META_BYTES &&
                body_bytes >= message_bytes && body_bytes - message_bytes <= limit_bytes;
    *attachment_bytes_out = fits ? body_bytes - message_bytes : 0;
    return fits ? MLOG_CEILING_OK : ceiling_fail_plain(error, MLOG_CEILING_CORRUPT, "reading a frame");
}

void ceiling_put_request(uint8_t out[CEILING_REQUEST_BYTES], size_t attachment_bytes) {
    put_front(out, CEILING_REQUEST_MESSAGE_BYTES, attachment_bytes);
}

void ceiling_put_response(uint8_t out[CEILING_RESPONSE_BYTES], size_t attachment_bytes) {
    put_front(out, CEILING_RESPONSE_MESSAGE_BYTES, attachment_bytes);
}

mlog_ceiling_status ceiling_read_request(const uint8_t *front, size_t limit_bytes, size_t *attachment_bytes_out,
                                         mlog_ceiling_error *error) {
    return read_front(front, CEILING_REQUEST_MESSAGE_BYTES, limit_bytes, attachment_bytes_out, error);
}

mlog_ceiling_status ceiling_read_response(const uint8_t *front, size_t limit_bytes, size_t *attachment_bytes_out,
                                          mlog_ceiling_error *error) {
    return read_front(front, CEILING_RESPONSE_MESSAGE_BYTES, limit_bytes, attachment_bytes_out, error);
}
