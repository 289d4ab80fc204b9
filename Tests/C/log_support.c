#define _GNU_SOURCE
#include "log_support.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool holds, const char *what) {
    if (holds) return;
    perror(what);
    exit(2);
}

known_log *known_log_prepare(void) {
    known_log *log = calloc(1, sizeof *log);
    must(log != NULL, "calloc");
    const char *parent = getenv("TMPDIR");
    snprintf(log->root, sizeof log->root, "%s/mlog-XXXXXX", parent != NULL ? parent : "/tmp");
    must(mkdtemp(log->root) != NULL, log->root);
    snprintf(log->directory, sizeof log->directory, "%s/log", log->root);
    snprintf(log->limbo, sizeof log->limbo, "%s/limbo", log->root);
    must(mkdir(log->directory, 0750) == 0, log->directory);
    log->io = mlog_io_system();
    log->next_offset = KNOWN_BASE;
    return log;
}

known_log *known_log_create(const mlog_io *io) {
    known_log *log = known_log_prepare();
    if (io != NULL) log->io = io;
    CHECK_OK(mlog_segment_create(log->io, log->directory, KNOWN_BASE, "", &log->segment, NULL));
    return log;
}

void known_log_remove(known_log *log) {
    char command[128];
    mlog_segment_close(log->segment);
    snprintf(command, sizeof command, "rm -rf '%s'", log->root);
    must(system(command) == 0, command);
    free(log);
}

/* ---- batches ---- */

uint8_t *known_log_build(const known_log *log, const batch_recipe *recipe, size_t *size_bytes_out) {
    static uint8_t value[1 << 20];
    mlog_builder *builder = mlog_builder_open(recipe->compression, UINT32_MAX, 32u << 20, NULL);
    must(builder != NULL, "mlog_builder_open");
    for (int32_t i = 0; i < recipe->records; i++) {
        char key[32];
        int key_bytes = snprintf(key, sizeof key, "%" PRId64, log->next_offset + i);
        memset(value, 'a' + i % 26, (size_t)recipe->value_bytes);
        must(mlog_builder_append(builder, recipe->first_timestamp_ms + i, (const uint8_t *)key, key_bytes, value,
                                 recipe->value_bytes, NULL, 0) == MLOG_BUILDER_OK,
             "mlog_builder_append");
    }
    const uint8_t *bytes;
    must(mlog_builder_finish(builder, -1, -1, -1, &bytes, size_bytes_out) == MLOG_BUILDER_OK, "mlog_builder_finish");
    uint8_t *batch = test_copy(bytes, *size_bytes_out), header[MLOG_BATCH_HEADER_BYTES];
    mlog_batch_assign(batch, log->next_offset, KNOWN_EPOCH, header);
    memcpy(batch, header, sizeof header);
    mlog_builder_close(builder);
    return batch;
}

void known_log_note(known_log *log, const uint8_t *batch, size_t size_bytes, const batch_recipe *recipe) {
    mlog_batch_header header;
    must(mlog_batch_check(batch, size_bytes, UINT32_MAX, &header) == MLOG_BATCH_OK, "mlog_batch_check");
    must(log->count < KNOWN_BATCHES_MAX, "KNOWN_BATCHES_MAX");
    log->batches[log->count] = (known_batch){
        .base_offset = header.base_offset,
        .last_offset = mlog_batch_last_offset(&header),
        .first_timestamp_ms = recipe->first_timestamp_ms,
        .position = known_log_end(log),
        .size_bytes = (uint32_t)size_bytes,
    };
    log->count++;
    log->next_offset = mlog_batch_last_offset(&header) + 1;
}

mlog_status known_log_append(known_log *log, const batch_recipe *recipe) {
    size_t size_bytes;
    uint32_t position;
    uint8_t *batch = known_log_build(log, recipe, &size_bytes);
    mlog_status status = mlog_segment_append(log->segment, batch, batch + MLOG_BATCH_HEADER_BYTES,
                                             size_bytes - MLOG_BATCH_HEADER_BYTES, &position, NULL);
    CHECK_EQUAL(position, known_log_end(log));
    if (status == MLOG_OK) known_log_note(log, batch, size_bytes, recipe);
    free(batch);
    return status;
}

void known_log_fill(known_log *log, size_t count) {
    int64_t time_ms = 1000000;
    for (size_t i = 0; i < count; i++) {
        time_ms += (int64_t)test_random_below(50) - 10;
        batch_recipe recipe = {
            .records = 1 + (int32_t)test_random_below(8),
            .value_bytes = (int32_t)test_random_below(i % 16 == 0 ? 6000 : 200),
            .first_timestamp_ms = time_ms,
            .compression = i % 5 == 0 ? MLOG_COMPRESSION_LZ4 : MLOG_COMPRESSION_NONE,
        };
        CHECK_OK(known_log_append(log, &recipe));
    }
}

uint32_t known_log_end(const known_log *log) {
    if (log->count == 0) return 0;
    const known_batch *last = &log->batches[log->count - 1];
    return last->position + last->size_bytes;
}

/* ---- finding ---- */

static void check_find_offset(const known_log *log, const known_batch *batch, uint32_t limit_position) {
    for (int64_t offset = batch->base_offset; offset <= batch->last_offset; offset++) {
        mlog_batch_location location;
        if (!CHECK_OK(mlog_segment_find_offset(log->segment, offset, limit_position, &location, NULL))) return;
        CHECK_EQUAL(location.position, batch->position);
        CHECK_EQUAL(location.header.base_offset, batch->base_offset);
        CHECK_EQUAL(location.header.size_bytes, batch->size_bytes);
    }
}

