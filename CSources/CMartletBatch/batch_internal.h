#ifndef MLOG_BATCH_INTERNAL_H
#define MLOG_BATCH_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

/* Writes the length field and the CRC of a batch whose other bytes are final; at least a header long. */
void mlog_batch_seal(uint8_t *bytes, size_t size_bytes);

#endif
