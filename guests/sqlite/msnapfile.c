/* msnapfile.c - a region as SQLite's main file. Reads are copies out of memory, or with PRAGMA mmap_size none at all (xFetch); writes are
 * copies into it; xSync is a persist.
 *
 * SQLite says with FCNTL_SYNC that a transaction is in the file as a whole (or, rolling back, that what was before is), whatever
 * synchronous is set to, and calls xSync after it unless that is OFF. So what has been written since then, when the lock is given up, is
 * half a transaction, which SQLite could not roll back itself (no memory, a full region): it is given up. What is whole but not synced is
 * persisted without waiting: with synchronous=OFF a transaction is atomic, and durable a little later. */
#define _GNU_SOURCE
#include "msnapvfs.h"
#include "../include/aurora.h"
#include <errno.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define PART_OF_MEMORY 8 /* that a transaction may change */
#define ROLLBACK_PART 5  /* and with its rollback */

static int failure(struct msnap_file *file, int code, const char *what)
{
    file->last_errno = errno;
    if (errno == ENOSPC)
        code = SQLITE_FULL;
    sqlite3_log(code, "msnap: %s: %s: %s", file->region->name, what, strerror(errno));
    return code;
}

int msnap_give_up(struct msnap_file *file)
{
    long result;
    do
        result = msnap_abort(file->region->md, MS_GLOBAL);
    while (result < 0 && errno == EINTR);
    return (int)result;
}

/* A child has its parent's connections, and what they have changed: it is the parent's. */
static int is_of_parent(const struct msnap_file *file) { return file->process != getpid(); }

int msnap_settle(struct msnap_file *file)
{
    if (!file->writing || is_of_parent(file))
        return SQLITE_OK;
    if (!file->complete) {
        if (msnap_give_up(file) != 0) {
            /* The mark stays, so that nobody reads this before it has been given up. */
            file->writing = 0;
            return failure(file, SQLITE_IOERR_UNLOCK, "giving up a transaction");
        }
    } else {
        long epoch = msnap_persist(file->region->md, MS_GLOBAL | MS_ASYNC);
        if (epoch < 0)
            failure(file, SQLITE_IOERR_FSYNC, "a transaction without a sync becomes durable with the next one only");
        file->mark->epoch = epoch < 0 ? UINT64_MAX : (uint64_t)epoch;
    }
    msnap_set_mark(file, 0);
    return SQLITE_OK;
}

static int close_file(sqlite3_file *base)
{
    struct msnap_file *file = (struct msnap_file *)base;
    if (!is_of_parent(file))
        msnap_unlock(base, SQLITE_LOCK_NONE);
    msnap_lock_close(file);
    msnap_release(file->region);
    return SQLITE_OK;
}

