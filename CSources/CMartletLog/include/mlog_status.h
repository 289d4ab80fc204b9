#ifndef MLOG_STATUS_H
#define MLOG_STATUS_H

#include "mlog_attributes.h"

/* How a call on the log ended. MLOG_OK is 0. */
typedef enum MLOG_CLOSED_ENUM {
    MLOG_OK = 0,
    MLOG_NO_SPACE,       /* ENOSPC, EDQUOT or a write that stayed short: the tail is as it was; may be tried again */
    MLOG_TOO_MANY_FILES, /* EMFILE, ENFILE: may be tried again */
    MLOG_NO_MEMORY,
    MLOG_NOT_FOUND, /* the file, or the offset or time looked for, is not there */
    MLOG_EXISTS,
    MLOG_LOCKED,          /* another process holds the lock */
    MLOG_NOT_PERMITTED,   /* EACCES, EPERM, EROFS */
    MLOG_NOT_A_DIRECTORY, /* a file where a directory should be, or the other way round */
    MLOG_SEGMENT_FULL,    /* the batch does not fit: roll */
    MLOG_CORRUPT,         /* bytes that fail their checksum or contradict each other */
    MLOG_IO_ERROR,        /* any other failure; after a write or sync, what is on disk is unknown */
} mlog_status;

/* What a failed call met. Filled on every status but MLOG_OK. */
typedef struct {
    int os_error;          /* errno, 0 when no system call failed */
    const char *operation; /* "pwritev", "fdatasync", ...; static storage; null when no system call failed */
} mlog_error;

/* One sentence in plain words without a full stop. Static storage. */
const char *mlog_status_text(mlog_status status);

#endif
