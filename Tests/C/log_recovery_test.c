#include "log_support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const known_batch *last_of(const known_log *log) {
    return &log->batches[log->count - 1];
}

/* The result's end is the end of the first `count` known batches. */
static void check_end(const known_log *log, const mlog_recovery_result *result, size_t count) {
    const known_batch *last = &log->batches[count - 1];
    CHECK_EQUAL(result->end_position, last->position + last->size_bytes);
    CHECK_EQUAL(result->end_offset, last->last_offset + 1);
    CHECK_EQUAL(mlog_segment_end_position(log->segment), result->end_position);
}

/* Cuts what recovery found behind the end, as the caller does, and goes on. */
static void check_goes_on(known_log *log, const mlog_recovery_result *result, size_t count) {
    log->count = count;
    log->next_offset = log->batches[count - 1].last_offset + 1;
    CHECK_OK(mlog_segment_truncate(log->segment, result->end_position, NULL));
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    known_log_fill(log, 3);
    check_finds(log, UINT32_MAX);
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
}

TEST(recover_good, "a log that was not closed is recovered whole, index and all") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 1500);
    int64_t max_timestamp_ms = mlog_segment_max_timestamp(log->segment);
    mlog_recovery_result result = recover_whole(log);
    check_end(log, &result, log->count);
    CHECK_EQUAL(result.cause, MLOG_END_CLEAN);
    CHECK_EQUAL(result.batch_status, MLOG_BATCH_OK);
    CHECK_EQUAL(result.torn_bytes, 0);
    CHECK_EQUAL(result.last_epoch, KNOWN_EPOCH);
    CHECK_EQUAL(result.max_timestamp_ms, max_timestamp_ms);
    CHECK(!result.valid_batch_behind && mlog_segment_index_ok(log->segment));
    check_finds(log, UINT32_MAX);
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    known_log_remove(log);
}

typedef struct {
    uint32_t first_position;
    size_t seen;
    size_t refuse_at;
} visits;

static bool count_visit(void *context, const mlog_batch_location *location, const uint8_t *bytes) {
    visits *seen = context;
    mlog_batch_header header;
    if (seen->seen == 0) seen->first_position = location->position;
    CHECK_EQUAL(mlog_batch_check(bytes, location->header.size_bytes, UINT32_MAX, &header), MLOG_BATCH_OK);
    return seen->seen++ != seen->refuse_at;
}

TEST(recover_from_point, "recovery from a point checks what lies past it, and builds the index below it") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 1500);
    size_t from = 900;
    mlog_recovery_rules rules = known_rules();
    rules.expected_offset = log->batches[from].base_offset;
    for (int round = 0; round < 3; round++) {
        mlog_segment_close(log->segment);
        char *path = known_log_path(log, ".index");
        if (round == 1) CHECK_EQUAL(unlink(path), 0);
        if (round == 2) write_whole(path, "\0\0\0\1\0\0\0\1", 8);
        free(path);
        CHECK_OK(mlog_segment_open_for_recovery(log->io, log->directory, KNOWN_BASE, &log->segment, NULL));
        mlog_recovery_result result;
        visits seen = {.refuse_at = SIZE_MAX};
        CHECK_OK(
            mlog_segment_recover(log->segment, log->batches[from].position, &rules, count_visit, &seen, &result, NULL));
        CHECK_EQUAL(seen.first_position, log->batches[from].position);
        CHECK_EQUAL(seen.seen, log->count - from);
        check_end(log, &result, log->count);
        CHECK_OK(mlog_segment_check_index(log->segment, NULL));
        check_finds(log, UINT32_MAX);
    }
    known_log_remove(log);
}

TEST(recover_bad_point, "a recovery point that is no batch boundary is reported, not believed") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 100);
    mlog_segment_close(log->segment);
    CHECK_OK(mlog_segment_open_for_recovery(log->io, log->directory, KNOWN_BASE, &log->segment, NULL));
    mlog_recovery_result result;
    mlog_recovery_rules rules = known_rules();
    CHECK_EQUAL(mlog_segment_recover(log->segment, log->batches[50].position + 1, &rules, NULL, NULL, &result, NULL),
                MLOG_CORRUPT);
    CHECK_EQUAL(mlog_segment_recover(log->segment, 1u << 29, &rules, NULL, NULL, &result, NULL), MLOG_CORRUPT);
    known_log_remove(log);
}

