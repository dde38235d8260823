/* bench.c - measures the single level store from inside. Prints lines "R measure parameter metric value"; the host tool takes them from
 * the console and adds the device's own figures. Checkpoints are taken on demand with the period out of the way, so that each sample
 * holds exactly the pages this program dirtied and the few its own calls touch.
 *
 *   bench stop            stop time and time to durable against the number of dirty pages
 *   bench one             one dirty page to durable; and what the processor worked for it, without what it waited
 *   bench wait            how long a thread waited at most for the kernel's own work, while 64 MiB were flushed
 *   bench redirty         a program that redirties 64 pages a period against its speed with no checkpoint
 *   bench boot            how long the kernel took from its entry to this program
 *   bench watch MS        prints the counters of this boot again and again, for whoever watches a machine that is switched off
 *   bench hold MEBIBYTES  fills memory, waits to be cut off, and tells after the resume how long that took
 *   bench forks           forks of a group with 64 MiB
 *   bench rewinds         rewinds of one
 *   bench images COPIES   ephemeral copies of an image
 *   bench groups COPIES   all of these; the groups run this program as
 *   bench past MEBIBYTES PAGES    churn, beside a program that tells when it has gone back
 *   bench churn MEBIBYTES PAGES   memory of which so many pages change all the time
 *   bench idle MEBIBYTES          memory, and nothing to do
 *   bench image MEBIBYTES         memory, and nothing to do but to tell when it has become a copy
 *   bench copies COUNT COMMAND…   ephemeral copies of a group that runs any command; it is copied once it has written something */
#define _GNU_SOURCE
#include "../include/aurora.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE 4096ul
#define NEVER_NS 60000000000ull
#define PERIOD_NS 10000000ull

