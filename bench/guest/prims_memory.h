/* prims_memory.h - primitives of memory, and of whole processes. */
#ifndef BENCH_PRIMS_MEMORY_H
#define BENCH_PRIMS_MEMORY_H

#include "prims_switches.h"

#define LARGE (8 * MEBIBYTE)
#define FORKED (64 * MEBIBYTE)

static char *memory, *large;

static void begin_fresh(void)
{
    memory = memory_of(LARGE);
}

static void end_memory(void)
{
    munmap(memory, LARGE);
}

static void store_to_page(long i)
{
    memory[i * (long)PAGE] = (char)(i + 1);
}

static void begin_forked(void)
{
    char byte;
    memory = memory_of(LARGE);
    for (long page = 0; page < (long)(LARGE / PAGE); page++)
        store_to_page(page);
    with_pipes();
    child = fork();
    require(child >= 0, "fork");
    if (child == 0) {
        close(there[1]);
        _exit(read(there[0], &byte, 1) != 0);
    }
}

static void end_forked(void)
{
    close_pipes();
    require(waitpid(child, NULL, 0) == child, "waitpid");
    end_memory();
}

static void mmap_touch_munmap(long i)
{
    char *mapped = memory_of(SMALL);
    mapped[0] = (char)i;
    munmap(mapped, SMALL);
}

static void mprotect_pair(long i)
{
    mprotect(memory, SMALL, PROT_READ);
    mprotect(memory, SMALL, PROT_READ | PROT_WRITE);
    memory[0] = (char)i;
}

/* Processes. */
static void reap(pid_t process)
{
    int status;
    require(waitpid(process, &status, 0) == process && status == 0, "child");
}

static void fork_exit_wait(long i)
{
    (void)i;
    pid_t process = fork();
    if (process == 0)
        _exit(0);
    reap(process);
}

static void run_true(void)
{
    execl("/proc/self/exe", "prims", "true", (char *)NULL);
    _exit(1);
}

static void fork_exec_wait(long i)
{
    (void)i;
    pid_t process = fork();
    if (process == 0)
        run_true();
    reap(process);
}

static void vfork_exec_wait(long i)
{
    (void)i;
    pid_t process = vfork();
    if (process == 0)
        run_true();
    reap(process);
}

/* It stays from the first round to the last: filling it costs more than all that is measured. */
static void begin_large(void)
{
    if (large)
        return;
    large = memory = memory_of(FORKED);
    for (long page = 0; page < (long)(FORKED / PAGE); page++)
        store_to_page(page);
}

#endif