TEST(recover_refused, "a batch that the caller refuses ends the log") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 40);
    mlog_recovery_result result;
    mlog_recovery_rules rules = known_rules();
    visits seen = {.refuse_at = 30};
    CHECK_OK(mlog_segment_recover(log->segment, 0, &rules, count_visit, &seen, &result, NULL));
    CHECK_EQUAL(result.cause, MLOG_END_REFUSED);
    check_end(log, &result, 30);
    CHECK(result.valid_batch_behind);
    CHECK_EQUAL(result.valid_batch_position, log->batches[31].position);
    CHECK(!result.page_lost);
    known_log_remove(log);
}

TEST(cut_everywhere, "a last batch cut at any byte is a torn tail: cut off, and the log goes on") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 20);
    CHECK_OK(known_log_append(log, &(batch_recipe){.records = 3, .value_bytes = 20}));
    known_batch last = *last_of(log);
    char *path = known_log_path(log, ".log");
    size_t size_bytes;
    uint8_t *bytes = read_whole(path, &size_bytes);
    for (uint32_t cut = 0; cut < last.size_bytes; cut++) {
        for (int zeros = 0; zeros < 2; zeros++) {
            /* Either the file ends at the cut, or preallocated zeros follow. */
            uint8_t *damaged = test_copy(bytes, size_bytes);
            memset(damaged + last.position + cut, 0, size_bytes - last.position - cut);
            write_whole(path, damaged, zeros ? size_bytes : last.position + cut);
            uint32_t torn = cut;
            while (torn > 0 && damaged[last.position + torn - 1] == 0)
                torn--;
            bool is_whole = zeros && memcmp(damaged, bytes, size_bytes) == 0;
            free(damaged);
            if (is_whole) continue; /* only zeros were cut, and zeros follow */

            mlog_recovery_result result = recover_whole(log);
            check_end(log, &result, log->count - 1);
            CHECK_EQUAL(result.torn_bytes, torn);
            CHECK_EQUAL(result.cause, torn == 0 ? MLOG_END_CLEAN : MLOG_END_BAD_BATCH);
            CHECK(!result.valid_batch_behind);
            if (cut % 37 != 0) continue;
            size_t count = log->count;
            known_batch kept = *last_of(log);
            check_goes_on(log, &result, count - 1);
            log->count = count;
            log->batches[count - 1] = kept;
            log->next_offset = kept.last_offset + 1;
        }
    }
    free(bytes);
    free(path);
    known_log_remove(log);
}

/* Flips one bit of a batch's header; recovers; flips it back. header_out is what the flipped bytes say, if anything. */
static mlog_recovery_result recover_flipped(known_log *log, const known_batch *batch, int bit,
                                            mlog_batch_header *header_out, bool *is_header_out) {
    char *path = known_log_path(log, ".log");
    size_t size_bytes;
    uint8_t *bytes = read_whole(path, &size_bytes);
    uint32_t position = batch->position + (uint32_t)bit / 8;
    uint8_t *header = bytes + batch->position, *byte = bytes + position;
    *byte ^= (uint8_t)(1 << bit % 8);
    *is_header_out = mlog_batch_read_header(header, MLOG_BATCH_HEADER_BYTES, 1 << 20, header_out) == MLOG_BATCH_OK;
    overwrite_log(log, position, byte, 1);
    mlog_recovery_result result = recover_whole(log);
    *byte ^= (uint8_t)(1 << bit % 8);
    overwrite_log(log, position, byte, 1);
    free(bytes);
    free(path);
    return result;
}

enum {
    HEADER_BITS = MLOG_BATCH_HEADER_BYTES * 8
};

