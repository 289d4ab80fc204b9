#include "mlog_batch.h"

#include "varint.h"

void mlog_records_begin(const mlog_batch_header *header, const uint8_t *records, size_t records_bytes,
                        mlog_record_iterator *iterator_out) {
    *iterator_out = (mlog_record_iterator){
        .next = records,
        .end = records + records_bytes,
        .base_offset = header->base_offset,
        .base_timestamp_ms = header->base_timestamp_ms,
        .fixed_timestamp_ms = header->max_timestamp_ms,
        .remaining = header->record_count,
        .last_offset_delta = header->last_offset_delta,
        .previous_delta = -1,
        .has_fixed_timestamp = (header->attributes & MLOG_ATTRIBUTE_LOG_APPEND_TIME) != 0,
    };
}

/* Reads a length and the bytes that it counts; -1 stands for null. Null when they do not fit before `end`. */
static inline __attribute__((always_inline)) const uint8_t *
read_bytes(const uint8_t *at, const uint8_t *end, const uint8_t **bytes_out, int32_t *size_bytes_out) {
    int32_t size_bytes;
    at = mlog_varint_read32(at, end, &size_bytes);
    if (at == NULL || size_bytes < -1 || size_bytes > end - at) return NULL;
    *size_bytes_out = size_bytes;
    *bytes_out = size_bytes < 0 ? NULL : at;
    return size_bytes < 0 ? at : at + size_bytes;
}

static const uint8_t *read_header(const uint8_t *at, const uint8_t *end, mlog_header *header_out) {
    at = read_bytes(at, end, &header_out->key, &header_out->key_bytes);
    if (at == NULL || header_out->key_bytes < 0) return NULL;
    return read_bytes(at, end, &header_out->value, &header_out->value_bytes);
}

/* True when exactly `count` headers lie between `at` and `end`. */
static __attribute__((noinline)) bool headers_fit(const uint8_t *at, const uint8_t *end, int32_t count) {
    mlog_header header;
    for (; count > 0; count--) {
        at = read_header(at, end, &header);
        if (at == NULL) return false;
    }
    return at == end;
}

int mlog_records_next(mlog_record_iterator *iterator, mlog_record *record_out) {
    const uint8_t *at = iterator->next;
    if (iterator->remaining == 0) return at == iterator->end ? 0 : -1;

    int32_t length_bytes;
    at = mlog_varint_read32(at, iterator->end, &length_bytes);
    if (at == NULL || length_bytes < 1 || length_bytes > iterator->end - at) return -1;
    const uint8_t *end = at + length_bytes;
    at++; /* the record's attributes: none are defined, and readers ignore them */

    int64_t timestamp_delta;
    at = mlog_varint_read64(at, end, &timestamp_delta);
    if (at == NULL) return -1;
    int32_t offset_delta;
    at = mlog_varint_read32(at, end, &offset_delta);
    if (at == NULL || offset_delta <= iterator->previous_delta || offset_delta > iterator->last_offset_delta) return -1;
    int64_t timestamp_ms;
    if (__builtin_add_overflow(iterator->base_timestamp_ms, timestamp_delta, &timestamp_ms)) return -1;

    at = read_bytes(at, end, &record_out->key, &record_out->key_bytes);
    if (at == NULL) return -1;
    at = read_bytes(at, end, &record_out->value, &record_out->value_bytes);
    if (at == NULL) return -1;
    int32_t header_count;
    at = mlog_varint_read32(at, end, &header_count);
    if (at == NULL) return -1;
    if (header_count == 0) {
        if (at != end) return -1;
    } else {
        if (header_count < 0 || header_count > MLOG_RECORD_HEADERS_MAX) return -1;
        if (!headers_fit(at, end, header_count)) return -1;
    }

    record_out->offset = iterator->base_offset + offset_delta;
    record_out->timestamp_ms = iterator->has_fixed_timestamp ? iterator->fixed_timestamp_ms : timestamp_ms;
    record_out->headers = at;
    record_out->headers_bytes = (uint32_t)(end - at);
    record_out->header_count = header_count;
    iterator->next = end;
    iterator->remaining--;
    iterator->previous_delta = offset_delta;
    return 1;
}

bool mlog_header_next(const mlog_record *record, size_t *cursor_bytes, mlog_header *header_out) {
    if (*cursor_bytes >= record->headers_bytes) return false;
    const uint8_t *next =
        read_header(record->headers + *cursor_bytes, record->headers + record->headers_bytes, header_out);
    if (next == NULL) return false;
    *cursor_bytes = (size_t)(next - record->headers);
    return true;
}

mlog_batch_status mlog_batch_check_records(const mlog_batch_header *header, const uint8_t *records,
                                           size_t records_bytes) {
    mlog_record_iterator iterator;
    mlog_record record;
    mlog_records_begin(header, records, records_bytes, &iterator);
    int found;
    do
        found = mlog_records_next(&iterator, &record);
    while (found > 0);
    return found == 0 ? MLOG_BATCH_OK : MLOG_BATCH_BAD_RECORD;
}