static void fail(const char *what)
{
    printf("bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static char *pages_of(unsigned long count)
{
    char *memory = mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("no memory");
    return memory;
}

/* Contents that are neither zero nor equal from one page or round to the next. */
static void dirty(char *memory, unsigned long count)
{
    static uint64_t state = 88172645463325252ull;
    for (unsigned long page = 0; page < count; page++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        *(uint64_t *)(memory + page * PAGE + state % 500 * 8) = state;
    }
}

static int ascending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void report(const char *measure, unsigned long parameter, const char *metric, uint64_t *values, int count)
{
    qsort(values, count, sizeof *values, ascending);
    printf("R %s %lu %s_median %llu\n", measure, parameter, metric, (unsigned long long)values[count / 2]);
    printf("R %s %lu %s_max %llu\n", measure, parameter, metric, (unsigned long long)values[count - 1]);
    fflush(stdout);
}

static void measure(const char *name, char *memory, unsigned long count, int rounds)
{
    enum { LIMIT = 64 };
    uint64_t stops[LIMIT], durables[LIMIT], counted[LIMIT], worked[LIMIT];
    struct sls_sample sample;
    struct sls_stat before, after;
    for (int round = -1; round < rounds; round++) { /* the first one brings the pages in */
        uint64_t start = now();
        if (sls_stat(&before) != 0)
            fail("sls_stat");
        dirty(memory, count);
        long epoch = sls_checkpoint(NULL, 0);
        if (epoch < 0 || sls_stat(&after) != 0 || sls_sample(0, &sample) != 0)
            fail("checkpoint");
        uint64_t took = now() - start;
        if (round < 0)
            continue;
        /* An epoch is bounded by the machine's memory: with too little of it, checkpoints nobody asked for take pages away. */
        if (sample.pages < count) {
            printf("bench: a checkpoint of %lu pages has only %llu: more memory is needed\n", count, (unsigned long long)sample.pages);
            exit(1);
        }
        stops[round] = sample.stop_ns;
        durables[round] = sample.durable_ns;
        counted[round] = sample.pages;
        worked[round] = took - (after.idle_ns - before.idle_ns);
    }
    report(name, count, "stop_ns", stops, rounds);
    report(name, count, "durable_ns", durables, rounds);
    report(name, count, "pages", counted, rounds);
    report(name, count, "worked_ns", worked, rounds);
}

static void stop_times(void)
{
    static const unsigned long counts[] = {1, 4, 16, 64, 256, 1024, 4096, 16384};
    char *memory = pages_of(16384);
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
        measure("stop", memory, counts[i], counts[i] <= 256 ? 31 : counts[i] <= 4096 ? 11 : 5);
}

static void longest_wait(void)
{
    struct sls_stat stat;
    measure("wait", pages_of(16384), 16384, 3);
    if (sls_stat(&stat) != 0)
        fail("sls_stat");
    printf("R wait 16384 longest_ns %llu\n", (unsigned long long)stat.longest_wait_ns);
}

static volatile uint64_t sink;

/* About a period of computing that touches no memory but its registers, in units that can be counted. */
static void compute(unsigned long units)
{
    uint64_t state = sink + 1;
    for (unsigned long i = 0; i < units; i++)
        state = state * 6364136223846793005ull + 1442695040888963407ull;
    sink = state;
}

static uint64_t rounds_time(char *memory, unsigned long units, int rounds)
{
    uint64_t start = now();
    for (int round = 0; round < rounds; round++) {
        dirty(memory, 64);
        compute(units);
    }
    return now() - start;
}

static void redirty(void)
{
    enum { PAIRS = 9, ROUNDS = 40 };
    char *memory = pages_of(64);
    unsigned long units = 1000000;
    uint64_t start = now();
    compute(units);
    units = units * PERIOD_NS / (now() - start);
    uint64_t ratios[PAIRS];
    for (int pair = -1; pair < PAIRS; pair++) { /* interleaved, so that a slow spell of the host hits both */
        sls_period(NEVER_NS);
        sls_checkpoint(NULL, 0);
        uint64_t without = rounds_time(memory, units, ROUNDS);
        sls_period(PERIOD_NS);
        uint64_t with = rounds_time(memory, units, ROUNDS);
        if (pair >= 0)
            ratios[pair] = without * 1000000 / with;
    }
    report("redirty", 64, "speed_ppm", ratios, PAIRS);
}

static void hold(unsigned long mebibytes)
{
    char *memory = pages_of(mebibytes * 256);
    struct sls_stat before, after;
    dirty(memory, mebibytes * 256);
    if (sls_checkpoint(NULL, 0) < 0 || sls_stat(&before) != 0)
        fail("checkpoint");
    printf("bench: holding\n");
    fflush(stdout);
    do {
        struct timespec pause = {0, 2000000};
        nanosleep(&pause, NULL);
        if (sls_stat(&after) != 0)
            fail("sls_stat");
    } while (after.restored_epoch == before.restored_epoch);
    printf("R resume %lu ns %llu\n", mebibytes, (unsigned long long)after.restore_ns);
}

static void rest(long microseconds)
{
    struct timespec pause = {microseconds / 1000000, microseconds % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

static void churn(unsigned long mebibytes, unsigned long pages)
{
    char *memory = pages_of(mebibytes * 256);
    dirty(memory, mebibytes * 256);
    for (;;) {
        dirty(memory, pages);
        rest(2000);
    }
}

static void idle(unsigned long mebibytes)
{
    dirty(pages_of(mebibytes * 256), mebibytes * 256);
    for (;;)
        rest(1000000000);
}

#include "bench_groups.h"

static void watch(long milliseconds)
{
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    struct sls_stat s;
    while (sls_stat(&s) == 0) {
        printf("S checkpoints=%llu pages=%llu bytes=%llu stop_median=%llu stop_p99=%llu restored=%llu boot=%llu\n",
               (unsigned long long)s.checkpoints, (unsigned long long)s.pages, (unsigned long long)s.bytes, (unsigned long long)s.stop_median_ns,
               (unsigned long long)s.stop_p99_ns, (unsigned long long)s.restored_epoch, (unsigned long long)s.restore_ns);
        fflush(stdout);
        nanosleep(&pause, NULL);
    }
    fail("sls_stat");
}

int main(int count, char **words)
{
    struct sls_stat stat;
    const char *verb = count > 1 ? words[1] : "";
    if (sls_stat(&stat) != 0)
        fail("sls_stat");
    if (strcmp(verb, "boot") == 0) {
        printf("R boot 0 ns %llu\n", (unsigned long long)stat.restore_ns);
        return 0;
    }
    if (strcmp(verb, "watch") == 0 && count == 3)
        watch(strtol(words[2], NULL, 10));
    if (strcmp(verb, "hold") == 0 && count == 3) {
        hold(strtoul(words[2], NULL, 10));
        return 0;
    }
    if (strcmp(verb, "churn") == 0 && count == 4)
        churn(strtoul(words[2], NULL, 10), strtoul(words[3], NULL, 10));
    if (strcmp(verb, "past") == 0 && count == 4)
        past(strtoul(words[2], NULL, 10), strtoul(words[3], NULL, 10));
    if (strcmp(verb, "idle") == 0 && count == 3)
        idle(strtoul(words[2], NULL, 10));
    if (strcmp(verb, "image") == 0 && count == 3)
        image(strtoul(words[2], NULL, 10));
    if (strcmp(verb, "copies") == 0 && count > 3) {
        copies_of("command", words + 3, strtoul(words[2], NULL, 10), SLS_KEEP_NOTHING, 0, 0);
        return 0;
    }
    if (strcmp(verb, "images") == 0 && count == 3) {
        char *program[] = {words[0], "image", "16", NULL};
        copies_of("image", program, strtoul(words[2], NULL, 10), SLS_KEEP_NOTHING, 0, 1);
        copies_of("ended", program, strtoul(words[2], NULL, 10), SLS_KEEP_NOTHING, 1, 1);
        return 0;
    }
    if (strcmp(verb, "forks") == 0) {
        fork_group(words[0]);
        return 0;
    }
    if (strcmp(verb, "rewinds") == 0) {
        rewind_group(words[0]);
        return 0;
    }
    if (strcmp(verb, "groups") == 0 && count == 3) {
        unsigned long copies = strtoul(words[2], NULL, 10);
        char *program[] = {words[0], "image", "16", NULL};
        fork_group(words[0]);
        rewind_group(words[0]);
        copies_of("image", program, copies, SLS_KEEP_NOTHING, 0, 1);
        copies_of("ended", program, copies, SLS_KEEP_NOTHING, 1, 1);
        copies_of("kept", program, copies, 0, 0, 1);
        idle_copies(words[0], copies);
        return 0;
    }
    sls_period(NEVER_NS);
    if (strcmp(verb, "stop") == 0)
        stop_times();
    else if (strcmp(verb, "wait") == 0)
        longest_wait();
    else if (strcmp(verb, "one") == 0)
        measure("one", pages_of(1), 1, 63);
    else if (strcmp(verb, "redirty") == 0)
        redirty();
    else
        return 2;
    return 0;
}