TEST(flip_last_header, "every flipped bit in the last header is seen, and told apart") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 20);
    known_batch last = *last_of(log);
    int wrong_offsets = 0, wrong_epochs = 0;
    for (int bit = 0; bit < HEADER_BITS; bit++) {
        mlog_batch_header header;
        bool is_header;
        mlog_recovery_result result = recover_flipped(log, &last, bit, &header, &is_header);
        check_end(log, &result, log->count - 1);
        CHECK(result.torn_bytes > 0 && !result.page_lost);
        bool wrong_offset = is_header && header.base_offset != last.base_offset;
        bool wrong_epoch = is_header && header.leader_epoch != KNOWN_EPOCH;
        CHECK_EQUAL(result.cause, wrong_offset  ? MLOG_END_WRONG_OFFSET
                                  : wrong_epoch ? MLOG_END_WRONG_EPOCH
                                                : MLOG_END_BAD_BATCH);
        /* Whole but for an offset or epoch that is too high: changed, not torn. Too low may be a lost page. */
        CHECK_EQUAL(result.valid_batch_behind, (wrong_offset && header.base_offset > last.base_offset) ||
                                                   (wrong_epoch && header.leader_epoch > KNOWN_EPOCH));
        wrong_offsets += wrong_offset;
        wrong_epochs += wrong_epoch;
    }
    CHECK(wrong_offsets >= 60);
    CHECK(wrong_epochs >= 31);
    known_log_remove(log);
}

TEST(flip_middle_header, "every flipped bit in an earlier header is corruption: batches stand behind it") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 30);
    known_batch batch = log->batches[12];
    for (int bit = 0; bit < HEADER_BITS; bit++) {
        mlog_batch_header header;
        bool is_header;
        mlog_recovery_result result = recover_flipped(log, &batch, bit, &header, &is_header);
        check_end(log, &result, 12);
        CHECK(result.valid_batch_behind);
        CHECK(result.valid_batch_position == batch.position ||
              result.valid_batch_position == log->batches[13].position);
    }
    known_log_remove(log);
}

TEST(flip_unseen, "the one kind of flip that recovery cannot see is an epoch between its neighbours'") {
    known_log *log = known_log_create(NULL);
    int unseen = 0;
    known_log_fill(log, 10);
    /* Epochs of the last two batches: 4 and 5; the history ends at 7. */
    for (size_t i = 0; i < log->count; i++) {
        uint8_t epoch[4] = {0, 0, 0, i + 1 < log->count ? 4 : 5};
        overwrite_log(log, log->batches[i].position + 12, epoch, 4);
    }
    known_batch last = *last_of(log);
    for (int bit = 0; bit < HEADER_BITS; bit++) {
        mlog_batch_header header;
        bool is_header;
        mlog_recovery_result result = recover_flipped(log, &last, bit, &header, &is_header);
        if (result.end_offset != log->next_offset) continue;
        unseen++;
        CHECK(result.last_epoch == 4 || result.last_epoch == 7);
    }
    CHECK_EQUAL(unseen, 2);
    known_log_remove(log);
}

TEST(stale_bytes, "older batches and random bytes after the end are cut off, and the log goes on") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 60);
    size_t old_bytes = log->batches[20].position, size_bytes;
    char *path = known_log_path(log, ".log");
    uint8_t *bytes = read_whole(path, &size_bytes);
    free(path);
    overwrite_log(log, known_log_end(log), bytes, old_bytes);
    mlog_recovery_result result = recover_whole(log);
    check_end(log, &result, log->count);
    CHECK_EQUAL(result.cause, MLOG_END_WRONG_OFFSET);
    CHECK(!result.valid_batch_behind);
    CHECK(result.torn_bytes > old_bytes - 16 && result.torn_bytes <= old_bytes);
    check_goes_on(log, &result, log->count);

    for (int round = 0; round < 50; round++) {
        test_random_fill(bytes, old_bytes);
        overwrite_log(log, known_log_end(log), bytes, 1 + test_random_below(old_bytes));
        result = recover_whole(log);
        check_end(log, &result, log->count);
        CHECK(!result.valid_batch_behind);
        check_goes_on(log, &result, log->count);
    }
    free(bytes);
    known_log_remove(log);
}

TEST(page_lost, "a page of zeros with later batches behind it is told from changed bytes") {
    known_log *log = known_log_create(NULL);
    for (int i = 0; i < 100; i++)
        CHECK_OK(known_log_append(log, &(batch_recipe){.records = 4, .value_bytes = 300, .first_timestamp_ms = i}));
    static const uint8_t zeros[4096];
    uint32_t page = 10 * 4096;
    overwrite_log(log, page, zeros, sizeof zeros);
    mlog_recovery_result result = recover_whole(log);
    CHECK(result.end_position <= page && result.end_position > page - 2000);
    CHECK(result.valid_batch_behind && result.page_lost);
    CHECK(result.valid_batch_position >= page + 4096 && result.valid_batch_position < page + 4096 + 2000);
    size_t kept = 0;
    while (log->batches[kept].position + log->batches[kept].size_bytes <= page)
        kept++;
    check_goes_on(log, &result, kept);
    known_log_remove(log);
}

