#include "mlog_builder.h"

#include <stdlib.h>
#include <string.h>

#include "batch_internal.h"
#include "mlog_crc32c.h"
#include "varint.h"

/*
 * What finishing a batch costs is done while it is filled, a piece at a time, by whoever fills it: the bytes are in
 * that processor's cache then. Summed or packed by another processor they would first have to wander there.
 */
enum {
    INITIAL_BYTES = 1024,
    SUMMED_BYTES_MIN = 12 * 1024, /* a piece: small enough for the first cache, large enough for the CRC's best pace */
    PREFETCH_AHEAD_BYTES = 512,
    CACHE_LINE_BYTES = 64,
};

struct mlog_builder {
    uint8_t *bytes; /* room for a header, then the records as they will stand in the batch; null before the first */
    size_t size_bytes;
    size_t ahead_bytes;  /* work_ahead is due at this size */
    size_t summed_bytes; /* of size_bytes: the header, and the records that records_crc covers */
    size_t capacity_bytes;
    size_t target_bytes;
    size_t limit_bytes;
    int64_t base_timestamp_ms;
    int64_t max_timestamp_ms;
    int32_t record_count;
    uint32_t records_crc;
    mlog_compression compression;
    uint8_t *packed;          /* the batch as it is when compressed; null until the first block is full */
    size_t packed_size_bytes; /* room for a header, and whole blocks */
    size_t packed_from_bytes; /* of size_bytes: the header, and the records in those blocks */
    size_t packed_capacity_bytes;
    void *lz4_state;            /* null until the first block is compressed */
    mlog_builder_memory memory; /* no function: `bytes` is the builder's own */
};

/* A record's parts, and the sizes that its encoding will have. */
typedef struct {
    const uint8_t *key;
    const uint8_t *value;
    const mlog_builder_header *headers;
    int64_t timestamp_delta_ms;
    size_t body_bytes; /* what the record's length field counts */
    int32_t key_bytes;
    int32_t value_bytes;
    int32_t header_count;
    int32_t offset_delta;
} encoding;

static size_t min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

mlog_builder *mlog_builder_open(mlog_compression compression, uint32_t target_bytes, uint32_t size_limit_bytes,
                                const mlog_builder_memory *memory) {
    if (compression != MLOG_COMPRESSION_NONE && compression != MLOG_COMPRESSION_LZ4) return NULL;
    mlog_builder *builder = calloc(1, sizeof *builder);
    if (builder == NULL) return NULL;
    builder->limit_bytes = min_size(size_limit_bytes, INT32_MAX);
    builder->target_bytes = min_size(target_bytes, builder->limit_bytes);
    builder->compression = compression;
    if (memory != NULL) builder->memory = *memory;
    mlog_builder_reset(builder);
    return builder;
}

void mlog_builder_close(mlog_builder *builder) {
    if (builder == NULL) return;
    if (builder->memory.grow == NULL) free(builder->bytes);
    free(builder->packed);
    free(builder->lz4_state);
    free(builder);
}

void mlog_builder_reset(mlog_builder *builder) {
    builder->size_bytes = MLOG_BATCH_HEADER_BYTES;
    builder->summed_bytes = MLOG_BATCH_HEADER_BYTES;
    builder->records_crc = 0;
    builder->packed_from_bytes = MLOG_BATCH_HEADER_BYTES;
    builder->packed_size_bytes = 0;
    bool packs = builder->compression == MLOG_COMPRESSION_LZ4;
    builder->ahead_bytes = MLOG_BATCH_HEADER_BYTES + (packs ? (size_t)MLOG_LZ4_BLOCK_BYTES : (size_t)SUMMED_BYTES_MIN);
    builder->record_count = 0;
}

void mlog_builder_part(mlog_builder *builder) {
    if (builder->memory.grow != NULL) {
        builder->bytes = NULL;
        builder->capacity_bytes = 0;
    }
    mlog_builder_reset(builder);
}

