#ifndef MLOG_TEST_LOG_SUPPORT_H
#define MLOG_TEST_LOG_SUPPORT_H

#include "harness.h"
#include "mlog_builder.h"
#include "mlog_faulty.h"
#include "mlog_file.h"
#include "mlog_segment.h"

enum {
    KNOWN_BATCHES_MAX = 8192,
    KNOWN_BASE = 1000, /* offset at which a known log begins */
    KNOWN_EPOCH = 7,
};

/* What a test knows of a batch that it appended. */
typedef struct {
    int64_t base_offset;
    int64_t last_offset;
    int64_t first_timestamp_ms; /* of its records: they rise by one */
    uint32_t position;
    uint32_t size_bytes;
} known_batch;

/* A segment in a directory of its own, and what must be in it. */
typedef struct {
    char root[64];      /* holds the two directories below */
    char directory[80]; /* of the segment */
    char limbo[80];     /* of the faulty disk */
    const mlog_io *io;
    mlog_segment *segment;
    known_batch batches[KNOWN_BATCHES_MAX];
    size_t count;
    int64_t next_offset;
} known_log;

/* What a batch is made of. */
typedef struct {
    int32_t records;
    int32_t value_bytes;
    int64_t first_timestamp_ms;
    mlog_compression compression;
} batch_recipe;

/* A status that must be MLOG_OK. */
#define CHECK_OK(call) CHECK_EQUAL((call), MLOG_OK)

/* A new directory and an empty segment in it; io null: the real calls. */
known_log *known_log_create(const mlog_io *io);
/* The directories alone. */
known_log *known_log_prepare(void);
/* Closes the segment and removes the directories. */
void known_log_remove(known_log *log);

/* Builds the next batch of the log: whole, with offsets and epoch. To be freed. */
uint8_t *known_log_build(const known_log *log, const batch_recipe *recipe, size_t *size_bytes_out);
/* Builds and appends it, and takes note of it when that went well. */
mlog_status known_log_append(known_log *log, const batch_recipe *recipe);
/* Appends `count` batches of assorted sizes and rising, sometimes falling, timestamps. */
void known_log_fill(known_log *log, size_t count);
/* Takes note of a batch that stands at the end. */
void known_log_note(known_log *log, const uint8_t *batch, size_t size_bytes, const batch_recipe *recipe);

uint32_t known_log_end(const known_log *log);

/* Offsets, times and ranges below `limit_position` are found where the known batches say. */
void check_finds(const known_log *log, uint32_t limit_position);

/* The files of the segment. To be freed. */
char *known_log_path(const known_log *log, const char *extension);
uint8_t *read_whole(const char *path, size_t *size_bytes_out);
void write_whole(const char *path, const void *bytes, size_t size_bytes);
/* Changes `size_bytes` bytes of the .log at `position`. */
void overwrite_log(const known_log *log, uint32_t position, const void *bytes, size_t size_bytes);

/* Rules that fit the known log from its start. */
mlog_recovery_rules known_rules(void);
/* Closes the segment, opens it for recovery and recovers it from the start. */
mlog_recovery_result recover_whole(known_log *log);

#endif
