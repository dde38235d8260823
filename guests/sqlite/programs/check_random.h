/* check_random.h - random statements, whose results sqlchecks.c has to find the same in a region and in a file. Included behind its
 * helpers. */
#define OPERATIONS 2000

static char *random_statement(unsigned *seed)
{
    int kind = rand_r(seed) % 22, id = rand_r(seed) % 300, number = rand_r(seed) % 100000;
    switch (kind) {
    case 0: case 1: case 2: case 3: case 4: case 5:
        return sqlite3_mprintf("insert into r values(%d,'%d',zeroblob(%d))", id, number, number % 3000);
    case 6: return sqlite3_mprintf("insert or replace into r select id+%d, a||'x', b from r where id<%d", id, id / 4);
    case 7: case 8: case 9: return sqlite3_mprintf("update r set a=a+%d where id between %d and %d", number, id, id + 9);
    case 10: case 11: return sqlite3_mprintf("delete from r where id between %d and %d", id, id + 20);
    case 12: case 13: return sqlite3_mprintf("begin");
    case 14: return sqlite3_mprintf("commit");
    case 15: return sqlite3_mprintf("rollback");
    case 16: return sqlite3_mprintf("savepoint p%d", number % 3);
    case 17: return sqlite3_mprintf("%s p%d", number & 16 ? "rollback to" : "release", number % 3);
    case 18: return sqlite3_mprintf(number % 4 ? "select count(distinct a) from r" : "vacuum");
    case 19: return sqlite3_mprintf("select max(id),min(a) from r where length(b)>%d", number % 3000);
    default: return sqlite3_mprintf("select count(*),sum(id),sum(a),sum(length(b)),sum(a*id) from r");
    }
}

static void check_against_files(void)
{
    static char first[sizeof answer];
    sqlite3 *ours = open_database("file:sqlchecks5"), *ordinary = NULL;
    unlink(ORDINARY);
    sqlite3_open_v2(ORDINARY, &ordinary, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix");
    run(ordinary, "pragma synchronous=off");
    sqlite3 *both[] = {ours, ordinary};
    for (int i = 0; i < 2; i++)
        run(both[i], "pragma cache_size=10; drop table if exists r; create table r(id integer primary key, a, b); create index ra on r(a)");
    unsigned seed = 41;
    int different = 0, done = 0, committed = 0;
    for (int i = 0; i < OPERATIONS && different == 0; i++) {
        char *sql = random_statement(&seed);
        int result = run(ours, sql);
        strcpy(first, answer);
        different = run(ordinary, sql) != result || strcmp(first, answer) != 0;
        done += result == SQLITE_OK;
        committed += result == SQLITE_OK && strcmp(sql, "commit") == 0;
        if (different)
            printf("# %d: %s: %d %s, %s\n", i, sql, result, first, answer);
        sqlite3_free(sql);
    }
    CHECK(different == 0 && done > OPERATIONS / 2 && committed > 5, "%d random statements do what they do with a file", OPERATIONS);
    CHECK(yields(ours, "pragma integrity_check", "ok"), "and leave it sound");
    sqlite3_close(ours);
    sqlite3_close(ordinary);
    unlink(ORDINARY);
}