static int read_file(sqlite3_file *base, void *to, int count, sqlite3_int64 offset)
{
    struct msnap_region *region = ((struct msnap_file *)base)->region;
    sqlite3_int64 size = (sqlite3_int64)msnap_header(region)->size, there = offset < size ? size - offset : 0;
    if (there > count)
        there = count;
    if (there > 0)
        memcpy(to, msnap_bytes(region) + offset, (size_t)there);
    memset((char *)to + there, 0, (size_t)(count - there));
    return there == count ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

/* Makes the region long enough for a database of so many bytes. */
static int make_room(struct msnap_file *file, sqlite3_int64 size)
{
    struct msnap_region *region = file->region;
    uint64_t needed = ((uint64_t)size + 2 * MSNAP_PAGE - 1) / MSNAP_PAGE * MSNAP_PAGE;
    if (needed <= region->length)
        return SQLITE_OK;
    if (is_of_parent(file))
        return SQLITE_READONLY_CANTLOCK;
    if (msnap_refresh(region, NULL) != 0)
        return failure(file, SQLITE_IOERR_WRITE, "its length");
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
        return failure(file, SQLITE_FULL, "making it longer");
    region->length = length;
    return SQLITE_OK;
}

/* A store that would make more pages dirty than the kernel takes is a SIGBUS: a transaction of more than an eighth of the memory is refused
 * before. Rolling it back writes pages that it has not, which the cache had not taken yet: for that there is a little more. The kernel is
 * asked only when so much may have been written since it was asked last. */
static int check_dirty(struct msnap_file *file, uint64_t from, uint64_t end)
{
    uint64_t bytes = (end + MSNAP_PAGE - 1) / MSNAP_PAGE * MSNAP_PAGE - from / MSNAP_PAGE * MSNAP_PAGE;
    if (file->unchecked < bytes) {
        struct sysinfo machine;
        uint64_t dirty;
        if (sysinfo(&machine) != 0 || msnap_refresh(file->region, &dirty) != 0)
            return failure(file, SQLITE_IOERR_WRITE, "its dirty pages");
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
 * have read it. The number may be from before a restart: then there is nothing to persist. */
static int await_unsynced(struct msnap_file *file)
{
    uint64_t epoch = file->mark->epoch;
    if (epoch == 0)
        return SQLITE_OK;
    if (msnap_wait(file->region->md, epoch) != 0 && msnap_sync(file->region->md, MS_GLOBAL) < 0)
        return failure(file, SQLITE_IOERR_WRITE, "the transaction before, which nobody has waited for");
    file->mark->epoch = 0;
    return SQLITE_OK;
}

/* Before something is written: `at` is what will be first. */
static int begin_change(struct msnap_file *file, void *at)
{
    if (is_of_parent(file))
        return SQLITE_READONLY_CANTLOCK;
    if (file->lock != SQLITE_LOCK_EXCLUSIVE)
        return SQLITE_READONLY_CANTLOCK;
    if (!file->writing) {
        if (msnap_may_change(file, at) != SQLITE_OK)
            return SQLITE_IOERR_WRITE;
        /* What could not be given up when the lock was, must not become part of what is changed now. */
        if (file->mark->writing)
            return SQLITE_IOERR_WRITE;
        int result = await_unsynced(file);
        if (result != SQLITE_OK)
            return result;
        file->refused = 0;
    }
    if (!file->writing)
        msnap_set_mark(file, 1);
    file->complete = 0;
    return SQLITE_OK;
}

static int write_file(sqlite3_file *base, const void *from, int count, sqlite3_int64 offset)
{
    struct msnap_file *file = (struct msnap_file *)base;
    struct msnap_header *header = msnap_header(file->region);
    char *bytes = msnap_bytes(file->region);
    uint64_t start = (uint64_t)offset, end = start + (uint64_t)count;
    /* As a copy of such a database comes: nothing could be read of it. */
    if (start == 0 && count >= 20 && (((const unsigned char *)from)[18] > 1 || ((const unsigned char *)from)[19] > 1)) {
        sqlite3_log(SQLITE_CANTOPEN, "msnap: %s: a database in a region has no write-ahead log", file->region->name);
        return SQLITE_CANTOPEN;
    }
    int result = make_room(file, (sqlite3_int64)end);
    if (result == SQLITE_OK)
        result = begin_change(file, bytes + start);
    if (result == SQLITE_OK)
        result = check_dirty(file, start < header->size ? start : header->size, end);
    if (result != SQLITE_OK)
        return result;
    /* What a truncation has left behind the end is still there. */
    if (start > header->size)
        memset(bytes + header->size, 0, start - header->size);
    memcpy(bytes + start, from, (size_t)count);
    if (end > header->size)
        header->size = end;
    return SQLITE_OK;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    struct msnap_file *file = (struct msnap_file *)base;
    if ((uint64_t)size >= msnap_header(file->region)->size)
        return SQLITE_OK;
    int result = begin_change(file, msnap_header(file->region));
    if (result == SQLITE_OK)
        msnap_header(file->region)->size = (uint64_t)size;
    return result;
}

static int sync_file(sqlite3_file *base, int flags)
{
    struct msnap_file *file = (struct msnap_file *)base;
    (void)flags;
    if (is_of_parent(file))
        return SQLITE_IOERR_FSYNC;
    if (!file->writing)
        return SQLITE_OK;
    if (msnap_sync(file->region->md, MS_GLOBAL) < 0) {
        file->complete = 0;
        return failure(file, SQLITE_IOERR_FSYNC, "a persist");
    }
    msnap_set_mark(file, 0);
    return SQLITE_OK;
}

static int size_of_file(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)msnap_header(((struct msnap_file *)base)->region)->size;
    return SQLITE_OK;
}

/* The journal is memory whatever is asked for; what needs another kind of journal, or none, is refused. */
static int pragma(char **arguments)
{
    const char *mode = arguments[2];
    if (sqlite3_stricmp(arguments[1], "journal_mode") != 0 || mode == NULL)
        return SQLITE_NOTFOUND;
    static const char *const allowed[] = {"delete", "truncate", "persist", "memory"};
    for (unsigned i = 0; i < sizeof allowed / sizeof *allowed; i++)
        if (sqlite3_stricmp(mode, allowed[i]) == 0)
            return SQLITE_NOTFOUND;
    arguments[0] = sqlite3_mprintf("msnap: journal_mode=%s is not possible: the journal of a database in a region is memory", mode);
    return SQLITE_ERROR;
}

static int control_file(sqlite3_file *base, int what, void *argument)
{
    struct msnap_file *file = (struct msnap_file *)base;
    sqlite3_int64 number;
    switch (what) {
    case SQLITE_FCNTL_SYNC:
        /* With others, by a journal on a disk: it could be durable in one only. */
        if (argument != NULL)
            return SQLITE_CANTOPEN;
        file->complete = 1;
        return SQLITE_OK;
    case SQLITE_FCNTL_COMMIT_PHASETWO:
        /* What SQLite has cut off after the commit, and with synchronous=OFF the commit itself. */
        file->complete = 1;
        return msnap_settle(file);
    case SQLITE_FCNTL_PRAGMA:
        return pragma(argument);
    case SQLITE_FCNTL_SIZE_HINT:
        return make_room(file, *(sqlite3_int64 *)argument);
    case SQLITE_FCNTL_MMAP_SIZE:
        number = *(sqlite3_int64 *)argument;
        *(sqlite3_int64 *)argument = file->mapped;
        if (number >= 0)
            file->mapped = number;
        return SQLITE_OK;
    case SQLITE_FCNTL_VFSNAME:
        *(char **)argument = sqlite3_mprintf("%s", MSNAP_VFS);
        return SQLITE_OK;
    case SQLITE_FCNTL_LOCKSTATE:
        *(int *)argument = file->lock;
        return SQLITE_OK;
    case SQLITE_FCNTL_LAST_ERRNO:
        *(int *)argument = file->last_errno;
        return SQLITE_OK;
    case SQLITE_FCNTL_HAS_MOVED:
        *(int *)argument = 0;
        return SQLITE_OK;
    default:
        return SQLITE_NOTFOUND;
    }
}

/* The bytes themselves: nobody changes them without EXCLUSIVE, for which readers must have ended. */
static int fetch(sqlite3_file *base, sqlite3_int64 offset, int count, void **bytes)
{
    struct msnap_file *file = (struct msnap_file *)base;
    sqlite3_int64 end = offset + count;
    int there = end <= file->mapped && (uint64_t)end <= msnap_header(file->region)->size;
    *bytes = there ? msnap_bytes(file->region) + offset : NULL;
    return SQLITE_OK;
}

static int unfetch(sqlite3_file *base, sqlite3_int64 offset, void *bytes) { (void)base; (void)offset; (void)bytes; return SQLITE_OK; }
static int sector_of_file(sqlite3_file *base) { (void)base; return MSNAP_PAGE; }

static int characteristics_of_file(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL | SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods msnap_file_methods = {
    .iVersion = 3, /* without shared memory, which is for WAL only */
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = msnap_lock,
    .xUnlock = msnap_unlock,
    .xCheckReservedLock = msnap_check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_of_file,
    .xDeviceCharacteristics = characteristics_of_file,
    .xFetch = fetch,
    .xUnfetch = unfetch,
};