TEST(batch_in_value, "a torn batch that carries another batch as its value is still a torn tail") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 10);
    /* The carried batch is valid, of a plausible epoch, and its offsets are far from ours. */
    int64_t next_offset = log->next_offset;
    log->next_offset += 1000000;
    size_t carried_bytes;
    uint8_t *carried = known_log_build(log, &(batch_recipe){.records = 2, .value_bytes = 50}, &carried_bytes);
    log->next_offset = next_offset;
    uint32_t end = known_log_end(log);
    CHECK_OK(known_log_append(log, &(batch_recipe){.records = 1, .value_bytes = 2000}));
    overwrite_log(log, end + 200, carried, carried_bytes);
    mlog_recovery_result result = recover_whole(log);
    check_end(log, &result, log->count - 1);
    CHECK_EQUAL(result.batch_status, MLOG_BATCH_BAD_CRC);
    CHECK(!result.valid_batch_behind);
    free(carried);
    known_log_remove(log);
}

TEST(search_bounded, "the search for a batch behind gives up on thousands of near misses, on the safe side") {
    known_log *log = known_log_create(NULL);
    known_log_fill(log, 4);
    size_t size_bytes, fake_bytes = 2 << 20;
    log->next_offset += 1;
    uint8_t *batch = known_log_build(log, &(batch_recipe){.records = 1, .value_bytes = 1000000}, &size_bytes);
    uint8_t *fakes = calloc(1, fake_bytes);
    for (size_t at = 0; at + MLOG_BATCH_HEADER_BYTES < fake_bytes / 2; at += MLOG_BATCH_HEADER_BYTES)
        memcpy(fakes + at, batch, MLOG_BATCH_HEADER_BYTES);
    fakes[0] ^= 0x80; /* the first is no header, so the search begins */
    overwrite_log(log, known_log_end(log), fakes, fake_bytes);
    mlog_recovery_result result = recover_whole(log);
    check_end(log, &result, log->count);
    CHECK(result.valid_batch_behind);
    CHECK(result.valid_batch_position > known_log_end(log) + 500 * MLOG_BATCH_HEADER_BYTES);
    free(fakes);
    free(batch);
    known_log_remove(log);
}

TEST(compacted_recovery, "in a compacted log offsets may skip, and only upwards") {
    known_log *log = known_log_create(NULL);
    for (int i = 0; i < 50; i++) {
        log->next_offset += i % 4;
        CHECK_OK(known_log_append(log, &(batch_recipe){.records = 2, .value_bytes = 100}));
    }
    mlog_recovery_result result;
    mlog_recovery_rules rules = known_rules();
    CHECK_OK(mlog_segment_examine(log->segment, 0, &rules, NULL, NULL, &result, NULL));
    CHECK_EQUAL(result.cause, MLOG_END_WRONG_OFFSET);
    CHECK_EQUAL(result.end_position, log->batches[1].position);
    rules.offsets_may_skip = true;
    CHECK_OK(mlog_segment_examine(log->segment, 0, &rules, NULL, NULL, &result, NULL));
    CHECK_EQUAL(result.cause, MLOG_END_CLEAN);
    CHECK_EQUAL(result.end_offset, log->next_offset);
    known_log_remove(log);
}

/* Batches of one size: what is appended in place of others differs in its times alone. */
static void fill_alike(known_log *log, size_t count, int64_t first_timestamp_ms) {
    batch_recipe recipe = {.records = 1, .value_bytes = 1000, .first_timestamp_ms = first_timestamp_ms};
    for (size_t i = 0; i < count; i++)
        CHECK_OK(known_log_append(log, &recipe));
}

