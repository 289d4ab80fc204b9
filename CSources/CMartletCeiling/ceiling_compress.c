#include "ceiling_internal.h"

#include <stdlib.h>

#include "mlog_batch.h"

static uint64_t compress_all(const uint8_t *data, size_t data_bytes, uint32_t block_bytes, uint8_t *packed, void *state,
                             mlog_ceiling_result *result, uint64_t total_bytes) {
    size_t block_count = data_bytes / block_bytes;
    uint64_t packed_bytes = 0;
    while (result->bytes < total_bytes) {
        size_t block = (size_t)(result->records % block_count);
        packed_bytes += mlog_lz4_pack(data + block * block_bytes, block_bytes, packed, state);
        result->bytes += block_bytes;
        result->records++;
    }
    return packed_bytes;
}

mlog_ceiling_status mlog_ceiling_compress(const uint8_t *data, size_t data_bytes, uint32_t block_bytes,
                                          uint64_t total_bytes, uint64_t *packed_bytes_out,
                                          mlog_ceiling_result *result_out, mlog_ceiling_error *error_out) {
    *result_out = (mlog_ceiling_result){0};
    *packed_bytes_out = 0;
    if (data == NULL || block_bytes == 0 || data_bytes < block_bytes || total_bytes == 0)
        return ceiling_fail_plain(error_out, MLOG_CEILING_INVALID, "there is no whole block to compress");
    uint8_t *packed = malloc(mlog_lz4_pack_bound(block_bytes));
    void *state = malloc(mlog_lz4_state_bytes());
    mlog_ceiling_status status = MLOG_CEILING_OK;
    if (packed == NULL || state == NULL) {
        status = ceiling_fail_plain(error_out, MLOG_CEILING_NO_MEMORY, "making room to compress");
    } else {
        uint64_t start_ns = mlog_ceiling_now_ns();
        uint64_t cpu_start_ns = ceiling_thread_cpu_ns();
        *packed_bytes_out = compress_all(data, data_bytes, block_bytes, packed, state, result_out, total_bytes);
        result_out->elapsed_ns = mlog_ceiling_now_ns() - start_ns;
        result_out->client_cpu_ns = ceiling_thread_cpu_ns() - cpu_start_ns;
    }
    free(packed);
    free(state);
    return status;
}
