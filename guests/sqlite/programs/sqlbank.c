/* sqlbank.c - a bank in a SQLite database in a region (docs/sqlite.md). Two tellers, threads with a connection each, move money between
 * accounts, each transfer one transaction of several tables, and say "ack TELLER TRANSFER" when it is committed. Whatever happens to the
 * power or to the program, the database must be sound when it is opened again, the sum of the accounts hold, every transfer be there whole
 * or not at all, and none be missing that has been acknowledged: "books D0 D1 0 0" says how many there are of each teller.
 *
 *   sqlbank [LIVES] [SECONDS]    so many lives of the program, each ended by SIGKILL after so long (0: for ever; 1)
 *
 * The tellers are in a child: a region goes on without the checkpoints of the session, so after a restart its program may have to end, and
 * this one, which shows no region, starts the next. */
#define _GNU_SOURCE
#include "../msnapvfs.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ACCOUNTS 100
#define TELLERS 2
#define EACH 1000
#define PATIENCE_MS 60000

static void fail(sqlite3 *db, const char *what)
{
    printf("FAIL %s: %s\n", what, sqlite3_errmsg(db));
    fflush(stdout);
    _exit(1);
}

static void execute(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail(db, sql);
}

static sqlite3 *open_bank(void)
{
    sqlite3 *db;
    if (sqlite3_open_v2("sqlbank", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, MSNAP_VFS) != SQLITE_OK)
        fail(db, "open");
    sqlite3_busy_timeout(db, PATIENCE_MS);
    return db;
}

static long number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        fail(db, sql);
    long value = (long)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void found(sqlite3 *db)
{
    char sql[256];
    execute(db, "begin immediate");
    if (number(db, "select count(*) from sqlite_master") == 0) {
        execute(db, "create table account(id integer primary key, balance integer check (balance >= 0));"
                    "create table transfer(teller, number, source, target, amount, primary key (teller, number)) without rowid");
        snprintf(sql, sizeof sql, "insert into account with recursive c(i) as (select 0 union all select i+1 from c where i<%d) "
                 "select i,%d from c", ACCOUNTS - 1, EACH);
        execute(db, sql);
    }
    execute(db, "commit");
}

/* The books hold what they should, and the accounts are what the transfers have made of them. */
static void audit(sqlite3 *db)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, "pragma integrity_check", -1, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW
        || strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
        fail(db, "integrity_check");
    sqlite3_finalize(statement);
    if (number(db, "select sum(balance) from account") != (long)ACCOUNTS * EACH)
        fail(db, "the sum");
    if (number(db, "select count(*) from (select teller from transfer group by teller having count(*) <> max(number))") != 0)
        fail(db, "a transfer is missing");
    if (number(db, "select count(*) from account a left join (select id, sum(amount) s from (select target id, amount from transfer "
                   "union all select source, -amount from transfer) group by id) m on a.id=m.id "
                   "where a.balance <> 1000 + coalesce(m.s, 0)") != 0)
        fail(db, "an account is not what its transfers have made of it");
    printf("books %ld %ld 0 0\n", number(db, "select coalesce(max(number),0) from transfer where teller=0"),
           number(db, "select coalesce(max(number),0) from transfer where teller=1"));
    fflush(stdout);
}

static void transfer(sqlite3 *db, int teller, long transfer_number, unsigned *seed)
{
    int from = rand_r(seed) % ACCOUNTS, to = (from + 1 + rand_r(seed) % (ACCOUNTS - 1)) % ACCOUNTS;
    char sql[512];
    execute(db, "begin immediate");
    snprintf(sql, sizeof sql, "select balance from account where id=%d", from);
    long amount = rand_r(seed) % (number(db, sql) + 1);
    snprintf(sql, sizeof sql, "update account set balance=balance-%ld where id=%d; update account set balance=balance+%ld where id=%d;"
             "insert into transfer values(%d,%ld,%d,%d,%ld)", amount, from, amount, to, teller, transfer_number, from, to, amount);
    execute(db, sql);
    /* Some are given up, after they have changed the region. */
    if (transfer_number % 8 == 0 && rand_r(seed) % 2 == 0) {
        execute(db, "rollback; begin immediate");
        execute(db, sql);
    }
    execute(db, "commit");
}

static void *serve(void *argument)
{
    int teller = (int)(long)argument;
    unsigned seed = (unsigned)(time(NULL) * TELLERS + teller);
    char sql[128];
    sqlite3 *db = open_bank();
    execute(db, "pragma cache_size=2; pragma synchronous=full");
    snprintf(sql, sizeof sql, "select coalesce(max(number),0) from transfer where teller=%d", teller);
    for (long next = number(db, sql) + 1;; next++) {
        transfer(db, teller, next, &seed);
        printf("ack %d %ld\n", teller, next);
        fflush(stdout);
    }
    return NULL;
}

static void live(void)
{
    pthread_t threads[TELLERS];
    if (msnapvfs_register(0) != SQLITE_OK)
        exit(1);
    sqlite3 *db = open_bank();
    found(db);
    audit(db);
    for (long i = 0; i < TELLERS; i++)
        if (pthread_create(&threads[i], NULL, serve, (void *)i) != 0)
            fail(db, "thread");
    pthread_join(threads[0], NULL);
}

int main(int count, char **arguments)
{
    long lives = count > 1 ? atol(arguments[1]) : 0;
    double seconds = count > 2 ? atof(arguments[2]) : 1;
    for (long life = 0; lives == 0 || life < lives; life++) {
        pid_t child = fork();
        if (child == 0) {
            live();
            _exit(0);
        }
        if (child < 0)
            return 1;
        struct timespec end = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
        if (lives != 0) {
            nanosleep(&end, NULL);
            kill(child, SIGKILL);
        }
        int status;
        if (waitpid(child, &status, 0) != child)
            return 1;
        if (WIFEXITED(status))
            return WEXITSTATUS(status);
        printf("life %ld ended by %d\n", life, WTERMSIG(status));
        fflush(stdout);
    }
    return 0;
}
