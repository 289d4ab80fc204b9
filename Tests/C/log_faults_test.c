#include "log_support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A known log on a disk that fails. */
typedef struct {
    known_log *log;
    mlog_faulty *disk;
} faulty_log;

static faulty_log faulty_log_create(void) {
    faulty_log faulty = {.log = known_log_prepare()};
    faulty.disk = mlog_faulty_open(faulty.log->limbo);
    faulty.log->io = mlog_faulty_io(faulty.disk);
    CHECK_OK(mlog_segment_create(faulty.log->io, faulty.log->directory, KNOWN_BASE, "", &faulty.log->segment, NULL));
    return faulty;
}

static void faulty_log_remove(faulty_log *faulty) {
    mlog_segment_close(faulty->log->segment);
    faulty->log->segment = NULL;
    mlog_faulty_close(faulty->disk);
    known_log_remove(faulty->log);
}

static void inject(faulty_log *faulty, mlog_call_kind kind, uint64_t nth, uint64_t times, int os_error) {
    CHECK(mlog_faulty_inject(faulty->disk,
                             &(mlog_fault){.kind = kind, .nth = nth, .times = times, .os_error = os_error}));
}

static void check_whole(known_log *log) {
    CHECK_EQUAL(mlog_segment_end_position(log->segment), known_log_end(log));
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    check_finds(log, UINT32_MAX);
    mlog_recovery_result result;
    mlog_recovery_rules rules = known_rules();
    CHECK_OK(mlog_segment_examine(log->segment, 0, &rules, NULL, NULL, &result, NULL));
    CHECK_EQUAL(result.end_position, known_log_end(log));
    CHECK_EQUAL(result.torn_bytes, 0);
}

TEST(interrupted, "interrupted calls are made again") {
    faulty_log faulty = faulty_log_create();
    for (int kind = 0; kind < MLOG_CALL_SYNC_FILE_RANGE; kind++)
        if (kind != MLOG_CALL_CLOSE) inject(&faulty, (mlog_call_kind)kind, 1, 3, EINTR);
    known_log_fill(faulty.log, 50);
    CHECK_OK(mlog_segment_sync(faulty.log->segment, NULL));
    CHECK_OK(mlog_segment_flush_index(faulty.log->segment, NULL));
    check_whole(faulty.log);
    CHECK_OK(mlog_directory_sync(faulty.log->io, faulty.log->directory, NULL));
    CHECK_OK(mlog_filesystem_sync(faulty.log->io, faulty.log->directory, NULL));
    CHECK(mlog_faulty_calls(faulty.disk, MLOG_CALL_PWRITEV) > 53);
    faulty_log_remove(&faulty);
}

TEST(short_writes, "short reads and writes are continued") {
    faulty_log faulty = faulty_log_create();
    mlog_fault fault = {.kind = MLOG_CALL_PWRITEV, .nth = 1, .times = UINT64_MAX, .short_bytes = 17};
    CHECK(mlog_faulty_inject(faulty.disk, &fault));
    fault.kind = MLOG_CALL_PREAD;
    CHECK(mlog_faulty_inject(faulty.disk, &fault));
    known_log_fill(faulty.log, 50);
    CHECK_OK(mlog_segment_seal(faulty.log->segment, NULL));
    check_whole(faulty.log);
    CHECK(mlog_faulty_calls(faulty.disk, MLOG_CALL_PWRITEV) > 500);
    faulty_log_remove(&faulty);
}

/* A disk that is full in the middle of a batch: part of it was written. */
static void fill_disk(faulty_log *faulty, int os_error) {
    CHECK(mlog_faulty_inject(faulty->disk,
                             &(mlog_fault){.kind = MLOG_CALL_PWRITEV, .nth = 1, .times = 1, .short_bytes = 30}));
    inject(faulty, MLOG_CALL_PWRITEV, 2, UINT64_MAX, os_error);
}

