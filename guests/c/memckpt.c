/* memckpt.c - memory that becomes durable by itself, ahead of all else (sls_memckpt, docs/api.md).
 *
 *   memckpt check                 what the call does, as TAP
 *   memckpt cost [PAGES] [ROUNDS] how long it takes beside sls_checkpoint, in microseconds, median of some rounds
 *   memckpt [SECONDS]             keeps a table for so long (8) in each of its lives, with few checkpoints: of the table alone after each
 *                                 round, of all else once a minute
 *
 * The last one is for power cuts: when it goes on after one, every page of the table must have the same round, no older than what the rest
 * of the program remembers, since that is as of the last checkpoint. It looks into the table before it stores to it again. */
#define _GNU_SOURCE
#include "../include/aurora.h"
#include "tap.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define PAGE 4096
#define PAGES 48
#define LARGE_PERIOD 60000000000u
#define MOST_ROUNDS 101

static uint64_t *map(size_t pages, int flags)
{
    void *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void fill(volatile uint64_t *table, size_t pages, uint64_t value)
{
    for (size_t page = 0; page < pages; page++)
        table[page * PAGE / 8 + page % 500] = value;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static uint64_t restored(void)
{
    struct sls_stat about;
    return sls_stat(&about) == 0 ? about.restored_epoch : 0;
}

/* The pages and records of the newest checkpoint. */
static struct sls_sample newest(void)
{
    struct sls_sample sample = {0};
    sls_sample(0, &sample);
    return sample;
}

/* ---- check ---- */

static void check_refusals(uint64_t *table)
{
    char stack[2 * PAGE];
    char *in_stack = (char *)(((uintptr_t)stack + PAGE - 1) & ~(uintptr_t)(PAGE - 1));
    int file = memfd_create("file", 0);
    void *shared = MAP_FAILED, *private = MAP_FAILED;
    if (file >= 0 && ftruncate(file, PAGE) == 0) {
        shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    }
    CHECK_ERRNO(sls_memckpt((char *)table + 1, 0), EINVAL, "an address within a page");
    CHECK_ERRNO(sls_memckpt(table, 2), EINVAL, "a flag that there is not");
    CHECK_ERRNO(sls_memckpt((void *)PAGE, 0), ENOMEM, "nothing is mapped there");
    CHECK_ERRNO(sls_memckpt(in_stack, 0), EOPNOTSUPP, "the stack");
    CHECK_ERRNO(sls_memckpt(shared, 0), EOPNOTSUPP, "a shared mapping of a file");
    CHECK_ERRNO(sls_memckpt(private, 0), EOPNOTSUPP, "a private mapping of a file");
    close(file);
}

/* Nothing is told before all is done: output that is held has a checkpoint of all taken as soon as nobody runs. */
static void check_alone(uint64_t *table, uint64_t *other)
{
    long whole = sls_checkpoint(NULL, 0);
    fill(table, PAGES, 1);
    fill(other, PAGES, 1);
    long epoch = sls_memckpt(table, 0);
    struct sls_sample sample = newest();
    long again = sls_memckpt(table, 0);
    fill(table, 1, 2);
    long later = sls_memckpt(table + PAGE / 8, SLS_ASYNC);
    int waited = sls_wait((uint64_t)later) == 0;
    struct sls_sample last = newest();
    CHECK(whole > 0, "a checkpoint that knows the memory");
    CHECK(epoch == whole + 1 && sample.epoch == (uint64_t)epoch, "it has an epoch, and is durable");
    CHECK(sample.pages == PAGES && sample.records == 1, "it has the pages of the table and nothing else (%u pages)", sample.pages);
    CHECK(again == epoch, "what has not changed needs no other one");
    CHECK(later == epoch + 1 && waited && last.epoch == (uint64_t)later, "of any address in it, and waited for later");
    CHECK(last.pages == 1 && last.records == 1, "one page has changed");
}

static void check_whole(uint64_t *table)
{
    uint64_t *fresh = map(PAGES, MAP_PRIVATE);
    fill(fresh, PAGES, 1);
    CHECK(sls_memckpt(fresh, 0) > 0 && newest().records > 1, "memory that is new takes a checkpoint of all");
    pid_t child = fork();
    if (child == 0)
        _exit(table[0] != 2 || sls_memckpt(table, 0) <= 0);
    fill(table, 1, 3);
    CHECK(sls_memckpt(table, 0) > 0, "and so does memory that a fork shares");
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0, "which a child may have captured, too");
    munmap(fresh, PAGES * PAGE);
}

static void *repeat(void *table)
{
    for (int round = 0; round < 50; round++) {
        ((volatile uint64_t *)table)[0]++;
        if (sls_memckpt(table, round % 2 ? SLS_ASYNC : 0) <= 0)
            return table;
    }
    return NULL;
}

static void check_threads(void)
{
    uint64_t *tables[4];
    pthread_t threads[4];
    void *failed = NULL;
    for (int i = 0; i < 4; i++)
        tables[i] = map(2, i % 2 ? MAP_SHARED : MAP_PRIVATE);
    sls_checkpoint(NULL, 0);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, repeat, tables[i]);
    for (int i = 0; i < 4; i++) {
        void *result;
        pthread_join(threads[i], &result);
        failed = failed ? failed : result;
    }
    CHECK(failed == NULL && sls_barrier() > 0, "four threads with a table each, beside checkpoints");
}

