/* prims_memckpt.h - what sls_memckpt takes from its caller who does not wait (SLS_ASYNC), until he runs again; Aurora has it alone. Storing
 * to the pages before it, and waiting until they are durable behind it, are not told, as in prims_persist.h. */
#ifndef BENCH_PRIMS_MEMCKPT_H
#define BENCH_PRIMS_MEMCKPT_H

#include "prims_persist.h"
#include <sys/mman.h>

static char *captured;

/* The mapping is known to the checkpoint that is taken before each round. */
static void begin_captured(void)
{
    if (captured)
        return;
    captured = mmap(NULL, 4 * PERSISTED * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    require(captured != MAP_FAILED && sls_barrier() > 0, "sls_barrier");
}

static void memckpt_async(long pages, long i)
{
    uint64_t began = now(), read = now() - began;
    for (long page = 0; page < pages; page++)
        captured[(page * 3 + i % 3) * (long)PAGE] = (char)(i + 1);
    uint64_t stored = now();
    long epoch = sls_memckpt(captured, SLS_ASYNC);
    uint64_t called = now();
    require(epoch > 0 && sls_wait((uint64_t)epoch) == 0, "sls_memckpt");
    beside += (now() - began) - (called - stored) + read;
}

static void memckpt_async_1(long i)
{
    memckpt_async(1, i);
}

static void memckpt_async_1024(long i)
{
    memckpt_async(PERSISTED, i);
}

#endif