int32_t mlog_builder_record_count(const mlog_builder *builder) {
    return builder->record_count;
}

size_t mlog_builder_size_bytes(const mlog_builder *builder) {
    return builder->size_bytes;
}

/* ---- what is done on the way ---- */

/*
 * Fetches the memory that the next records will go to. It was last read by the processor that sent it; a store to it
 * would wait until that one has let go of it, and the next lock would wait for the store.
 */
static void prefetch(const mlog_builder *builder, size_t record_bytes) {
    size_t at = builder->size_bytes + PREFETCH_AHEAD_BYTES;
    size_t end = min_size(at + record_bytes, builder->capacity_bytes);
    for (; at < end; at += CACHE_LINE_BYTES) {
#if defined(__x86_64__)
        /* The compiler emits this one, which asks for the line to write to it, only for processors that must have it;
         * the others take it for no operation. */
        __asm__ volatile("prefetchw %0" : : "m"(builder->bytes[at]));
#else
        __builtin_prefetch(builder->bytes + at, 1);
#endif
    }
}

static void sum(mlog_builder *builder) {
    builder->records_crc = mlog_crc32c(builder->records_crc, builder->bytes + builder->summed_bytes,
                                       builder->size_bytes - builder->summed_bytes);
    builder->summed_bytes = builder->size_bytes;
    builder->ahead_bytes = builder->size_bytes + SUMMED_BYTES_MIN;
}

/* Room for all records so far, packed, behind a header's. What is packed already is kept. */
static bool reserve_packed(mlog_builder *builder) {
    if (builder->lz4_state == NULL) builder->lz4_state = malloc(mlog_lz4_state_bytes());
    if (builder->lz4_state == NULL) return false;
    size_t needed_bytes = MLOG_BATCH_HEADER_BYTES + mlog_lz4_pack_bound(builder->size_bytes - MLOG_BATCH_HEADER_BYTES);
    if (builder->packed_capacity_bytes < needed_bytes) {
        size_t capacity_bytes =
            MLOG_BATCH_HEADER_BYTES + mlog_lz4_pack_bound(builder->capacity_bytes - MLOG_BATCH_HEADER_BYTES);
        uint8_t *packed = realloc(builder->packed, capacity_bytes);
        if (packed == NULL) return false;
        builder->packed = packed;
        builder->packed_capacity_bytes = capacity_bytes;
    }
    if (builder->packed_size_bytes == 0)
        builder->packed_size_bytes =
            MLOG_BATCH_HEADER_BYTES + mlog_lz4_begin(builder->packed + MLOG_BATCH_HEADER_BYTES);
    return true;
}

/* Packs what makes whole blocks. Without memory for that it is left to be tried again. */
static bool pack_blocks(mlog_builder *builder) {
    if (!reserve_packed(builder)) return false;
    while (builder->size_bytes - builder->packed_from_bytes >= MLOG_LZ4_BLOCK_BYTES) {
        builder->packed_size_bytes +=
            mlog_lz4_pack_block(builder->bytes + builder->packed_from_bytes, MLOG_LZ4_BLOCK_BYTES,
                                builder->packed + builder->packed_size_bytes, builder->lz4_state);
        builder->packed_from_bytes += MLOG_LZ4_BLOCK_BYTES;
    }
    builder->ahead_bytes = builder->packed_from_bytes + MLOG_LZ4_BLOCK_BYTES;
    return true;
}

static __attribute__((noinline)) void work_ahead(mlog_builder *builder) {
    if (builder->compression == MLOG_COMPRESSION_LZ4) {
        (void)pack_blocks(builder);
    } else {
        sum(builder);
    }
}

/* ---- records ---- */

static size_t present_bytes(int32_t length) {
    return length < 0 ? 0 : (size_t)length;
}

/* A length field and the bytes that it counts. */
static size_t field_bytes(int32_t length) {
    return mlog_varint_bytes(length) + present_bytes(length);
}

