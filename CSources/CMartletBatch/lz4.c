#include "batch_internal.h"

#include <lz4.h>
#include <lz4frame.h>
#include <string.h>

/*
 * The LZ4 frame. Packing writes the frame by hand around liblz4's block functions: every frame that we write has the
 * same seven bytes in front, which need no context, no allocation and no checksum code, and the scratch state can be
 * the caller's. Unpacking reads that same kind of frame directly, which is also the kind that Kafka's Java client
 * writes; every other frame, and every failure, goes through liblz4's frame reader.
 */

enum {
    BLOCK_SIZE_BYTES = 4, /* in front of each block; zero ends the frame */
    CHECKSUM_BYTES = 4,
    EXPANSION_MAX = 255, /* a byte of an LZ4 block never unpacks to more bytes than this */
};

#define MAGIC 0x184d2204u
#define BLOCK_IS_STORED 0x80000000u /* in a block's size: not compressed */

enum {
    FLAG_BLOCK_CHECKSUMS = 0x10,
    FLAG_CONTENT_CHECKSUM = 0x04,
    FLAG_DICTIONARY = 0x01,
};

/* Magic, version 1 with independent blocks and nothing optional, 64 KiB blocks, checksum of these two bytes. */
static const uint8_t plain_header[] = {0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82};

