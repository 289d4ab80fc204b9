#include "ceiling_internal.h"

#include <stdlib.h>
#include <string.h>

#include "mlog_batch.h"
#include "mlog_builder.h"
#include "mlog_crc32c.h"

/* Text that does not repeat from record to record; nothing here compresses it. */
static void fill_value(uint8_t *value, size_t size_bytes, uint64_t *seed) {
    for (size_t i = 0; i < size_bytes; i++) {
        *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
        value[i] = (uint8_t)('0' + (*seed >> 58));
    }
}

static mlog_builder_status fill_builder(mlog_builder *builder, uint8_t *value, uint32_t record_bytes) {
    uint64_t seed = 1;
    mlog_builder_status status = MLOG_BUILDER_OK;
    while (status == MLOG_BUILDER_OK) {
        fill_value(value, record_bytes, &seed);
        status = mlog_builder_append(builder, 0, NULL, -1, value, (int32_t)record_bytes, NULL, 0);
    }
    return status;
}

static mlog_ceiling_status copy_out(mlog_builder *builder, ceiling_batch *batch_out, mlog_ceiling_error *error) {
    const uint8_t *bytes = NULL;
    size_t size_bytes = 0;
    mlog_builder_status status = mlog_builder_finish(builder, -1, -1, -1, &bytes, &size_bytes);
    uint8_t *copy = status == MLOG_BUILDER_OK ? malloc(size_bytes) : NULL;
    if (copy == NULL) return ceiling_fail_plain(error, MLOG_CEILING_NO_MEMORY, "building a batch");
    memcpy(copy, bytes, size_bytes);
    *batch_out = (ceiling_batch){
        .bytes = copy,
        .size_bytes = size_bytes,
        .record_count = mlog_builder_record_count(builder),
    };
    return MLOG_CEILING_OK;
}

mlog_ceiling_status ceiling_batch_make(const mlog_ceiling_options *options, ceiling_batch *batch_out,
                                       mlog_ceiling_error *error) {
    *batch_out = (ceiling_batch){0};
    uint32_t record_overhead_bytes = 32;
    uint32_t size_limit_bytes = options->batch_bytes + options->record_bytes + record_overhead_bytes;
    uint8_t *value = malloc(options->record_bytes);
    mlog_builder *builder = mlog_builder_open(MLOG_COMPRESSION_NONE, options->batch_bytes,
                                              size_limit_bytes + MLOG_BATCH_HEADER_BYTES, NULL);
    mlog_ceiling_status status = MLOG_CEILING_OK;
    if (value == NULL || builder == NULL || fill_builder(builder, value, options->record_bytes) != MLOG_BUILDER_FULL ||
        mlog_builder_record_count(builder) == 0)
        status = ceiling_fail_plain(error, MLOG_CEILING_NO_MEMORY, "building a batch");
    else
        status = copy_out(builder, batch_out, error);
    if (builder != NULL) mlog_builder_close(builder);
    free(value);
    return status;
}

bool ceiling_batch_is_whole(const uint8_t *bytes, size_t size_bytes) {
    if (size_bytes <= MLOG_BATCH_CRC_START) return false;
    uint32_t expected = (uint32_t)bytes[17] << 24 | (uint32_t)bytes[18] << 16 | (uint32_t)bytes[19] << 8 | bytes[20];
    return mlog_crc32c(0, bytes + MLOG_BATCH_CRC_START, size_bytes - MLOG_BATCH_CRC_START) == expected;
}
