#include "mlog_batch.h"

#include "batch_internal.h"

static mlog_batch_status rewrite(const mlog_batch_header *source, const mlog_unpacked *records,
                                 mlog_compression compression, uint8_t *out, size_t capacity_bytes,
                                 size_t *size_bytes_out) {
    if (capacity_bytes < MLOG_BATCH_HEADER_BYTES) return MLOG_BATCH_TOO_LARGE;
    mlog_batch_status status = mlog_batch_check_records(source, records->bytes, records->size_bytes);
    if (status != MLOG_BATCH_OK) return status;
    size_t written_bytes;
    status = mlog_unpacked_write(records, compression, out + MLOG_BATCH_HEADER_BYTES,
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

mlog_batch_status mlog_batch_recompress_bound(const uint8_t *source, size_t source_bytes, size_t unpacked_limit_bytes,
                                              size_t *bound_bytes_out) {
    *bound_bytes_out = 0;
    mlog_batch_header header;
    mlog_batch_status status = mlog_batch_read_source(source, source_bytes, &header);
    if (status != MLOG_BATCH_OK) return status;
    size_t unpacked_bytes;
    status = mlog_unpacked_bound(source, &header, unpacked_limit_bytes, &unpacked_bytes);
    if (status != MLOG_BATCH_OK) return status;
    *bound_bytes_out = MLOG_BATCH_HEADER_BYTES + mlog_lz4_pack_bound(unpacked_bytes);
    return MLOG_BATCH_OK;
}

mlog_batch_status mlog_batch_recompress(const uint8_t *source, size_t source_bytes, mlog_compression compression,
                                        size_t unpacked_limit_bytes, uint8_t *out, size_t capacity_bytes,
                                        size_t *size_bytes_out) {
    *size_bytes_out = 0;
    if (compression != MLOG_COMPRESSION_NONE && compression != MLOG_COMPRESSION_LZ4) return MLOG_BATCH_UNSUPPORTED;
    mlog_batch_header header;
    mlog_batch_status status = mlog_batch_read_source(source, source_bytes, &header);
    if (status != MLOG_BATCH_OK) return status;

    mlog_unpacked records = {0};
    status = mlog_unpacked_open(source, &header, unpacked_limit_bytes, &records);
    if (status == MLOG_BATCH_OK) status = rewrite(&header, &records, compression, out, capacity_bytes, size_bytes_out);
    mlog_unpacked_close(&records);
    return status;
}
