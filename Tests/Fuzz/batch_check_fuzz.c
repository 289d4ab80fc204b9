#include <stdlib.h>
#include <string.h>

#include "mlog_batch.h"

/* What is accepted as a batch is read and written without change, and never larger than what was there. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mlog_batch_header zero = {0};
    mlog_batch_header header;
    mlog_batch_status status = mlog_batch_read_header(data, size, 1 << 20, &header);
    if (status != MLOG_BATCH_OK) {
        if (memcmp(&header, &zero, sizeof header) != 0) abort();
        return 0;
    }
    uint8_t written[MLOG_BATCH_HEADER_BYTES];
    mlog_batch_write_header(&header, written);
    if (memcmp(written, data, sizeof written) != 0) abort();
    if (mlog_batch_last_offset(&header) < header.base_offset) abort();

    mlog_batch_header checked;
    status = mlog_batch_check(data, size, 1 << 20, &checked);
    if (status == MLOG_BATCH_OK && checked.size_bytes > size) abort();
    return 0;
}
