/* msnapvfs.c - the VFS: which names are databases, and the regions that this process shows. A name is that of a region, the last component
 * of the path that SQLite is given. Randomness, time and sleep are the default VFS's.
 *
 * A process shows a region once, however many of its connections use it, and until the last of them is closed. */
#define _GNU_SOURCE
#include "msnapvfs.h"
#include "../include/aurora.h"
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB (1 << 20)
#define ATTEMPTS 10
#define LOOKS 8
#define PAUSE_US 20000
#define USUAL_SPAN 1024 /* MiB; the length, a quarter of it, takes no room until it is written to */

static pthread_mutex_t regions_lock = PTHREAD_MUTEX_INITIALIZER;
static struct msnap_region *regions;

static int refuse(const char *name, const char *why)
{
    sqlite3_log(SQLITE_CANTOPEN, "msnap: %s: %s", name, why);
    return SQLITE_CANTOPEN;
}

static int ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length >= tail && strcmp(name + length - tail, end) == 0;
}

/* Why a name cannot be a database's, or NULL. */
static const char *fault_of(const char *name)
{
    size_t length = strlen(name);
    if (length == 0 || length > MSNAP_NAME)
        return "a name has 1 to 60 characters";
    if (strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != length)
        return "a name has letters, digits, dots, dashes and underscores only";
    if (strspn(name, ".") == length)
        return "a name is more than dots";
    if (ends_with(name, "-journal") || ends_with(name, "-wal"))
        return "the name is that of a journal";
    return NULL;
}

/* The end of another region may move it in the list meanwhile. */
int msnap_find(const char *name, struct msnap_info *info)
{
    for (int attempt = 0; attempt < LOOKS; attempt++)
        for (unsigned i = 0; msnap_list(i, info) == 0; i++)
            if (strcmp(info->name, name) == 0)
                return 0;
    return -1;
}

int msnap_refresh(struct msnap_region *region, uint64_t *dirty)
{
    struct msnap_info info = {0};
    if (msnap_find(region->name, &info) != 0)
        return -1;
    region->length = info.length;
    region->span = info.span;
    region->owner = info.owner;
    if (dirty != NULL)
        *dirty = info.dirty;
    return 0;
}

void msnap_release(struct msnap_region *region)
{
    pthread_mutex_lock(&regions_lock);
    struct msnap_info info;
    if (region->span == 0 && msnap_find(region->name, &info) == 0)
        region->span = info.span;
    /* Is its span not known it stays, for whoever opens it next. */
    if (--region->references == 0 && region->span != 0) {
        struct msnap_region **at = &regions;
        while (*at != region)
            at = &(*at)->next;
        *at = region->next;
        munmap(region->base, region->span);
        sqlite3_free(region);
    }
    pthread_mutex_unlock(&regions_lock);
}

/* Shows the region, making it if there is none and that is wanted. */
static long show(const char *name, int flags, sqlite3_int64 span, void **base)
{
    *base = NULL;
    long md = msnap_open(name, base, 0, 0);
    if (md < 0 && errno == ENOENT && (flags & SQLITE_OPEN_CREATE) != 0)
        md = msnap_open(name, base, (uint64_t)span * MIB / 4, MS_CREATE);
    return md;
}

/* Under a lock, since a dead writer may have left its header half changed. Who keeps us from it has looked. */
static int inspect(struct msnap_file *file)
{
    int result = msnap_lock(&file->base, SQLITE_LOCK_SHARED);
    if (result == SQLITE_BUSY)
        return SQLITE_OK;
    if (result != SQLITE_OK)
        return result;
    struct msnap_info info;
    const struct msnap_header *header = msnap_header(file->region);
    if (msnap_find(file->region->name, &info) != 0 || header->magic != MSNAP_MAGIC || header->size > info.length - MSNAP_PAGE)
        result = refuse(file->region->name, "the region is not a database");
    msnap_unlock(&file->base, SQLITE_LOCK_NONE);
    return result;
}

static struct msnap_region *known(const char *name)
{
    struct msnap_region *region = regions;
    while (region != NULL && strcmp(region->name, name) != 0)
        region = region->next;
    return region;
}

