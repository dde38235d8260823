/* msnaplock.c - SQLite's locks on a database, between connections of any thread and process: open file description locks on bytes of a lock
 * file, which each connection opens for itself. The bytes lie behind the word that says whether somebody writes:
 *
 *   PENDING   read-locked while SHARED is being taken, write-locked by who waits for the readers to end
 *   RESERVED  write-locked by who means to write
 *   SHARED    a range: read-locked by readers, write-locked by who has EXCLUSIVE
 *   RECOVERY  write-locked by who gives up what a dead writer has left
 *   CLAIMS    write-locked by who claims the database for this group; with nothing else in hand, or EXCLUSIVE
 *
 * Nothing waits but recovery: SQLite has its own means to wait (the busy handler). Recovery waits for RECOVERY with no other lock in hand,
 * and with it for those who have SHARED only to see the mark: as long as the mark is set, nobody keeps SHARED. For PENDING it does not
 * wait: a writer who came in between has it, and the mark is his. */
#define _GNU_SOURCE
#include "msnapvfs.h"
#include "../include/aurora.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "/var/lib/msnap"
enum { CLAIMS = 63, PENDING, RESERVED /* behind PENDING: they end as one */, RECOVERY, SHARED, SHARED_BYTES = 500 };

static int control(struct msnap_file *file, int command, int type, int at, int bytes)
{
    struct flock range = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = at, .l_len = bytes};
    int result;
    do
        result = fcntl(file->lock_descriptor, command, &range);
    while (result != 0 && errno == EINTR);
    if (result == 0 && command == F_OFD_GETLK)
        return range.l_type != F_UNLCK;
    return result;
}

static int take(struct msnap_file *file, int type, int at, int bytes)
{
    if (control(file, F_OFD_SETLK, type, at, bytes) == 0)
        return SQLITE_OK;
    if (errno == EAGAIN || errno == EACCES)
        return SQLITE_BUSY;
    file->last_errno = errno;
    return SQLITE_IOERR_LOCK;
}

static int wait_for(struct msnap_file *file, int type, int at, int bytes)
{
    if (control(file, F_OFD_SETLKW, type, at, bytes) == 0)
        return SQLITE_OK;
    file->last_errno = errno;
    return SQLITE_IOERR_LOCK;
}

static int release(struct msnap_file *file, int at, int bytes)
{
    return take(file, F_UNLCK, at, bytes) == SQLITE_OK ? SQLITE_OK : SQLITE_IOERR_UNLOCK;
}

static int is_marked(struct msnap_file *file) { return __atomic_load_n(&file->mark->writing, __ATOMIC_SEQ_CST) != 0; }

static int give_up_leftovers(struct msnap_file *file)
{
    int result = msnap_may_change(file, msnap_header(file->region));
    if (result != SQLITE_OK)
        return result;
    sqlite3_log(SQLITE_NOTICE_RECOVER_ROLLBACK, "msnap: %s: a transaction of a dead process is given up", file->region->name);
    if (msnap_give_up(file) != 0) {
        file->last_errno = errno;
        return SQLITE_IOERR_LOCK;
    }
    msnap_set_mark(file, 0);
    return SQLITE_OK;
}

/* Gives up what a dead writer has left, unless somebody else has done so meanwhile. On success SHARED is held, else nothing. */
static int recover(struct msnap_file *file)
{
    release(file, SHARED, SHARED_BYTES);
    int result = wait_for(file, F_WRLCK, RECOVERY, 1);
    if (result == SQLITE_OK)
        result = take(file, F_WRLCK, PENDING, 1);
    if (result == SQLITE_OK && is_marked(file)) {
        result = wait_for(file, F_WRLCK, SHARED, SHARED_BYTES);
        if (result == SQLITE_OK && is_marked(file)) {
            result = give_up_leftovers(file);
        }
    }
    if (result == SQLITE_OK)
        result = take(file, F_RDLCK, SHARED, SHARED_BYTES);
    if (result != SQLITE_OK)
        release(file, SHARED, SHARED_BYTES);
    release(file, PENDING, 1);
    release(file, RECOVERY, 1);
    return result;
}

static int lock_shared(struct msnap_file *file)
{
    int result = take(file, F_RDLCK, PENDING, 1);
    if (result != SQLITE_OK)
        return result;
    result = take(file, F_RDLCK, SHARED, SHARED_BYTES);
    release(file, PENDING, 1);
    return result == SQLITE_OK && is_marked(file) ? recover(file) : result;
}