TEST(disk_full, "on a full disk the batch is refused and cut off, and taken once there is room") {
    static const int errors[] = {ENOSPC, EDQUOT};
    faulty_log faulty = faulty_log_create();
    known_log_fill(faulty.log, 40);
    for (int i = 0; i < 2; i++) {
        mlog_error error;
        fill_disk(&faulty, errors[i]);
        size_t size_bytes;
        uint32_t position;
        uint8_t *batch = known_log_build(faulty.log, &(batch_recipe){.records = 2, .value_bytes = 90}, &size_bytes);
        CHECK_EQUAL(mlog_segment_append_batches(faulty.log->segment, batch, size_bytes, &position, &error),
                    MLOG_NO_SPACE);
        CHECK_EQUAL(error.os_error, errors[i]);
        CHECK(strcmp(error.operation, "pwritev") == 0);
        free(batch);
        uint64_t file_bytes;
        CHECK_OK(mlog_segment_file_bytes(faulty.log->segment, &file_bytes, NULL));
        CHECK_EQUAL(file_bytes, known_log_end(faulty.log));
        check_whole(faulty.log);
        CHECK_EQUAL(known_log_append(faulty.log, &(batch_recipe){.records = 1}), MLOG_NO_SPACE);
        mlog_faulty_heal(faulty.disk);
        known_log_fill(faulty.log, 10);
        check_whole(faulty.log);
    }
    faulty_log_remove(&faulty);
}

TEST(cut_is_synced, "what was cut off a full disk does not come back with a power cut") {
    faulty_log faulty = faulty_log_create();
    known_log_fill(faulty.log, 10);
    CHECK_OK(mlog_segment_sync(faulty.log->segment, NULL));
    fill_disk(&faulty, ENOSPC);
    CHECK_EQUAL(known_log_append(faulty.log, &(batch_recipe){.records = 9, .value_bytes = 900}), MLOG_NO_SPACE);
    mlog_power_loss loss;
    CHECK_EQUAL(mlog_faulty_power_loss(faulty.disk, 1, &loss), 0);
    CHECK_EQUAL(loss.pages_unsynced, 0);
    mlog_recovery_result result = recover_whole(faulty.log);
    CHECK_EQUAL(result.end_position, known_log_end(faulty.log));
    faulty_log_remove(&faulty);
}

TEST(no_room_for_step, "where there is no room for a step of preallocation the exact size is taken") {
    faulty_log faulty = faulty_log_create();
    inject(&faulty, MLOG_CALL_FALLOCATE, 1, 1, ENOSPC);
    CHECK_OK(known_log_append(faulty.log, &(batch_recipe){.records = 1, .value_bytes = 100}));
    uint64_t file_bytes;
    CHECK_OK(mlog_segment_file_bytes(faulty.log->segment, &file_bytes, NULL));
    CHECK_EQUAL(file_bytes, known_log_end(faulty.log));
    inject(&faulty, MLOG_CALL_FALLOCATE, 1, UINT64_MAX, ENOSPC);
    CHECK_EQUAL(known_log_append(faulty.log, &(batch_recipe){.records = 1}), MLOG_NO_SPACE);
    mlog_faulty_heal(faulty.disk);
    known_log_fill(faulty.log, 5);
    check_whole(faulty.log);
    faulty_log_remove(&faulty);
}

TEST(no_fallocate, "a file system without fallocate is written to all the same") {
    faulty_log faulty = faulty_log_create();
    inject(&faulty, MLOG_CALL_FALLOCATE, 1, UINT64_MAX, EOPNOTSUPP);
    known_log_fill(faulty.log, 30);
    CHECK_EQUAL(mlog_faulty_calls(faulty.disk, MLOG_CALL_FALLOCATE), 1);
    check_whole(faulty.log);
    faulty_log_remove(&faulty);
}

