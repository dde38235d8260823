/* check_edges.h - what sqlchecks.c checks of who should not use a database, and of copies that could not be read. Included behind its
 * helpers. */

static int until[2]; /* a pipe that ends when the checks go on */

/* A child that uses its parent's connection changes nothing of its locks. */
static void check_forks(void)
{
    sqlite3 *db = open_database("file:sqlchecks");
    run(db, "begin immediate; create table forked(x); insert into forked values(1)");
    pid_t child = fork();
    if (child == 0) {
        int refused = run(db, "commit") != SQLITE_OK;
        sqlite3_close(db);
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a child's use of a connection is refused");
    sqlite3 *other = open_database("file:sqlchecks");
    CHECK(run(other, "begin immediate") == SQLITE_BUSY, "and its parent has its locks still");
    sqlite3_close(other);
    CHECK(run(db, "commit") == SQLITE_OK && yields(db, "select x from forked", "1"), "and its transaction");
    run(db, "drop table forked");
    sqlite3_close(db);
}

static uint64_t dirty_bytes(const char *name)
{
    struct msnap_info info;
    for (unsigned i = 0; msnap_list(i, &info) == 0; i++)
        if (strcmp(info.name, name) == 0)
            return info.dirty;
    return 0;
}

/* What a parent has written by half, since it did not fit into its cache, is not its child's to give up, to add to or to persist. */
static void check_forks_in_the_middle(void)
{
    static const char *const acts[] = {"rollback", "commit", "insert into spilled(x) select randomblob(1000) from spilled", "select 1"};
    char expected[64];
    sqlite3 *db = open_database("file:sqlchecks");
    run(db, "pragma cache_size=5; drop table if exists spilled; create table spilled(id integer primary key, x)");
    for (unsigned i = 0, rows = 0; i < 2 * sizeof acts / sizeof *acts; i++) {
        run(db, "begin; insert into spilled(x) with recursive c(i) as (select 1 union all select i+1 from c where i<500) "
                "select randomblob(1000) from c");
        int has_spilled = dirty_bytes("sqlchecks") > 300000, status = -1;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            run(db, acts[i / 2]);
            sqlite3_close(db);
            _exit(0);
        }
        waitpid(child, &status, 0);
        rows += i % 2 ? 0 : 500;
        CHECK(has_spilled && status == 0 && run(db, i % 2 ? "rollback" : "commit") == SQLITE_OK, "a parent ends what its child has seen");
        snprintf(expected, sizeof expected, "%u|%u|ok", rows, rows * 1000);
        sqlite3 *fresh = open_database("file:sqlchecks");
        CHECK(yields(fresh, "select count(*), sum(length(x)) from spilled; pragma integrity_check", expected), "after %s: %s", acts[i / 2],
              answer);
        sqlite3_close(fresh);
    }
    run(db, "drop table spilled");
    sqlite3_close(db);
}

static void fork_in_the_middle(const char *name, int ready)
{
    sqlite3 *db = open_database(name);
    run(db, "pragma cache_size=10; begin; update t set b=-1");
    if (run(db, fill) != SQLITE_OK)
        _exit(1);
    char byte;
    pid_t child = fork();
    if (child < 0)
        _exit(1);
    /* It stays until the checks go on. */
    if (child == 0) {
        close(until[1]);
        _exit(write(ready, "!", 1) == 1 && read(until[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ready);
    for (;;)
        pause();
}

/* A child does not hold the locks of its parent when that has been killed. */
static void check_children_of_the_dead(void)
{
    int ready = -1, status = -1;
    char byte;
    CHECK(pipe(until) == 0, "a pipe");
    int parent = in_child(fork_in_the_middle, "sqlchecks", &ready);
    CHECK(read(ready, &byte, 1) == 1, "a process has a child in the middle of a transaction");
    kill(parent, SIGKILL);
    waitpid(parent, &status, 0);
    sqlite3 *db = open_database("file:sqlchecks");
    CHECK(WIFSIGNALED(status) && yields(db, "select min(b)>=0, count(*) from t; pragma integrity_check", "1|4|ok"),
          "it is killed, its child is there: nothing of it is seen: %s", answer);
    CHECK(run(db, "update t set b=b+0") == SQLITE_OK, "others can write");
    close(until[1]), close(until[0]), close(ready);
    sqlite3_close(db);
}

static void check_copies(void)
{
    sqlite3 *source = NULL;
    unlink(ORDINARY), unlink(ORDINARY "-wal"), unlink(ORDINARY "-shm");
    CHECK(sqlite3_open(ORDINARY, &source) == SQLITE_OK && run(source, "pragma journal_mode=wal; create table t(x)") == SQLITE_OK,
          "a database in a file has a write-ahead log");
    sqlite3 *target = open_database("file:sqlchecks2");
    run(target, "create table kept(x); insert into kept values(3)");
    sqlite3_backup *copy = sqlite3_backup_init(target, "main", source, "main");
    int result = copy ? sqlite3_backup_step(copy, -1) : SQLITE_DONE;
    CHECK(result != SQLITE_DONE && sqlite3_backup_finish(copy) != SQLITE_OK, "its copy into a region, which nobody could read, is refused");
    CHECK(yields(target, "select x from kept", "3"), "and what was there is there");
    sqlite3_close(target);
    sqlite3_close(source);
    unlink(ORDINARY), unlink(ORDINARY "-wal"), unlink(ORDINARY "-shm");
}

static void check_owners(void)
{
    msnap_notify(SIGUSR1);
    CHECK(open_database("file:sqlchecks2") == NULL && msnap_notify(0) == SIGUSR1, "nobody who goes on with another region: %s", last_log);
    sqlite3 *first = open_database("file:sqlchecks2?lock=/tmp/sqlchecks.lock");
    CHECK(first != NULL && open_database("file:sqlchecks3?lock=/tmp/sqlchecks.lock") == NULL, "a lock file is one database's");
    sqlite3_close(first);
    CHECK(chown("/tmp/sqlchecks.lock", 12345, 12345) == 0 && open_database("file:sqlchecks2?lock=/tmp/sqlchecks.lock") == NULL,
          "and nobody's who does not own it: %s", last_log);
    unlink("/tmp/sqlchecks.lock");
    sqlite3_vfs_find(MSNAP_VFS)->xDelete(sqlite3_vfs_find(MSNAP_VFS), "sqlchecks3", 0);
}
