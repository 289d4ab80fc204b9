#include "mlog_batch.h"

#include <stdlib.h>
#include <string.h>

#include "batch_internal.h"
#include "varint.h"

/* What a record may grow by when its timestamp counts from another base: the delta, and the length in front. */
enum {
    RECORD_GROWTH_BYTES_MAX = MLOG_VARINT64_BYTES_MAX - 1 + MLOG_VARINT32_BYTES_MAX - 1
};

/* Copies the encoded record in [start, end), which was read without fault, with another timestamp delta. */
static uint8_t *copy_with_delta(uint8_t *to, const uint8_t *start, const uint8_t *end, int64_t timestamp_delta_ms) {
    int32_t length_bytes;
    int64_t old_delta_ms;
    const uint8_t *at = mlog_varint_read32(start, end, &length_bytes);
    uint8_t attributes = *at++;
    at = mlog_varint_read64(at, end, &old_delta_ms);
    size_t rest_bytes = (size_t)(end - at);
    to = mlog_varint_write(to, (int64_t)(1 + mlog_varint_bytes(timestamp_delta_ms) + rest_bytes));
    *to++ = attributes;
    to = mlog_varint_write(to, timestamp_delta_ms);
    memcpy(to, at, rest_bytes);
    return to + rest_bytes;
}

/* Copies the records to keep to `kept`, which has room for all of them, counted from the base of `target`. */
static mlog_batch_status select_records(const mlog_batch_header *source, const mlog_unpacked *records, const bool *keep,
                                        mlog_batch_header *target, mlog_unpacked *kept) {
    mlog_record_iterator iterator;
    mlog_record record;
    bool same_base = target->base_timestamp_ms == source->base_timestamp_ms;
    uint8_t *to = kept->owned;
    target->record_count = 0;
    mlog_records_begin(source, records->bytes, records->size_bytes, &iterator);
    for (int32_t i = 0;; i++) {
        const uint8_t *start = iterator.next;
        int found = mlog_records_next(&iterator, &record);
        if (found < 0) return MLOG_BATCH_BAD_RECORD;
        if (found == 0) break;
        if (!keep[i]) continue;
        target->record_count++;
        int64_t delta_ms;
        if (same_base) {
            memcpy(to, start, (size_t)(iterator.next - start));
            to += iterator.next - start;
        } else if (__builtin_sub_overflow(record.timestamp_ms, target->base_timestamp_ms, &delta_ms)) {
            return MLOG_BATCH_BAD_RECORD;
        } else {
            to = copy_with_delta(to, start, iterator.next, delta_ms);
        }
    }
    kept->bytes = kept->owned;
    kept->size_bytes = (size_t)(to - kept->owned);
    return MLOG_BATCH_OK;
}

static mlog_batch_status write_batch(mlog_batch_header *target, const mlog_unpacked *kept, uint8_t *out,
                                     size_t capacity_bytes, size_t *size_bytes_out) {
    if (capacity_bytes < MLOG_BATCH_HEADER_BYTES) return MLOG_BATCH_TOO_LARGE;
    /* No records are no frame either. */
    if (target->record_count == 0) target->attributes &= (uint16_t) ~(unsigned)MLOG_ATTRIBUTE_COMPRESSION_MASK;
    size_t written_bytes;
    mlog_batch_status status = mlog_unpacked_write(kept, mlog_batch_compression(target), out + MLOG_BATCH_HEADER_BYTES,
                                                   capacity_bytes - MLOG_BATCH_HEADER_BYTES, &written_bytes);
    if (status != MLOG_BATCH_OK) return status;
    mlog_batch_write_header(target, out);
    *size_bytes_out = MLOG_BATCH_HEADER_BYTES + written_bytes;
    mlog_batch_seal(out, *size_bytes_out);
    return MLOG_BATCH_OK;
}

static mlog_batch_status filter(const mlog_batch_header *source, const mlog_unpacked *records, const bool *keep,
                                mlog_batch_header *target, uint8_t *out, size_t capacity_bytes,
                                size_t *size_bytes_out) {
    mlog_unpacked kept = {0};
    kept.owned = malloc(records->size_bytes + (size_t)source->record_count * RECORD_GROWTH_BYTES_MAX + 1);
    if (kept.owned == NULL) return MLOG_BATCH_NO_MEMORY;
    mlog_batch_status status = select_records(source, records, keep, target, &kept);
    if (status == MLOG_BATCH_OK) status = write_batch(target, &kept, out, capacity_bytes, size_bytes_out);
    mlog_unpacked_close(&kept);
    return status;
}

mlog_batch_status mlog_batch_filter_bound(const uint8_t *source, size_t source_bytes, size_t unpacked_limit_bytes,
                                          size_t *bound_bytes_out) {
    *bound_bytes_out = 0;
    mlog_batch_header header;
    mlog_batch_status status = mlog_batch_read_source(source, source_bytes, &header);
    if (status != MLOG_BATCH_OK) return status;
    size_t records_bytes;
    status = mlog_unpacked_bound(source, &header, unpacked_limit_bytes, &records_bytes);
    if (status != MLOG_BATCH_OK) return status;
    /* A count that the records cannot have is found by the walk, but must not ask for memory here. */
    if ((size_t)header.record_count > records_bytes) return MLOG_BATCH_BAD_RECORD;
    records_bytes += (size_t)header.record_count * RECORD_GROWTH_BYTES_MAX;
    *bound_bytes_out = MLOG_BATCH_HEADER_BYTES + mlog_lz4_pack_bound(records_bytes);
    return MLOG_BATCH_OK;
}

mlog_batch_status mlog_batch_filter(const uint8_t *source, size_t source_bytes, const bool *keep,
                                    int64_t delete_horizon_ms, size_t unpacked_limit_bytes, uint8_t *out,
                                    size_t capacity_bytes, size_t *size_bytes_out) {
    *size_bytes_out = 0;
    mlog_batch_header header;
    mlog_batch_status status = mlog_batch_read_source(source, source_bytes, &header);
    if (status != MLOG_BATCH_OK) return status;
    mlog_batch_header target = header;
    if (delete_horizon_ms >= 0) {
        target.attributes |= MLOG_ATTRIBUTE_DELETE_HORIZON;
        target.base_timestamp_ms = delete_horizon_ms;
    }
    mlog_unpacked records = {0};
    status = mlog_unpacked_open(source, &header, unpacked_limit_bytes, &records);
    if (status == MLOG_BATCH_OK && (size_t)header.record_count > records.size_bytes) status = MLOG_BATCH_BAD_RECORD;
    if (status == MLOG_BATCH_OK) {
        status = filter(&header, &records, keep, &target, out, capacity_bytes, size_bytes_out);
    }
    mlog_unpacked_close(&records);
    return status;
}
