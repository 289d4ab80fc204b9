#include <stdlib.h>
#include <string.h>

#include "batch_internal.h"

mlog_batch_status mlog_batch_read_source(const uint8_t *source, size_t source_bytes, mlog_batch_header *header_out) {
    mlog_batch_status status = mlog_batch_read_header(source, source_bytes, INT32_MAX, header_out);
    if (status != MLOG_BATCH_OK) return status;
    if (source_bytes < header_out->size_bytes) return MLOG_BATCH_SHORT;
    mlog_compression compression = mlog_batch_compression(header_out);
    bool readable = compression == MLOG_COMPRESSION_NONE || compression == MLOG_COMPRESSION_LZ4;
    return readable ? MLOG_BATCH_OK : MLOG_BATCH_UNSUPPORTED;
}

static bool is_packed(const mlog_batch_header *header) {
    return mlog_batch_compression(header) == MLOG_COMPRESSION_LZ4;
}

mlog_batch_status mlog_unpacked_bound(const uint8_t *source, const mlog_batch_header *header, size_t limit_bytes,
                                      size_t *bound_bytes_out) {
    *bound_bytes_out = header->size_bytes - MLOG_BATCH_HEADER_BYTES;
    if (!is_packed(header)) return MLOG_BATCH_OK;
    return mlog_lz4_unpacked_bound(source + MLOG_BATCH_HEADER_BYTES, *bound_bytes_out, limit_bytes, bound_bytes_out);
}

mlog_batch_status mlog_unpacked_open(const uint8_t *source, const mlog_batch_header *header, size_t limit_bytes,
                                     mlog_unpacked *records_out) {
    const uint8_t *records = source + MLOG_BATCH_HEADER_BYTES;
    size_t records_bytes = header->size_bytes - MLOG_BATCH_HEADER_BYTES;
    size_t bound_bytes;
    mlog_batch_status status = mlog_unpacked_bound(source, header, limit_bytes, &bound_bytes);
    if (status != MLOG_BATCH_OK) return status;
    if (!is_packed(header)) {
        *records_out = (mlog_unpacked){records, records_bytes, NULL};
        return records_bytes <= limit_bytes ? MLOG_BATCH_OK : MLOG_BATCH_TOO_LARGE;
    }
    records_out->owned = malloc(bound_bytes > 0 ? bound_bytes : 1);
    if (records_out->owned == NULL) return MLOG_BATCH_NO_MEMORY;
    records_out->bytes = records_out->owned;
    return mlog_lz4_unpack(records, records_bytes, records_out->owned, bound_bytes, &records_out->size_bytes);
}

mlog_batch_status mlog_unpacked_write(const mlog_unpacked *records, mlog_compression compression, uint8_t *out,
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

void mlog_unpacked_close(mlog_unpacked *records) {
    free(records->owned);
    *records = (mlog_unpacked){0};
}
