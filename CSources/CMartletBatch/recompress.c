#include "mlog_batch.h"

#include <stdlib.h>
#include <string.h>

#include "batch_internal.h"

/* The uncompressed records of a batch: borrowed from it, or unpacked into memory of their own. */
typedef struct {
    const uint8_t *bytes;
    size_t size_bytes;
    uint8_t *owned; /* null: borrowed */
} unpacked_records;

static mlog_batch_status unpack(const uint8_t *packed, size_t packed_bytes, size_t limit_bytes,
                                unpacked_records *records_out) {
    size_t bound_bytes;
    mlog_batch_status status = mlog_lz4_unpacked_bound(packed, packed_bytes, limit_bytes, &bound_bytes);
    if (status != MLOG_BATCH_OK) return status;
    records_out->owned = malloc(bound_bytes > 0 ? bound_bytes : 1);
    if (records_out->owned == NULL) return MLOG_BATCH_NO_MEMORY;
    records_out->bytes = records_out->owned;
    return mlog_lz4_unpack(packed, packed_bytes, records_out->owned, bound_bytes, &records_out->size_bytes);
}

static mlog_batch_status open_records(const uint8_t *source, const mlog_batch_header *header, size_t limit_bytes,
                                      unpacked_records *records_out) {
    const uint8_t *records = source + MLOG_BATCH_HEADER_BYTES;
    size_t records_bytes = header->size_bytes - MLOG_BATCH_HEADER_BYTES;
    if (mlog_batch_compression(header) == MLOG_COMPRESSION_LZ4) {
        return unpack(records, records_bytes, limit_bytes, records_out);
    }
    *records_out = (unpacked_records){records, records_bytes, NULL};
    return records_bytes <= limit_bytes ? MLOG_BATCH_OK : MLOG_BATCH_TOO_LARGE;
}

static mlog_batch_status write_records(const unpacked_records *records, mlog_compression compression, uint8_t *out,
                                       size_t capacity_bytes, size_t *written_bytes_out) {
    bool packs = compression == MLOG_COMPRESSION_LZ4;
    size_t needed_bytes = packs ? mlog_lz4_pack_bound(records->size_bytes) : records->size_bytes;
    if (needed_bytes > capacity_bytes) return MLOG_BATCH_TOO_LARGE;
    if (!packs) {
        memcpy(out, records->bytes, records->size_bytes);
        *written_bytes_out = records->size_bytes;
        return MLOG_BATCH_OK;
    }
    void *state = malloc(mlog_lz4_state_bytes());
    if (state == NULL) return MLOG_BATCH_NO_MEMORY;
    *written_bytes_out = mlog_lz4_pack(records->bytes, records->size_bytes, out, state);
    free(state);
    return MLOG_BATCH_OK;
}

static mlog_batch_status rewrite(const mlog_batch_header *source, const unpacked_records *records,
                                 mlog_compression compression, uint8_t *out, size_t capacity_bytes,
                                 size_t *size_bytes_out) {
    if (capacity_bytes < MLOG_BATCH_HEADER_BYTES) return MLOG_BATCH_TOO_LARGE;
    mlog_batch_status status = mlog_batch_check_records(source, records->bytes, records->size_bytes);
    if (status != MLOG_BATCH_OK) return status;
    size_t written_bytes;
    status = write_records(records, compression, out + MLOG_BATCH_HEADER_BYTES,
                           capacity_bytes - MLOG_BATCH_HEADER_BYTES, &written_bytes);
    if (status != MLOG_BATCH_OK) return status;

    mlog_batch_header header = *source;
    unsigned kept = header.attributes & ~(unsigned)MLOG_ATTRIBUTE_COMPRESSION_MASK;
    header.attributes = (uint16_t)(kept | compression);
    mlog_batch_write_header(&header, out);
    *size_bytes_out = MLOG_BATCH_HEADER_BYTES + written_bytes;
    mlog_batch_seal(out, *size_bytes_out);
    return MLOG_BATCH_OK;
}

/* The header of a batch that is whole and of a codec that can be read. */
static mlog_batch_status read_source(const uint8_t *source, size_t source_bytes, mlog_batch_header *header_out) {
    mlog_batch_status status = mlog_batch_read_header(source, source_bytes, INT32_MAX, header_out);
    if (status != MLOG_BATCH_OK) return status;
    if (source_bytes < header_out->size_bytes) return MLOG_BATCH_SHORT;
    mlog_compression compression = mlog_batch_compression(header_out);
    bool readable = compression == MLOG_COMPRESSION_NONE || compression == MLOG_COMPRESSION_LZ4;
    return readable ? MLOG_BATCH_OK : MLOG_BATCH_UNSUPPORTED;
}

mlog_batch_status mlog_batch_recompress_bound(const uint8_t *source, size_t source_bytes, size_t unpacked_limit_bytes,
                                              size_t *bound_bytes_out) {
    *bound_bytes_out = 0;
    mlog_batch_header header;
    mlog_batch_status status = read_source(source, source_bytes, &header);
    if (status != MLOG_BATCH_OK) return status;
    size_t unpacked_bytes = header.size_bytes - MLOG_BATCH_HEADER_BYTES;
    if (mlog_batch_compression(&header) == MLOG_COMPRESSION_LZ4) {
        status = mlog_lz4_unpacked_bound(source + MLOG_BATCH_HEADER_BYTES, unpacked_bytes, unpacked_limit_bytes,
                                         &unpacked_bytes);
        if (status != MLOG_BATCH_OK) return status;
    }
    *bound_bytes_out = MLOG_BATCH_HEADER_BYTES + mlog_lz4_pack_bound(unpacked_bytes);
    return MLOG_BATCH_OK;
}

mlog_batch_status mlog_batch_recompress(const uint8_t *source, size_t source_bytes, mlog_compression compression,
                                        size_t unpacked_limit_bytes, uint8_t *out, size_t capacity_bytes,
                                        size_t *size_bytes_out) {
    *size_bytes_out = 0;
    if (compression != MLOG_COMPRESSION_NONE && compression != MLOG_COMPRESSION_LZ4) return MLOG_BATCH_UNSUPPORTED;
    mlog_batch_header header;
    mlog_batch_status status = read_source(source, source_bytes, &header);
    if (status != MLOG_BATCH_OK) return status;

    unpacked_records records = {0};
    status = open_records(source, &header, unpacked_limit_bytes, &records);
    if (status == MLOG_BATCH_OK) status = rewrite(&header, &records, compression, out, capacity_bytes, size_bytes_out);
    free(records.owned);
    return status;
}
