#include "log_support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Paths in a directory of the test's own. */
static const char *in(const known_log *log, const char *name) {
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", log->directory, name);
    return path;
}

static bool is_there(const char *path) {
    struct stat status;
    return stat(path, &status) == 0;
}

/* The checkpoint at `path` holds `expected`. */
static void check_checkpoint(const mlog_io *io, const char *path, uint32_t version, const char *expected) {
    uint32_t found_version;
    uint8_t *content;
    size_t size_bytes;
    if (!CHECK_OK(mlog_checkpoint_read(io, path, 1000, &found_version, &content, &size_bytes, NULL))) return;
    CHECK_EQUAL(found_version, version);
    CHECK_BYTES(content, size_bytes, expected, strlen(expected));
    mlog_checkpoint_free(content);
}

static mlog_status write_text(const mlog_io *io, const char *path, uint32_t version, const char *text) {
    return mlog_checkpoint_write(io, path, version, (const uint8_t *)text, strlen(text), NULL);
}

TEST(checkpoint, "a checkpoint reads back, replaces the one before, and may be empty") {
    known_log *log = known_log_prepare();
    const char *path = in(log, "checkpoint");
    CHECK_OK(write_text(log->io, path, 3, "first"));
    check_checkpoint(log->io, path, 3, "first");
    CHECK_OK(write_text(log->io, path, 4, ""));
    check_checkpoint(log->io, path, 4, "");
    known_log_remove(log);
}

TEST(checkpoint_damaged, "a checkpoint with any bit flipped, cut anywhere or too long is refused") {
    known_log *log = known_log_prepare();
    const char *path = in(log, "checkpoint");
    CHECK_OK(write_text(log->io, path, 3, "content"));
    size_t size_bytes, read_bytes;
    uint8_t *bytes = read_whole(path, &size_bytes), *content;
    uint32_t version;
    CHECK_EQUAL(size_bytes, 16 + 7);
    for (size_t bit = 0; bit < size_bytes * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        write_whole(path, bytes, size_bytes);
        CHECK_EQUAL(mlog_checkpoint_read(log->io, path, 1000, &version, &content, &read_bytes, NULL), MLOG_CORRUPT);
        CHECK(content == NULL && read_bytes == 0);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < size_bytes; cut++) {
        write_whole(path, bytes, cut);
        CHECK_EQUAL(mlog_checkpoint_read(log->io, path, 1000, &version, &content, &read_bytes, NULL), MLOG_CORRUPT);
    }
    write_whole(path, bytes, size_bytes);
    CHECK_EQUAL(mlog_checkpoint_read(log->io, path, 6, &version, &content, &read_bytes, NULL), MLOG_CORRUPT);
    CHECK_EQUAL(version, 3);
    CHECK_EQUAL(mlog_checkpoint_read(log->io, in(log, "none"), 6, &version, &content, &read_bytes, NULL),
                MLOG_NOT_FOUND);
    free(bytes);
    known_log_remove(log);
}

TEST(checkpoint_crash, "a crash or a power cut at any call leaves the old checkpoint or the new one") {
    int old_left = 0, new_left = 0;
    for (uint64_t seed = 0; seed < 8; seed++) {
        for (uint64_t changes = 0; changes < 6; changes++) {
            known_log *log = known_log_prepare();
            mlog_faulty *disk = mlog_faulty_open(log->limbo);
            const mlog_io *io = mlog_faulty_io(disk);
            const char *path = in(log, "checkpoint");
            CHECK_OK(write_text(io, path, 1, "old"));
            mlog_faulty_crash_after(disk, changes);
            bool done = write_text(io, path, 2, "newer") == MLOG_OK;
            mlog_power_loss loss;
            CHECK_EQUAL(mlog_faulty_power_loss(disk, seed, &loss), 0);
            uint32_t version;
            uint8_t *content;
            size_t size_bytes;
            CHECK_OK(mlog_checkpoint_read(io, path, 1000, &version, &content, &size_bytes, NULL));
            mlog_checkpoint_free(content);
            check_checkpoint(io, path, version, version == 1 ? "old" : "newer");
            CHECK(!done || version == 2);
            old_left += version == 1;
            new_left += version == 2;
            mlog_faulty_close(disk);
            known_log_remove(log);
        }
    }
    CHECK(old_left > 8 && new_left > 0);
}

TEST(checkpoint_full, "a checkpoint that finds no room leaves the old one and no temporary file") {
    known_log *log = known_log_prepare();
    mlog_faulty *disk = mlog_faulty_open(log->limbo);
    const mlog_io *io = mlog_faulty_io(disk);
    const char *path = in(log, "checkpoint");
    CHECK_OK(write_text(io, path, 1, "old"));
    CHECK(mlog_faulty_inject(disk, &(mlog_fault){.kind = MLOG_CALL_PWRITEV, .nth = 1, .times = 1, .os_error = ENOSPC}));
    CHECK_EQUAL(write_text(io, path, 2, "newer"), MLOG_NO_SPACE);
    check_checkpoint(io, path, 1, "old");
    CHECK(!is_there(in(log, "checkpoint.tmp")));
    mlog_faulty_close(disk);
    known_log_remove(log);
}

