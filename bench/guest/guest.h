/* guest.h - what the measuring programs share. They are Linux programs; the same binaries run on Aurora and on the peer. What they find
 * they print as lines "R measure parameter metric value", which the host tool takes from the console. Times are nanoseconds of the
 * monotonic clock; under QEMU's -icount one of them is one instruction. */
#ifndef BENCH_GUEST_H
#define BENCH_GUEST_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define MEBIBYTE (1ul << 20)

static inline void fail(const char *what)
{
    printf("bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static inline void require(int holds, const char *what)
{
    if (!holds)
        fail(what);
}

static inline uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static inline uint64_t random64(void)
{
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

/* Private memory in pages of 4 KiB: what is measured on one system must not be done in pieces of 2 MiB on the other. */
static inline char *memory_of(size_t bytes)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, "no memory");
    madvise(memory, bytes, MADV_NOHUGEPAGE);
    return memory;
}

static inline int ascending(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static inline void tell(const char *measure, unsigned long parameter, const char *metric, uint64_t value)
{
    printf("R %s %lu %s %llu\n", measure, parameter, metric, (unsigned long long)value);
    fflush(stdout);
}

/* The distribution of some times: percentiles, whose metrics are p0 (the least), p5, …, p100 (the greatest). The values are sorted. */
static inline void tell_distribution(const char *measure, unsigned long parameter, uint64_t *values, int count)
{
    static const int percents[] = {0, 5, 10, 25, 50, 75, 90, 95, 99, 100};
    char metric[8];
    qsort(values, (size_t)count, sizeof *values, ascending);
    for (unsigned i = 0; i < sizeof percents / sizeof *percents; i++) {
        snprintf(metric, sizeof metric, "p%d", percents[i]);
        tell(measure, parameter, metric, values[(long)(count - 1) * percents[i] / 100]);
    }
}

#endif
