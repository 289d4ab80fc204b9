#define _GNU_SOURCE
#include "mlog_faulty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "disk_model.h"

typedef struct {
    mlog_fault fault;
    char path_part[PATH_MAX];
    uint64_t seen;
} armed_fault;

/* What an open descriptor stands for. */
typedef struct {
    disk_file *file; /* null: a directory */
    char *path;
} open_file;

struct mlog_faulty {
    mlog_io io;
    const mlog_io *real;
    pthread_mutex_t lock;
    disk_model *model;
    armed_fault faults[MLOG_FAULTS_MAX];
    int fault_count;
    uint64_t calls[MLOG_CALL_KINDS];
    uint64_t changes;
    uint64_t crash_at; /* count of changes; UINT64_MAX: never */
    bool crashed;
    pthread_cond_t crash;  /* by the monotonic clock */
    open_file *open_files; /* by descriptor */
    int open_files_count;
};

static bool changes_something(mlog_call_kind kind) {
    switch (kind) {
    case MLOG_CALL_CLOSE:
    case MLOG_CALL_PREAD:
    case MLOG_CALL_FADVISE:
    case MLOG_CALL_LOCK:
    case MLOG_CALL_SIZE:
    case MLOG_CALL_NEXT_DATA:
    case MLOG_CALL_CACHED_PAGES:
        return false;
    case MLOG_CALL_OPEN:
    case MLOG_CALL_PWRITEV:
    case MLOG_CALL_FTRUNCATE:
    case MLOG_CALL_FALLOCATE:
    case MLOG_CALL_FDATASYNC:
    case MLOG_CALL_FSYNC:
    case MLOG_CALL_SYNCFS:
    case MLOG_CALL_SYNC_FILE_RANGE:
    case MLOG_CALL_RENAME:
    case MLOG_CALL_UNLINK:
    case MLOG_CALL_MKDIR:
    case MLOG_CALL_RMDIR:
        return true;
    }
    return true;
}

/* ---- what every call does first ---- */

static armed_fault *due_fault(mlog_faulty *disk, mlog_call_kind kind, const char *path) {
    armed_fault *due = NULL;
    for (int i = 0; i < disk->fault_count; i++) {
        armed_fault *armed = &disk->faults[i];
        if (armed->fault.kind != kind || strstr(path, armed->path_part) == NULL) continue;
        armed->seen++;
        bool fires = armed->seen >= armed->fault.nth && armed->seen - armed->fault.nth < armed->fault.times;
        if (fires && due == NULL) due = armed;
    }
    return due;
}

/* Takes the lock. False, with errno, when the call is to fail. *size_bytes (may be null) is lowered for a short one. */
static bool enter(mlog_faulty *disk, mlog_call_kind kind, const char *path, size_t *size_bytes) {
    pthread_mutex_lock(&disk->lock);
    disk->calls[kind]++;
    if (changes_something(kind) && !disk->crashed) {
        disk->crashed = disk->changes >= disk->crash_at;
        if (!disk->crashed)
            disk->changes++;
        else
            pthread_cond_broadcast(&disk->crash);
    }
    if (disk->crashed) {
        errno = EIO;
        return false;
    }
    const armed_fault *due = due_fault(disk, kind, path);
    if (due == NULL) return true;
    if (due->fault.os_error != 0) {
        errno = due->fault.os_error;
        return false;
    }
    if (size_bytes != NULL && *size_bytes > due->fault.short_bytes) *size_bytes = due->fault.short_bytes;
    return true;
}

/* Gives the lock back and returns the call's result, errno untouched. */
static int leave(mlog_faulty *disk, int result) {
    int os_error = errno;
    pthread_mutex_unlock(&disk->lock);
    errno = os_error;
    return result;
}

/* ---- descriptors ---- */

static const char *path_of(mlog_faulty *disk, int fd) {
    pthread_mutex_lock(&disk->lock);
    const char *path = fd >= 0 && fd < disk->open_files_count ? disk->open_files[fd].path : NULL;
    pthread_mutex_unlock(&disk->lock);
    return path != NULL ? path : "";
}

