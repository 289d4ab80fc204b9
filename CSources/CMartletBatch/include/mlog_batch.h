#ifndef MLOG_BATCH_H
#define MLOG_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mlog_attributes.h"

/*
 * The record batch: Kafka's magic 2, byte for byte (DESIGN section 3; FORMAT.md tells every byte).
 * Nothing here does I/O or keeps state: every function may be called on any thread. Nothing allocates but what says so.
 */

enum {
    MLOG_BATCH_HEADER_BYTES = 61, /* fixed part in front of the records */
    MLOG_BATCH_PREFIX_BYTES = 12, /* base offset and batch length: what precedes "batch length" bytes */
    MLOG_BATCH_CRC_START = 21,    /* the CRC covers everything from `attributes` to the end */
    MLOG_BATCH_MAGIC = 2,
    MLOG_RECORD_HEADERS_MAX = 1024, /* headers of one record */
    MLOG_LZ4_UNPACKED_BYTES_MAX = 64 * 1024 * 1024,
};

enum {
    MLOG_ATTRIBUTE_COMPRESSION_MASK = 0x07,
    MLOG_ATTRIBUTE_LOG_APPEND_TIME = 0x08,
    MLOG_ATTRIBUTE_TRANSACTIONAL = 0x10,
    MLOG_ATTRIBUTE_CONTROL = 0x20,
    MLOG_ATTRIBUTE_DELETE_HORIZON = 0x40,
};

typedef enum MLOG_CLOSED_ENUM {
    MLOG_COMPRESSION_NONE = 0,
    MLOG_COMPRESSION_GZIP = 1,
    MLOG_COMPRESSION_SNAPPY = 2,
    MLOG_COMPRESSION_LZ4 = 3,
    MLOG_COMPRESSION_ZSTD = 4,
} mlog_compression;

/* What can be wrong with the bytes of a batch; MLOG_BATCH_OK is 0. */
typedef enum MLOG_CLOSED_ENUM {
    MLOG_BATCH_OK = 0,
    MLOG_BATCH_SHORT,      /* fewer bytes than the header, or than the length field, says */
    MLOG_BATCH_BAD_LENGTH, /* length field below the header's size, negative, or above the limit */
    MLOG_BATCH_BAD_MAGIC,  /* a format other than magic 2 */
    MLOG_BATCH_BAD_CRC,
    MLOG_BATCH_BAD_ATTRIBUTES,  /* unknown compression or reserved bits */
    MLOG_BATCH_BAD_COUNT,       /* record count, last offset delta or timestamps contradict each other or the size */
    MLOG_BATCH_BAD_RECORD,      /* a record's lengths, varints or deltas do not fit its batch */
    MLOG_BATCH_BAD_COMPRESSION, /* the block is not a valid LZ4 frame of the accepted kind */
    MLOG_BATCH_TOO_LARGE,       /* unpacks to more than the limit */
    MLOG_BATCH_UNSUPPORTED,     /* a codec that is known but not supported: gzip, snappy, zstd */
    MLOG_BATCH_NO_MEMORY,
} mlog_batch_status;

/* One sentence in plain words, without a full stop. Static storage. */
const char *mlog_batch_status_text(mlog_batch_status status);

/* The header's fields, in host order. `size_bytes` is the whole batch: 12 + the length field. */
typedef struct {
    int64_t base_offset;
    int64_t base_timestamp_ms;
    int64_t max_timestamp_ms;
    int64_t producer_id; /* -1: none */
    uint32_t size_bytes;
    int32_t leader_epoch;
    uint32_t crc;
    int32_t last_offset_delta;
    int32_t base_sequence; /* -1: none */
    int32_t record_count;
    uint16_t attributes;
    int16_t producer_epoch; /* -1: none */
    uint8_t magic;
} mlog_batch_header;

static inline int64_t mlog_batch_last_offset(const mlog_batch_header *header) {
    return header->base_offset + header->last_offset_delta;
}

static inline mlog_compression mlog_batch_compression(const mlog_batch_header *header) {
    return (mlog_compression)(header->attributes & MLOG_ATTRIBUTE_COMPRESSION_MASK);
}

/*
 * Reads the 61 header bytes at `bytes` and checks all that can be checked without the rest: magic, length field
 * within [61 - 12, size_limit_bytes - 12], attributes, counts and timestamps that do not contradict each other.
 * `available_bytes` is what may be read. Does not need the whole batch to be there: compare `size_bytes` with what you
 * have.
 *
 * MLOG_BATCH_OK, SHORT, BAD_LENGTH, BAD_MAGIC, BAD_ATTRIBUTES, BAD_COUNT. On failure header_out is zeroed.
 */
