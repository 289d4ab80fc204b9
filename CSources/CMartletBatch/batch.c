#include "mlog_batch.h"

#include <string.h>

#include "mlog_bytes.h"
#include "mlog_crc32c.h"

/* Where each field stands in the header. */
enum {
    AT_BASE_OFFSET = 0,
    AT_LENGTH = 8,
    AT_LEADER_EPOCH = 12,
    AT_MAGIC = 16,
    AT_CRC = 17,
    AT_ATTRIBUTES = 21,
    AT_LAST_OFFSET_DELTA = 23,
    AT_BASE_TIMESTAMP = 27,
    AT_MAX_TIMESTAMP = 35,
    AT_PRODUCER_ID = 43,
    AT_PRODUCER_EPOCH = 51,
    AT_BASE_SEQUENCE = 53,
    AT_RECORD_COUNT = 57,
};

_Static_assert(AT_RECORD_COUNT + 4 == (int)MLOG_BATCH_HEADER_BYTES, "the record count ends the header");
_Static_assert(AT_CRC + 4 == (int)MLOG_BATCH_CRC_START, "the CRC covers what follows it");
_Static_assert(AT_LEADER_EPOCH == (int)MLOG_BATCH_PREFIX_BYTES, "the length counts from the leader epoch on");

/* Length, attributes, timestamp delta, offset delta, key length, value length, header count: a byte each. */
enum {
    RECORD_BYTES_MIN = 7
};

enum {
    ATTRIBUTES_KNOWN = MLOG_ATTRIBUTE_COMPRESSION_MASK | MLOG_ATTRIBUTE_LOG_APPEND_TIME | MLOG_ATTRIBUTE_TRANSACTIONAL |
                       MLOG_ATTRIBUTE_CONTROL | MLOG_ATTRIBUTE_DELETE_HORIZON
};

static void load_header(const uint8_t *bytes, mlog_batch_header *header_out) {
    *header_out = (mlog_batch_header){
        .base_offset = (int64_t)mlog_load_u64(bytes + AT_BASE_OFFSET),
        .base_timestamp_ms = (int64_t)mlog_load_u64(bytes + AT_BASE_TIMESTAMP),
        .max_timestamp_ms = (int64_t)mlog_load_u64(bytes + AT_MAX_TIMESTAMP),
        .producer_id = (int64_t)mlog_load_u64(bytes + AT_PRODUCER_ID),
        .size_bytes = mlog_load_u32(bytes + AT_LENGTH) + MLOG_BATCH_PREFIX_BYTES,
        .leader_epoch = (int32_t)mlog_load_u32(bytes + AT_LEADER_EPOCH),
        .crc = mlog_load_u32(bytes + AT_CRC),
        .last_offset_delta = (int32_t)mlog_load_u32(bytes + AT_LAST_OFFSET_DELTA),
        .base_sequence = (int32_t)mlog_load_u32(bytes + AT_BASE_SEQUENCE),
        .record_count = (int32_t)mlog_load_u32(bytes + AT_RECORD_COUNT),
        .attributes = mlog_load_u16(bytes + AT_ATTRIBUTES),
        .producer_epoch = (int16_t)mlog_load_u16(bytes + AT_PRODUCER_EPOCH),
        .magic = bytes[AT_MAGIC],
    };
}

static bool offsets_agree(const mlog_batch_header *header) {
    if (header->base_offset < 0 || header->last_offset_delta < 0 || header->record_count < 0) return false;
    /* The offset after the last must exist too. */
    if (header->base_offset > INT64_MAX - 1 - header->last_offset_delta) return false;
    return header->record_count <= (int64_t)header->last_offset_delta + 1;
}

static bool size_agrees(const mlog_batch_header *header) {
    int64_t records_bytes = (int64_t)header->size_bytes - MLOG_BATCH_HEADER_BYTES;
    if (mlog_batch_compression(header) != MLOG_COMPRESSION_NONE) return header->record_count == 0 || records_bytes > 0;
    if (header->record_count == 0) return records_bytes == 0;
    return records_bytes >= (int64_t)header->record_count * RECORD_BYTES_MIN;
}

