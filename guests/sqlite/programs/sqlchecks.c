/* sqlchecks.c - checks of SQLite over regions (docs/sqlite.md): transactions, locks, dead writers, and what is refused; and random
 * statements whose results must be those of an ordinary database in a file. */
#define _GNU_SOURCE
#include "../msnapvfs.h"
#include "../../c/tap.h"
#include "../../include/aurora.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#define ORDINARY "/tmp/sqlchecks.db"

static char answer[1 << 16];
static int logged;
static char last_log[512];

static void note(void *unused, int code, const char *text)
{
    (void)unused;
    if (strncmp(text, "msnap:", 6) != 0)
        return;
    logged = code;
    snprintf(last_log, sizeof last_log, "%s", text);
}

static sqlite3 *open_database(const char *name)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
    if (sqlite3_open_v2(name, &db, flags, MSNAP_VFS) != SQLITE_OK) {
        sqlite3_close(db);
        return NULL;
    }
    return db;
}

static int collect(void *unused, int columns, char **values, char **names)
{
    (void)unused;
    (void)names;
    size_t used = strlen(answer);
    for (int i = 0; i < columns && used < sizeof answer - 1; i++)
        used += (size_t)snprintf(answer + used, sizeof answer - used, "%s%s", used ? "|" : "", values[i] ? values[i] : "NULL");
    return 0;
}

/* Runs statements; what they yield is in answer. */
static int run(sqlite3 *db, const char *sql)
{
    answer[0] = 0;
    return sqlite3_exec(db, sql, collect, NULL, NULL);
}

static int yields(sqlite3 *db, const char *sql, const char *expected)
{
    return run(db, sql) == SQLITE_OK && strcmp(answer, expected) == 0;
}

static void check_transactions(sqlite3 *db)
{
    CHECK(run(db, "create table t(id integer primary key, a text unique, b)") == SQLITE_OK, "a table is made");
    CHECK(run(db, "insert into t values(1,'one',1),(2,'two',2),(3,'three',3)") == SQLITE_OK, "rows go in");
    CHECK(yields(db, "select a from t order by id", "one|two|three"), "and come out");
    run(db, "begin; update t set b=b+10; delete from t where id=2; rollback");
    CHECK(yields(db, "select count(*),sum(b) from t", "3|6"), "a rollback changes nothing");
    run(db, "begin; savepoint s; update t set b=0; rollback to s; update t set b=b+1 where id=1; release s; commit");
    CHECK(yields(db, "select sum(b) from t", "7"), "savepoints nest");
    CHECK(run(db, "insert into t values(4,'one',0)") == SQLITE_CONSTRAINT, "a constraint holds");
    run(db, "begin; insert into t values(5,'five',5)");
    CHECK(run(db, "insert into t select id+100, case when id<3 then 'x'||id else 'five' end, 0 from t") == SQLITE_CONSTRAINT,
          "a statement fails in its middle");
    CHECK(yields(db, "select count(*) from t", "4"), "alone it is rolled back");
    CHECK(run(db, "commit") == SQLITE_OK && yields(db, "select count(*) from t", "4"), "the transaction goes on");
    run(db, "create table blobs(x); insert into blobs values(zeroblob(300000)),(randomblob(70001))");
    CHECK(yields(db, "select group_concat(length(x)) from blobs", "300000,70001"), "blobs");
    run(db, "create temp table w as select * from t; create temp table v as select a.x from blobs a, blobs b");
    CHECK(yields(db, "select count(*) from w union all select count(*) from v", "4|4"), "temporary tables");
    CHECK(yields(db, "pragma integrity_check", "ok"), "it is sound");
}

static const char *fill = "insert into big(x) with recursive c(i) as (select 1 union all select i+1 from c where i<1500) "
                          "select randomblob(1000) from c";

static sqlite3_int64 size_of(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = -1;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK)
        file->pMethods->xFileSize(file, &size);
    return size;
}

static void check_spills(sqlite3 *db)
{
    run(db, "pragma cache_size=10; create table big(id integer primary key, x); insert into big(x) values('kept')");
    sqlite3_int64 before = size_of(db);
    CHECK(run(db, "begin; update t set b=b+100") == SQLITE_OK && run(db, fill) == SQLITE_OK && size_of(db) > before + 500000,
          "a transaction larger than the cache spills");
    CHECK(run(db, "rollback") == SQLITE_OK && yields(db, "select count(*), (select sum(b) from t) from big", "1|12"), "and is rolled back");
    CHECK(size_of(db) == before && yields(db, "pragma integrity_check", "ok"), "it is as long as before, and sound");
    CHECK(run(db, fill) == SQLITE_OK && yields(db, "select count(*) from big", "1501"), "it is committed");
    sqlite3_int64 large = size_of(db);
    CHECK(run(db, "delete from big where id>1; vacuum") == SQLITE_OK && size_of(db) < large - 1000000, "a vacuum makes it shorter");
    CHECK(yields(db, "pragma integrity_check", "ok") && yields(db, "select x from big", "kept"), "and leaves it sound");
    run(db, fill);
    CHECK(yields(db, "pragma integrity_check", "ok") && size_of(db) > before + 1000000, "it grows again");
    run(db, "delete from big where id>1; pragma cache_size=2000");
    CHECK(yields(db, "pragma mmap_size=100000000; select count(*),sum(b) from t; pragma integrity_check", "100000000|4|12|ok"),
          "pages are read where they are");
    run(db, "pragma mmap_size=0; pragma synchronous=off; update t set b=b+1; begin; update t set b=0");
    run(db, fill);
    CHECK(run(db, "rollback; pragma synchronous=full") == SQLITE_OK && yields(db, "select sum(b) from t", "16"), "without syncs");
}