static uint8_t *write_field(uint8_t *at, const uint8_t *bytes, int32_t length) {
    at = mlog_varint_write(at, length);
    if (length <= 0) return at;
    memcpy(at, bytes, (size_t)length);
    return at + length;
}

static size_t headers_bytes(const mlog_builder_header *headers, int32_t count) {
    size_t bytes = 0;
    for (int32_t i = 0; i < count; i++)
        bytes += field_bytes(headers[i].key_bytes) + field_bytes(headers[i].value_bytes);
    return bytes;
}

static uint8_t *write_record(uint8_t *at, const encoding *record) {
    at = mlog_varint_write(at, (int64_t)record->body_bytes);
    *at++ = 0; /* attributes: none are defined */
    at = mlog_varint_write(at, record->timestamp_delta_ms);
    at = mlog_varint_write(at, record->offset_delta);
    at = write_field(at, record->key, record->key_bytes);
    at = write_field(at, record->value, record->value_bytes);
    at = mlog_varint_write(at, record->header_count);
    for (int32_t i = 0; i < record->header_count; i++) {
        at = write_field(at, record->headers[i].key, record->headers[i].key_bytes);
        at = write_field(at, record->headers[i].value, record->headers[i].value_bytes);
    }
    return at;
}

static __attribute__((noinline)) bool grow(mlog_builder *builder, size_t needed_bytes) {
    size_t capacity_bytes = builder->capacity_bytes < INITIAL_BYTES ? INITIAL_BYTES : builder->capacity_bytes;
    while (capacity_bytes < needed_bytes)
        capacity_bytes *= 2;
    uint8_t *bytes;
    if (builder->memory.grow == NULL) {
        bytes = realloc(builder->bytes, capacity_bytes);
    } else {
        size_t used_bytes = builder->record_count == 0 ? 0 : builder->size_bytes;
        bytes = builder->memory.grow(builder->memory.context, used_bytes, capacity_bytes, &capacity_bytes);
    }
    if (bytes == NULL) return false;
    builder->bytes = bytes;
    builder->capacity_bytes = capacity_bytes;
    return true;
}

/* Whether `record_bytes` more may be added; FULL only when the record would fit an empty batch. */
static mlog_builder_status check_room(const mlog_builder *builder, size_t record_bytes) {
    if (record_bytes > builder->limit_bytes - min_size(builder->limit_bytes, MLOG_BATCH_HEADER_BYTES)) {
        return MLOG_BUILDER_RECORD_TOO_LARGE;
    }
    if (builder->record_count == 0) return MLOG_BUILDER_OK;
    return builder->size_bytes + record_bytes > builder->target_bytes ? MLOG_BUILDER_FULL : MLOG_BUILDER_OK;
}

mlog_builder_status mlog_builder_append(mlog_builder *builder, int64_t timestamp_ms, const uint8_t *key,
                                        int32_t key_bytes, const uint8_t *value, int32_t value_bytes,
                                        const mlog_builder_header *headers, int32_t header_count) {
    if (header_count > MLOG_RECORD_HEADERS_MAX) return MLOG_BUILDER_TOO_MANY_HEADERS;
    int64_t base_timestamp_ms = builder->record_count == 0 ? timestamp_ms : builder->base_timestamp_ms;
    encoding record = {
        .key = key,
        .value = value,
        .headers = headers,
        .key_bytes = key_bytes,
        .value_bytes = value_bytes,
        .header_count = header_count,
        .offset_delta = builder->record_count,
    };
    if (__builtin_sub_overflow(timestamp_ms, base_timestamp_ms, &record.timestamp_delta_ms)) return MLOG_BUILDER_FULL;
    record.body_bytes = 1 + mlog_varint_bytes(record.timestamp_delta_ms) + mlog_varint_bytes(record.offset_delta) +
                        field_bytes(key_bytes) + field_bytes(value_bytes) + mlog_varint_bytes(header_count) +
                        headers_bytes(headers, header_count);
    size_t record_bytes = mlog_varint_bytes((int64_t)record.body_bytes) + record.body_bytes;

    mlog_builder_status status = check_room(builder, record_bytes);
    if (status != MLOG_BUILDER_OK) return status;
    size_t needed_bytes = builder->size_bytes + record_bytes;
    if (needed_bytes > builder->capacity_bytes && !grow(builder, needed_bytes)) return MLOG_BUILDER_NO_MEMORY;

    write_record(builder->bytes + builder->size_bytes, &record);
    bool is_max = builder->record_count == 0 || timestamp_ms > builder->max_timestamp_ms;
    if (is_max) builder->max_timestamp_ms = timestamp_ms;
    builder->base_timestamp_ms = base_timestamp_ms;
    builder->size_bytes = needed_bytes;
    builder->record_count++;
    prefetch(builder, record_bytes);
    if (needed_bytes >= builder->ahead_bytes) work_ahead(builder);
    return MLOG_BUILDER_OK;
}

