#define _GNU_SOURCE
#include "disk_model.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_entries.h"

enum {
    PAGE_BYTES = 4096
};

/* Stands for the old content of a page that had none. */
static uint8_t no_content[1];

struct disk_file {
    dev_t device;
    ino_t inode;
    int fd; /* our own; -1 once the file is gone for good */
    char path[PATH_MAX];
    off_t durable_bytes; /* size when last synced */
    off_t size_bytes;
    uint8_t **old_pages; /* by page: null unchanged since the sync, or what it held then */
    bool *forsaken;      /* by page: a failed sync counts it as clean, though the disk has the old one */
    size_t page_count;   /* length of both */
    disk_file *next;
};

struct disk_model {
    disk_file *files;
    disk_entries entries;
};

/* Out of memory in a test's model: nothing sensible can go on. */
static void *must(void *memory) {
    if (memory == NULL) abort();
    return memory;
}

disk_model *disk_model_open(const char *limbo) {
    if (mkdir(limbo, 0750) != 0 && errno != EEXIST) return NULL;
    disk_model *model = must(calloc(1, sizeof *model));
    disk_entries_begin(&model->entries, limbo);
    return model;
}

static void forget_page(disk_file *file, size_t page) {
    if (file->old_pages[page] != no_content) free(file->old_pages[page]);
    file->old_pages[page] = NULL;
    file->forsaken[page] = false;
}

static void forget_pages(disk_file *file) {
    for (size_t page = 0; page < file->page_count; page++)
        forget_page(file, page);
}

void disk_model_close(disk_model *model) {
    disk_entries_settle_all(&model->entries);
    disk_entries_end(&model->entries);
    disk_file *next;
    for (disk_file *file = model->files; file != NULL; file = next) {
        next = file->next;
        forget_pages(file);
        free(file->old_pages);
        free(file->forsaken);
        if (file->fd >= 0) close(file->fd);
        free(file);
    }
    free(model);
}

/* ---- files ---- */

static off_t size_of(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 ? status.st_size : 0;
}

const char *disk_file_path(const disk_file *file) {
    return file->path;
}

disk_file *disk_model_file(disk_model *model, const char *path) {
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
    for (disk_file *file = model->files; file != NULL; file = file->next) {
        if (file->fd < 0 || file->inode != status.st_ino || file->device != status.st_dev) continue;
        snprintf(file->path, sizeof file->path, "%s", path);
        return file;
    }
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return NULL;
    disk_file *file = must(calloc(1, sizeof *file));
    *file = (disk_file){.device = status.st_dev, .inode = status.st_ino, .fd = fd, .next = model->files};
    snprintf(file->path, sizeof file->path, "%s", path);
    file->durable_bytes = file->size_bytes = status.st_size;
    model->files = file;
    return file;
}

/* Keeps what the page held when the file was last synced, unless that is kept already. */
static void keep_page(disk_file *file, size_t page) {
    if (page >= file->page_count) {
        size_t count = page + 1 > file->page_count * 2 ? page + 1 : file->page_count * 2;
        file->old_pages = must(realloc(file->old_pages, count * sizeof *file->old_pages));
        memset(file->old_pages + file->page_count, 0, (count - file->page_count) * sizeof *file->old_pages);
        file->forsaken = must(realloc(file->forsaken, count * sizeof *file->forsaken));
        memset(file->forsaken + file->page_count, 0, (count - file->page_count) * sizeof *file->forsaken);
        file->page_count = count;
    }
    file->forsaken[page] = false;
    if (file->old_pages[page] != NULL) return;
    off_t start = (off_t)page * PAGE_BYTES;
    file->old_pages[page] = no_content;
    if (start >= file->size_bytes) return;
    uint8_t *content = must(calloc(1, PAGE_BYTES));
    ssize_t count = pread(file->fd, content, PAGE_BYTES, start);
    if (count < 0) abort();
    file->old_pages[page] = content;
}

void disk_model_begin_write(disk_file *file, off_t position, size_t size_bytes) {
    if (file->fd < 0 || size_bytes == 0) return;
    size_t first = (size_t)position / PAGE_BYTES, last = ((size_t)position + size_bytes - 1) / PAGE_BYTES;
    for (size_t page = first; page <= last; page++)
        keep_page(file, page);
}

void disk_model_sized(disk_file *file) {
    if (file->fd >= 0) file->size_bytes = size_of(file->fd);
}

