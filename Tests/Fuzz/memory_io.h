#ifndef MLOG_FUZZ_MEMORY_IO_H
#define MLOG_FUZZ_MEMORY_IO_H

#include <stddef.h>
#include <stdint.h>

#include "mlog_io.h"

/*
 * A table of calls over files in memory, for fuzzers: as fast as copying, and nothing to clean up. Files are known by
 * the end of their name (".log", ".index", ".timeindex"); every path leads to one of the three.
 */
const mlog_io *memory_io(void);

/* Empties all files. */
void memory_io_reset(void);

/* Makes the file whose name ends in `extension` hold these bytes. */
void memory_io_set(const char *extension, const uint8_t *bytes, size_t size_bytes);

#endif
