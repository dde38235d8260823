/* lmdbbench.c - the durable puts of kvbench, with LMDB: each a write transaction that is synchronized to the disk, in a file of the
 * folder it is started in (puts.h). */
#define _GNU_SOURCE
#include "../programs/puts.h"
#include <lmdb.h>

#define MAP_SIZE (256 * MEBIBYTE)

static MDB_env *environment;
static MDB_dbi database;
static uint64_t transactions;

static void works(int error, const char *what)
{
    if (error == 0)
        return;
    printf("bench: %s: %s\n", what, mdb_strerror(error));
    exit(1);
}

static void put_in(MDB_txn *transaction, const char *key, const char *value, size_t size)
{
    MDB_val lmdb_key = {KEY_SIZE, (void *)key}, lmdb_value = {size, (void *)value};
    works(mdb_put(transaction, database, &lmdb_key, &lmdb_value, 0), "put");
}

static void put_durably(const char *key, const char *value, size_t size)
{
    MDB_txn *transaction;
    works(mdb_txn_begin(environment, NULL, 0, &transaction), "begin");
    put_in(transaction, key, value, size);
    transactions++; /* there is one writer at a time */
    works(mdb_txn_commit(transaction), "commit");
}

static void fill(unsigned long keys, size_t value_size)
{
    char key[KEY_SIZE], value[MOST_VALUE] = {0};
    MDB_txn *transaction;
    works(mdb_txn_begin(environment, NULL, 0, &transaction), "begin");
    works(mdb_dbi_open(transaction, NULL, 0, &database), "database");
    for (unsigned long i = 0; i < keys; i++) {
        make_key(key, i);
        put_in(transaction, key, value, value_size);
    }
    works(mdb_txn_commit(transaction), "fill");
}

static uint64_t persists(void) { return transactions; }

int main(int count, char **arguments)
{
    works(mdb_env_create(&environment), "environment");
    works(mdb_env_set_mapsize(environment, MAP_SIZE), "map size");
    works(mdb_env_open(environment, "lmdb", MDB_NOSUBDIR, 0644), "open");
    int result = puts_main("lmdb_put", count, arguments);
    mdb_env_close(environment);
    unlink("lmdb");
    unlink("lmdb-lock");
    return result;
}