static int check(void)
{
    uint64_t *table = map(PAGES, MAP_PRIVATE), *other = map(PAGES, MAP_PRIVATE);
    check_refusals(table);
    check_threads();
    CHECK(sls_period(LARGE_PERIOD) == 0, "a long period");
    check_alone(table, other);
    check_whole(table);
    return tap_done();
}

/* ---- cost ---- */

static int compare(const void *a, const void *b)
{
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

static int cost(size_t pages, int rounds)
{
    static double took[3][MOST_ROUNDS];
    uint64_t *table = map(pages, MAP_PRIVATE);
    sls_period(LARGE_PERIOD);
    fill(table, pages, 1);
    for (int round = 0; round < rounds; round++) {
        if (sls_checkpoint(NULL, 0) <= 0)
            return 1;
        fill(table, pages, (uint64_t)round + 2);
        double start = now();
        long epoch = sls_memckpt(table, SLS_ASYNC);
        took[0][round] = now() - start;
        if (epoch <= 0 || sls_wait((uint64_t)epoch) != 0)
            return 1;
        took[1][round] = now() - start;
        fill(table, pages, (uint64_t)round + 3);
        start = now();
        if (sls_checkpoint(NULL, 0) <= 0)
            return 1;
        took[2][round] = now() - start;
    }
    for (int step = 0; step < 3; step++)
        qsort(took[step], (size_t)rounds, sizeof took[0][0], compare);
    printf("%zu pages: sls_memckpt returns after %.0f, durable after %.0f; sls_checkpoint %.0f us\n", pages, took[0][rounds / 2],
        took[1][rounds / 2], took[2][rounds / 2]);
    return 0;
}

/* ---- power cuts ---- */

/* What the program finds when it goes on after a restart; false when it must not be so. */
static int judge(const uint64_t *table, uint64_t remembered, uint64_t whole)
{
    uint64_t round = table[0];
    for (size_t page = 0; page < PAGES; page++) {
        if (table[page * PAGE / 8 + page % 500] != round)
            return 0;
    }
    uint64_t epoch = restored();
    printf("%s: round %lu where %lu is remembered, epoch %lu over %lu\n", round > remembered ? "ahead" : "even", round, remembered, epoch,
        whole);
    return round > remembered ? epoch > whole : round == remembered;
}

/* Rounds until the time is over. Nothing but the table becomes durable meanwhile. */
static uint64_t run(uint64_t *table, uint64_t round, double end)
{
    for (long last = 0; now() < end;) {
        fill(table, PAGES, ++round);
        long epoch = sls_memckpt(table, round % 3 ? 0 : SLS_ASYNC);
        if (epoch <= last || (round % 3 == 0 && sls_wait((uint64_t)epoch) != 0))
            return 0;
        last = epoch;
    }
    return round;
}

static int keep(double seconds)
{
    uint64_t *table = map(PAGES, MAP_PRIVATE);
    uint64_t remembered = 1, life = 0;
    if (sls_period(LARGE_PERIOD) != 0)
        return 2;
    fill(table, PAGES, remembered);
    for (;; life = restored()) {
        puts("keeping");
        fflush(stdout);
        long whole = sls_checkpoint(NULL, 0);
        if (whole <= 0)
            return 3;
        if (restored() == life) {
            remembered = run(table, remembered, now() + seconds * 1e6);
            printf("round %lu\n", remembered);
            return remembered == 0;
        }
        if (!judge(table, remembered, (uint64_t)whole))
            return 4;
        remembered = table[0];
    }
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "check") == 0)
        return check();
    if (count > 1 && strcmp(arguments[1], "cost") == 0) {
        int rounds = count > 3 ? atoi(arguments[3]) : 21;
        return cost(count > 2 ? (size_t)atol(arguments[2]) : PAGES, rounds < 1 || rounds > MOST_ROUNDS ? 1 : rounds);
    }
    return keep(count > 1 ? atof(arguments[1]) : 8);
}
