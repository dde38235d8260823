/* prims_persist.h - what msnap_persist takes from its caller who does not wait (MS_ASYNC), until he runs again; Aurora has it alone. What
 * is told is the call: storing to the pages before it, and waiting until they are durable behind it, so that nothing of the one before is
 * on its way, are not. */
#ifndef BENCH_PRIMS_PERSIST_H
#define BENCH_PRIMS_PERSIST_H

#include "../../guests/include/aurora.h"
#include "guest.h"

enum { PERSISTED = 1024 };

static char *region;
static long region_number;

/* What of the time since a round began is not what is measured. */
static uint64_t beside;

static int has_regions(void)
{
    struct sls_stat stat;
    return sls_stat(&stat) == 0 || errno != ENOSYS;
}

static void begin_region(void)
{
    if (region)
        return;
    region_number = msnap_open("prims", (void **)&region, 4 * PERSISTED * PAGE, MS_CREATE);
    require(region_number > 0, "msnap_open");
}

/* Reading the clock is in the call's time once, and so is in the time beside it. */
static void persist_async(long pages, long i)
{
    uint64_t began = now(), read = now() - began;
    for (long page = 0; page < pages; page++)
        region[(page * 3 + i % 3) * (long)PAGE] = (char)(i + 1);
    uint64_t stored = now();
    long epoch = msnap_persist(region_number, MS_ASYNC);
    uint64_t called = now();
    require(epoch > 0 && msnap_wait(region_number, (uint64_t)epoch) == 0, "msnap_persist");
    beside += (now() - began) - (called - stored) + read;
}

static void persist_async_1(long i)
{
    persist_async(1, i);
}

static void persist_async_1024(long i)
{
    persist_async(PERSISTED, i);
}

#endif
