#include <unistd.h>

#include "segment_state.h"

bool mlog_segment_is_cached(const mlog_segment *segment, uint32_t from_position, uint32_t to_position) {
    if (to_position <= from_position) return true;
    long page_bytes = sysconf(_SC_PAGESIZE);
    if (page_bytes <= 0) return true;
    ssize_t wanted = (ssize_t)((to_position - 1) / page_bytes - from_position / page_bytes + 1);
    ssize_t cached =
        segment->io->cached_pages(segment->io->context, segment->fd, from_position, (off_t)to_position - from_position);
    return cached < 0 || cached >= wanted;
}
