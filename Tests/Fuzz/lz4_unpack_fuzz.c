#include <stdlib.h>
#include <string.h>

#include "mlog_batch.h"

enum {
    LIMIT_BYTES = 1 << 18
};

static void require(bool holds) {
    if (!holds) abort();
}

/* A frame that unpacks does so within its bound, the same into just enough room, and not into a byte less. */
static void check_unpacked(const uint8_t *data, size_t size, const uint8_t *unpacked, size_t unpacked_bytes) {
    size_t bound;
    size_t found;
    require(mlog_lz4_unpacked_bound(data, size, SIZE_MAX, &bound) == MLOG_BATCH_OK);
    require(unpacked_bytes <= bound);
    uint8_t *exact = malloc(unpacked_bytes);
    require(mlog_lz4_unpack(data, size, exact, unpacked_bytes, &found) == MLOG_BATCH_OK);
    require(found == unpacked_bytes && (found == 0 || memcmp(exact, unpacked, found) == 0));
    if (unpacked_bytes > 0) {
        mlog_batch_status status = mlog_lz4_unpack(data, size, exact, unpacked_bytes - 1, &found);
        require(status == MLOG_BATCH_TOO_LARGE && found == 0);
    }
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *out = malloc(LIMIT_BYTES);
    size_t unpacked_bytes;
    mlog_batch_status status = mlog_lz4_unpack(data, size, out, LIMIT_BYTES, &unpacked_bytes);
    if (status == MLOG_BATCH_OK) {
        check_unpacked(data, size, out, unpacked_bytes);
    } else {
        require(unpacked_bytes == 0);
    }
    free(out);
    return 0;
}