static void check_locks(sqlite3 *db, const char *name)
{
    sqlite3 *other = open_database(name);
    CHECK(other != NULL && yields(other, "select sum(b) from t", "16"), "a second connection reads");
    CHECK(run(db, "begin immediate; update t set b=b+1") == SQLITE_OK, "one writes");
    CHECK(run(other, "begin immediate") == SQLITE_BUSY, "another must not");
    CHECK(yields(other, "select sum(b) from t", "16"), "but reads what was before");
    CHECK(run(other, "begin; select count(*) from t") == SQLITE_OK && run(db, "commit") == SQLITE_BUSY, "no commit while it reads on");
    CHECK(run(other, "select count(*) from t; commit") == SQLITE_OK && run(other, "select 1 from t") == SQLITE_BUSY,
          "no reader comes before a commit that waits");
    CHECK(run(db, "commit") == SQLITE_OK && yields(other, "select sum(b) from t", "20"), "then it is committed and seen");
    CHECK(run(db, "begin exclusive") == SQLITE_OK && run(other, "select 1 from t") == SQLITE_BUSY, "an exclusive one has it alone");
    run(db, "rollback");
    sqlite3_close(db);
    CHECK(yields(other, "select sum(b) from t", "20"), "a connection outlasts another of its process");
    sqlite3_close(other);
}

