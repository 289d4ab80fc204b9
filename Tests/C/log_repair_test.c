#include "log_support.h"

#include <stdlib.h>

/* A sealed log of some batches. */
static known_log *sealed_log(void) {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 40);
    CHECK_OK(mlog_segment_seal(log->segment, NULL));
    mlog_segment_close(log->segment);
    CHECK_OK(mlog_segment_open(log->io, log->directory, KNOWN_BASE, MLOG_SEGMENT_SEALED, known_log_end(log),
                               &log->segment, NULL));
    return log;
}

static uint8_t *batch_of(const known_log *log, size_t number, size_t *size_out) {
    const known_batch *batch = &log->batches[number];
    uint8_t *bytes = malloc(batch->size_bytes);
    CHECK_OK(mlog_segment_read(log->segment, batch->position, bytes, batch->size_bytes, size_out, NULL));
    CHECK_EQUAL(*size_out, batch->size_bytes);
    return bytes;
}

static bool any_batch(void *context, const mlog_batch_location *location, const uint8_t *bytes) {
    (void)context, (void)location, (void)bytes;
    return true;
}

TEST(repaired, "a damaged batch is put right in place, in a sealed segment too") {
    known_log *log = sealed_log();
    for (size_t number = 0; number < log->count; number += 13) {
        size_t size;
        uint32_t stopped_at, position = log->batches[number].position;
        uint8_t *good = batch_of(log, number, &size);
        /* The attributes, the CRC, and a byte of a record: nothing that tells which batch it is. */
        const uint32_t damages[] = {17, 22, 35, (uint32_t)size - 1};
        for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
            uint8_t bad = good[damages[i]] ^ 0x55;
            overwrite_log(log, position + damages[i], &bad, 1);
            CHECK_EQUAL(mlog_segment_scan(log->segment, 0, UINT32_MAX, true, any_batch, NULL, &stopped_at, NULL),
                        MLOG_CORRUPT);
            CHECK_EQUAL(stopped_at, position);
            CHECK_OK(mlog_segment_repair(log->segment, position, good, size, NULL));
            CHECK_OK(mlog_segment_scan(log->segment, 0, UINT32_MAX, true, any_batch, NULL, &stopped_at, NULL));
        }
        free(good);
    }
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    known_log_remove(log);
}

TEST(other_batch, "a batch of another offset, epoch, length or end is not written over the one that is there") {
    known_log *log = sealed_log();
    size_t size;
    uint32_t stopped_at, position = log->batches[5].position;
    uint8_t *batch = batch_of(log, 5, &size);
    const size_t fields[] = {7, 11, 15, 26};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        batch[fields[i]] ^= 1;
        CHECK_EQUAL(mlog_segment_repair(log->segment, position, batch, size, NULL), MLOG_NOT_FOUND);
        batch[fields[i]] ^= 1;
    }
    CHECK_EQUAL(mlog_segment_repair(log->segment, position, batch, size - 1, NULL), MLOG_NOT_FOUND);
    CHECK_EQUAL(mlog_segment_repair(log->segment, log->batches[6].position, batch, size, NULL), MLOG_NOT_FOUND);
    CHECK_EQUAL(mlog_segment_repair(log->segment, known_log_end(log), batch, size, NULL), MLOG_NOT_FOUND);
    CHECK_EQUAL(mlog_segment_repair(log->segment, UINT32_MAX, batch, size, NULL), MLOG_NOT_FOUND);
    CHECK_OK(mlog_segment_scan(log->segment, 0, UINT32_MAX, true, any_batch, NULL, &stopped_at, NULL));
    free(batch);
    known_log_remove(log);
}
