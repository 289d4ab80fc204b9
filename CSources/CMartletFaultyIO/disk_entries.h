#ifndef MLOG_DISK_ENTRIES_H
#define MLOG_DISK_ENTRIES_H

#include "disk_model.h"

/* The changes of directory entries that are not synced, oldest first. */
typedef struct disk_entry disk_entry;

typedef struct {
    char *limbo;
    uint64_t limbo_count; /* names given so far */
    disk_entry *first;
    disk_entry *last;
    disk_entry *pending; /* begun, not ended */
} disk_entries;

void disk_entries_begin(disk_entries *entries, const char *limbo);
void disk_entries_end(disk_entries *entries);

void disk_entries_begin_change(disk_entries *entries, disk_entry_kind kind, const char *path, const char *to);
void disk_entries_end_change(disk_entries *entries, bool made);

/* The directory was synced; true when that made changes durable. */
bool disk_entries_settle(disk_entries *entries, const char *directory);
void disk_entries_settle_all(disk_entries *entries);

/* Undoes a subset, newest first. A change that a kept later one builds on is kept. */
int disk_entries_lose(disk_entries *entries, uint64_t *random, mlog_power_loss *loss);

uint64_t disk_random(uint64_t *state);

#endif
