#ifndef MLOG_TEST_HARNESS_H
#define MLOG_TEST_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A test is a sentence and a body:
 *
 *     TEST(empty_log, "an empty log has no records") { CHECK(count == 0); }
 *
 * Tests register themselves and run in the order of the files; a failed check is reported and the test goes on. The
 * binary takes an optional argument: only tests whose sentence contains it run. MLOG_TEST_SEED replays a random run.
 */

typedef struct test_case {
    const char *sentence;
    void (*body)(void);
    struct test_case *next;
} test_case;

void test_register(test_case *test);

/* Reports a failure unless `holds`; returns it. */
bool test_check(bool holds, const char *what, const char *file, int line);
bool test_check_equal(int64_t found, int64_t expected, const char *what, const char *file, int line);
bool test_check_bytes(const void *found, size_t found_bytes, const void *expected, size_t expected_bytes,
                      const char *what, const char *file, int line);

#define TEST(name, text)                                                                                               \
    static void name(void);                                                                                            \
    __attribute__((constructor)) static void register_##name(void) {                                                   \
        static test_case test = {.sentence = text, .body = name};                                                      \
        test_register(&test);                                                                                          \
    }                                                                                                                  \
    static void name(void)

#define CHECK(condition) test_check((condition), #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(found, expected)                                                                                   \
    test_check_equal((int64_t)(found), (int64_t)(expected), #found " == " #expected, __FILE__, __LINE__)
#define CHECK_BYTES(found, found_bytes, expected, expected_bytes)                                                      \
    test_check_bytes((found), (found_bytes), (expected), (expected_bytes), #found " == " #expected, __FILE__, __LINE__)

/* A copy in memory of exactly this size, so that a sanitizer sees every byte read beyond it. To be freed. */
uint8_t *test_copy(const void *bytes, size_t size_bytes);

/* The file fixtures/`name`, as test_copy would give it; the run ends when it cannot be read. */
uint8_t *test_fixture(const char *name, size_t *size_bytes_out);

/* Numbers from the run's seed, which a failing run prints. */
uint64_t test_random(void);
/* Below `bound`, which is not 0. */
uint64_t test_random_below(uint64_t bound);
void test_random_fill(void *bytes, size_t size_bytes);

#endif