static uint32_t load_little_endian(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static void store_little_endian(uint8_t *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

/* ---- packing ---- */

size_t mlog_lz4_pack_bound(size_t size_bytes) {
    size_t blocks = (size_bytes + MLOG_LZ4_BLOCK_BYTES - 1) / MLOG_LZ4_BLOCK_BYTES;
    return sizeof plain_header + size_bytes + (blocks + 1) * BLOCK_SIZE_BYTES;
}

size_t mlog_lz4_state_bytes(void) {
    return (size_t)LZ4_sizeofState();
}

size_t mlog_lz4_begin(uint8_t *out) {
    memcpy(out, plain_header, sizeof plain_header);
    return sizeof plain_header;
}

size_t mlog_lz4_pack_block(const uint8_t *data, size_t size_bytes, uint8_t *out, void *state) {
    char *block = (char *)out + BLOCK_SIZE_BYTES;
    /* A block that would not become smaller is stored as it is: with this capacity liblz4 gives up (0). */
    int packed_bytes =
        LZ4_compress_fast_extState(state, (const char *)data, block, (int)size_bytes, (int)size_bytes - 1, 1);
    if (packed_bytes > 0) {
        store_little_endian(out, (uint32_t)packed_bytes);
        return BLOCK_SIZE_BYTES + (size_t)packed_bytes;
    }
    store_little_endian(out, (uint32_t)size_bytes | BLOCK_IS_STORED);
    memcpy(block, data, size_bytes);
    return BLOCK_SIZE_BYTES + size_bytes;
}

size_t mlog_lz4_end(uint8_t *out) {
    store_little_endian(out, 0);
    return BLOCK_SIZE_BYTES;
}

size_t mlog_lz4_pack(const uint8_t *data, size_t size_bytes, uint8_t *out, void *state) {
    uint8_t *at = out + mlog_lz4_begin(out);
    while (size_bytes > 0) {
        size_t block_bytes = size_bytes < MLOG_LZ4_BLOCK_BYTES ? size_bytes : MLOG_LZ4_BLOCK_BYTES;
        at += mlog_lz4_pack_block(data, block_bytes, at, state);
        data += block_bytes;
        size_bytes -= block_bytes;
    }
    at += mlog_lz4_end(at);
    return (size_t)(at - out);
}

/* ---- bounding ---- */

typedef struct {
    size_t header_bytes;
    size_t block_bytes_max;
    size_t block_checksum_bytes;
    size_t content_checksum_bytes;
} frame_shape;

static bool read_shape(const uint8_t *frame, size_t frame_bytes, frame_shape *shape_out) {
    if (frame_bytes < sizeof plain_header || load_little_endian(frame) != MAGIC) return false;
    size_t header_bytes = LZ4F_headerSize(frame, frame_bytes);
    if (LZ4F_isError(header_bytes) || header_bytes > frame_bytes) return false;
    uint8_t flags = frame[4];
    unsigned size_code = frame[5] >> 4 & 7; /* 4 ... 7: 64 KiB, 256 KiB, 1 MiB, 4 MiB */
    if (size_code < 4 || (flags & FLAG_DICTIONARY) != 0) return false;
    *shape_out = (frame_shape){
        .header_bytes = header_bytes,
        .block_bytes_max = (size_t)1 << (8 + 2 * size_code),
        .block_checksum_bytes = (flags & FLAG_BLOCK_CHECKSUMS) != 0 ? CHECKSUM_BYTES : 0,
        .content_checksum_bytes = (flags & FLAG_CONTENT_CHECKSUM) != 0 ? CHECKSUM_BYTES : 0,
    };
    return true;
}

mlog_batch_status mlog_lz4_unpacked_bound(const uint8_t *block, size_t block_bytes, size_t limit_bytes,
                                          size_t *bound_bytes_out) {
    *bound_bytes_out = 0;
    frame_shape shape;
    if (!read_shape(block, block_bytes, &shape)) return MLOG_BATCH_BAD_COMPRESSION;

    size_t bound_bytes = 0;
    size_t at = shape.header_bytes;
    while (block_bytes - at >= BLOCK_SIZE_BYTES) {
        uint32_t field = load_little_endian(block + at);
        at += BLOCK_SIZE_BYTES;
        if (field == 0) {
            if (block_bytes - at != shape.content_checksum_bytes) return MLOG_BATCH_BAD_COMPRESSION;
            *bound_bytes_out = bound_bytes < limit_bytes ? bound_bytes : limit_bytes;
            return MLOG_BATCH_OK;
        }
        size_t packed_bytes = field & ~BLOCK_IS_STORED;
        if (packed_bytes > shape.block_bytes_max) return MLOG_BATCH_BAD_COMPRESSION;
        if (packed_bytes + shape.block_checksum_bytes > block_bytes - at) return MLOG_BATCH_BAD_COMPRESSION;
        at += packed_bytes + shape.block_checksum_bytes;

        size_t unpacked_bytes = (field & BLOCK_IS_STORED) != 0 ? packed_bytes : packed_bytes * EXPANSION_MAX;
        bound_bytes += unpacked_bytes < shape.block_bytes_max ? unpacked_bytes : shape.block_bytes_max;
    }
    return MLOG_BATCH_BAD_COMPRESSION;
}

/* ---- unpacking ---- */

/* Unpacks a frame with the plain header. False when that fails for any reason: the frame reader then says which. */
static bool unpack_plain(const uint8_t *frame, size_t frame_bytes, uint8_t *out, size_t capacity_bytes,
                         size_t *size_bytes_out) {
    size_t at = sizeof plain_header;
    size_t written_bytes = 0;
    while (frame_bytes - at >= BLOCK_SIZE_BYTES) {
        uint32_t field = load_little_endian(frame + at);
        at += BLOCK_SIZE_BYTES;
        if (field == 0) {
            *size_bytes_out = written_bytes;
            return at == frame_bytes;
        }
        size_t packed_bytes = field & ~BLOCK_IS_STORED;
        size_t room_bytes = capacity_bytes - written_bytes;
        if (room_bytes > MLOG_LZ4_BLOCK_BYTES) room_bytes = MLOG_LZ4_BLOCK_BYTES;
        if (packed_bytes > MLOG_LZ4_BLOCK_BYTES || packed_bytes > frame_bytes - at) return false;

        if ((field & BLOCK_IS_STORED) != 0) {
            if (packed_bytes > room_bytes) return false;
            if (packed_bytes > 0) memcpy(out + written_bytes, frame + at, packed_bytes);
            written_bytes += packed_bytes;
        } else {
            int unpacked_bytes = LZ4_decompress_safe((const char *)frame + at, (char *)out + written_bytes,
                                                     (int)packed_bytes, (int)room_bytes);
            if (unpacked_bytes < 0) return false;
            written_bytes += (size_t)unpacked_bytes;
        }
        at += packed_bytes;
    }
    return false;
}

/* liblz4 tells its errors apart only by name. */
static mlog_batch_status frame_error(size_t code) {
    bool no_memory = strcmp(LZ4F_getErrorName(code), "ERROR_allocation_failed") == 0;
    return no_memory ? MLOG_BATCH_NO_MEMORY : MLOG_BATCH_BAD_COMPRESSION;
}

static mlog_batch_status unpack_any(LZ4F_dctx *context, const uint8_t *frame, size_t frame_bytes, uint8_t *out,
                                    size_t capacity_bytes, size_t *size_bytes_out) {
    size_t at = 0;
    size_t written_bytes = 0;
    for (;;) {
        /* Once `out` is full the frame may still end; a byte of content more is one too many. */
        uint8_t excess;
        bool full = written_bytes == capacity_bytes;
        size_t read_now = frame_bytes - at;
        size_t written_now = full ? sizeof excess : capacity_bytes - written_bytes;
        size_t wanted =
            LZ4F_decompress(context, full ? &excess : out + written_bytes, &written_now, frame + at, &read_now, NULL);
        if (LZ4F_isError(wanted)) return frame_error(wanted);
        if (full && written_now > 0) return MLOG_BATCH_TOO_LARGE;
        at += read_now;
        written_bytes += written_now;
        if (wanted == 0) {
            *size_bytes_out = written_bytes;
            return at == frame_bytes ? MLOG_BATCH_OK : MLOG_BATCH_BAD_COMPRESSION;
        }
        if (read_now == 0 && written_now == 0) return MLOG_BATCH_BAD_COMPRESSION; /* cut short */
    }
}

mlog_batch_status mlog_lz4_unpack(const uint8_t *block, size_t block_bytes, uint8_t *out, size_t capacity_bytes,
                                  size_t *size_bytes_out) {
    *size_bytes_out = 0;
    /* Without this, liblz4 would take a skippable frame or a legacy one for an empty block. */
    if (block_bytes < sizeof plain_header || load_little_endian(block) != MAGIC) return MLOG_BATCH_BAD_COMPRESSION;
    if (memcmp(block, plain_header, sizeof plain_header) == 0 &&
        unpack_plain(block, block_bytes, out, capacity_bytes, size_bytes_out)) {
        return MLOG_BATCH_OK;
    }
    *size_bytes_out = 0;
    LZ4F_dctx *context;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) return MLOG_BATCH_NO_MEMORY;
    mlog_batch_status status = unpack_any(context, block, block_bytes, out, capacity_bytes, size_bytes_out);
    LZ4F_freeDecompressionContext(context);
    if (status != MLOG_BATCH_OK) *size_bytes_out = 0;
    return status;
}