mlog_batch_status mlog_batch_read_header(const uint8_t *bytes, size_t available_bytes, uint32_t size_limit_bytes,
                                         mlog_batch_header *header_out) MLOG_CHECKED;

/*
 * mlog_batch_read_header, then: the whole batch is there and its CRC is right. What the broker does with every
 * batch that arrives. Records are not walked (mlog_batch_check_records does that).
 */
mlog_batch_status mlog_batch_check(const uint8_t *bytes, size_t available_bytes, uint32_t size_limit_bytes,
                                   mlog_batch_header *header_out) MLOG_CHECKED;

/* Writes the 61 bytes of `header`, CRC as it stands in it. The counterpart of mlog_batch_read_header. */
void mlog_batch_write_header(const mlog_batch_header *header, uint8_t bytes_out[MLOG_BATCH_HEADER_BYTES]);

/*
 * What the leader changes: copies the 61 header bytes at `bytes` to `header_out` with a new base offset and
 * leader epoch, neither of which the CRC covers. `bytes` is not touched.
 */
void mlog_batch_assign(const uint8_t *bytes, int64_t base_offset, int32_t leader_epoch,
                       uint8_t header_out[MLOG_BATCH_HEADER_BYTES]);

/*
 * The same under log-append time: sets attribute bit 3 and max timestamp too, and the CRC anew, over the new header and
 * the records that follow the header at `bytes` (`size_bytes` in all).
 */
void mlog_batch_assign_append_time(const uint8_t *bytes, size_t size_bytes, int64_t base_offset, int32_t leader_epoch,
                                   int64_t timestamp_ms, uint8_t header_out[MLOG_BATCH_HEADER_BYTES]);

/* ---- records ---- */

/* A record, pointing into the block it was read from. Null key or value: pointer null and length -1. */
typedef struct {
    int64_t offset;
    int64_t timestamp_ms;
    const uint8_t *key;
    const uint8_t *value;
    const uint8_t *headers; /* the encoded headers, header_count of them; read with mlog_header_next */
    int32_t key_bytes;
    int32_t value_bytes;
    int32_t header_count;
    uint32_t headers_bytes; /* size of the encoded headers */
} mlog_record;

typedef struct {
    const uint8_t *key;   /* UTF-8, not null-terminated */
    const uint8_t *value; /* null: null */
    int32_t key_bytes;
    int32_t value_bytes; /* -1: null */
} mlog_header;

/*
 * A walk over a batch's records, uncompressed. Plain data: copy it freely; it borrows the bytes that it walks.
 */
typedef struct {
    const uint8_t *next;
    const uint8_t *end;
    int64_t base_offset;
    int64_t base_timestamp_ms;
    int64_t fixed_timestamp_ms; /* under log-append time every record has this one */
    int32_t remaining;
    int32_t last_offset_delta;
    int32_t previous_delta;
    bool has_fixed_timestamp;
} mlog_record_iterator;

/* Begins a walk over `records_bytes` bytes of uncompressed records that belong to `header`. */
void mlog_records_begin(const mlog_batch_header *header, const uint8_t *records, size_t records_bytes,
                        mlog_record_iterator *iterator_out);

/*
 * The next record. Returns 1 and fills record_out, 0 at the end (all bytes used and all counted records seen), or
 * -1 when the bytes are not what the header says (the walk then stays where it is). Offsets rise strictly; deltas lie
 * in [0, last offset delta]. Never reads outside the block.
 */
int mlog_records_next(mlog_record_iterator *iterator, mlog_record *record_out) MLOG_CHECKED;

/* The header at *cursor_bytes within a record's encoded headers; advances the cursor. True while there was one. */
bool mlog_header_next(const mlog_record *record, size_t *cursor_bytes, mlog_header *header_out);

/* Walks all records of an uncompressed block: MLOG_BATCH_OK, or BAD_RECORD. */
mlog_batch_status mlog_batch_check_records(const mlog_batch_header *header, const uint8_t *records,
                                           size_t records_bytes) MLOG_CHECKED;

/* ---- LZ4 ---- */

/*
 * The most that `block` can unpack to, or limit_bytes when that is less: what to allocate for mlog_lz4_unpack. Told
 * from the sizes of the frame's blocks alone, without unpacking: for ordinary data it is at most a block above the
 * truth, and for a bomb it is the limit. MLOG_BATCH_OK, BAD_COMPRESSION (not exactly one frame).
 */