static disk_file *file_of(const mlog_faulty *disk, int fd) {
    return fd >= 0 && fd < disk->open_files_count ? disk->open_files[fd].file : NULL;
}

static void remember(mlog_faulty *disk, int fd, const char *path) {
    if (fd >= disk->open_files_count) {
        int count = fd * 2 + 16;
        disk->open_files = realloc(disk->open_files, (size_t)count * sizeof *disk->open_files);
        if (disk->open_files == NULL) abort();
        memset(disk->open_files + disk->open_files_count, 0,
               (size_t)(count - disk->open_files_count) * sizeof *disk->open_files);
        disk->open_files_count = count;
    }
    disk->open_files[fd] = (open_file){.file = disk_model_file(disk->model, path), .path = strdup(path)};
}

static int faulty_open(void *context, const char *path, int flags, mode_t mode) {
    mlog_faulty *disk = context;
    if (!enter(disk, MLOG_CALL_OPEN, path, NULL)) return leave(disk, -1);
    struct stat status;
    bool creates = (flags & O_CREAT) != 0 && stat(path, &status) != 0;
    if ((flags & O_TRUNC) != 0 && !creates) {
        disk_file *file = disk_model_file(disk->model, path);
        if (file != NULL) disk_model_begin_truncate(file, 0);
    }
    if (creates) disk_model_begin_entry(disk->model, DISK_CREATE, path, NULL);
    int fd = disk->real->open(NULL, path, flags, mode);
    if (creates) disk_model_end_entry(disk->model, fd >= 0);
    if (fd >= 0) {
        remember(disk, fd, path);
        disk_file *file = file_of(disk, fd);
        if (file != NULL) disk_model_sized(file);
    }
    return leave(disk, fd);
}

static int faulty_close(void *context, int fd) {
    mlog_faulty *disk = context;
    pthread_mutex_lock(&disk->lock);
    disk->calls[MLOG_CALL_CLOSE]++;
    if (fd >= 0 && fd < disk->open_files_count) {
        free(disk->open_files[fd].path);
        disk->open_files[fd] = (open_file){0};
    }
    return leave(disk, disk->real->close(NULL, fd));
}

/* ---- files ---- */

static ssize_t faulty_pread(void *context, int fd, void *buffer, size_t size_bytes, off_t position) {
    mlog_faulty *disk = context;
    ssize_t count = -1;
    if (enter(disk, MLOG_CALL_PREAD, path_of(disk, fd), &size_bytes))
        count = disk->real->pread(NULL, fd, buffer, size_bytes, position);
    (void)leave(disk, 0);
    return count;
}

/* The parts up to size_bytes, as a new list. */
static int shorten(const struct iovec *parts, int part_count, size_t size_bytes, struct iovec *out) {
    int count = 0;
    while (count < part_count && size_bytes > 0) {
        out[count] = parts[count];
        if (out[count].iov_len > size_bytes) out[count].iov_len = size_bytes;
        size_bytes -= out[count++].iov_len;
    }
    return count;
}

static ssize_t faulty_pwritev(void *context, int fd, const struct iovec *parts, int part_count, off_t position) {
    mlog_faulty *disk = context;
    size_t size_bytes = 0;
    for (int i = 0; i < part_count; i++)
        size_bytes += parts[i].iov_len;
    ssize_t count = -1;
    if (enter(disk, MLOG_CALL_PWRITEV, path_of(disk, fd), &size_bytes)) {
        struct iovec shortened[IOV_MAX];
        int shortened_count = shorten(parts, part_count, size_bytes, shortened);
        disk_file *file = file_of(disk, fd);
        if (file != NULL) disk_model_begin_write(file, position, size_bytes);
        count = disk->real->pwritev(NULL, fd, shortened, shortened_count, position);
        if (file != NULL) disk_model_sized(file);
    }
    (void)leave(disk, 0);
    return count;
}

