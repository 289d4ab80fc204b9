#ifndef MLOG_DISK_MODEL_H
#define MLOG_DISK_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mlog_faulty.h"

/*
 * What is not durable yet. For each file: its size when it was last synced, and the content that its changed pages had
 * then. For directories: the changes of entries since their sync, in order. Not thread-safe: the owner locks.
 *
 * Each function is told of a change before (begin_...) or after the real call made it.
 */
typedef struct disk_model disk_model;
typedef struct disk_file disk_file;

disk_model *disk_model_open(const char *limbo);
void disk_model_close(disk_model *model);

/* The file at `path`, known by its inode; null for a directory, or when it cannot be opened. */
disk_file *disk_model_file(disk_model *model, const char *path);

const char *disk_file_path(const disk_file *file);

/* Bytes [position, position + size_bytes) are about to change. */
void disk_model_begin_write(disk_file *file, off_t position, size_t size_bytes);

/* The size may have changed. */
void disk_model_sized(disk_file *file);

/* The file is about to be cut to size_bytes (or to grow to it). */
void disk_model_begin_truncate(disk_file *file, off_t size_bytes);

void disk_model_synced(disk_file *file);
/* A sync of the file failed. As a kernel does, it counts the file's changed pages as clean from here on: they are in
 * its memory, not on the disk, and no later sync writes them unless they are changed again. */
void disk_model_sync_failed(disk_file *file);
void disk_model_directory_synced(disk_model *model, const char *path);
void disk_model_all_synced(disk_model *model);

typedef enum {
    DISK_CREATE,
    DISK_RENAME,
    DISK_UNLINK,
    DISK_MKDIR,
    DISK_RMDIR,
} disk_entry_kind;

/* A change of directory entries is about to be made; `to` for a rename. Keeps aside what it would destroy. */
void disk_model_begin_entry(disk_model *model, disk_entry_kind kind, const char *path, const char *to);
/* How it went: a change that failed is forgotten. */
void disk_model_end_entry(disk_model *model, bool made);

/* The kernel takes its memory back: pages that a failed sync left are as the disk has them. 0, or -1 and errno. */
int disk_model_drop_clean(disk_model *model);

int disk_model_power_loss(disk_model *model, uint64_t seed, mlog_power_loss *loss_out);

#endif
