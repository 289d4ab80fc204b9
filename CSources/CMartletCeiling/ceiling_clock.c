#include "ceiling_internal.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

enum {
    NS_PER_S = 1000000000
};

static uint64_t read_clock(clockid_t clock) {
    struct timespec now = {0};
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t mlog_ceiling_now_ns(void) {
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t ceiling_thread_cpu_ns(void) {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void mlog_ceiling_use_precise_timers(void) {
    /* Best effort: without it a sleep ends up to 50 us late, and the figures say so. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

void mlog_ceiling_sleep_until(uint64_t time_ns) {
    /* A time that is over costs no timer: on a virtual machine one takes longer than sending a message does, and who is
       late already would fall behind further. */
    if (mlog_ceiling_now_ns() >= time_ns) return;
    struct timespec until = {.tv_sec = (time_t)(time_ns / NS_PER_S), .tv_nsec = (long)(time_ns % NS_PER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
}