static bool timestamps_agree(const mlog_batch_header *header) {
    /* Under append time the maximum is the broker's clock, and a delete horizon stands in the place of the base. */
    const uint16_t unrelated = MLOG_ATTRIBUTE_LOG_APPEND_TIME | MLOG_ATTRIBUTE_DELETE_HORIZON;
    if (header->record_count == 0 || (header->attributes & unrelated) != 0) return true;
    return header->max_timestamp_ms >= header->base_timestamp_ms;
}

static mlog_batch_status check_header(const uint8_t *bytes, size_t available_bytes, uint32_t size_limit_bytes,
                                      mlog_batch_header *header_out) {
    if (available_bytes < MLOG_BATCH_HEADER_BYTES) return MLOG_BATCH_SHORT;
    if (bytes[AT_MAGIC] != MLOG_BATCH_MAGIC) return MLOG_BATCH_BAD_MAGIC;

    uint64_t size_bytes = (uint64_t)mlog_load_u32(bytes + AT_LENGTH) + MLOG_BATCH_PREFIX_BYTES;
    /* A negative length is above every limit once it is read as unsigned. */
    if (size_bytes < MLOG_BATCH_HEADER_BYTES || size_bytes > size_limit_bytes || size_bytes > INT32_MAX) {
        return MLOG_BATCH_BAD_LENGTH;
    }
    load_header(bytes, header_out);
    if ((header_out->attributes & ~ATTRIBUTES_KNOWN) != 0) return MLOG_BATCH_BAD_ATTRIBUTES;
    if ((header_out->attributes & MLOG_ATTRIBUTE_COMPRESSION_MASK) > MLOG_COMPRESSION_ZSTD) {
        return MLOG_BATCH_BAD_ATTRIBUTES;
    }
    if (!offsets_agree(header_out) || !size_agrees(header_out) || !timestamps_agree(header_out)) {
        return MLOG_BATCH_BAD_COUNT;
    }
    return MLOG_BATCH_OK;
}

mlog_batch_status mlog_batch_read_header(const uint8_t *bytes, size_t available_bytes, uint32_t size_limit_bytes,
                                         mlog_batch_header *header_out) {
    mlog_batch_status status = check_header(bytes, available_bytes, size_limit_bytes, header_out);
    if (status != MLOG_BATCH_OK) memset(header_out, 0, sizeof *header_out);
    return status;
}

mlog_batch_status mlog_batch_check(const uint8_t *bytes, size_t available_bytes, uint32_t size_limit_bytes,
                                   mlog_batch_header *header_out) {
    mlog_batch_status status = mlog_batch_read_header(bytes, available_bytes, size_limit_bytes, header_out);
    if (status != MLOG_BATCH_OK) return status;
    if (available_bytes < header_out->size_bytes) {
        status = MLOG_BATCH_SHORT;
    } else {
        size_t covered_bytes = header_out->size_bytes - MLOG_BATCH_CRC_START;
        if (mlog_crc32c(0, bytes + MLOG_BATCH_CRC_START, covered_bytes) == header_out->crc) return MLOG_BATCH_OK;
        status = MLOG_BATCH_BAD_CRC;
    }
    memset(header_out, 0, sizeof *header_out);
    return status;
}

