/* msnapchange.c - how a change of a region begins, and how it ends that is not made durable as SQLite asks for it (msnapfile.c). Whoever
 * begins has EXCLUSIVE, is the process that has opened the file, and of the group that uses the database. */
#define _GNU_SOURCE
#include "msnapvfs.h"
#include "../include/aurora.h"
#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define PART_OF_MEMORY 8 /* that a transaction may change */
#define ROLLBACK_PART 5  /* and with its rollback */

int msnap_failure(struct msnap_file *file, int code, const char *what)
{
    file->last_errno = errno;
    if (errno == ENOSPC)
        code = SQLITE_FULL;
    sqlite3_log(code, "msnap: %s: %s: %s", file->region->name, what, strerror(errno));
    return code;
}

int msnap_is_of_parent(const struct msnap_file *file) { return file->process != getpid(); }

int msnap_give_up(struct msnap_file *file)
{
    long result;
    do
        result = msnap_abort(file->region->md, MS_GLOBAL);
    while (result < 0 && errno == EINTR);
    return (int)result;
}

int msnap_settle(struct msnap_file *file)
{
    if (!file->writing || msnap_is_of_parent(file))
        return SQLITE_OK;
    if (!file->complete) {
        if (msnap_give_up(file) != 0) {
            /* The mark stays, so that nobody reads this before it has been given up. */
            file->writing = 0;
            return msnap_failure(file, SQLITE_IOERR_UNLOCK, "giving up a transaction");
        }
    } else {
        long epoch = msnap_persist(file->region->md, MS_GLOBAL | MS_ASYNC);
        if (epoch < 0)
            msnap_failure(file, SQLITE_IOERR_FSYNC, "a transaction without a sync becomes durable with the next one only");
        file->mark->epoch = epoch < 0 ? UINT64_MAX : (uint64_t)epoch;
    }
    msnap_set_mark(file, 0);
    return SQLITE_OK;
}

int msnap_make_room(struct msnap_file *file, sqlite3_int64 size)
{
    struct msnap_region *region = file->region;
    uint64_t needed = ((uint64_t)size + 2 * MSNAP_PAGE - 1) / MSNAP_PAGE * MSNAP_PAGE;
    if (needed <= region->length)
        return SQLITE_OK;
    if (msnap_is_of_parent(file))
        return SQLITE_READONLY_CANTLOCK;
    if (msnap_refresh(region, NULL) != 0)
        return msnap_failure(file, SQLITE_IOERR_WRITE, "its length");
    if (needed <= region->length)
        return SQLITE_OK;
    if (needed > region->span) {
        sqlite3_log(SQLITE_FULL, "msnap: %s: it cannot be longer than its span of %lld bytes", region->name, (long long)region->span);
        return SQLITE_FULL;
    }
    uint64_t length = region->length * 2 > needed ? region->length * 2 : needed;
    if (length > region->span)
        length = region->span;
    if (msnap_may_change(file, msnap_header(region)) != SQLITE_OK)
        return SQLITE_IOERR_WRITE;
    if (msnap_resize(region->md, length) < 0)
        return msnap_failure(file, SQLITE_FULL, "making it longer");
    region->length = length;
    return SQLITE_OK;
}

/* A store that would make more pages dirty than the kernel takes is a SIGBUS: a transaction of more than an eighth of the memory is refused
 * before. Rolling it back writes pages that it has not, which the cache had not taken yet: for that there is a little more. The kernel is
 * asked only when so much may have been written since it was asked last. */
int msnap_check_dirty(struct msnap_file *file, uint64_t from, uint64_t end)
{
    uint64_t bytes = (end + MSNAP_PAGE - 1) / MSNAP_PAGE * MSNAP_PAGE - from / MSNAP_PAGE * MSNAP_PAGE;
    if (file->unchecked < bytes) {
        struct sysinfo machine;
        uint64_t dirty;
        if (sysinfo(&machine) != 0 || msnap_refresh(file->region, &dirty) != 0)
            return msnap_failure(file, SQLITE_IOERR_WRITE, "its dirty pages");
        uint64_t limit = (uint64_t)machine.totalram * machine.mem_unit / (file->refused ? ROLLBACK_PART : PART_OF_MEMORY);
        if (dirty + bytes + MSNAP_PAGE > limit) {
            file->refused = 1;
            file->unchecked = 0;
            sqlite3_log(SQLITE_FULL, "msnap: %s: a transaction of more than %lld bytes", file->region->name, (long long)limit);
            return SQLITE_FULL;
        }
        file->unchecked = limit - dirty - MSNAP_PAGE;
    }
    file->unchecked -= bytes;
    return SQLITE_OK;
}

/* What was committed without waiting is durable before anything else is changed: what is given up later must not be it, since others may
 * have read it. The number may be from before a restart: then there is nothing to persist. After a persist nothing is dirty, so that a copy
 * that was made then would go on. */
static int await_unsynced(struct msnap_file *file, void *at)
{
    uint64_t epoch = file->mark->epoch;
    if (epoch == 0)
        return SQLITE_OK;
    if (msnap_wait(file->region->md, epoch) != 0) {
        if (msnap_sync(file->region->md, MS_GLOBAL) < 0)
            return msnap_failure(file, SQLITE_IOERR_WRITE, "the transaction before, which nobody has waited for");
        if (msnap_may_change(file, at) != SQLITE_OK)
            return SQLITE_IOERR_WRITE;
    }
    file->mark->epoch = 0;
    return SQLITE_OK;
}

int msnap_begin_change(struct msnap_file *file, void *at)
{
    if (msnap_is_of_parent(file) || file->lock != SQLITE_LOCK_EXCLUSIVE)
        return SQLITE_READONLY_CANTLOCK;
    if (!file->writing) {
        if (msnap_may_change(file, at) != SQLITE_OK)
            return SQLITE_IOERR_WRITE;
        /* What could not be given up when the lock was, must not become part of what is changed now. */
        if (file->mark->writing)
            return SQLITE_IOERR_WRITE;
        int result = await_unsynced(file, at);
        if (result != SQLITE_OK)
            return result;
        if (file->refused)
            file->unchecked = 0;
        file->refused = 0;
        msnap_set_mark(file, 1);
    }
    file->complete = 0;
    return SQLITE_OK;
}
