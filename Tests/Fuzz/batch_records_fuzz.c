#include <stdlib.h>

#include "mlog_batch.h"

static void require(bool holds) {
    if (!holds) abort();
}

/* Touches every byte of a field, for the sanitizer, and requires it to lie inside the block. */
static void visit(const uint8_t *field, int32_t size_bytes, const uint8_t *data, size_t size) {
    static volatile uint8_t sink;
    require((field == NULL) == (size_bytes < 0));
    if (field == NULL) return;
    require(field >= data && field + size_bytes <= data + size);
    for (int32_t i = 0; i < size_bytes; i++)
        sink ^= field[i];
}

static void visit_record(const mlog_record *record, const uint8_t *data, size_t size) {
    visit(record->key, record->key_bytes, data, size);
    visit(record->value, record->value_bytes, data, size);
    size_t cursor = 0;
    int32_t count = 0;
    mlog_header header;
    while (mlog_header_next(record, &cursor, &header)) {
        visit(header.key, header.key_bytes, data, size);
        visit(header.value, header.value_bytes, data, size);
        count++;
    }
    require(count == record->header_count && cursor == record->headers_bytes);
}

/* The input is a batch whose CRC need not be right: offsets rise within the header's range, fields lie in the block. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    mlog_batch_header header;
    if (mlog_batch_read_header(data, size, 1 << 20, &header) != MLOG_BATCH_OK) return 0;
    const uint8_t *records = data + MLOG_BATCH_HEADER_BYTES;
    size_t records_bytes = size - MLOG_BATCH_HEADER_BYTES;
    mlog_record_iterator iterator;
    mlog_record record;
    int64_t previous = header.base_offset - 1;
    int32_t seen = 0;
    int found;
    mlog_records_begin(&header, records, records_bytes, &iterator);
    while ((found = mlog_records_next(&iterator, &record)) > 0) {
        require(record.offset > previous && record.offset <= mlog_batch_last_offset(&header));
        previous = record.offset;
        visit_record(&record, records, records_bytes);
        seen++;
    }
    require(seen <= header.record_count);
    mlog_batch_status status = mlog_batch_check_records(&header, records, records_bytes);
    require((status == MLOG_BATCH_OK) == (found == 0 && seen == header.record_count));
    return 0;
}
