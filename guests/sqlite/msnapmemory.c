/* msnapmemory.c - a file that is memory of the connection: rollback journals, statement journals and temporary databases. It goes when it
 * is closed, and with the process, as is wanted of a journal here: what a dead process has written is given up by who comes next. */
#include "msnapvfs.h"
#include <string.h>

struct memory_file {
    sqlite3_file base;
    char *bytes;
    sqlite3_int64 size, room;
};

const int msnap_memory_size = sizeof(struct memory_file);

static int close_memory(sqlite3_file *base)
{
    struct memory_file *file = (struct memory_file *)base;
    sqlite3_free(file->bytes);
    file->bytes = NULL;
    return SQLITE_OK;
}

static int read_memory(sqlite3_file *base, void *to, int count, sqlite3_int64 offset)
{
    struct memory_file *file = (struct memory_file *)base;
    sqlite3_int64 there = offset < file->size ? file->size - offset : 0;
    if (there > count)
        there = count;
    if (there > 0)
        memcpy(to, file->bytes + offset, (size_t)there);
    memset((char *)to + there, 0, (size_t)(count - there));
    return there == count ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int write_memory(sqlite3_file *base, const void *from, int count, sqlite3_int64 offset)
{
    struct memory_file *file = (struct memory_file *)base;
    sqlite3_int64 end = offset + count;
    if (end > file->room) {
        sqlite3_int64 room = file->room ? file->room : MSNAP_PAGE;
        while (room < end)
            room *= 2;
        char *bytes = sqlite3_realloc64(file->bytes, (sqlite3_uint64)room);
        if (bytes == NULL)
            return SQLITE_IOERR_NOMEM;
        file->bytes = bytes;
        file->room = room;
    }
    if (offset > file->size)
        memset(file->bytes + file->size, 0, (size_t)(offset - file->size));
    memcpy(file->bytes + offset, from, (size_t)count);
    if (end > file->size)
        file->size = end;
    return SQLITE_OK;
}

static int truncate_memory(sqlite3_file *base, sqlite3_int64 size)
{
    struct memory_file *file = (struct memory_file *)base;
    if (size >= file->size)
        return SQLITE_OK;
    file->size = size;
    if (size == 0) {
        sqlite3_free(file->bytes);
        file->bytes = NULL;
        file->room = 0;
    }
    return SQLITE_OK;
}

static int size_of_memory(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = ((struct memory_file *)base)->size;
    return SQLITE_OK;
}

/* Nobody else sees the file, and nothing of it is to last. */
static int sync_memory(sqlite3_file *base, int flags) { (void)base; (void)flags; return SQLITE_OK; }
static int lock_memory(sqlite3_file *base, int lock) { (void)base; (void)lock; return SQLITE_OK; }
static int check_memory(sqlite3_file *base, int *reserved) { (void)base; *reserved = 0; return SQLITE_OK; }
static int control_memory(sqlite3_file *base, int what, void *argument) { (void)base; (void)what; (void)argument; return SQLITE_NOTFOUND; }
static int sector_of_memory(sqlite3_file *base) { (void)base; return MSNAP_PAGE; }

static int characteristics_of_memory(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_ATOMIC | SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL | SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = close_memory,
    .xRead = read_memory,
    .xWrite = write_memory,
    .xTruncate = truncate_memory,
    .xSync = sync_memory,
    .xFileSize = size_of_memory,
    .xLock = lock_memory,
    .xUnlock = lock_memory,
    .xCheckReservedLock = check_memory,
    .xFileControl = control_memory,
    .xSectorSize = sector_of_memory,
    .xDeviceCharacteristics = characteristics_of_memory,
};

int msnap_memory_open(sqlite3_file *file)
{
    memset(file, 0, sizeof(struct memory_file));
    file->pMethods = &methods;
    return SQLITE_OK;
}