TEST(directories, "directories are created once, removed once, and a file is none") {
    known_log *log = known_log_prepare();
    const char *path = in(log, "partition"), *file = in(log, "file");
    CHECK_OK(mlog_directory_create(log->io, path, NULL));
    CHECK_OK(mlog_directory_create(log->io, path, NULL));
    CHECK_OK(mlog_directory_remove(log->io, path, NULL));
    CHECK(!is_there(path));
    CHECK_OK(mlog_directory_remove(log->io, path, NULL));
    write_whole(file, "x", 1);
    CHECK_EQUAL(mlog_directory_create(log->io, file, NULL), MLOG_NOT_A_DIRECTORY);
    CHECK_EQUAL(mlog_directory_sync(log->io, file, NULL), MLOG_NOT_A_DIRECTORY);
    CHECK_EQUAL(mlog_directory_create(log->io, in(log, "none/below"), NULL), MLOG_NOT_FOUND);
    CHECK_OK(mlog_file_remove(log->io, file, true, NULL));
    CHECK_OK(mlog_file_remove(log->io, file, true, NULL));
    CHECK(!is_there(file));
    known_log_remove(log);
}

TEST(locks, "a directory is locked once, until the lock is closed") {
    known_log *log = known_log_prepare();
    const char *path = in(log, "lock");
    int first, second;
    CHECK_OK(mlog_directory_lock(log->io, path, &first, NULL));
    CHECK_EQUAL(mlog_directory_lock(log->io, path, &second, NULL), MLOG_LOCKED);
    CHECK_EQUAL(second, -1);
    close(first);
    CHECK_OK(mlog_directory_lock(log->io, path, &second, NULL));
    close(second);
    known_log_remove(log);
}

/* ---- the model that the tests above lean on ---- */

/* Creates a synced file of two pages of 'a', then writes 'b' over both without a sync, or with one. */
static void power_cut_pages(bool synced, int *kept_out) {
    known_log *log = known_log_prepare();
    mlog_faulty *disk = mlog_faulty_open(log->limbo);
    const mlog_io *io = mlog_faulty_io(disk);
    const char *path = in(log, "pages");
    uint8_t page[2 * 4096];
    struct iovec part = {.iov_base = page, .iov_len = sizeof page};
    int fd = io->open(io->context, path, O_RDWR | O_CREAT, 0640);
    memset(page, 'a', sizeof page);
    CHECK_EQUAL(io->pwritev(io->context, fd, &part, 1, 0), sizeof page);
    CHECK_EQUAL(io->fsync(io->context, fd), 0);
    CHECK_OK(mlog_directory_sync(io, log->directory, NULL));
    memset(page, 'b', sizeof page);
    CHECK_EQUAL(io->pwritev(io->context, fd, &part, 1, 0), sizeof page);
    if (synced) CHECK_EQUAL(io->fdatasync(io->context, fd), 0);
    mlog_power_loss loss;
    CHECK_EQUAL(mlog_faulty_power_loss(disk, test_random(), &loss), 0);
    CHECK_EQUAL(loss.pages_unsynced, synced ? 0 : 2);
    size_t size_bytes;
    uint8_t *left = read_whole(path, &size_bytes);
    CHECK_EQUAL(size_bytes, sizeof page);
    for (int i = 0; i < 2; i++) {
        *kept_out += left[i * 4096] == 'b';
        CHECK(left[i * 4096] == left[i * 4096 + 4095]);
    }
    free(left);
    io->close(io->context, fd);
    mlog_faulty_close(disk);
    known_log_remove(log);
}

TEST(model_pages, "the model loses pages that were not synced, one by one, and none that were") {
    int kept = 0, kept_synced = 0;
    for (int i = 0; i < 40; i++) {
        power_cut_pages(false, &kept);
        power_cut_pages(true, &kept_synced);
    }
    CHECK(kept > 15 && kept < 65);
    CHECK_EQUAL(kept_synced, 80);
}

TEST(model_entries, "the model undoes creates, renames and unlinks of a directory that was not synced") {
    int created = 0, renamed = 0, unlinked = 0;
    for (int i = 0; i < 40; i++) {
        known_log *log = known_log_prepare();
        mlog_faulty *disk = mlog_faulty_open(log->limbo);
        const mlog_io *io = mlog_faulty_io(disk);
        CHECK_OK(write_text(io, in(log, "from"), 1, "from"));
        CHECK_OK(write_text(io, in(log, "to"), 1, "to"));
        CHECK_OK(write_text(io, in(log, "gone"), 1, "gone"));
        io->close(io->context, io->open(io->context, in(log, "new"), O_RDWR | O_CREAT, 0640));
        CHECK_EQUAL(io->rename(io->context, in(log, "from"), in(log, "to")), 0);
        CHECK_OK(mlog_file_remove(io, in(log, "gone"), false, NULL));
        mlog_power_loss loss;
        CHECK_EQUAL(mlog_faulty_power_loss(disk, test_random(), &loss), 0);
        CHECK_EQUAL(loss.entries_unsynced, 3);
        created += is_there(in(log, "new"));
        bool moved = !is_there(in(log, "from"));
        check_checkpoint(io, in(log, "to"), 1, moved ? "from" : "to");
        renamed += moved;
        if (is_there(in(log, "gone")))
            check_checkpoint(io, in(log, "gone"), 1, "gone");
        else
            unlinked++;
        mlog_faulty_close(disk);
        known_log_remove(log);
    }
    CHECK(created > 5 && created < 35);
    CHECK(renamed > 5 && renamed < 35);
    CHECK(unlinked > 5 && unlinked < 35);
}
