/* check_claims.h - what sqlchecks.c checks of how a database is claimed (msnapgroup.c): by many at once, after its group went back, and
 * which regions become databases. Included behind its helpers. */
#include <sys/mman.h>
#include <time.h>

#define CLAIMANTS 8
#define ROUNDS 10

static struct msnap_mark *mark_of(const char *path)
{
    int descriptor = open(path, O_RDWR);
    void *page = mmap(0, MSNAP_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    return page == MAP_FAILED ? NULL : page;
}

/* A region leaves memory a moment after the last program that showed it. */
static int leaves_memory(const char *name)
{
    struct timespec pause = {.tv_nsec = 1000000};
    struct msnap_info info;
    for (int tries = 0; tries < 10000; tries++) {
        unsigned i = 0;
        while (msnap_list(i, &info) == 0 && strcmp(info.name, name) != 0)
            i++;
        if (strcmp(info.name, name) == 0 && (info.flags & MS_OPEN) == 0)
            return 1;
        nanosleep(&pause, NULL);
    }
    return 0;
}

/* The lock file goes back with a group, the region, which a copy shows, does not: nothing says any more that there was a writer. */
static void check_going_back(void)
{
    sqlite3 *db = open_database("file:sqlchecks");
    struct msnap_mark *mark = mark_of("/var/lib/msnap/sqlchecks.lock");
    int ready = -1, status = -1;
    char byte;
    CHECK(mark != NULL && yields(db, "select min(b)>=0 from t", "1"), "a lock file");
    int child = in_child(write_and_wait, "sqlchecks", &ready);
    CHECK(read(ready, &byte, 1) == 1 && mark->writing == 1, "a process is in the middle of a transaction");
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    mark->writing = 0;
    mark->generation--;
    sqlite3 *fresh = open_database("file:sqlchecks");
    CHECK(yields(fresh, "select min(b)>=0, count(*) from t; pragma integrity_check", "1|4|ok"), "the group has gone back: as before: %s",
          answer);
    CHECK(run(fresh, "update t set b=b+0") == SQLITE_OK, "and can be written");
    CHECK(yields(db, "select min(b)>=0 from t; pragma integrity_check", "1|ok"), "by a connection that was open too");
    close(ready);
    munmap(mark, MSNAP_PAGE);
    sqlite3_close(fresh);
    sqlite3_close(db);
}

/* Opens the database when the others do; the first of them begins a transaction, and stays in the middle of it. */
static void claim_with_others(const char *name, int ready)
{
    char byte;
    if (read(until[0], &byte, 1) != 1)
        _exit(1);
    sqlite3 *db = open_database(name);
    if (db == NULL)
        _exit(1);
    int wins = run(db, "pragma cache_size=5; begin immediate") == SQLITE_OK;
    int is_done = !wins || run(db, "update c set x=randomblob(400); delete from c where id%3=0") == SQLITE_OK;
    if (!is_done || write(ready, wins ? "!" : ".", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

/* Nobody who comes to claim a database persists half of what another has begun meanwhile. */
static void check_claiming_together(void)
{
    int ready[CLAIMANTS], children[CLAIMANTS], sound = 0, all = 0;
    for (int round = 0; round < ROUNDS; round++) {
        sqlite3 *db = open_database("file:sqlchecks6");
        run(db, "drop table if exists c; create table c(id integer primary key, x); create index cx on c(x); insert into c(x) "
                "with recursive i(n) as (select 1 union all select n+1 from i where n<900) select randomblob(500) from i");
        sqlite3_close(db);
        int winners = 0, opened = 0;
        CHECK(pipe(until) == 0 && leaves_memory("sqlchecks6"), "nobody has claimed the database");
        for (int i = 0; i < CLAIMANTS; i++)
            children[i] = in_child(claim_with_others, "sqlchecks6", &ready[i]);
        opened -= write(until[1], "........", CLAIMANTS) == CLAIMANTS ? 0 : 1;
        for (int i = 0; i < CLAIMANTS; i++) {
            char byte = 0;
            opened += read(ready[i], &byte, 1) == 1;
            winners += byte == '!';
        }
        for (int i = 0; i < CLAIMANTS; i++) {
            kill(children[i], SIGKILL);
            waitpid(children[i], NULL, 0);
            close(ready[i]);
        }
        close(until[0]), close(until[1]);
        all += opened == CLAIMANTS && winners == 1;
        db = open_database("file:sqlchecks6");
        sound += yields(db, "select count(*), sum(length(x)) from c; pragma integrity_check", "900|450000|ok");
        sqlite3_close(db);
    }
    CHECK(all == ROUNDS && sound == ROUNDS, "%d claim a database at once, one writes: in %d of %d it was, in %d it is sound",
          CLAIMANTS, all, ROUNDS, sound);
}

static void store_and_wait(const char *name, int ready)
{
    char *base = NULL;
    long md = msnap_open(name, (void **)&base, 1 << 20, MS_CREATE);
    if (md < 0)
        _exit(1);
    base[2 * MSNAP_PAGE] = 'x';
    if (write(ready, "!", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void store_and_persist(const char *name, int ready)
{
    char *base = NULL;
    long md = msnap_open(name, (void **)&base, 1 << 20, MS_CREATE);
    if (md < 0)
        _exit(1);
    base[2 * MSNAP_PAGE] = 'x';
    if (msnap_sync(md, 0) < 0 || write(ready, "!", 1) != 1)
        _exit(1);
}

static void half_make(const char *name, int ready)
{
    char *base = NULL;
    long md = msnap_open(name, (void **)&base, 1 << 20, MS_CREATE);
    if (md < 0)
        _exit(1);
    ((struct msnap_header *)base)->magic = MSNAP_MAGIC;
    if (msnap_sync(md, 0) < 0 || write(ready, "!", 1) != 1)
        _exit(1);
}

/* As two groups leave it that make one database at the same moment. */
static void check_half_made(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(MSNAP_VFS);
    int ready = -1;
    char byte;
    vfs->xDelete(vfs, "sqlchecks8", 0);
    int child = in_child(half_make, "sqlchecks8", &ready);
    CHECK(read(ready, &byte, 1) == 1 && waitpid(child, NULL, 0) == child, "a database was made by half");
    close(ready);
    sqlite3 *db = open_database("sqlchecks8");
    CHECK(db != NULL && yields(db, "create table h(x); insert into h values(1); select count(*) from h", "1"), "it is made whole");
    sqlite3_close(db);
    CHECK(leaves_memory("sqlchecks8"), "nobody shows it");
    db = open_database("sqlchecks8");
    CHECK(db != NULL && yields(db, "select count(*) from h; pragma integrity_check", "1|ok"), "and is one from now on");
    sqlite3_close(db);
    vfs->xDelete(vfs, "sqlchecks8", 0);
}

/* A region that somebody uses is no database, though its first page holds nothing. */
static void check_blank_regions(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(MSNAP_VFS);
    int ready = -1;
    char byte;
    vfs->xDelete(vfs, "sqlchecks7", 0);
    int child = in_child(store_and_wait, "sqlchecks7", &ready);
    CHECK(read(ready, &byte, 1) == 1, "a process has stored something into a region");
    CHECK(open_database("sqlchecks7") == NULL && strstr(last_log, "not a database") != NULL, "it is none: %s", last_log);
    CHECK(dirty_bytes("sqlchecks7") == MSNAP_PAGE, "and what was stored is not persisted");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready);
    CHECK(leaves_memory("sqlchecks7"), "it is killed");
    sqlite3 *db = open_database("sqlchecks7");
    CHECK(db != NULL && yields(db, "create table b(x); select count(*) from b", "0"), "when it is as it was made it becomes one");
    sqlite3_close(db);
    CHECK(vfs->xDelete(vfs, "sqlchecks7", 0) == SQLITE_OK, "it is deleted");
    child = in_child(store_and_persist, "sqlchecks7", &ready);
    CHECK(read(ready, &byte, 1) == 1 && waitpid(child, NULL, 0) == child, "another has persisted something");
    last_log[0] = 0;
    CHECK(open_database("sqlchecks7") == NULL && strstr(last_log, "not a database") != NULL, "it is none: %s", last_log);
    close(ready);
    vfs->xDelete(vfs, "sqlchecks7", 0);
}
