/* persists.c - how long a persist of a region takes (docs/api.md), of so many pages, median of some rounds, in microseconds: storing to the
 * pages, msnap_persist without waiting (the pages are taken), msnap_wait until it is durable, and giving as many up. By hand:
 * ./aurora run -m 512 -- /usr/lib/aurora/persists [MOST-PAGES] [ROUNDS] */
#define _GNU_SOURCE
#include "../include/aurora.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PAGE 4096
#define MOST_ROUNDS 101
#define STEPS 4

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static void store(char *region, long pages, int round)
{
    for (long page = 0; page < pages; page++)
        region[page * PAGE] = (char)(round + 1);
}

static int measure(long md, char *region, long pages, int rounds)
{
    static double took[STEPS][MOST_ROUNDS];
    for (int round = 0; round < rounds; round++) {
        double start = now();
        store(region, pages, round);
        double stored = now();
        long epoch = msnap_persist(md, MS_ASYNC);
        double taken = now();
        if (epoch <= 0 || msnap_wait(md, (uint64_t)epoch) != 0)
            return 1;
        double durable = now();
        store(region, pages, round + 1);
        double again = now();
        if (msnap_abort(md, 0) != 0)
            return 1;
        double steps[] = {stored - start, taken - stored, durable - taken, now() - again};
        for (int step = 0; step < STEPS; step++)
            took[step][round] = steps[step];
    }
    for (int step = 0; step < STEPS; step++)
        qsort(took[step], (size_t)rounds, sizeof took[0][0], compare);
    printf("%6ld pages: store %8.0f, persist %8.0f, wait %8.0f, abort %8.0f us\n", pages, took[0][rounds / 2], took[1][rounds / 2],
        took[2][rounds / 2], took[3][rounds / 2]);
    fflush(stdout);
    return 0;
}

int main(int count, char **arguments)
{
    long most = count > 1 ? atol(arguments[1]) : 512;
    int rounds = count > 2 ? atoi(arguments[2]) : 5;
    char *region;
    long md = msnap_open("persists", (void **)&region, (uint64_t)most * PAGE, MS_CREATE);
    if (md < 0 || most < 1 || rounds < 1 || rounds > MOST_ROUNDS)
        return 2;
    for (long pages = 1; pages <= most; pages *= 8)
        if (measure(md, region, pages, rounds) != 0)
            return 1;
    return 0;
}