static int faulty_ftruncate(void *context, int fd, off_t size_bytes) {
    mlog_faulty *disk = context;
    if (!enter(disk, MLOG_CALL_FTRUNCATE, path_of(disk, fd), NULL)) return leave(disk, -1);
    disk_file *file = file_of(disk, fd);
    if (file != NULL) disk_model_begin_truncate(file, size_bytes);
    int result = disk->real->ftruncate(NULL, fd, size_bytes);
    if (file != NULL) disk_model_sized(file);
    return leave(disk, result);
}

static int faulty_fallocate(void *context, int fd, int mode, off_t position, off_t size_bytes) {
    mlog_faulty *disk = context;
    if (!enter(disk, MLOG_CALL_FALLOCATE, path_of(disk, fd), NULL)) return leave(disk, -1);
    int result = disk->real->fallocate(NULL, fd, mode, position, size_bytes);
    disk_file *file = file_of(disk, fd);
    if (file != NULL) disk_model_sized(file);
    return leave(disk, result);
}

/* fsync and fdatasync: the model keeps no file attributes, so they do the same. */
static int sync_one(mlog_faulty *disk, mlog_call_kind kind, int fd) {
    size_t kept_bytes = SIZE_MAX;
    bool goes_on = enter(disk, kind, path_of(disk, fd), &kept_bytes);
    disk_file *file = file_of(disk, fd);
    if (!goes_on && !disk->crashed && file != NULL) disk_model_sync_failed(file);
    if (!goes_on) return leave(disk, -1);
    if (kept_bytes == 0) return leave(disk, 0);
    if (file != NULL)
        disk_model_synced(file);
    else
        disk_model_directory_synced(disk->model, disk->open_files[fd].path);
    return leave(disk, 0);
}

static int faulty_fdatasync(void *context, int fd) {
    return sync_one(context, MLOG_CALL_FDATASYNC, fd);
}

static int faulty_fsync(void *context, int fd) {
    return sync_one(context, MLOG_CALL_FSYNC, fd);
}

static int faulty_syncfs(void *context, int fd) {
    mlog_faulty *disk = context;
    if (!enter(disk, MLOG_CALL_SYNCFS, path_of(disk, fd), NULL)) return leave(disk, -1);
    disk_model_all_synced(disk->model);
    return leave(disk, 0);
}

/* A hint, and no promise: nothing becomes durable. */
static int faulty_sync_file_range(void *context, int fd, off_t position, off_t size_bytes, unsigned flags) {
    mlog_faulty *disk = context;
    (void)position, (void)size_bytes, (void)flags;
    return leave(disk, enter(disk, MLOG_CALL_SYNC_FILE_RANGE, path_of(disk, fd), NULL) ? 0 : -1);
}

/* A hint, too: what is cached is as good as what is on the disk. */
static int faulty_fadvise(void *context, int fd, off_t position, off_t size_bytes, int advice) {
    mlog_faulty *disk = context;
    if (!enter(disk, MLOG_CALL_FADVISE, path_of(disk, fd), NULL)) return leave(disk, -1);
    return leave(disk, disk->real->fadvise(NULL, fd, position, size_bytes, advice));
}

/* ---- directories ---- */

static int faulty_rename(void *context, const char *from, const char *to) {
    mlog_faulty *disk = context;
    if (!enter(disk, MLOG_CALL_RENAME, to, NULL)) return leave(disk, -1);
    disk_model_begin_entry(disk->model, DISK_RENAME, from, to);
    int result = disk->real->rename(NULL, from, to);
    disk_model_end_entry(disk->model, result == 0);
    return leave(disk, result);
}