/* The first record at or after the time, over all batches below the limit: the slow and certain way. */
static int64_t first_at(const known_log *log, uint32_t limit_position, int64_t timestamp_ms, int64_t *found_ms_out) {
    for (size_t i = 0; i < log->count && log->batches[i].position < limit_position; i++) {
        const known_batch *batch = &log->batches[i];
        for (int64_t offset = batch->base_offset; offset <= batch->last_offset; offset++) {
            *found_ms_out = batch->first_timestamp_ms + offset - batch->base_offset;
            if (*found_ms_out >= timestamp_ms) return offset;
        }
    }
    return *found_ms_out = -1;
}

static void check_find_timestamp(const known_log *log, int64_t timestamp_ms, uint32_t limit_position) {
    int64_t offset, found_ms, expected_ms = -1;
    int32_t epoch;
    int64_t expected = first_at(log, limit_position, timestamp_ms, &expected_ms);
    mlog_status status =
        mlog_segment_find_timestamp(log->segment, timestamp_ms, limit_position, &offset, &found_ms, &epoch, NULL);
    CHECK_EQUAL(status, expected < 0 ? MLOG_NOT_FOUND : MLOG_OK);
    CHECK_EQUAL(offset, expected);
    CHECK_EQUAL(found_ms, expected_ms);
    CHECK_EQUAL(epoch, expected < 0 ? -1 : KNOWN_EPOCH);
}

/* The end of a range that begins at batch `first`: the slow and certain way. */
static void check_find_end(const known_log *log, size_t first, uint32_t max_bytes, uint32_t limit_position,
                           int64_t offset_limit) {
    const known_batch *start = &log->batches[first];
    size_t last = first;
    while (last + 1 < log->count) {
        const known_batch *next = &log->batches[last + 1];
        uint32_t end = next->position + next->size_bytes;
        if (end > limit_position || end - start->position > max_bytes || next->base_offset >= offset_limit) break;
        last++;
    }
    uint32_t end;
    int64_t next_offset;
    bool none = start->base_offset >= offset_limit;
    CHECK_EQUAL(mlog_segment_find_end(log->segment, start->position, max_bytes, limit_position, offset_limit, &end,
                                      &next_offset, NULL),
                none ? MLOG_NOT_FOUND : MLOG_OK);
    if (none) return;
    CHECK_EQUAL(end, log->batches[last].position + log->batches[last].size_bytes);
    CHECK_EQUAL(next_offset, log->batches[last].last_offset + 1);
}

void check_finds(const known_log *log, uint32_t limit_position) {
    size_t below = 0;
    while (below < log->count && log->batches[below].position < limit_position)
        below++;
    /* All of a short log, a sample of a long one. */
    for (size_t i = 0; i < below; i += 1 + below / 300) {
        const known_batch *batch = &log->batches[i];
        check_find_offset(log, batch, limit_position);
        if (i % 7 == 0) {
            check_find_timestamp(log, batch->first_timestamp_ms - 1, limit_position);
            check_find_timestamp(log, batch->first_timestamp_ms + 1, limit_position);
        }
        uint32_t max_bytes = (uint32_t)test_random_below(40000);
        int64_t offset_limit = i % 3 == 0 ? batch->base_offset + (int64_t)test_random_below(50) : INT64_MAX;
        check_find_end(log, i, max_bytes, limit_position, offset_limit);
        check_find_end(log, i, UINT32_MAX, limit_position, offset_limit);
    }
    mlog_batch_location location;
    int64_t beyond = below > 0 ? log->batches[below - 1].last_offset + 1 : KNOWN_BASE;
    CHECK_EQUAL(mlog_segment_find_offset(log->segment, beyond, limit_position, &location, NULL), MLOG_NOT_FOUND);
    check_find_timestamp(log, INT64_MAX, limit_position);
    check_find_timestamp(log, 0, limit_position);
}

/* ---- files ---- */

char *known_log_path(const known_log *log, const char *extension) {
    char *path = malloc(256);
    must(path != NULL && mlog_segment_path(log->directory, KNOWN_BASE, extension, "", path, 256), "malloc");
    return path;
}

uint8_t *read_whole(const char *path, size_t *size_bytes_out) {
    int fd = open(path, O_RDONLY);
    struct stat status;
    must(fd >= 0 && fstat(fd, &status) == 0, path);
    uint8_t *bytes = malloc((size_t)status.st_size + 1);
    must(bytes != NULL && read(fd, bytes, (size_t)status.st_size) == status.st_size, path);
    close(fd);
    *size_bytes_out = (size_t)status.st_size;
    return bytes;
}

void write_whole(const char *path, const void *bytes, size_t size_bytes) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    must(fd >= 0 && write(fd, bytes, size_bytes) == (ssize_t)size_bytes, path);
    close(fd);
}

void overwrite_log(const known_log *log, uint32_t position, const void *bytes, size_t size_bytes) {
    char *path = known_log_path(log, ".log");
    int fd = open(path, O_WRONLY);
    must(fd >= 0 && pwrite(fd, bytes, size_bytes, position) == (ssize_t)size_bytes, path);
    close(fd);
    free(path);
}

/* ---- recovery ---- */

mlog_recovery_rules known_rules(void) {
    return (mlog_recovery_rules){
        .expected_offset = KNOWN_BASE,
        .leader_epoch_min = 0,
        .leader_epoch_max = KNOWN_EPOCH,
        .batch_limit_bytes = 1 << 20,
    };
}

mlog_recovery_result recover_whole(known_log *log) {
    mlog_recovery_result result = {0};
    mlog_recovery_rules rules = known_rules();
    mlog_segment_close(log->segment);
    CHECK_OK(mlog_segment_open_for_recovery(log->io, log->directory, KNOWN_BASE, &log->segment, NULL));
    CHECK_OK(mlog_segment_recover(log->segment, 0, &rules, NULL, NULL, &result, NULL));
    return result;
}