TEST(write_error, "any other write error, and a cut that fails, is no full disk") {
    faulty_log faulty = faulty_log_create();
    known_log_fill(faulty.log, 10);
    mlog_error error;
    inject(&faulty, MLOG_CALL_PWRITEV, 1, 1, EIO);
    CHECK_EQUAL(known_log_append(faulty.log, &(batch_recipe){.records = 1}), MLOG_IO_ERROR);
    mlog_faulty_heal(faulty.disk);
    inject(&faulty, MLOG_CALL_PWRITEV, 1, 1, ENOSPC);
    inject(&faulty, MLOG_CALL_FSYNC, 1, 1, EIO);
    CHECK_EQUAL(known_log_append(faulty.log, &(batch_recipe){.records = 1}), MLOG_IO_ERROR);
    mlog_faulty_heal(faulty.disk);
    inject(&faulty, MLOG_CALL_FDATASYNC, 1, 1, EIO);
    CHECK_EQUAL(mlog_segment_sync(faulty.log->segment, &error), MLOG_IO_ERROR);
    CHECK_EQUAL(error.os_error, EIO);
    CHECK(strcmp(error.operation, "fdatasync") == 0);
    faulty_log_remove(&faulty);
}

TEST(index_full, "a disk too full for index entries refuses the batch before it is written") {
    faulty_log faulty = faulty_log_create();
    CHECK(mlog_faulty_inject(
        faulty.disk,
        &(mlog_fault){
            .kind = MLOG_CALL_PWRITEV, .nth = 1, .times = UINT64_MAX, .os_error = ENOSPC, .path_part = ".index"}));
    mlog_status status;
    do {
        status = known_log_append(faulty.log, &(batch_recipe){.records = 1, .value_bytes = 4096});
    } while (status == MLOG_OK && faulty.log->count < 1000);
    CHECK_EQUAL(status, MLOG_NO_SPACE);
    CHECK(faulty.log->count > 50);
    check_whole(faulty.log);
    CHECK_EQUAL(mlog_segment_seal(faulty.log->segment, NULL), MLOG_NO_SPACE);
    mlog_faulty_heal(faulty.disk);
    known_log_fill(faulty.log, 10);
    CHECK_OK(mlog_segment_seal(faulty.log->segment, NULL));
    check_whole(faulty.log);
    faulty_log_remove(&faulty);
}

TEST(recover_full, "a full disk does not stop recovery: only the index waits") {
    faulty_log faulty = faulty_log_create();
    for (int i = 0; i < 700; i++)
        CHECK_OK(known_log_append(faulty.log, &(batch_recipe){.records = 1, .value_bytes = 4096}));
    inject(&faulty, MLOG_CALL_PWRITEV, 1, UINT64_MAX, ENOSPC);
    mlog_recovery_result result = recover_whole(faulty.log);
    CHECK_EQUAL(result.end_position, known_log_end(faulty.log));
    CHECK(!mlog_segment_index_ok(faulty.log->segment));
    CHECK_EQUAL(mlog_segment_rebuild_index(faulty.log->segment, NULL), MLOG_NO_SPACE);
    mlog_faulty_heal(faulty.disk);
    CHECK_OK(mlog_segment_rebuild_index(faulty.log->segment, NULL));
    check_whole(faulty.log);
    faulty_log_remove(&faulty);
}

TEST(create_fails, "a create that fails at any call leaves nothing that stands in the way of the next") {
    known_log *log = known_log_prepare();
    mlog_faulty *disk = mlog_faulty_open(log->limbo);
    static const mlog_call_kind kinds[] = {MLOG_CALL_OPEN, MLOG_CALL_OPEN, MLOG_CALL_OPEN, MLOG_CALL_OPEN,
                                           MLOG_CALL_FSYNC};
    static const int nths[] = {1, 2, 3, 4, 1};
    for (int i = 0; i < 5; i++) {
        mlog_error error;
        int os_error = i % 2 == 0 ? EMFILE : ENOSPC;
        CHECK(mlog_faulty_inject(
            disk, &(mlog_fault){.kind = kinds[i], .nth = (uint64_t)nths[i], .times = 1, .os_error = os_error}));
        mlog_status status =
            mlog_segment_create(mlog_faulty_io(disk), log->directory, KNOWN_BASE, "", &log->segment, &error);
        CHECK_EQUAL(status, os_error == EMFILE ? MLOG_TOO_MANY_FILES : MLOG_NO_SPACE);
        CHECK_EQUAL(error.os_error, os_error);
        CHECK(log->segment == NULL);
        mlog_faulty_heal(disk);
    }
    CHECK_OK(mlog_segment_create(mlog_faulty_io(disk), log->directory, KNOWN_BASE, "", &log->segment, NULL));
    mlog_segment_close(log->segment);
    log->segment = NULL;
    mlog_faulty_close(disk);
    known_log_remove(log);
}

