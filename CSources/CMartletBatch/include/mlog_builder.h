#ifndef MLOG_BUILDER_H
#define MLOG_BUILDER_H

#include "mlog_batch.h"

/*
 * Builds one batch at a time: the producer's open batch. One owner at a time (callers hold a lock). Memory is allocated
 * when the batch outgrows all batches before it, and for LZ4's scratch with the first 64 KiB or the first finish; never
 * otherwise.
 */
typedef struct mlog_builder mlog_builder;

/* Whose memory the records go to, when that is not to be the builder's own. */
typedef struct {
    void *context;
    /*
     * Gives room for at least needed_bytes, which begins with the used_bytes that are in what it gave before; with 0
     * used, for a new batch. *capacity_bytes_out: how much there is. What it gave before is not used any more. Null,
     * which changes nothing, when there is no memory.
     */
    uint8_t *(*grow)(void *context, size_t used_bytes, size_t needed_bytes, size_t *capacity_bytes_out);
} mlog_builder_memory;

typedef struct {
    const uint8_t *key;   /* UTF-8 */
    const uint8_t *value; /* null: null */
    int32_t key_bytes;
    int32_t value_bytes; /* -1: null */
} mlog_builder_header;

typedef enum MLOG_CLOSED_ENUM {
    MLOG_BUILDER_OK = 0,
    MLOG_BUILDER_FULL,             /* the record does not fit this batch: finish it, reset, and append it again */
    MLOG_BUILDER_RECORD_TOO_LARGE, /* the record does not fit even an empty batch of size_limit_bytes */
    MLOG_BUILDER_TOO_MANY_HEADERS, /* more than MLOG_RECORD_HEADERS_MAX */
    MLOG_BUILDER_EMPTY,            /* nothing to finish */
    MLOG_BUILDER_NO_MEMORY,
} mlog_builder_status;

/*
 * target_bytes: a batch counts as full once its uncompressed size reaches this (a single larger record is taken while
 * the batch is empty); size_limit_bytes: no batch is larger, header included, before compression (the topic's
 * max.message.bytes). compression: none or lz4. memory: null for the builder's own; copied. Memory comes with the first
 * record, at least 1 KiB, and doubles as the batch grows. Null when out of memory, or for another compression.
 */
mlog_builder *mlog_builder_open(mlog_compression compression, uint32_t target_bytes, uint32_t size_limit_bytes,
                                const mlog_builder_memory *memory);
void mlog_builder_close(mlog_builder *builder); /* null is fine */

/*
 * Adds a record. Lengths -1 mean null (not for a header's key). Bytes are copied. The offset delta is the record's
 * place in the batch; the first record's timestamp is the base. OK, FULL (also when the timestamp is too far from the
 * base for a 64-bit delta), RECORD_TOO_LARGE, TOO_MANY_HEADERS, NO_MEMORY; on any but OK the batch is as it was.
 *
 * The call that makes 12 KiB full since the last such sums them (a microsecond); under LZ4, the one that makes 64 KiB
 * full compresses them (100).
 */
mlog_builder_status mlog_builder_append(mlog_builder *builder, int64_t timestamp_ms, const uint8_t *key,
                                        int32_t key_bytes, const uint8_t *value, int32_t value_bytes,
                                        const mlog_builder_header *headers, int32_t header_count) MLOG_CHECKED;

int32_t mlog_builder_record_count(const mlog_builder *builder);
/* Size if finished now without compression, header included; 61 when empty. */
size_t mlog_builder_size_bytes(const mlog_builder *builder);

/*
 * Finishes the batch: compresses when asked (kept uncompressed when that is not smaller), fills the header with the
 * producer's fields and base offset 0, leader epoch -1, and the CRC. The bytes belong to the builder and stay valid
 * until the next reset, append, finish or close. base_sequence and ids -1 when the producer is not idempotent. OK,
 * EMPTY, NO_MEMORY (the batch is kept; try again); on any but OK the bytes are null.
 */
mlog_builder_status mlog_builder_finish(mlog_builder *builder, int64_t producer_id, int16_t producer_epoch,
                                        int32_t base_sequence, const uint8_t **bytes_out,
                                        size_t *size_bytes_out) MLOG_CHECKED;

/*
 * Gives a finished batch other producer fields (after an epoch was raised): rewrites the three header fields and
 * the CRC in place. `bytes` is the whole batch.
 */
void mlog_batch_set_producer(uint8_t *bytes, size_t size_bytes, int64_t producer_id, int16_t producer_epoch,
                             int32_t base_sequence);

/* Empties the builder for the next batch; memory is kept. */
void mlog_builder_reset(mlog_builder *builder);

/* Empties it and forgets the memory that it was given, whose owner has taken it away: asks anew with the next record.
 */
void mlog_builder_part(mlog_builder *builder);

#endif
