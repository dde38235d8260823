/* kvbench.c - durable puts a second with 1 to 16 threads (docs/kv.md, puts.h). By hand:
 *   ./aurora run -m 512 -- /usr/lib/aurora/kvbench [PUTS-OF-EACH-THREAD] [VALUE-SIZE] [KEYS] [THREADS]
 *     [MILLISECONDS]
 * with so many milliseconds between checkpoints, which go on meanwhile and write too; as it is without. */
#define _GNU_SOURCE
#include "../../include/aurora.h"
#include "../kv.h"
#include "puts.h"

static struct kv *store;

static void put_durably(const char *key, const char *value, size_t size)
{
    require(kv_put(store, key, KEY_SIZE, value, size, KV_SYNC) > 0, "put");
}

static void fill(unsigned long keys, size_t value_size)
{
    char key[KEY_SIZE], value[MOST_VALUE] = {0};
    for (unsigned long i = 0; i < keys; i++) {
        make_key(key, i);
        require(kv_put(store, key, KEY_SIZE, value, value_size, KV_LATER) > 0, "fill");
    }
    require(kv_flush(store) == 0, "flush");
}

static uint64_t persists(void)
{
    struct kv_stats stats;
    require(kv_stat(store, &stats) == 0, "stat");
    return stats.persists;
}

int main(int count, char **arguments)
{
    if (count > 5)
        require(sls_period(strtoul(arguments[5], NULL, 10) * 1000000) == 0, "period");
    store = kv_open("kvbench", 64 << 20, KV_CREATE);
    require(store != NULL, "open");
    int result = puts_main("kv_put", count, arguments);
    require(kv_close(store) == 0 && kv_destroy("kvbench") == 0, "close");
    return result;
}
