#include "mlog_status.h"

const char *mlog_status_text(mlog_status status) {
    switch (status) {
    case MLOG_OK:
        return "done";
    case MLOG_NO_SPACE:
        return "the disk or the quota is full";
    case MLOG_TOO_MANY_FILES:
        return "too many open files";
    case MLOG_NO_MEMORY:
        return "out of memory";
    case MLOG_NOT_FOUND:
        return "not found";
    case MLOG_EXISTS:
        return "it exists already";
    case MLOG_LOCKED:
        return "another process holds the lock";
    case MLOG_NOT_PERMITTED:
        return "permission denied, or a read-only file system";
    case MLOG_NOT_A_DIRECTORY:
        return "a file where a directory should be, or a directory where a file should be";
    case MLOG_SEGMENT_FULL:
        return "the segment is full";
    case MLOG_CORRUPT:
        return "the bytes fail their checksum or contradict each other";
    case MLOG_IO_ERROR:
        return "the operating system reported an I/O error";
    }
    return "unknown status";
}