/* A change of one entry, by the real call of the same kind. */
static int change_entry(mlog_faulty *disk, mlog_call_kind kind, disk_entry_kind entry, const char *path, mode_t mode) {
    if (!enter(disk, kind, path, NULL)) return leave(disk, -1);
    disk_model_begin_entry(disk->model, entry, path, NULL);
    int result = kind == MLOG_CALL_UNLINK  ? disk->real->unlink(NULL, path)
                 : kind == MLOG_CALL_MKDIR ? disk->real->mkdir(NULL, path, mode)
                                           : disk->real->rmdir(NULL, path);
    int os_error = errno;
    disk_model_end_entry(disk->model, result == 0);
    errno = os_error;
    return leave(disk, result);
}

static int faulty_unlink(void *context, const char *path) {
    return change_entry(context, MLOG_CALL_UNLINK, DISK_UNLINK, path, 0);
}

static int faulty_mkdir(void *context, const char *path, mode_t mode) {
    return change_entry(context, MLOG_CALL_MKDIR, DISK_MKDIR, path, mode);
}

static int faulty_rmdir(void *context, const char *path) {
    return change_entry(context, MLOG_CALL_RMDIR, DISK_RMDIR, path, 0);
}

/* ---- asking ---- */

static int faulty_lock(void *context, int fd) {
    mlog_faulty *disk = context;
    bool goes_on = enter(disk, MLOG_CALL_LOCK, path_of(disk, fd), NULL);
    return leave(disk, goes_on ? disk->real->lock(NULL, fd) : -1);
}

static off_t faulty_size(void *context, int fd) {
    mlog_faulty *disk = context;
    off_t size_bytes = enter(disk, MLOG_CALL_SIZE, path_of(disk, fd), NULL) ? disk->real->size(NULL, fd) : -1;
    (void)leave(disk, 0);
    return size_bytes;
}

static off_t faulty_next_data(void *context, int fd, off_t position) {
    mlog_faulty *disk = context;
    bool goes_on = enter(disk, MLOG_CALL_NEXT_DATA, path_of(disk, fd), NULL);
    off_t next = goes_on ? disk->real->next_data(NULL, fd, position) : -1;
    (void)leave(disk, 0);
    return next;
}

/* Counts as a look for data. */
static off_t faulty_next_hole(void *context, int fd, off_t position) {
    mlog_faulty *disk = context;
    bool goes_on = enter(disk, MLOG_CALL_NEXT_DATA, path_of(disk, fd), NULL);
    off_t next = goes_on ? disk->real->next_hole(NULL, fd, position) : -1;
    (void)leave(disk, 0);
    return next;
}

/* What is read and written here is as good as cached, whatever the machine's memory: only a fault makes it cold. */
static ssize_t faulty_cached_pages(void *context, int fd, off_t position, off_t size_bytes) {
    mlog_faulty *disk = context;
    size_t known_bytes = (size_t)size_bytes;
    bool goes_on = enter(disk, MLOG_CALL_CACHED_PAGES, path_of(disk, fd), &known_bytes);
    long page_bytes = sysconf(_SC_PAGESIZE);
    int pages = (int)((position + size_bytes - 1) / page_bytes - position / page_bytes + 1);
    return leave(disk, !goes_on ? -1 : known_bytes == (size_t)size_bytes ? pages : 0);
}

/* ---- the test's side ---- */

mlog_faulty *mlog_faulty_open(const char *limbo) {
    mlog_faulty *disk = calloc(1, sizeof *disk);
    if (disk == NULL) return NULL;
    disk->model = disk_model_open(limbo);
    if (disk->model == NULL) {
        free(disk);
        return NULL;
    }
    disk->real = mlog_io_system();
    disk->crash_at = UINT64_MAX;
    pthread_mutex_init(&disk->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&disk->crash, &monotonic);
    pthread_condattr_destroy(&monotonic);
    disk->io = (mlog_io){
        .context = disk,
        .open = faulty_open,
        .close = faulty_close,
        .pread = faulty_pread,
        .pwritev = faulty_pwritev,
        .ftruncate = faulty_ftruncate,
        .fallocate = faulty_fallocate,
        .fdatasync = faulty_fdatasync,
        .fsync = faulty_fsync,
        .syncfs = faulty_syncfs,
        .sync_file_range = faulty_sync_file_range,
        .fadvise = faulty_fadvise,
        .rename = faulty_rename,
        .unlink = faulty_unlink,
        .mkdir = faulty_mkdir,
        .rmdir = faulty_rmdir,
        .lock = faulty_lock,
        .size = faulty_size,
        .next_data = faulty_next_data,
        .next_hole = faulty_next_hole,
        .cached_pages = faulty_cached_pages,
    };
    return disk;
}

