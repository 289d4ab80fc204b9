#ifndef MLOG_CRC32C_H
#define MLOG_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-32C (Castagnoli, RFC 3720 appendix B.4), the checksum of every record batch and checkpoint.
 *
 * Extends `crc` (0 to begin with) by `size_bytes` bytes: crc32c(crc32c(0, a), b) == crc32c(0, ab).
 * `data` may be null when `size_bytes` is 0. Any thread. The fastest implementation that the processor
 * has is chosen at the first call.
 */
uint32_t mlog_crc32c(uint32_t crc, const void *data, size_t size_bytes);

/*
 * The CRC of two pieces, one behind the other, from theirs: join(crc32c(0, a), crc32c(0, b), |b|) == crc32c(0, ab).
 * Looks at no data; about a microsecond. Any thread.
 */
uint32_t mlog_crc32c_join(uint32_t first_crc, uint32_t second_crc, size_t second_bytes);

/* The portable implementation, which every other one is tested against. */
uint32_t mlog_crc32c_portable(uint32_t crc, const void *data, size_t size_bytes);

/* The implementation chosen on this machine: "sse4.2 x3", "armv8 x3" or "portable". Static storage. */
const char *mlog_crc32c_implementation(void);

#endif
