#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "memory_io.h"
#include "mlog_builder.h"
#include "mlog_segment.h"

/* The input: the index files of a good log, one after the other, as a crash or a mistake may have left them. Offsets
 * are found all the same, and an index that was rebuilt is right. */

enum {
    BATCHES = 24,
    LOG_BYTES_MAX = 64 * 1024
};

static uint8_t log_bytes[LOG_BYTES_MAX];
static uint32_t log_end;

static void build_log(void) {
    static uint8_t value[1500];
    mlog_builder *builder = mlog_builder_open(MLOG_COMPRESSION_NONE, LOG_BYTES_MAX, LOG_BYTES_MAX, NULL);
    for (int i = 0; i < BATCHES; i++) {
        const uint8_t *bytes;
        size_t size_bytes;
        mlog_builder_reset(builder);
        mlog_builder_status status = mlog_builder_append(builder, i, NULL, -1, value, sizeof value, NULL, 0);
        assert(status == MLOG_BUILDER_OK);
        status = mlog_builder_finish(builder, -1, -1, -1, &bytes, &size_bytes);
        assert(status == MLOG_BUILDER_OK && log_end + size_bytes <= LOG_BYTES_MAX);
        memcpy(log_bytes + log_end, bytes, size_bytes);
        mlog_batch_assign(bytes, i, 0, log_bytes + log_end);
        log_end += (uint32_t)size_bytes;
    }
    mlog_builder_close(builder);
}

static void check_offsets(const mlog_segment *segment) {
    for (int64_t offset = 0; offset < BATCHES; offset++) {
        mlog_batch_location location;
        mlog_status status = mlog_segment_find_offset(segment, offset, UINT32_MAX, &location, NULL);
        assert(status == MLOG_OK && location.header.base_offset == offset);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    if (log_end == 0) build_log();
    if (size_bytes < 2) return 0;
    size_t split = 2 + (size_t)data[0] % (size_bytes - 1);
    memory_io_reset();
    memory_io_set(".log", log_bytes, log_end);
    memory_io_set(".index", data + 2, split - 2);
    memory_io_set(".timeindex", data + split, size_bytes - split);

    mlog_segment *segment;
    mlog_segment_mode mode = (data[1] & 1) != 0 ? MLOG_SEGMENT_ACTIVE : MLOG_SEGMENT_SEALED;
    mlog_status status = mlog_segment_open(memory_io(), "d", 0, mode, log_end, &segment, NULL);
    assert(status == MLOG_OK);
    int64_t offset, found_ms;
    int32_t epoch;
    (void)!mlog_segment_find_timestamp(segment, data[1], UINT32_MAX, &offset, &found_ms, &epoch, NULL);
    check_offsets(segment);

    status = mlog_segment_rebuild_index(segment, NULL);
    assert(status == MLOG_OK);
    status = mlog_segment_check_index(segment, NULL);
    assert(status == MLOG_OK);
    check_offsets(segment);
    mlog_segment_close(segment);
    return 0;
}