void mlog_faulty_close(mlog_faulty *disk) {
    if (disk == NULL) return;
    disk_model_close(disk->model);
    for (int fd = 0; fd < disk->open_files_count; fd++)
        free(disk->open_files[fd].path);
    free(disk->open_files);
    pthread_cond_destroy(&disk->crash);
    pthread_mutex_destroy(&disk->lock);
    free(disk);
}

const mlog_io *mlog_faulty_io(mlog_faulty *disk) {
    return &disk->io;
}

bool mlog_faulty_inject(mlog_faulty *disk, const mlog_fault *fault) {
    pthread_mutex_lock(&disk->lock);
    bool room = disk->fault_count < MLOG_FAULTS_MAX;
    if (room) {
        armed_fault *armed = &disk->faults[disk->fault_count++];
        *armed = (armed_fault){.fault = *fault};
        snprintf(armed->path_part, sizeof armed->path_part, "%s", fault->path_part != NULL ? fault->path_part : "");
    }
    pthread_mutex_unlock(&disk->lock);
    return room;
}

void mlog_faulty_heal(mlog_faulty *disk) {
    pthread_mutex_lock(&disk->lock);
    disk->fault_count = 0;
    pthread_mutex_unlock(&disk->lock);
}

void mlog_faulty_crash_after(mlog_faulty *disk, uint64_t changes) {
    pthread_mutex_lock(&disk->lock);
    disk->crash_at = disk->changes + changes;
    pthread_mutex_unlock(&disk->lock);
}

bool mlog_faulty_crashed(mlog_faulty *disk) {
    pthread_mutex_lock(&disk->lock);
    bool crashed = disk->crashed;
    pthread_mutex_unlock(&disk->lock);
    return crashed;
}

bool mlog_faulty_wait_for_crash(mlog_faulty *disk, uint64_t most_ms) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(most_ms / 1000);
    end.tv_nsec += (long)(most_ms % 1000) * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec++;
        end.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&disk->lock);
    int result = 0;
    while (!disk->crashed && result == 0)
        result = pthread_cond_timedwait(&disk->crash, &disk->lock, &end);
    bool crashed = disk->crashed;
    pthread_mutex_unlock(&disk->lock);
    return crashed;
}

uint64_t mlog_faulty_calls(mlog_faulty *disk, mlog_call_kind kind) {
    pthread_mutex_lock(&disk->lock);
    uint64_t count = disk->calls[kind];
    pthread_mutex_unlock(&disk->lock);
    return count;
}

uint64_t mlog_faulty_changes(mlog_faulty *disk) {
    pthread_mutex_lock(&disk->lock);
    uint64_t count = disk->changes;
    pthread_mutex_unlock(&disk->lock);
    return count;
}

int mlog_faulty_drop_clean(mlog_faulty *disk) {
    pthread_mutex_lock(&disk->lock);
    return leave(disk, disk_model_drop_clean(disk->model));
}

void mlog_faulty_restart(mlog_faulty *disk) {
    pthread_mutex_lock(&disk->lock);
    disk->crashed = false;
    disk->crash_at = UINT64_MAX;
    disk->fault_count = 0;
    pthread_mutex_unlock(&disk->lock);
}

int mlog_faulty_power_loss(mlog_faulty *disk, uint64_t seed, mlog_power_loss *loss_out) {
    pthread_mutex_lock(&disk->lock);
    int result = disk_model_power_loss(disk->model, seed, loss_out);
    (void)leave(disk, 0);
    if (result == 0) mlog_faulty_restart(disk);
    return result;
}
