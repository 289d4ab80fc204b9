/*
 * For tests with real processes: calls to the disk that fail when the test says so. Loaded into the broker by
 * LD_PRELOAD.
 *
 * FAILING_CALLS names a file of orders, read anew at each call, one a line:
 *
 *     <call> <error number> <part of the path>
 *
 * A call of that name on a path that has the part in it does nothing and fails. `rename` goes by the new name, `create`
 * is an open that may create. Calls without an order, and all while there is no such file, are the system's own.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    ORDERS_BYTES_MAX = 4096
};

/* The orders as text. By system calls: our own open stands in for the library's. */
static bool read_orders(char orders[ORDERS_BYTES_MAX]) {
    const char *path = getenv("FAILING_CALLS");
    if (path == NULL) return false;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) return false;
    ssize_t count = syscall(SYS_read, fd, orders, ORDERS_BYTES_MAX - 1);
    syscall(SYS_close, fd);
    orders[count > 0 ? count : 0] = '\0';
    return count > 0;
}

/* True, with errno set, when the call is to fail; otherwise errno is as it was. */
static bool fails(const char *call, const char *path) {
    char orders[ORDERS_BYTES_MAX], name[32], part[PATH_MAX];
    int before = errno, number;
    bool found = false;
    if (read_orders(orders)) {
        char *rest = orders;
        for (char *line; !found && (line = strsep(&rest, "\n")) != NULL;) {
            if (sscanf(line, "%31s %d %4095s", name, &number, part) != 3) continue;
            found = strcmp(name, call) == 0 && strstr(path, part) != NULL;
        }
    }
    errno = found ? number : before;
    return found;
}

static bool fails_on(const char *call, int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t count = readlink(link, path, sizeof path - 1);
    if (count < 0) return false;
    path[count] = '\0';
    return fails(call, path);
}

static void *next_of(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    return found;
}

int open(const char *path, int flags, ...) {
    static int (*next)(const char *, int, ...);
    mode_t mode = 0;
    if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if ((flags & O_CREAT) != 0 && fails("create", path)) return -1;
    if (next == NULL) next = (int (*)(const char *, int, ...))next_of("open");
    return next(path, flags, mode);
}

ssize_t pwritev(int fd, const struct iovec *parts, int part_count, off_t position) {
    static ssize_t (*next)(int, const struct iovec *, int, off_t);
    if (fails_on("pwritev", fd)) return -1;
    if (next == NULL) next = (ssize_t(*)(int, const struct iovec *, int, off_t))next_of("pwritev");
    return next(fd, parts, part_count, position);
}

int fdatasync(int fd) {
    static int (*next)(int);
    if (fails_on("fdatasync", fd)) return -1;
    if (next == NULL) next = (int (*)(int))next_of("fdatasync");
    return next(fd);
}

int fsync(int fd) {
    static int (*next)(int);
    if (fails_on("fsync", fd)) return -1;
    if (next == NULL) next = (int (*)(int))next_of("fsync");
    return next(fd);
}

int rename(const char *from, const char *to) {
    static int (*next)(const char *, const char *);
    if (fails("rename", to)) return -1;
    if (next == NULL) next = (int (*)(const char *, const char *))next_of("rename");
    return next(from, to);
}
