#ifndef MLOG_BATCH_INTERNAL_H
#define MLOG_BATCH_INTERNAL_H

#include "mlog_batch.h"

/* Writes the length field and the CRC of a batch whose other bytes are final; at least a header long. */
void mlog_batch_seal(uint8_t *bytes, size_t size_bytes);
/* The same when the CRC of all behind the header is known: looks at the header alone. */
void mlog_batch_seal_summed(uint8_t *bytes, size_t size_bytes, uint32_t records_crc);

/* The header of a batch that is whole and of a codec that can be read. OK, SHORT, UNSUPPORTED, and what
 * mlog_batch_read_header finds. */
mlog_batch_status mlog_batch_read_source(const uint8_t *source, size_t source_bytes,
                                         mlog_batch_header *header_out) MLOG_CHECKED;

/* The uncompressed records of a batch: borrowed from it, or unpacked into memory of their own. */
typedef struct {
    const uint8_t *bytes;
    size_t size_bytes;
    uint8_t *owned; /* null: borrowed */
} mlog_unpacked;

/* The most that the records of `source` unpack to, or limit_bytes when they are packed and that is less: what to
 * allocate. OK, BAD_COMPRESSION. */
mlog_batch_status mlog_unpacked_bound(const uint8_t *source, const mlog_batch_header *header, size_t limit_bytes,
                                      size_t *bound_bytes_out) MLOG_CHECKED;

/* The records of `source`, whose header mlog_batch_read_source gave. To be closed, on failure too, if it was zeroed
 * before. OK, BAD_COMPRESSION, TOO_LARGE (more than limit_bytes), NO_MEMORY. */
mlog_batch_status mlog_unpacked_open(const uint8_t *source, const mlog_batch_header *header, size_t limit_bytes,
                                     mlog_unpacked *records_out) MLOG_CHECKED;
void mlog_unpacked_close(mlog_unpacked *records);

/* Writes records as they stand in a batch of the codec, none or lz4. OK, TOO_LARGE (the capacity is not enough),
 * NO_MEMORY. */
mlog_batch_status mlog_unpacked_write(const mlog_unpacked *records, mlog_compression compression, uint8_t *out,
                                      size_t capacity_bytes, size_t *written_bytes_out) MLOG_CHECKED;

/*
 * mlog_lz4_pack in steps, for data that is not all there yet: mlog_lz4_begin, then mlog_lz4_pack_block for each block,
 * then mlog_lz4_end. Every block but the last is of MLOG_LZ4_BLOCK_BYTES, none is empty. Each writes to `out` and
 * returns how much; together they keep to mlog_lz4_pack_bound.
 */
enum {
    MLOG_LZ4_BLOCK_BYTES = 64 * 1024
};
size_t mlog_lz4_begin(uint8_t *out);
size_t mlog_lz4_pack_block(const uint8_t *data, size_t size_bytes, uint8_t *out, void *state);
size_t mlog_lz4_end(uint8_t *out);

#endif