mlog_batch_status mlog_lz4_unpacked_bound(const uint8_t *block, size_t block_bytes, size_t limit_bytes,
                                          size_t *bound_bytes_out) MLOG_CHECKED;

/*
 * Unpacks one LZ4 frame into `out`. Frames of any block size, linked or independent, with or without checksums, are
 * read; trailing bytes after the frame, and frames that need a dictionary, are refused. Allocates only for frames that
 * are not of our own kind (see mlog_lz4_pack). MLOG_BATCH_OK, BAD_COMPRESSION, TOO_LARGE (capacity_bytes is not
 * enough), NO_MEMORY; on any but OK the contents of `out` are undefined.
 */
mlog_batch_status mlog_lz4_unpack(const uint8_t *block, size_t block_bytes, uint8_t *out, size_t capacity_bytes,
                                  size_t *size_bytes_out) MLOG_CHECKED;

/* The most bytes that mlog_lz4_pack may write for `size_bytes` of input. */
size_t mlog_lz4_pack_bound(size_t size_bytes);

/*
 * Packs `size_bytes` bytes as one LZ4 frame: independent 64 KiB blocks, no content size, no checksums (DESIGN
 * section 3). `state` is scratch of mlog_lz4_state_bytes() bytes, aligned to 8, reusable. Returns the size written, at
 * most the bound; `out` must have mlog_lz4_pack_bound(size_bytes).
 */
size_t mlog_lz4_pack(const uint8_t *data, size_t size_bytes, uint8_t *out, void *state);
size_t mlog_lz4_state_bytes(void);

/*
 * A capacity that is enough for mlog_batch_recompress. `source` is whole. MLOG_BATCH_OK, BAD_COMPRESSION, UNSUPPORTED,
 * and what mlog_batch_read_header finds.
 */
mlog_batch_status mlog_batch_recompress_bound(const uint8_t *source, size_t source_bytes, size_t unpacked_limit_bytes,
                                              size_t *bound_bytes_out) MLOG_CHECKED;

/*
 * A new batch with the records of `source` (whole, checked) under another codec (none or lz4), one in, one out:
 * header fields other than attributes, length and CRC are kept, and records are checked on the way. The result is lz4
 * even where that is larger. capacity_bytes: what is certainly enough is mlog_batch_recompress_bound. MLOG_BATCH_OK,
 * BAD_RECORD, BAD_COMPRESSION, TOO_LARGE (unpacks to more than unpacked_limit_bytes, or the capacity is not enough),
 * UNSUPPORTED, NO_MEMORY, and what mlog_batch_read_header finds. Allocates scratch, released before it returns.
 */
mlog_batch_status mlog_batch_recompress(const uint8_t *source, size_t source_bytes, mlog_compression compression,
                                        size_t unpacked_limit_bytes, uint8_t *out, size_t capacity_bytes,
                                        size_t *size_bytes_out) MLOG_CHECKED;

/* ---- compaction ---- */

/* A capacity that is enough for mlog_batch_filter, whatever is kept. As mlog_batch_recompress_bound, or BAD_RECORD. */
mlog_batch_status mlog_batch_filter_bound(const uint8_t *source, size_t source_bytes, size_t unpacked_limit_bytes,
                                          size_t *bound_bytes_out) MLOG_CHECKED;

/*
 * A batch with those records of `source` (whole, checked) for which `keep`, record_count long, is true. Base offset,
 * last offset delta, producer fields, leader epoch, largest timestamp and codec are kept, and so are the records'
 * offsets and timestamps; with nothing to keep it is a header alone. delete_horizon_ms: when the tombstones that stay
 * may go (sets attribute bit 6; stands in the place of the base timestamp), or -1 to leave that as it is.
 * MLOG_BATCH_OK, BAD_RECORD, BAD_COMPRESSION, TOO_LARGE (unpacks to more than unpacked_limit_bytes, or the capacity is
 * not enough), UNSUPPORTED, NO_MEMORY, and what mlog_batch_read_header finds. Allocates scratch, released before it
 * returns.
 */
mlog_batch_status mlog_batch_filter(const uint8_t *source, size_t source_bytes, const bool *keep,
                                    int64_t delete_horizon_ms, size_t unpacked_limit_bytes, uint8_t *out,
                                    size_t capacity_bytes, size_t *size_bytes_out) MLOG_CHECKED;

#endif