/* ---- finishing ---- */

/* Packs what is left as the last block, behind those that stand; another record may still follow. */
static mlog_builder_status pack_rest(mlog_builder *builder, size_t *size_bytes_out) {
    if (!pack_blocks(builder)) return MLOG_BUILDER_NO_MEMORY;
    uint8_t *at = builder->packed + builder->packed_size_bytes;
    size_t rest_bytes = builder->size_bytes - builder->packed_from_bytes;
    if (rest_bytes > 0) {
        at += mlog_lz4_pack_block(builder->bytes + builder->packed_from_bytes, rest_bytes, at, builder->lz4_state);
    }
    at += mlog_lz4_end(at);
    *size_bytes_out = (size_t)(at - builder->packed);
    return MLOG_BUILDER_OK;
}

mlog_builder_status mlog_builder_finish(mlog_builder *builder, int64_t producer_id, int16_t producer_epoch,
                                        int32_t base_sequence, const uint8_t **bytes_out, size_t *size_bytes_out) {
    *bytes_out = NULL;
    *size_bytes_out = 0;
    if (builder->record_count == 0) return MLOG_BUILDER_EMPTY;
    uint8_t *bytes = builder->bytes;
    size_t size_bytes = builder->size_bytes;
    mlog_compression compression = MLOG_COMPRESSION_NONE;
    if (builder->compression == MLOG_COMPRESSION_LZ4) {
        size_t packed_bytes;
        mlog_builder_status status = pack_rest(builder, &packed_bytes);
        if (status != MLOG_BUILDER_OK) return status;
        if (packed_bytes < size_bytes) {
            bytes = builder->packed;
            size_bytes = packed_bytes;
            compression = MLOG_COMPRESSION_LZ4;
        }
    }
    mlog_batch_header header = {
        .base_offset = 0,
        .base_timestamp_ms = builder->base_timestamp_ms,
        .max_timestamp_ms = builder->max_timestamp_ms,
        .producer_id = producer_id,
        .size_bytes = (uint32_t)size_bytes,
        .leader_epoch = -1,
        .last_offset_delta = builder->record_count - 1,
        .base_sequence = base_sequence,
        .record_count = builder->record_count,
        .attributes = (uint16_t)compression,
        .producer_epoch = producer_epoch,
        .magic = MLOG_BATCH_MAGIC,
    };
    mlog_batch_write_header(&header, bytes);
    /* For a batch of a piece or less, joining would take longer than summing it all. */
    if (bytes == builder->bytes && builder->summed_bytes > MLOG_BATCH_HEADER_BYTES) {
        sum(builder);
        mlog_batch_seal_summed(bytes, size_bytes, builder->records_crc);
    } else {
        mlog_batch_seal(bytes, size_bytes);
    }
    *bytes_out = bytes;
    *size_bytes_out = size_bytes;
    return MLOG_BUILDER_OK;
}