TEST(index_after_loss, "index entries of batches that were lost do not come back beside new ones") {
    known_log *log = known_log_create(NULL);
    fill_alike(log, 600, 100);
    fill_alike(log, 600, 900);
    CHECK_OK(mlog_segment_flush_index(log->segment, NULL));
    /* The log's last pages never reached the disk; the index's did. */
    size_t kept = 610;
    uint32_t end = known_log_end(log), lost_from = log->batches[kept].position;
    uint8_t *zeros = calloc(1, end - lost_from);
    overwrite_log(log, lost_from, zeros, end - lost_from);
    free(zeros);
    mlog_recovery_result result = recover_whole(log);
    check_end(log, &result, kept);
    CHECK_EQUAL(result.cause, MLOG_END_CLEAN);
    log->count = kept;
    log->next_offset = log->batches[kept - 1].last_offset + 1;
    fill_alike(log, 100, 5000);
    size_t from = log->count;
    fill_alike(log, 10, 100);

    mlog_recovery_rules rules = known_rules();
    rules.expected_offset = log->batches[from].base_offset;
    mlog_segment_close(log->segment);
    CHECK_OK(mlog_segment_open_for_recovery(log->io, log->directory, KNOWN_BASE, &log->segment, NULL));
    CHECK_OK(mlog_segment_recover(log->segment, log->batches[from].position, &rules, NULL, NULL, &result, NULL));
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    check_finds(log, UINT32_MAX);
    known_log_remove(log);
}

TEST(preallocation_unread, "recovery does not read the space that was preallocated behind the log") {
    known_log *log = known_log_prepare();
    mlog_faulty *disk = mlog_faulty_open(log->limbo);
    log->io = mlog_faulty_io(disk);
    CHECK_OK(mlog_segment_create(log->io, log->directory, KNOWN_BASE, "", &log->segment, NULL));
    known_log_fill(log, 500);
    uint64_t before = mlog_faulty_calls(disk, MLOG_CALL_PREAD);
    (void)recover_whole(log);
    uint64_t reads = mlog_faulty_calls(disk, MLOG_CALL_PREAD) - before, file_bytes;

    CHECK_OK(mlog_segment_file_bytes(log->segment, &file_bytes, NULL));
    const off_t more_bytes = 32 * 1024 * 1024;
    int fd = mlog_segment_fd(log->segment);
    CHECK_EQUAL(log->io->fallocate(log->io->context, fd, 0, (off_t)file_bytes, more_bytes), 0);
    before = mlog_faulty_calls(disk, MLOG_CALL_PREAD);
    mlog_recovery_result result = recover_whole(log);
    /* A page or two were read ahead, and count as data. */
    CHECK(mlog_faulty_calls(disk, MLOG_CALL_PREAD) - before <= reads + 8);
    CHECK_EQUAL(result.end_position, known_log_end(log));
    CHECK_EQUAL(result.cause, MLOG_END_CLEAN);
    CHECK_EQUAL(result.torn_bytes, 0);
    known_log_remove(log);
    mlog_faulty_close(disk);
}

TEST(closing_entry_kept, "recovery behind a clean stop leaves the entry that closes the index, and syncs nothing") {
    known_log *log = known_log_prepare();
    mlog_faulty *disk = mlog_faulty_open(log->limbo);
    log->io = mlog_faulty_io(disk);
    CHECK_OK(mlog_segment_create(log->io, log->directory, KNOWN_BASE, "", &log->segment, NULL));
    known_log_fill(log, 200);
    CHECK_OK(mlog_segment_flush_index(log->segment, NULL));
    mlog_segment_close(log->segment);
    CHECK_OK(mlog_segment_open_for_recovery(log->io, log->directory, KNOWN_BASE, &log->segment, NULL));
    mlog_recovery_rules rules = known_rules();
    rules.expected_offset = log->next_offset;
    mlog_recovery_result result;
    uint64_t before = mlog_faulty_calls(disk, MLOG_CALL_FSYNC);
    CHECK_OK(mlog_segment_recover(log->segment, known_log_end(log), &rules, NULL, NULL, &result, NULL));
    CHECK_EQUAL(mlog_faulty_calls(disk, MLOG_CALL_FSYNC), before);
    CHECK_EQUAL(result.end_position, known_log_end(log));
    check_finds(log, UINT32_MAX);
    /* More is appended, over the closing entry; and what was never appended does not come back. */
    known_log_fill(log, 300);
    CHECK_OK(mlog_segment_check_index(log->segment, NULL));
    check_finds(log, UINT32_MAX);
    known_log_remove(log);
    mlog_faulty_close(disk);
}
