/* puts.h - durable puts of several threads, of a store that the including program opens: the same work for each store. Keys are 16
 * bytes, of so many that are there before; a put changes one of them. Prints lines "R measure parameter metric value"
 * (bench/guest/guest.h), the parameter being the threads: "each" is the time of one put (all threads together), "p50" and so on that
 * for which one had to wait, "persists" what they took, when the store knows, and "written" bytes that the device was given for a put,
 * when the system knows. */
#ifndef KV_PUTS_H
#define KV_PUTS_H

#include "../../../bench/guest/guest.h"
#include <pthread.h>

enum { MOST_THREADS = 16, KEY_SIZE = 16, MOST_VALUE = 4096 };

/* What a program does with its store. */
static void put_durably(const char *key, const char *value, size_t size);
static void fill(unsigned long keys, size_t value_size);
static uint64_t persists(void);

static unsigned long puts_keys = 20000, puts_of_each = 100;
static size_t puts_value_size = 100;
static uint64_t put_times[MOST_THREADS][4096];

static inline void make_key(char *key, unsigned long index)
{
    char text[KEY_SIZE + 1];
    snprintf(text, sizeof text, "%016lu", index * 2654435761ul % 10000000000000000ul);
    memcpy(key, text, KEY_SIZE);
}

static void *put_many(void *argument)
{
    uint64_t thread = (uint64_t)(uintptr_t)argument, state = 88172645463325252ull + thread * 7919 + now();
    char key[KEY_SIZE], value[MOST_VALUE] = {0};
    for (unsigned long i = 0; i < puts_of_each; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        make_key(key, state % puts_keys);
        memcpy(value, &state, sizeof state);
        uint64_t start = now();
        put_durably(key, value, puts_value_size);
        put_times[thread][i] = now() - start;
    }
    return NULL;
}

/* Bytes written to the disk since it was started, of Linux's first NVMe disk; zero elsewhere. */
static uint64_t written(void)
{
    unsigned long long sectors = 0;
    FILE *file = fopen("/sys/block/nvme0n1/stat", "r");
    if (file) {
        if (fscanf(file, "%*u %*u %*u %*u %*u %*u %llu", &sectors) != 1)
            sectors = 0;
        fclose(file);
    }
    return sectors * 512;
}

static void measure(const char *name, unsigned long count)
{
    pthread_t threads[MOST_THREADS];
    uint64_t before = persists(), bytes = written(), start = now();
    for (unsigned long i = 0; i < count; i++)
        require(pthread_create(&threads[i], NULL, put_many, (void *)(uintptr_t)i) == 0, "thread");
    for (unsigned long i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    unsigned long puts = count * puts_of_each;
    uint64_t took = now() - start;
    tell(name, count, "each", took / puts);
    tell(name, count, "puts_per_s", puts * 1000000000ull / took);
    tell(name, count, "persists", persists() - before);
    tell(name, count, "written", (written() - bytes) / puts);
    for (unsigned long i = 1; i < count; i++)
        memcpy(put_times[0] + i * puts_of_each, put_times[i], puts_of_each * sizeof put_times[0][0]);
    tell_distribution(name, count, put_times[0], (int)puts);
}

/* NAME [PUTS-OF-EACH-THREAD] [VALUE-SIZE] [KEYS] [THREADS]: with so many threads only; 0 and without: with 1, 2, 4, 8, 16. */
static int puts_main(const char *name, int count, char **arguments)
{
    if (count > 1)
        puts_of_each = strtoul(arguments[1], NULL, 10);
    if (count > 2)
        puts_value_size = strtoul(arguments[2], NULL, 10);
    if (count > 3)
        puts_keys = strtoul(arguments[3], NULL, 10);
    unsigned long only = count > 4 ? strtoul(arguments[4], NULL, 10) : 0;
    if (only > MOST_THREADS || puts_of_each < 1 || puts_of_each > 4096 || puts_keys < 1)
        return 2;
    if (puts_value_size < 8 || puts_value_size > MOST_VALUE)
        return 2;
    fill(puts_keys, puts_value_size);
    tell(name, 0, "keys", puts_keys);
    for (unsigned long threads = only ? only : 1; threads <= MOST_THREADS; threads = only ? MOST_THREADS + 1 : 2 * threads)
        measure(name, threads);
    return 0;
}

#endif