int msnap_lock(sqlite3_file *base, int wanted)
{
    struct msnap_file *file = (struct msnap_file *)base;
    int result = SQLITE_OK;
    if (file->process != getpid())
        return SQLITE_IOERR_LOCK;
    if (file->lock >= wanted)
        return SQLITE_OK;
    if (file->lock == SQLITE_LOCK_NONE) {
        result = msnap_claim(file);
        if (result == SQLITE_OK)
            result = lock_shared(file);
        if (result == SQLITE_OK)
            file->lock = SQLITE_LOCK_SHARED;
    }
    if (result == SQLITE_OK && wanted == SQLITE_LOCK_RESERVED) {
        result = take(file, F_WRLCK, RESERVED, 1);
        if (result == SQLITE_OK)
            file->lock = SQLITE_LOCK_RESERVED;
    }
    if (result == SQLITE_OK && wanted == SQLITE_LOCK_EXCLUSIVE) {
        /* PENDING stays when the readers have not ended yet: no new ones come. */
        if (file->lock < SQLITE_LOCK_PENDING)
            result = take(file, F_WRLCK, PENDING, 1);
        if (result == SQLITE_OK) {
            file->lock = SQLITE_LOCK_PENDING;
            result = take(file, F_WRLCK, SHARED, SHARED_BYTES);
        }
        if (result == SQLITE_OK)
            file->lock = SQLITE_LOCK_EXCLUSIVE;
    }
    return result;
}

int msnap_unlock(sqlite3_file *base, int wanted)
{
    struct msnap_file *file = (struct msnap_file *)base;
    if (file->process != getpid())
        return SQLITE_IOERR_UNLOCK;
    if (file->lock <= wanted)
        return SQLITE_OK;
    int result = msnap_settle(file);
    /* The mark is still set: nobody keeps SHARED then, and who takes it next gives up what is left. */
    if (result != SQLITE_OK)
        wanted = SQLITE_LOCK_NONE;
    if (wanted == SQLITE_LOCK_SHARED && file->lock == SQLITE_LOCK_EXCLUSIVE) {
        int shared = take(file, F_RDLCK, SHARED, SHARED_BYTES);
        if (shared != SQLITE_OK)
            return SQLITE_IOERR_RDLOCK;
    }
    if (wanted == SQLITE_LOCK_NONE)
        release(file, SHARED, SHARED_BYTES);
    if (file->lock >= SQLITE_LOCK_RESERVED)
        release(file, PENDING, RESERVED - PENDING + 1);
    file->lock = wanted;
    return result;
}

int msnap_check_reserved(sqlite3_file *base, int *reserved)
{
    struct msnap_file *file = (struct msnap_file *)base;
    *reserved = 1;
    if (file->lock >= SQLITE_LOCK_RESERVED)
        return SQLITE_OK;
    int held = control(file, F_OFD_GETLK, F_WRLCK, RESERVED, 1);
    if (held < 0) {
        file->last_errno = errno;
        return SQLITE_IOERR_CHECKRESERVEDLOCK;
    }
    *reserved = held;
    return SQLITE_OK;
}

int msnap_lock_claims(struct msnap_file *file) { return wait_for(file, F_WRLCK, CLAIMS, 1); }
void msnap_unlock_claims(struct msnap_file *file) { release(file, CLAIMS, 1); }

/* The file may be used: it is of who owns the region, or of root, and no other database has it. NULL, or why not. */
static const char *fault_of(struct msnap_file *file, const char *name)
{
    struct stat about;
    if (fstat(file->lock_descriptor, &about) != 0)
        return strerror(errno);
    if (about.st_uid != 0 && about.st_uid != geteuid() && about.st_uid != file->region->owner)
        return "is another user's";
    if (wait_for(file, F_WRLCK, RECOVERY, 1) != SQLITE_OK)
        return strerror(errno);
    if (file->mark->name[0] == 0)
        strcpy(file->mark->name, name);
    int is_ours = strncmp(file->mark->name, name, sizeof file->mark->name) == 0;
    release(file, RECOVERY, 1);
    return is_ours ? NULL : "is that of another database";
}

/* Opens the lock file; path NULL: that which belongs to the name. */
int msnap_lock_open(struct msnap_file *file, const char *name, const char *path)
{
    char usual[sizeof FOLDER + MSNAP_NAME + 8];
    if (path == NULL) {
        sqlite3_snprintf(sizeof usual, usual, "%s/%s.lock", FOLDER, name);
        path = usual;
        mkdir("/var", 0755);
        mkdir("/var/lib", 0755);
        mkdir(FOLDER, 01777);
    }
    const char *fault = NULL;
    file->process = getpid();
    if (msnap_lock_file_open(file, path) == 0) {
        fault = fault_of(file, name);
        if (fault == NULL)
            return SQLITE_OK;
    }
    file->last_errno = errno;
    sqlite3_log(SQLITE_CANTOPEN, "msnap: %s: the lock file %s %s", name, path, fault ? fault : strerror(errno));
    msnap_lock_close(file);
    return SQLITE_CANTOPEN;
}
