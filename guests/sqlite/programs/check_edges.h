/* check_edges.h - what sqlchecks.c checks of who should not use a database, and of copies that could not be read. Included behind its
 * helpers. */

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
    sqlite3 *first = open_database("file:sqlchecks2?lock=/tmp/sqlchecks.lock");
    CHECK(first != NULL && open_database("file:sqlchecks3?lock=/tmp/sqlchecks.lock") == NULL, "a lock file is one database's");
    sqlite3_close(first);
    CHECK(chown("/tmp/sqlchecks.lock", 12345, 12345) == 0 && open_database("file:sqlchecks2?lock=/tmp/sqlchecks.lock") == NULL,
          "and nobody's who does not own it: %s", last_log);
    unlink("/tmp/sqlchecks.lock");
    sqlite3_vfs_find(MSNAP_VFS)->xDelete(sqlite3_vfs_find(MSNAP_VFS), "sqlchecks3", 0);
}
