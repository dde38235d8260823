/* msnapvfs.h - a SQLite VFS whose databases are regions (docs/sqlite.md). SQLite itself is the distribution's, unmodified.
 *
 * A database NAME is the region NAME: its first page is the header below, the bytes of the database file follow it. A transaction becomes
 * durable by one msnap_persist (xSync), which is all or nothing; so no journal is ever written to a disk. The rollback journal that SQLite
 * wants is memory of the connection, as are all temporary files.
 *
 * Between connections, whatever their thread or process, SQLite's locks are kept, as open file description locks on bytes of a lock file,
 * so the kernel releases them when a process ends. A process that ends in the middle of a transaction leaves pages behind that are half
 * changed in memory, though not on the disk. Therefore the lock file says, in its first word, whether somebody is writing: it is set before
 * the first change, and cleared after the persist, under the EXCLUSIVE lock all the while. Who gets a SHARED lock and finds it set has
 * found what a dead process has left, and gives the changes up with msnap_abort, as a hot journal is rolled back. The mark is not in the
 * region, because there it could only be cleared before the persist, and a dead writer's last transaction could be seen though it is not
 * durable. After a restart of the machine it may be set for nothing: then there is nothing to give up.
 *
 * Groups do not share lock files. Programs of one group at a time use a database; others are refused (msnapgroup.c).
 *
 * Invariants: the region is stored to only under EXCLUSIVE with the mark set; without EXCLUSIVE in anybody's hands and with the mark clear,
 * what is in memory is what was persisted last (or, with synchronous=OFF, what is on its way). */
#ifndef MSNAPVFS_H
#define MSNAPVFS_H

#include <sqlite3.h>
#include <stdint.h>

#define MSNAP_VFS "msnap"
#define MSNAP_PAGE 4096
#define MSNAP_NAME 60 /* the longest name of a database */

/* Makes the VFS "msnap" known to SQLite, and with as_default that which is used when none is named. SQLITE_OK, or why not. */
int msnapvfs_register(int as_default);

/* ---- shared by the parts of the VFS ---- */

#define MSNAP_MAGIC 0x6C71736172727541ull /* "Aurrasql" */
#define MSNAP_VERSION 1

/* The first page of the region; all zeroes: a database of no bytes. The claim says which group uses it (msnapgroup.c). */
struct msnap_header { uint64_t magic, version, size, claim; };

/* The first page of the lock file: whether somebody writes, and the persist of a transaction that nobody has waited for (0: none; all ones:
 * there is one, and it could not be begun), whose lock file it is, the claim that is known to be durable, and in which generation of the
 * group that was found (msnapgroup.c). */
struct msnap_mark { uint32_t writing, reserved; uint64_t epoch; char name[MSNAP_NAME + 4]; uint64_t claim, generation; };

/* A region that this process shows, for all its connections. */
struct msnap_region {
    struct msnap_region *next;
    char *base;
    long md;
    uint64_t length, span; /* the length may have become more */
    uint32_t owner;
    int references;
    char name[MSNAP_NAME + 1];
};

/* A connection's main file. */
struct msnap_file {
    sqlite3_file base;
    struct msnap_region *region;
    struct msnap_mark *mark;
    struct msnap_file *next; /* msnapfork.c */
    int lock_descriptor;
    int lock;     /* SQLITE_LOCK_… */
    int writing;  /* this connection has set the mark */
    int complete; /* what is in memory is whole: the transaction, or what was before it */
    int refused;  /* the transaction has no more room: it can be rolled back only */
    int last_errno;
    int process;  /* who opened it: locks are not for its children */
    uint64_t unchecked;   /* bytes that may be written before the dirty pages are counted again */
    sqlite3_int64 mapped; /* so many bytes may be shown by xFetch */
};

static inline struct msnap_header *msnap_header(const struct msnap_region *region) { return (struct msnap_header *)region->base; }
static inline char *msnap_bytes(const struct msnap_region *region) { return region->base + MSNAP_PAGE; }

/* msnapvfs.c */
/* Brings length and span up to date; zero, or -1 when the region is not there any more. dirty may be NULL. */
int msnap_refresh(struct msnap_region *region, uint64_t *dirty);
struct msnap_info;
int msnap_find(const char *name, struct msnap_info *info);
void msnap_release(struct msnap_region *region);

/* msnapfile.c: a region as a file. */
extern const sqlite3_io_methods msnap_file_methods;

/* msnapchange.c */
/* Tells why something failed, and gives the code for it: SQLITE_FULL when there is no room. */
int msnap_failure(struct msnap_file *file, int code, const char *what);
/* Makes the region long enough for a database of so many bytes. */
int msnap_make_room(struct msnap_file *file, sqlite3_int64 size);
/* Before something is written: `at` is what will be first. */
int msnap_begin_change(struct msnap_file *file, void *at);
/* Before the bytes from one to another are written. */
int msnap_check_dirty(struct msnap_file *file, uint64_t from, uint64_t end);
/* Ends what this connection has written and not made durable: whole, it is on its way to the disk; half, it is given up. */
int msnap_settle(struct msnap_file *file);
/* Gives up what is not persisted, whoever changed it; zero, or -1. */
int msnap_give_up(struct msnap_file *file);
/* A child has its parent's connections, and what they have changed: it is the parent's. */
int msnap_is_of_parent(const struct msnap_file *file);

/* msnapfork.c */
int msnap_watch_forks(void);
/* Opens a connection's lock file and shows its mark; zero, or -1: it is to be closed all the same. Closed, it may be closed again. */
int msnap_lock_file_open(struct msnap_file *file, const char *path);
void msnap_lock_close(struct msnap_file *file);

/* msnapmemory.c: a file that is memory and goes when it is closed. */
int msnap_memory_open(sqlite3_file *file);
extern const int msnap_memory_size;

/* msnapgroup.c */
/* This program's group uses the database: it may go on. SQLITE_PROTOCOL: another does, which is told in the log; or any other error. */
int msnap_claim(struct msnap_file *file);
/* As above, before the first change of a transaction: a copy of this program does not come behind it. It will change the byte `at`. */
int msnap_may_change(struct msnap_file *file, void *at);

/* msnaplock.c */
int msnap_lock_open(struct msnap_file *file, const char *name, const char *path);
int msnap_lock(sqlite3_file *file, int wanted);
int msnap_unlock(sqlite3_file *file, int wanted);
int msnap_check_reserved(sqlite3_file *file, int *reserved);
/* Waits for the right to claim the database for this group. */
int msnap_lock_claims(struct msnap_file *file);
void msnap_unlock_claims(struct msnap_file *file);
static inline void msnap_set_mark(struct msnap_file *file, uint32_t writing)
{
    __atomic_store_n(&file->mark->writing, writing, __ATOMIC_SEQ_CST);
    file->writing = writing != 0;
}

#endif