/* Finds or shows a region; regions_lock is held. */
static int acquire(const char *name, int flags, sqlite3_int64 span, struct msnap_region **found)
{
    struct msnap_region *region = *found = known(name);
    if (region != NULL) {
        region->references++;
        return SQLITE_OK;
    }
    region = sqlite3_malloc(sizeof *region);
    if (region == NULL)
        return SQLITE_NOMEM;
    memset(region, 0, sizeof *region);
    strcpy(region->name, name);
    void *base;
    region->md = show(name, flags, span, &base);
    if (region->md < 0) {
        int code = errno == ENOSPC ? SQLITE_FULL : SQLITE_CANTOPEN;
        sqlite3_log(code, "msnap: %s: the region: %s", name, strerror(errno));
        sqlite3_free(region);
        return code;
    }
    region->base = base;
    region->references = 1;
    region->next = regions;
    *found = regions = region;
    return SQLITE_OK;
}

/* A program that goes on with a region that is not what it was, instead of being ended, would go on within a transaction. */
static int goes_on_anyway(void)
{
    pthread_mutex_lock(&regions_lock);
    long signal = msnap_notify(0);
    if (signal > 0)
        msnap_notify((int)signal);
    pthread_mutex_unlock(&regions_lock);
    return signal != 0;
}

/* SQLITE_PROTOCOL: another group uses it. */
static int open_region(struct msnap_file *file, const char *name, int flags, sqlite3_int64 span)
{
    pthread_mutex_lock(&regions_lock);
    int result = acquire(name, flags, span, &file->region);
    if (result == SQLITE_OK && msnap_refresh(file->region, NULL) != 0)
        result = refuse(name, "the region is not in the list of regions");
    pthread_mutex_unlock(&regions_lock);
    if (result == SQLITE_OK)
        result = msnap_lock_open(file, name, sqlite3_uri_parameter(name, "lock"));
    if (result == SQLITE_OK)
        result = inspect(file);
    if (result == SQLITE_OK)
        return SQLITE_OK;
    msnap_lock_close(file);
    if (file->region != NULL)
        msnap_release(file->region);
    return result;
}

static void forget(struct msnap_file *file)
{
    memset(file, 0, sizeof *file);
    file->lock_descriptor = -1;
}

static int open_main(struct msnap_file *file, const char *name, int flags)
{
    sqlite3_int64 span = sqlite3_uri_int64(name, "span", USUAL_SPAN);
    int result = SQLITE_PROTOCOL;
    if (fault_of(name) != NULL)
        return refuse(name, fault_of(name));
    if (span < 64 || span > 1 << 20)
        return refuse(name, "the span is 64 MiB to 1 TiB");
    if (sqlite3_uri_boolean(name, "nolock", 0) || sqlite3_uri_boolean(name, "immutable", 0))
        return refuse(name, "it cannot be used without locks");
    if (goes_on_anyway())
        return refuse(name, "a program that has called msnap_notify cannot use it");
    /* A region goes from memory a moment after the last program that showed it, and with it what that one's group claimed. */
    for (int attempt = 0; attempt < ATTEMPTS && result == SQLITE_PROTOCOL; attempt++) {
        if (attempt > 0)
            usleep(PAUSE_US);
        forget(file);
        result = open_region(file, name, flags, span);
    }
    if (result == SQLITE_OK)
        file->base.pMethods = &msnap_file_methods;
    return result == SQLITE_PROTOCOL ? refuse(name, "programs of another group use it") : result;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    (void)vfs;
    file->pMethods = NULL;
    if (out != NULL)
        *out = flags;
    if ((flags & SQLITE_OPEN_WAL) != 0)
        return refuse(name, "there is no write-ahead log in regions");
    /* The journal of a file of another VFS would name it, and be taken for done because it is not there. */
    if ((flags & SQLITE_OPEN_SUPER_JOURNAL) != 0)
        return refuse(name, "a transaction over several databases takes journal_mode=memory, and is atomic in each alone");
    if ((flags & SQLITE_OPEN_MAIN_DB) == 0 || name == NULL)
        return msnap_memory_open(file);
    return open_main((struct msnap_file *)file, name, flags);
}

