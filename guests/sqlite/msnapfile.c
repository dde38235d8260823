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
#include <unistd.h>

static int close_file(sqlite3_file *base)
{
    struct msnap_file *file = (struct msnap_file *)base;
    if (!msnap_is_of_parent(file))
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
    int result = msnap_make_room(file, (sqlite3_int64)end);
    if (result == SQLITE_OK)
        result = msnap_begin_change(file, bytes + start);
    if (result == SQLITE_OK)
        result = msnap_check_dirty(file, start < header->size ? start : header->size, end);
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
    int result = msnap_begin_change(file, msnap_header(file->region));
    if (result == SQLITE_OK)
        msnap_header(file->region)->size = (uint64_t)size;
    return result;
}

static int sync_file(sqlite3_file *base, int flags)
{
    struct msnap_file *file = (struct msnap_file *)base;
    (void)flags;
    if (msnap_is_of_parent(file))
        return SQLITE_IOERR_FSYNC;
    if (!file->writing)
        return SQLITE_OK;
    if (msnap_sync(file->region->md, MS_GLOBAL) < 0) {
        int result = msnap_failure(file, SQLITE_IOERR_FSYNC, "a persist");
        file->complete = 0;
        /* A copy that was made while nothing was dirty any more: there is nothing of its own to be rolled back or given up. */
        if (msnap_may_change(file, msnap_header(file->region)) == SQLITE_PROTOCOL)
            msnap_set_mark(file, 0);
        return result;
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
        /* Only who may change it makes it longer; who cannot yet does when he writes. */
        return file->lock == SQLITE_LOCK_EXCLUSIVE ? msnap_make_room(file, *(sqlite3_int64 *)argument) : SQLITE_OK;
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