void disk_model_begin_truncate(disk_file *file, off_t size_bytes) {
    if (file->fd < 0 || size_bytes >= file->size_bytes) return;
    disk_model_begin_write(file, size_bytes, (size_t)(file->size_bytes - size_bytes));
}

void disk_model_synced(disk_file *file) {
    for (size_t page = 0; page < file->page_count; page++) {
        if (!file->forsaken[page]) forget_page(file, page);
    }
    disk_model_sized(file);
    file->durable_bytes = file->size_bytes;
}

void disk_model_sync_failed(disk_file *file) {
    for (size_t page = 0; page < file->page_count; page++)
        file->forsaken[page] = file->old_pages[page] != NULL;
}

/* Files that no name leads to any more, not even in limbo, need no model. */
static void drop_removed(disk_model *model) {
    for (disk_file *file = model->files; file != NULL; file = file->next) {
        struct stat status;
        if (file->fd < 0 || fstat(file->fd, &status) != 0 || status.st_nlink > 0) continue;
        forget_pages(file);
        close(file->fd);
        file->fd = -1;
    }
}

/* ---- directories ---- */

void disk_model_directory_synced(disk_model *model, const char *path) {
    if (disk_entries_settle(&model->entries, path)) drop_removed(model);
}

void disk_model_all_synced(disk_model *model) {
    disk_entries_settle_all(&model->entries);
    drop_removed(model);
    for (disk_file *file = model->files; file != NULL; file = file->next) {
        if (file->fd >= 0) disk_model_synced(file);
    }
}

void disk_model_begin_entry(disk_model *model, disk_entry_kind kind, const char *path, const char *to) {
    disk_entries_begin_change(&model->entries, kind, path, to);
}

void disk_model_end_entry(disk_model *model, bool made) {
    disk_entries_end_change(&model->entries, made);
}

/* ---- the power cut ---- */

/* splitmix64: enough randomness for coins. */
uint64_t disk_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int restore_page(const disk_file *file, size_t page, off_t size_bytes) {
    static const uint8_t zeros[PAGE_BYTES];
    const uint8_t *content = file->old_pages[page] == no_content ? zeros : file->old_pages[page];
    off_t start = (off_t)page * PAGE_BYTES;
    if (start >= size_bytes) return 0;
    size_t count = size_bytes - start < PAGE_BYTES ? (size_t)(size_bytes - start) : PAGE_BYTES;
    return pwrite(file->fd, content, count, start) == (ssize_t)count ? 0 : -1;
}

static int lose_pages(disk_file *file, uint64_t *random, mlog_power_loss *loss) {
    off_t size_bytes = file->size_bytes, cut_from = file->size_bytes;
    if (file->durable_bytes != file->size_bytes && (disk_random(random) & 1) != 0) {
        size_bytes = file->durable_bytes;
        loss->sizes_dropped++;
        if (ftruncate(file->fd, size_bytes) != 0) return -1;
    }
    for (size_t page = 0; page < file->page_count; page++) {
        if (file->old_pages[page] == NULL) continue;
        loss->pages_unsynced++;
        /* A cut that is undone brings back what it had cut. */
        bool was_cut = (off_t)page * PAGE_BYTES >= cut_from;
        if (!was_cut && !file->forsaken[page] && (disk_random(random) & 1) != 0) continue;
        loss->pages_dropped++;
        if (restore_page(file, page, size_bytes) != 0) return -1;
    }
    return 0;
}

int disk_model_drop_clean(disk_model *model) {
    for (disk_file *file = model->files; file != NULL; file = file->next) {
        if (file->fd < 0) continue;
        disk_model_sized(file);
        for (size_t page = 0; page < file->page_count; page++) {
            if (!file->forsaken[page]) continue;
            if (restore_page(file, page, file->size_bytes) != 0) return -1;
            forget_page(file, page);
        }
    }
    return 0;
}

int disk_model_power_loss(disk_model *model, uint64_t seed, mlog_power_loss *loss_out) {
    *loss_out = (mlog_power_loss){0};
    uint64_t random = seed;
    for (disk_file *file = model->files; file != NULL; file = file->next) {
        if (file->fd < 0) continue;
        disk_model_sized(file);
        if (lose_pages(file, &random, loss_out) != 0) return -1;
    }
    if (disk_entries_lose(&model->entries, &random, loss_out) != 0) return -1;
    for (disk_file *file = model->files; file != NULL; file = file->next)
        forget_pages(file);
    disk_model_all_synced(model);
    return 0;
}
