#define _GNU_SOURCE
#include "lock_counter.h"

#if defined(__linux__) && defined(__x86_64__)

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <ucontext.h>

enum {
    /* The processor raises a trap after each instruction while this flag is set. */
    TRAP_FLAG = 0x100,
    LOCK_PREFIX = 0xf0,
    XCHG_BYTE = 0x86,
    XCHG = 0x87,
};

static _Thread_local volatile int64_t locked;

static bool is_legacy_prefix(uint8_t byte) {
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3};
    return memchr(prefixes, byte, sizeof prefixes) != NULL;
}

/* Whether the instruction at `code` reads and writes memory in one step. */
static bool is_locked(const uint8_t *code) {
    while (is_legacy_prefix(*code))
        code++;
    if (*code == LOCK_PREFIX) return true;
    if ((*code & 0xf0) == 0x40) code++;
    bool is_between_registers = (code[1] & 0xc0) == 0xc0;
    return (*code == XCHG || *code == XCHG_BYTE) && !is_between_registers;
}

/* Runs before each instruction, the trap flag being off in here. */
static void step(int signal, siginfo_t *info, void *context) {
    (void)signal;
    (void)info;
    const ucontext_t *thread = context;
    if (is_locked((const uint8_t *)thread->uc_mcontext.gregs[REG_RIP])) locked++;
}

static void install(void) {
    struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGTRAP, &action, NULL);
}

bool lock_counter_works(void) {
    return true;
}

void lock_counter_begin(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    locked = 0;
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() | TRAP_FLAG);
}

int64_t lock_counter_end(void) {
    __builtin_ia32_writeeflags_u64(__builtin_ia32_readeflags_u64() & ~(unsigned long long)TRAP_FLAG);
    return locked;
}

#else

bool lock_counter_works(void) {
    return false;
}

void lock_counter_begin(void) {}

int64_t lock_counter_end(void) {
    return 0;
}

#endif