/* A region ends only when nobody shows it. The lock file stays. */
static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)sync;
    if (ends_with(name, "-journal") || ends_with(name, "-wal"))
        return SQLITE_OK;
    if (msnap_delete(name) == 0)
        return SQLITE_OK;
    sqlite3_log(SQLITE_IOERR_DELETE, "msnap: %s: deleting it: %s", name, strerror(errno));
    return errno == ENOENT ? SQLITE_IOERR_DELETE_NOENT : errno == EBUSY ? SQLITE_BUSY : SQLITE_IOERR_DELETE;
}

/* There are no journals of others: they are memory of who writes them. */
static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *there)
{
    struct msnap_info info;
    (void)vfs;
    (void)flags;
    *there = fault_of(name) == NULL && msnap_find(name, &info) == 0;
    return SQLITE_OK;
}

static int full_name(sqlite3_vfs *vfs, const char *path, int room, char *name)
{
    (void)vfs;
    const char *last = strrchr(path, '/');
    last = last != NULL ? last + 1 : path;
    if (strlen(last) >= (size_t)room)
        return refuse(path, "the name is too long");
    strcpy(name, last);
    return SQLITE_OK;
}

static sqlite3_vfs *usual(sqlite3_vfs *vfs) { return vfs->pAppData; }
static void *dl_open(sqlite3_vfs *vfs, const char *name) { return usual(vfs)->xDlOpen(usual(vfs), name); }
static void dl_error(sqlite3_vfs *vfs, int room, char *text) { usual(vfs)->xDlError(usual(vfs), room, text); }
static void (*dl_symbol(sqlite3_vfs *vfs, void *library, const char *name))(void) { return usual(vfs)->xDlSym(usual(vfs), library, name); }
static void dl_close(sqlite3_vfs *vfs, void *library) { usual(vfs)->xDlClose(usual(vfs), library); }
static int random_bytes(sqlite3_vfs *vfs, int count, char *bytes) { return usual(vfs)->xRandomness(usual(vfs), count, bytes); }
static int sleep_for(sqlite3_vfs *vfs, int microseconds) { return usual(vfs)->xSleep(usual(vfs), microseconds); }
static int time_in_days(sqlite3_vfs *vfs, double *days) { return usual(vfs)->xCurrentTime(usual(vfs), days); }
static int time_in_ms(sqlite3_vfs *vfs, sqlite3_int64 *ms) { return usual(vfs)->xCurrentTimeInt64(usual(vfs), ms); }

/* The errno of a call that failed is asked of the file (SQLITE_FCNTL_LAST_ERRNO). */
static int last_error(sqlite3_vfs *vfs, int room, char *text) { (void)vfs; (void)room; (void)text; return errno; }

static sqlite3_vfs vfs = {
    .iVersion = 2,
    .mxPathname = 512,
    .zName = MSNAP_VFS,
    .xOpen = open_file,
    .xDelete = delete_file,
    .xAccess = access_file,
    .xFullPathname = full_name,
    .xDlOpen = dl_open,
    .xDlError = dl_error,
    .xDlSym = dl_symbol,
    .xDlClose = dl_close,
    .xRandomness = random_bytes,
    .xSleep = sleep_for,
    .xCurrentTime = time_in_days,
    .xGetLastError = last_error,
    .xCurrentTimeInt64 = time_in_ms,
};

int msnapvfs_register(int as_default)
{
    int result = sqlite3_initialize();
    if (result == SQLITE_OK)
        result = msnap_watch_forks();
    if (result != SQLITE_OK)
        return result;
    if (vfs.pAppData == NULL)
        vfs.pAppData = sqlite3_vfs_find(NULL);
    vfs.szOsFile = (int)sizeof(struct msnap_file) > msnap_memory_size ? (int)sizeof(struct msnap_file) : msnap_memory_size;
    return sqlite3_vfs_register(&vfs, as_default);
}
