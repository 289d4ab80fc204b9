#include "harness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    REPORTS_MAX = 10
}; /* of one test: a loop that fails every time should not bury the first report */

static test_case *first;
static test_case **last = &first;
static int failures;
static uint64_t seed;
static uint64_t random_state;

void test_register(test_case *test) {
    *last = test;
    last = &test->next;
}

bool test_check(bool holds, const char *what, const char *file, int line) {
    if (!holds && ++failures <= REPORTS_MAX) printf("  %s:%d: not so: %s\n", file, line, what);
    return holds;
}

bool test_check_equal(int64_t found, int64_t expected, const char *what, const char *file, int line) {
    bool holds = test_check(found == expected, what, file, line);
    if (!holds && failures <= REPORTS_MAX) printf("    found %" PRId64 ", expected %" PRId64 "\n", found, expected);
    return holds;
}

bool test_check_bytes(const void *found, size_t found_bytes, const void *expected, size_t expected_bytes,
                      const char *what, const char *file, int line) {
    if (!test_check_equal((int64_t)found_bytes, (int64_t)expected_bytes, what, file, line)) return false;
    return test_check(found_bytes == 0 || memcmp(found, expected, found_bytes) == 0, what, file, line);
}

static void *allocate(size_t size_bytes) {
    void *memory = malloc(size_bytes);
    if (memory == NULL && size_bytes > 0) abort();
    return memory;
}

uint8_t *test_copy(const void *bytes, size_t size_bytes) {
    uint8_t *copy = allocate(size_bytes);
    if (size_bytes > 0) memcpy(copy, bytes, size_bytes);
    return copy;
}

uint8_t *test_fixture(const char *name, size_t *size_bytes_out) {
    char path[256];
    static uint8_t contents[1 << 20];
    snprintf(path, sizeof path, "fixtures/%s", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    *size_bytes_out = fread(contents, 1, sizeof contents, file);
    fclose(file);
    return test_copy(contents, *size_bytes_out);
}

/* splitmix64 (Steele, Lea and Flood, 2014). */
uint64_t test_random(void) {
    uint64_t mixed = random_state += 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111ebu;
    return mixed ^ mixed >> 31;
}

uint64_t test_random_below(uint64_t bound) {
    return test_random() % bound;
}

void test_random_fill(void *bytes, size_t size_bytes) {
    uint8_t *at = bytes;
    for (size_t i = 0; i < size_bytes; i++)
        at[i] = (uint8_t)test_random();
}

static uint64_t choose_seed(void) {
    const char *given = getenv("MLOG_TEST_SEED");
    return given != NULL ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
}

/* Every test starts from the run's seed, so that it replays alone as it ran among the others. */
static bool run(const test_case *test) {
    failures = 0;
    random_state = seed;
    test->body();
    printf("%s %s\n", failures == 0 ? "ok  " : "FAIL", test->sentence);
    return failures == 0;
}

int main(int count, char **arguments) {
    int passed = 0;
    int failed = 0;
    seed = choose_seed();
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (const test_case *test = first; test != NULL; test = test->next) {
        if (count > 1 && strstr(test->sentence, arguments[1]) == NULL) continue;
        if (run(test)) {
            passed++;
        } else {
            failed++;
        }
    }
    printf("%d passed, %d failed\n", passed, failed);
    if (failed > 0) printf("to replay: MLOG_TEST_SEED=%" PRIu64 "\n", seed);
    return failed > 0 || passed == 0;
}
