#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "memory_io.h"
#include "mlog_bytes.h"
#include "mlog_crc32c.h"
#include "mlog_segment.h"

/* The input: a .log as a crash may have left it, then four bytes that choose rules. Whatever it holds, recovery ends at
 * a batch boundary; once cut there, the log is good from end to end and does what logs do. */

enum {
    INPUT_BYTES_MAX = 1 << 16,
    CHOICE_BYTES = 4
};

/* Gives what looks like batches the CRC that they need: no fuzzer guesses those. */
static void seal_batches(uint8_t *bytes, size_t size_bytes) {
    size_t at = 0;
    while (size_bytes - at >= MLOG_BATCH_HEADER_BYTES) {
        size_t batch_bytes = (size_t)mlog_load_u32(bytes + at + 8) + MLOG_BATCH_PREFIX_BYTES;
        if (batch_bytes < MLOG_BATCH_HEADER_BYTES || batch_bytes > size_bytes - at) return;
        const uint8_t *covered = bytes + at + MLOG_BATCH_CRC_START;
        mlog_store_u32(bytes + at + 17, mlog_crc32c(0, covered, batch_bytes - MLOG_BATCH_CRC_START));
        at += batch_bytes;
    }
}

static uint32_t batches_seen;

static bool visit(void *context, const mlog_batch_location *location, const uint8_t *bytes) {
    const uint8_t *choice = context;
    (void)location, (void)bytes;
    return batches_seen++ != choice[1];
}

static void use(mlog_segment *segment, const mlog_recovery_result *result) {
    mlog_error error;
    mlog_batch_location location;
    int64_t offset, found_ms, next_offset;
    int32_t epoch;
    uint32_t end;
    for (int64_t wanted = -1; wanted < 70; wanted += 7)
        (void)!mlog_segment_find_offset(segment, wanted, UINT32_MAX, &location, &error);
    (void)!mlog_segment_find_timestamp(segment, result->max_timestamp_ms, UINT32_MAX, &offset, &found_ms, &epoch,
                                       &error);
    mlog_status status = mlog_segment_find_end(segment, 0, 500, UINT32_MAX, INT64_MAX, &end, &next_offset, &error);
    assert(status == (result->end_position > 0 ? MLOG_OK : MLOG_NOT_FOUND));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
    if (size_bytes < CHOICE_BYTES || size_bytes > INPUT_BYTES_MAX) return 0;
    size_bytes -= CHOICE_BYTES;
    uint8_t log[INPUT_BYTES_MAX], choice[CHOICE_BYTES];
    memcpy(log, data, size_bytes);
    memcpy(choice, data + size_bytes, CHOICE_BYTES);
    if ((choice[0] & 8) != 0) seal_batches(log, size_bytes);
    mlog_segment *segment;
    mlog_recovery_result result, again;
    mlog_recovery_rules rules = {
        .expected_offset = choice[0] & 1,
        .offsets_may_skip = (choice[0] & 2) != 0,
        .leader_epoch_min = (choice[0] & 4) != 0 ? 0 : -1,
        .leader_epoch_max = choice[2],
        .batch_limit_bytes = 64u + choice[3] * 64u,
    };
    batches_seen = 0;
    memory_io_reset();
    memory_io_set(".log", log, size_bytes);
    mlog_status status = mlog_segment_open_for_recovery(memory_io(), "d", 0, &segment, NULL);
    assert(status == MLOG_OK);
    status = mlog_segment_recover(segment, 0, &rules, visit, choice, &result, NULL);
    assert(status == MLOG_OK);
    assert(result.end_position + result.torn_bytes <= size_bytes);
    assert(!result.valid_batch_behind || result.valid_batch_position >= result.end_position);

    status = mlog_segment_truncate(segment, result.end_position, NULL);
    assert(status == MLOG_OK);
    use(segment, &result);
    status = mlog_segment_examine(segment, 0, &rules, NULL, NULL, &again, NULL);
    assert(status == MLOG_OK && again.cause == MLOG_END_CLEAN);
    assert(again.end_position == result.end_position && again.end_offset == result.end_offset);
    status = mlog_segment_check_index(segment, NULL);
    assert(status == MLOG_OK);
    status = mlog_segment_seal(segment, NULL);
    assert(status == MLOG_OK);
    mlog_segment_close(segment);
    return 0;
}