/* ---- power cuts ---- */

/* What a power cut must leave of a log: whole batches, all that were synced, in order. */
static void check_after_cut(known_log *log, size_t synced, uint64_t seed) {
    mlog_recovery_result result = recover_whole(log);
    size_t left = 0;
    while (left < log->count && log->batches[left].position < result.end_position)
        left++;
    log->count = left;
    log->next_offset = left > 0 ? log->batches[left - 1].last_offset + 1 : KNOWN_BASE;
    bool right = CHECK(left >= synced);
    right &= CHECK_EQUAL(result.end_position, known_log_end(log));
    right &= CHECK_EQUAL(result.end_offset, log->next_offset);
    /* Later batches behind a hole are there only because a page in between was lost. */
    right &= CHECK(!result.valid_batch_behind || result.page_lost);
    right &= CHECK_OK(mlog_segment_truncate(log->segment, result.end_position, NULL));
    right &= CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    check_finds(log, UINT32_MAX);
    if (!right) printf("  power cut with seed %llu\n", (unsigned long long)seed);
}

/* Appends and syncs until the disk crashes. Returns how many batches were synced for certain. */
static size_t work_until_crash(faulty_log *faulty, size_t synced) {
    known_log *log = faulty->log;
    while (log->count < KNOWN_BATCHES_MAX) {
        batch_recipe recipe = {.records = 1 + (int32_t)test_random_below(5),
                               .value_bytes = (int32_t)test_random_below(3000),
                               .first_timestamp_ms = (int64_t)log->count * 5};
        if (known_log_append(log, &recipe) != MLOG_OK) break;
        if (test_random_below(5) != 0) continue;
        if (mlog_segment_sync(log->segment, NULL) != MLOG_OK) break;
        synced = log->count;
        if (test_random_below(3) == 0 && mlog_segment_flush_index(log->segment, NULL) != MLOG_OK) break;
    }
    CHECK(mlog_faulty_crashed(faulty->disk));
    return synced;
}

TEST(power_cuts, "whatever a power cut takes, what was synced is there, and the rest is whole or gone") {
    uint64_t pages_dropped = 0, pages_kept = 0, sizes_dropped = 0;
    for (int round = 0; round < 30; round++) {
        faulty_log faulty = faulty_log_create();
        size_t synced = 0;
        for (int cut = 0; cut < 6; cut++) {
            uint64_t seed = test_random();
            mlog_power_loss loss;
            mlog_faulty_crash_after(faulty.disk, 1 + test_random_below(60));
            synced = work_until_crash(&faulty, synced);
            /* A batch whose append was cut off by the crash may have been written: it is not known here. */
            CHECK_EQUAL(mlog_faulty_power_loss(faulty.disk, seed, &loss), 0);
            pages_dropped += loss.pages_dropped;
            pages_kept += loss.pages_unsynced - loss.pages_dropped;
            sizes_dropped += loss.sizes_dropped;
            check_after_cut(faulty.log, synced, seed);
            CHECK_OK(mlog_segment_sync(faulty.log->segment, NULL));
            synced = faulty.log->count;
        }
        faulty_log_remove(&faulty);
    }
    /* A run that lost nothing, or everything, would have shown nothing. */
    CHECK(pages_dropped > 100 && pages_kept > 100 && sizes_dropped > 10);
}

TEST(killed, "a process killed at any call leaves a log that is recovered whole") {
    for (uint64_t changes = 1; changes < 60; changes++) {
        faulty_log faulty = faulty_log_create();
        mlog_faulty_crash_after(faulty.disk, changes);
        (void)work_until_crash(&faulty, 0);
        mlog_faulty_restart(faulty.disk);
        size_t appended = faulty.log->count;
        check_after_cut(faulty.log, appended, 0);
        faulty_log_remove(&faulty);
    }
}