static int in_child(void (*act)(const char *, int), const char *name, int *ready)
{
    int ends[2];
    if (pipe(ends) != 0)
        return -1;
    fflush(stdout);
    int child = fork();
    if (child == 0) {
        close(ends[0]);
        act(name, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    *ready = ends[0];
    return child;
}

static void add_forty(const char *name, int done)
{
    sqlite3 *db = open_database(name);
    sqlite3_busy_timeout(db, 60000);
    for (int i = 0; i < 40; i++)
        if (run(db, "begin immediate; update t set b=b+1 where id=1; commit") != SQLITE_OK)
            _exit(1);
    sqlite3_close(db);
    (void)done;
}

static void write_and_wait(const char *name, int ready)
{
    sqlite3 *db = open_database(name);
    run(db, "pragma cache_size=10; begin; update t set b=-1");
    if (run(db, fill) != SQLITE_OK || write(ready, "!", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void check_processes(const char *name)
{
    int ready = -1, status[2] = {-1, -1}, end[2] = {-1, -1}, children[2];
    for (int i = 0; i < 2; i++)
        children[i] = in_child(add_forty, name, &end[i]);
    for (int i = 0; i < 2; i++) {
        waitpid(children[i], &status[i], 0);
        close(end[i]);
    }
    sqlite3 *db = open_database(name);
    CHECK(status[0] == 0 && status[1] == 0 && yields(db, "select sum(b) from t", "100"), "two processes write in turn");
    for (int life = 0; life < 3; life++) {
        char byte;
        int child = in_child(write_and_wait, name, &ready);
        CHECK(read(ready, &byte, 1) == 1 && run(db, "select 1 from t") == SQLITE_BUSY, "a process is in the middle of a transaction");
        kill(child, SIGKILL);
        waitpid(child, status, 0);
        close(ready);
        /* A connection that has nothing in its cache. */
        sqlite3 *fresh = open_database(name);
        CHECK(WIFSIGNALED(status[0]) && yields(fresh, "select sum(b) from t", "100"), "it is killed: nothing of it is seen");
        sqlite3_close(fresh);
        CHECK(yields(db, "select count(*) from big", "1") && yields(db, "pragma integrity_check", "ok"), "and it is sound");
        CHECK(run(db, "update t set b=b+0") == SQLITE_OK, "others can write");
    }
    sqlite3_close(db);
    db = open_database(name);
    CHECK(yields(db, "select sum(b) from t", "100") && yields(db, "pragma integrity_check", "ok"), "opened again it is the same");
    sqlite3_close(db);
}

static void check_refusals(const char *name)
{
    static const char *const modes[] = {"wal", "off", "nonsense"};
    static const char *const kept[] = {"delete", "truncate", "persist", "memory"};
    static const char *const bad[] = {"file:a b", "file:x-journal", "file:caf\xC3\xA9",
                                      "file:a123456789a123456789a123456789a123456789a123456789a123456789a", "file:ok?nolock=1",
                                      "file:ok?span=1"};
    sqlite3 *db = open_database(name);
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) {
        char *sql = sqlite3_mprintf("pragma journal_mode=%s", modes[i]);
        CHECK(run(db, sql) == SQLITE_ERROR && strstr(sqlite3_errmsg(db), "is not possible") != NULL, "no %s", sql);
        sqlite3_free(sql);
    }
    for (unsigned i = 0; i < sizeof kept / sizeof *kept; i++) {
        char *sql = sqlite3_mprintf("pragma journal_mode=%s; begin; update t set b=b+1; rollback; update t set b=b+0; "
                                    "select sum(b) from t", kept[i]);
        char *expected = sqlite3_mprintf("%s|100", kept[i]);
        CHECK(yields(db, sql, expected), "journal_mode=%s", kept[i]);
        sqlite3_free(sql);
        sqlite3_free(expected);
    }
    CHECK(yields(db, "pragma locking_mode=exclusive; update t set b=b+0; select sum(b) from t", "exclusive|100"), "locking_mode=exclusive");
    run(db, "pragma locking_mode=normal; select 1 from t");
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        logged = 0;
        CHECK(open_database(bad[i]) == NULL && logged == SQLITE_CANTOPEN, "refused: %s: %s", bad[i], last_log);
    }
    sqlite3_close(db);
    db = open_database(name);
    run(db, "attach 'file:sqlchecks2' as o; create table o.u(x)");
    CHECK(run(db, "begin; insert into u values(1); update t set b=b+1; commit") == SQLITE_CANTOPEN, "no transaction over two databases");
    CHECK(yields(db, "select sum(b) from t", "100") && yields(db, "select count(*) from u", "0"), "nothing of it is there");
    run(db, "pragma main.journal_mode=memory; pragma o.journal_mode=memory");
    CHECK(run(db, "begin; insert into u values(1); update t set b=b+1 where id=1; commit") == SQLITE_OK, "one that is atomic in each");
    CHECK(yields(db, "select count(*),(select sum(b) from t) from u", "1|101"), "all of it is there");
    sqlite3_close(db);
}

static void check_limits(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(MSNAP_VFS);
    vfs->xDelete(vfs, "sqlchecks3", 0);
    sqlite3 *db = open_database("file:sqlchecks3?span=64");
    run(db, "create table big(id integer primary key, x); insert into big(x) values(1); create table s as select 7 x");
    run(db, "pragma cache_size=10; begin; update s set x=0");
    int result = SQLITE_OK;
    for (int i = 0; i < 50 && result == SQLITE_OK; i++)
        result = run(db, fill);
    CHECK(result == SQLITE_FULL && strncmp(last_log, "msnap: sqlchecks3", 17) == 0, "a database or a transaction is full: %s", last_log);
    run(db, "rollback");
    CHECK(yields(db, "select x, (select count(*) from big) from s", "7|1"), "it is as before");
    CHECK(yields(db, "pragma integrity_check", "ok"), "and sound");
    result = SQLITE_OK;
    for (int i = 0; i < 14 && result == SQLITE_OK; i++)
        result = run(db, fill);
    CHECK(result == SQLITE_OK && size_of(db) > 20 << 20, "it grows past its first length, 16 MiB");
    CHECK(yields(db, "select count(*) from big", "21001"), "all is there");
    int there;
    CHECK(vfs->xAccess(vfs, "sqlchecks3", SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there, "it exists");
    CHECK(vfs->xDelete(vfs, "sqlchecks3", 0) == SQLITE_BUSY, "it is not deleted while it is open");
    sqlite3_close(db);
    CHECK(vfs->xDelete(vfs, "sqlchecks3", 0) == SQLITE_OK, "then it is");
    CHECK(vfs->xAccess(vfs, "sqlchecks3", SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && !there, "and exists no more");
    void *base;
    if (msnap_open("sqlchecks4", &base, 1 << 20, MS_CREATE) >= 0) {
        memset(base, 'x', 100);
        CHECK(open_database("sqlchecks4") == NULL && strstr(last_log, "not a database") != NULL, "another's region: %s", last_log);
    }
}

#include "check_random.h"
#include "check_edges.h"
#include "check_claims.h"

int main(void)
{
    sqlite3_config(SQLITE_CONFIG_LOG, note, NULL);
    CHECK(msnapvfs_register(0) == SQLITE_OK, "the VFS is registered");
    sqlite3_vfs *vfs = sqlite3_vfs_find(MSNAP_VFS);
    vfs->xDelete(vfs, "sqlchecks", 0);
    vfs->xDelete(vfs, "sqlchecks2", 0);
    sqlite3 *db = open_database("/any/where/sqlchecks");
    CHECK(db != NULL, "a database is made: %s", last_log);
    if (db == NULL)
        return tap_done();
    check_transactions(db);
    check_spills(db);
    check_locks(db, "file:sqlchecks");
    check_processes("sqlchecks");
    check_refusals("file:sqlchecks");
    check_forks();
    check_forks_in_the_middle();
    check_children_of_the_dead();
    check_going_back();
    check_claiming_together();
    check_half_made();
    check_blank_regions();
    check_copies();
    check_owners();
    check_limits();
    check_against_files();
    return tap_done();
}
