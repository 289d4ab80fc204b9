#define _GNU_SOURCE
#include "disk_entries.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct disk_entry {
    disk_entry_kind kind;
    char *path;
    char *to;    /* of a rename; else null */
    char *limbo; /* what the change destroyed: the file unlinked or overwritten; null when nothing was */
    bool path_synced;
    bool to_synced;
    bool kept; /* by the power cut */
    disk_entry *previous;
    disk_entry *next;
};

static void *must(void *memory) {
    if (memory == NULL) abort();
    return memory;
}

void disk_entries_begin(disk_entries *entries, const char *limbo) {
    *entries = (disk_entries){.limbo = must(strdup(limbo))};
}

void disk_entries_end(disk_entries *entries) {
    free(entries->limbo);
    entries->limbo = NULL;
}

static char *limbo_name(disk_entries *entries) {
    char *name;
    if (asprintf(&name, "%s/%" PRIu64, entries->limbo, ++entries->limbo_count) < 0) abort();
    return name;
}

static void free_entry(disk_entry *entry) {
    if (entry->limbo != NULL) unlink(entry->limbo);
    free(entry->limbo);
    free(entry->path);
    free(entry->to);
    free(entry);
}

static void take_out(disk_entries *entries, disk_entry *entry) {
    if (entry->previous != NULL)
        entry->previous->next = entry->next;
    else
        entries->first = entry->next;
    if (entry->next != NULL)
        entry->next->previous = entry->previous;
    else
        entries->last = entry->previous;
    free_entry(entry);
}

/* ---- making changes ---- */

void disk_entries_begin_change(disk_entries *entries, disk_entry_kind kind, const char *path, const char *to) {
    disk_entry *entry = must(calloc(1, sizeof *entry));
    entry->kind = kind;
    entry->path = must(strdup(path));
    entry->to = to != NULL ? must(strdup(to)) : NULL;
    entry->to_synced = to == NULL;
    const char *destroyed = kind == DISK_RENAME ? to : kind == DISK_UNLINK ? path : NULL;
    if (destroyed != NULL) {
        entry->limbo = limbo_name(entries);
        if (link(destroyed, entry->limbo) != 0) {
            free(entry->limbo);
            entry->limbo = NULL;
        }
    }
    entries->pending = entry;
}

void disk_entries_end_change(disk_entries *entries, bool made) {
    disk_entry *entry = entries->pending;
    entries->pending = NULL;
    if (!made) {
        free_entry(entry);
        return;
    }
    entry->previous = entries->last;
    if (entries->last != NULL)
        entries->last->next = entry;
    else
        entries->first = entry;
    entries->last = entry;
}

/* ---- syncing ---- */

static bool is_in(const char *path, const char *directory) {
    char parent[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(parent, sizeof parent, "%.*s", slash != NULL ? (int)(slash - path) : 1, slash != NULL ? path : ".");
    struct stat a, b;
    return stat(parent[0] != '\0' ? parent : "/", &a) == 0 && stat(directory, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

bool disk_entries_settle(disk_entries *entries, const char *directory) {
    bool settled = false;
    disk_entry *next;
    for (disk_entry *entry = entries->first; entry != NULL; entry = next) {
        next = entry->next;
        if (is_in(entry->path, directory)) entry->path_synced = true;
        if (entry->to != NULL && is_in(entry->to, directory)) entry->to_synced = true;
        if (!entry->path_synced || !entry->to_synced) continue;
        take_out(entries, entry);
        settled = true;
    }
    return settled;
}

void disk_entries_settle_all(disk_entries *entries) {
    while (entries->first != NULL)
        take_out(entries, entries->first);
}

/* ---- losing ---- */

/* Is `path` the same as `other`, or a directory above it? */
static bool leads_to(const char *path, const char *other) {
    size_t length = strlen(path);
    return strncmp(path, other, length) == 0 && (other[length] == '\0' || other[length] == '/');
}

static bool touch(const disk_entry *entry, const disk_entry *later) {
    const char *ours[] = {entry->path, entry->to}, *theirs[] = {later->path, later->to};
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 2; j++) {
            if (ours[i] != NULL && theirs[j] != NULL && leads_to(ours[i], theirs[j])) return true;
        }
    }
    return false;
}

static bool is_built_on(const disk_entry *entry) {
    for (const disk_entry *later = entry->next; later != NULL; later = later->next) {
        if (later->kept && touch(entry, later)) return true;
    }
    return false;
}

static int bring_back(disk_entry *entry, const char *path) {
    if (entry->limbo == NULL) return 0;
    return rename(entry->limbo, path);
}

static int undo(disk_entries *entries, disk_entry *entry) {
    char *gone;
    int result;
    switch (entry->kind) {
    case DISK_CREATE:
        return unlink(entry->path);
    case DISK_RENAME:
        return rename(entry->to, entry->path) == 0 ? bring_back(entry, entry->to) : -1;
    case DISK_UNLINK:
        return bring_back(entry, entry->path);
    case DISK_MKDIR:
        /* With all that is in it, synced or not: nothing leads there any more. */
        gone = limbo_name(entries);
        result = rename(entry->path, gone);
        free(gone);
        return result;
    case DISK_RMDIR:
        return mkdir(entry->path, 0750);
    }
    return -1;
}

int disk_entries_lose(disk_entries *entries, uint64_t *random, mlog_power_loss *loss) {
    for (disk_entry *entry = entries->last; entry != NULL; entry = entry->previous) {
        loss->entries_unsynced++;
        entry->kept = is_built_on(entry) || (disk_random(random) & 1) != 0;
        if (entry->kept) continue;
        loss->entries_dropped++;
        if (undo(entries, entry) != 0) return -1;
    }
    return 0;
}
