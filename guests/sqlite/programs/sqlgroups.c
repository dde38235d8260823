/* sqlgroups.c - programs of several groups at one SQLite database in a region (docs/sqlite.md): those of one group use it, others are told.
 *
 *   sqlgroups hold MODE   has the database open, and in MODE reading, reserved or exclusive a transaction that has changed nothing yet
 *                         (idle: none), and says "holding MODE". A copy of it, in another group, tries to go on, says "copy MODE: …"
 *                         and ends. It goes on itself once there is /tmp/go, and says "original MODE: …"
 *   sqlgroups add N       adds N rows in as many transactions; "added N", or "refused: …"
 *   sqlgroups keep        shows the region of the database without using it, says "keeping" and stays
 *   sqlgroups spill       begins a transaction larger than its cache, says "in the middle" and stays there
 *   sqlgroups count [DB]  how many rows there are of whom, and whether the database is sound
 *
 * The log of the VFS goes to the standard output too. */
#define _GNU_SOURCE
#include "../msnapvfs.h"
#include "../../include/aurora.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GO "/tmp/go"
#define TABLE "create table if not exists t(id integer primary key, who, filler)"

static const char *name = "sqlgroups";

static void note(void *unused, int code, const char *text)
{
    (void)unused;
    if (strncmp(text, "msnap:", 6) == 0)
        printf("log %d %s\n", code, text);
}

static sqlite3 *open_database(void)
{
    sqlite3 *db = NULL;
    if (sqlite3_open_v2(name, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, MSNAP_VFS) == SQLITE_OK) {
        sqlite3_busy_timeout(db, 60000);
        return db;
    }
    printf("refused: open: %s\n", sqlite3_errmsg(db));
    sqlite3_close(db);
    return NULL;
}

/* Statements as they are, and what the first that failed said. */
static const char *run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? "done" : sqlite3_errmsg(db);
}

static int begin(sqlite3 *db, const char *mode)
{
    const char *result = run(db, TABLE);
    if (strcmp(result, "done") == 0 && strcmp(mode, "reading") == 0)
        result = run(db, "begin; select count(*) from t");
    if (strcmp(result, "done") == 0 && strcmp(mode, "reserved") == 0)
        result = run(db, "begin immediate");
    if (strcmp(result, "done") == 0 && strcmp(mode, "exclusive") == 0)
        result = run(db, "begin exclusive");
    printf(strcmp(result, "done") == 0 ? "holding %s\n" : "failed %s: %s\n", mode, result);
    return strcmp(result, "done") == 0;
}

static void go_on(sqlite3 *db, const char *who, const char *mode)
{
    char sql[128];
    snprintf(sql, sizeof sql, "insert into t(who,filler) values('%s',randomblob(20000)); %s", who,
             strcmp(mode, "idle") == 0 ? "select 1" : "commit");
    printf("%s %s: %s\n", who, mode, run(db, sql));
    sqlite3_close(db);
}

static int hold(const char *mode)
{
    sqlite3 *db = open_database();
    long generation = sls_generation(0, 0);
    if (db == NULL || !begin(db, mode))
        return 1;
    for (;;) {
        struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
        if (sls_generation(0, 0) != generation) {
            go_on(db, "copy", mode);
            db = open_database();
            printf("copy %s: %s\n", mode, db == NULL ? "it stays out" : "it is in");
            return 0;
        }
        if (access(GO, F_OK) == 0) {
            go_on(db, "original", mode);
            return 0;
        }
    }
}

static int add(long rows)
{
    sqlite3 *db = open_database();
    if (db != NULL)
        run(db, TABLE);
    for (long i = 0; db != NULL && i < rows; i++) {
        const char *result = run(db, "begin immediate; insert into t(who,filler) values('added',randomblob(5000)); commit");
        if (strcmp(result, "done") != 0) {
            printf("failed: %s\n", result);
            return 1;
        }
    }
    if (db != NULL)
        printf("added %ld\n", rows);
    sqlite3_close(db);
    return db == NULL;
}

static int keep(void)
{
    void *base;
    if (msnap_open(name, &base, 0, 0) < 0) {
        printf("refused: %s\n", strerror(errno));
        return 1;
    }
    printf("keeping\n");
    for (;;)
        pause();
}

static int spill(void)
{
    sqlite3 *db = open_database();
    const char *result = db == NULL ? "not opened" : run(db, "pragma cache_size=5; begin; update t set filler=randomblob(9000)");
    if (strcmp(result, "done") != 0) {
        printf("failed: %s\n", result);
        return 1;
    }
    printf("in the middle\n");
    for (;;)
        pause();
}

static int show(void *unused, int columns, char **values, char **names)
{
    (void)unused;
    (void)names;
    for (int i = 0; i < columns; i++)
        printf("%s%s", i > 0 ? " " : "", values[i]);
    printf("\n");
    return 0;
}

static int count_rows(void)
{
    sqlite3 *db = open_database();
    if (db == NULL)
        return 1;
    int result = sqlite3_exec(db, "select 'rows', who, count(*), sum(length(filler)) from t group by who order by who;"
                                  "pragma integrity_check", show, NULL, NULL);
    sqlite3_close(db);
    return result != SQLITE_OK;
}

int main(int count, char **arguments)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    sqlite3_config(SQLITE_CONFIG_LOG, note, NULL);
    if (msnapvfs_register(0) != SQLITE_OK)
        return 1;
    if (count == 3 && strcmp(arguments[1], "hold") == 0)
        return hold(arguments[2]);
    if (count == 3 && strcmp(arguments[1], "add") == 0)
        return add(atol(arguments[2]));
    if (count == 2 && strcmp(arguments[1], "keep") == 0)
        return keep();
    if (count == 2 && strcmp(arguments[1], "spill") == 0)
        return spill();
    if (count > 2)
        name = arguments[2];
    if (count > 1 && strcmp(arguments[1], "count") == 0)
        return count_rows();
    fprintf(stderr, "usage: sqlgroups hold MODE | add N | keep | spill | count [DB]\n");
    return 2;
}
