#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "mlog_file.h"

/* Of the system itself, not of the table: it changes nothing, and what a failing disk does to it is "not told". */
bool mlog_directory_place(const char *path, uint64_t *inode_out, int64_t *birth_ns_out) {
    struct statx facts;
    *inode_out = 0;
    *birth_ns_out = 0;
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &facts) != 0 || (facts.stx_mask & STATX_INO) == 0)
        return false;
    *inode_out = facts.stx_ino;
    if ((facts.stx_mask & STATX_BTIME) != 0)
        *birth_ns_out = facts.stx_btime.tv_sec * 1000000000 + facts.stx_btime.tv_nsec;
    return true;
}