void mlog_batch_write_header(const mlog_batch_header *header, uint8_t bytes_out[MLOG_BATCH_HEADER_BYTES]) {
    mlog_store_u64(bytes_out + AT_BASE_OFFSET, (uint64_t)header->base_offset);
    mlog_store_u32(bytes_out + AT_LENGTH, header->size_bytes - MLOG_BATCH_PREFIX_BYTES);
    mlog_store_u32(bytes_out + AT_LEADER_EPOCH, (uint32_t)header->leader_epoch);
    bytes_out[AT_MAGIC] = header->magic;
    mlog_store_u32(bytes_out + AT_CRC, header->crc);
    mlog_store_u16(bytes_out + AT_ATTRIBUTES, header->attributes);
    mlog_store_u32(bytes_out + AT_LAST_OFFSET_DELTA, (uint32_t)header->last_offset_delta);
    mlog_store_u64(bytes_out + AT_BASE_TIMESTAMP, (uint64_t)header->base_timestamp_ms);
    mlog_store_u64(bytes_out + AT_MAX_TIMESTAMP, (uint64_t)header->max_timestamp_ms);
    mlog_store_u64(bytes_out + AT_PRODUCER_ID, (uint64_t)header->producer_id);
    mlog_store_u16(bytes_out + AT_PRODUCER_EPOCH, (uint16_t)header->producer_epoch);
    mlog_store_u32(bytes_out + AT_BASE_SEQUENCE, (uint32_t)header->base_sequence);
    mlog_store_u32(bytes_out + AT_RECORD_COUNT, (uint32_t)header->record_count);
}

void mlog_batch_assign(const uint8_t *bytes, int64_t base_offset, int32_t leader_epoch,
                       uint8_t header_out[MLOG_BATCH_HEADER_BYTES]) {
    memcpy(header_out, bytes, MLOG_BATCH_HEADER_BYTES);
    mlog_store_u64(header_out + AT_BASE_OFFSET, (uint64_t)base_offset);
    mlog_store_u32(header_out + AT_LEADER_EPOCH, (uint32_t)leader_epoch);
}

void mlog_batch_assign_append_time(const uint8_t *bytes, size_t size_bytes, int64_t base_offset, int32_t leader_epoch,
                                   int64_t timestamp_ms, uint8_t header_out[MLOG_BATCH_HEADER_BYTES]) {
    mlog_batch_assign(bytes, base_offset, leader_epoch, header_out);
    uint16_t attributes = mlog_load_u16(header_out + AT_ATTRIBUTES) | MLOG_ATTRIBUTE_LOG_APPEND_TIME;
    mlog_store_u16(header_out + AT_ATTRIBUTES, attributes);
    mlog_store_u64(header_out + AT_MAX_TIMESTAMP, (uint64_t)timestamp_ms);

    uint32_t crc = mlog_crc32c(0, header_out + MLOG_BATCH_CRC_START, MLOG_BATCH_HEADER_BYTES - MLOG_BATCH_CRC_START);
    crc = mlog_crc32c(crc, bytes + MLOG_BATCH_HEADER_BYTES, size_bytes - MLOG_BATCH_HEADER_BYTES);
    mlog_store_u32(header_out + AT_CRC, crc);
}

void mlog_batch_seal(uint8_t *bytes, size_t size_bytes) {
    mlog_store_u32(bytes + AT_LENGTH, (uint32_t)(size_bytes - MLOG_BATCH_PREFIX_BYTES));
    mlog_store_u32(bytes + AT_CRC, mlog_crc32c(0, bytes + MLOG_BATCH_CRC_START, size_bytes - MLOG_BATCH_CRC_START));
}

void mlog_batch_seal_summed(uint8_t *bytes, size_t size_bytes, uint32_t records_crc) {
    uint32_t header_crc = mlog_crc32c(0, bytes + MLOG_BATCH_CRC_START, MLOG_BATCH_HEADER_BYTES - MLOG_BATCH_CRC_START);
    mlog_store_u32(bytes + AT_LENGTH, (uint32_t)(size_bytes - MLOG_BATCH_PREFIX_BYTES));
    mlog_store_u32(bytes + AT_CRC, mlog_crc32c_join(header_crc, records_crc, size_bytes - MLOG_BATCH_HEADER_BYTES));
}

void mlog_batch_set_producer(uint8_t *bytes, size_t size_bytes, int64_t producer_id, int16_t producer_epoch,
                             int32_t base_sequence) {
    mlog_store_u64(bytes + AT_PRODUCER_ID, (uint64_t)producer_id);
    mlog_store_u16(bytes + AT_PRODUCER_EPOCH, (uint16_t)producer_epoch);
    mlog_store_u32(bytes + AT_BASE_SEQUENCE, (uint32_t)base_sequence);
    mlog_batch_seal(bytes, size_bytes);
}
