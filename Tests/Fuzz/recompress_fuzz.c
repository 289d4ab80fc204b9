#include <stdlib.h>
#include <string.h>

#include "mlog_batch.h"

enum {
    LIMIT_BYTES = 1 << 18
};

static void require(bool holds) {
    if (!holds) abort();
}

static uint8_t *recompress(const uint8_t *data, size_t size, mlog_compression compression, size_t *size_bytes_out) {
    size_t bound;
    if (mlog_batch_recompress_bound(data, size, LIMIT_BYTES, &bound) != MLOG_BATCH_OK) return NULL;
    uint8_t *out = malloc(bound);
    if (mlog_batch_recompress(data, size, compression, LIMIT_BYTES, out, bound, size_bytes_out) == MLOG_BATCH_OK) {
        return out;
    }
    free(out);
    return NULL;
}

/* A batch that can be unpacked can be packed, and comes back the same. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t plain_bytes;
    size_t packed_bytes;
    size_t again_bytes;
    uint8_t *plain = recompress(data, size, MLOG_COMPRESSION_NONE, &plain_bytes);
    if (plain == NULL) return 0;
    uint8_t *packed = recompress(plain, plain_bytes, MLOG_COMPRESSION_LZ4, &packed_bytes);
    require(packed != NULL);
    uint8_t *again = recompress(packed, packed_bytes, MLOG_COMPRESSION_NONE, &again_bytes);
    require(again != NULL && again_bytes == plain_bytes && memcmp(again, plain, plain_bytes) == 0);
    mlog_batch_header header;
    require(mlog_batch_check(again, again_bytes, UINT32_MAX, &header) == MLOG_BATCH_OK);
    free(again);
    free(packed);
    free(plain);
    return 0;
}
