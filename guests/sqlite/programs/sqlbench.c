/* sqlbench.c - durable transactions of SQLite, one after the other, each of which changes one of many rows, chosen at random: over a
 * region, and in a file with a write-ahead log and full syncs (docs/sqlite.md). By hand:
 *   ./aurora run -m 512 -- /usr/lib/aurora/sqlbench [TRANSACTIONS] [ROWS]
 * Prints lines "R measure parameter metric value" (bench/guest/guest.h), times in ns, the parameter being the rows. */
#define _GNU_SOURCE
#include "../msnapvfs.h"
#include "../../../bench/guest/guest.h"
#include <string.h>
#include <unistd.h>

enum { MOST = 4096, VALUE = 100 };
#define FILE_NAME "/tmp/sqlbench.db"

static uint64_t times[MOST];

static void execute(sqlite3 *db, const char *sql)
{
    require(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, sqlite3_errmsg(db));
}

static void fill(sqlite3 *db, long rows)
{
    char sql[256];
    execute(db, "create table t(id integer primary key, value blob)");
    snprintf(sql, sizeof sql, "insert into t with recursive c(i) as (select 0 union all select i+1 from c where i<%ld) "
             "select i, randomblob(%d) from c", rows - 1, VALUE);
    execute(db, sql);
}

static void measure(const char *name, sqlite3 *db, long transactions, long rows)
{
    sqlite3_stmt *update;
    uint64_t state = 88172645463325252ull, start = now();
    unsigned char value[VALUE] = {0};
    require(sqlite3_prepare_v2(db, "update t set value=? where id=?", -1, &update, NULL) == SQLITE_OK, sqlite3_errmsg(db));
    for (long i = 0; i < transactions; i++) {
        uint64_t before = now();
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        memcpy(value, &state, sizeof state);
        sqlite3_bind_blob(update, 1, value, VALUE, SQLITE_STATIC);
        sqlite3_bind_int64(update, 2, (sqlite3_int64)(state % (uint64_t)rows));
        require(sqlite3_step(update) == SQLITE_DONE && sqlite3_reset(update) == SQLITE_OK, sqlite3_errmsg(db));
        times[i] = now() - before;
    }
    tell(name, (uint64_t)rows, "each", (now() - start) / (uint64_t)transactions);
    tell_distribution(name, (uint64_t)rows, times, (int)transactions);
    sqlite3_finalize(update);
}

static void run(const char *name, const char *path, const char *vfs, const char *pragmas, long transactions, long rows)
{
    sqlite3 *db;
    require(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs) == SQLITE_OK, "open");
    execute(db, pragmas);
    fill(db, rows);
    measure(name, db, transactions, rows);
    require(sqlite3_close(db) == SQLITE_OK, "close");
}

int main(int count, char **arguments)
{
    long transactions = count > 1 ? atol(arguments[1]) : 500, rows = count > 2 ? atol(arguments[2]) : 20000;
    if (transactions < 1 || transactions > MOST || rows < 1 || msnapvfs_register(0) != SQLITE_OK)
        return 2;
    sqlite3_vfs *vfs = sqlite3_vfs_find(MSNAP_VFS);
    vfs->xDelete(vfs, "sqlbench", 0);
    unlink(FILE_NAME), unlink(FILE_NAME "-wal"), unlink(FILE_NAME "-shm");
    run("sqlite_region", "sqlbench", MSNAP_VFS, "pragma synchronous=full", transactions, rows);
    run("sqlite_wal", FILE_NAME, "unix", "pragma journal_mode=wal; pragma synchronous=full", transactions, rows);
    vfs->xDelete(vfs, "sqlbench", 0);
    unlink(FILE_NAME);
    return 0;
}
