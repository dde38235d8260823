/* prims.c - what primitives of a kernel cost: one measure a function (and what it needs before and after), here and in prims_*.h, all in
 * the table at the end. Meant to run under QEMU's -icount. Each measure has seven rounds of so many repetitions; what is told is the least
 * of the rounds' means, metric "each": what a kernel does beside a round adds to it, and never takes from it.
 *
 *   prims FOLDER [TEXT]   all measures, or those whose name contains the text, with files in the folder; where there are no checkpoints,
 *                         without those of regions and of memory that is captured
 *   prims true            does nothing: the program that is run */
#define _GNU_SOURCE
#include "prims_epoll.h"
#include "prims_files.h"
#include "prims_ipc.h"
#include "prims_memckpt.h"
#include "prims_memory.h"
#include "prims_persist.h"
#include "prims_switches.h"

enum { ROUNDS = 7 };

/* Calls that do nothing else. */
static void null_call(long i)
{
    (void)i;
    syscall(SYS_getppid);
}

static void clock_read(long i)
{
    (void)i;
    now();
}

/* No call at all: it shows what the kernel does beside a program. */
static void compute(long i)
{
    static volatile uint64_t sum;
    sum += (uint64_t)(i * i);
}

static const struct measure {
    const char *name;
    long count;
    void (*once)(long);
    void (*before)(void);
    void (*after)(void);
} measures[] = {
    {"null_call", 10000, null_call, NULL, NULL},
    {"clock_read", 10000, clock_read, NULL, NULL},
    {"yield_pair", 2000, yield_pair, begin_yielder, end_child},
    {"pipe_round_trip", 1000, pipe_round_trip, begin_echo, end_echo},
    {"pipe_64k", 200, pipe_64k, with_pipes, close_pipes},
    {"futex_pair", 1000, futex_pair, begin_answers, end_answers},
    {"thread_create_join", 200, thread_create_join, NULL, NULL},
    {"signal_self", 1000, signal_self, begin_signals, NULL},
    {"socket_round_trip", 1000, socket_round_trip, begin_socket_echo, end_socket_echo},
    {"eventfd_pair", 2000, eventfd_pair, begin_counter, end_counter},
    {"pty_round_trip", 500, pty_round_trip, begin_terminal, end_terminal},
    {"shm_attach_touch", 500, shm_attach_touch, begin_segment, end_segment},
    {"poll_100", 500, poll_100, begin_polls, end_polls},
    {"epoll_1", 2000, epoll_wait_one, begin_epoll_1, end_epoll},
    {"epoll_1000", 2000, epoll_wait_one, begin_epoll_1000, end_epoll},
    {"stat_5", 2000, stat_5, make_names, NULL},
    {"open_close_5", 2000, open_close_5, make_names, NULL},
    {"create_unlink", 500, create_unlink, make_names, NULL},
    {"create_write_unlink", 300, create_write_unlink, make_names, NULL},
    {"rename_pair", 500, rename_pair, make_names, NULL},
    {"pread_4k", 2000, pread_4k, begin_file, end_file},
    {"pwrite_4k", 2000, pwrite_4k, begin_file, end_file},
    {"append_4k", 512, append_4k, begin_empty_file, end_file},
    {"fstat", 5000, fstat_file, begin_file, end_file},
    {"lseek", 5000, seek_file, begin_file, end_file},
    {"fault_fresh", LARGE / PAGE, store_to_page, begin_fresh, end_memory},
    {"fault_copy", LARGE / PAGE, store_to_page, begin_forked, end_forked},
    {"mmap_touch_munmap", 500, mmap_touch_munmap, NULL, NULL},
    {"mprotect_pair", 500, mprotect_pair, begin_fresh, end_memory},
    {"fork_exit_wait", 40, fork_exit_wait, NULL, NULL},
    {"fork_exec_wait", 30, fork_exec_wait, NULL, NULL},
    {"vfork_exec_wait", 30, vfork_exec_wait, NULL, NULL},
    {"shell_pipeline", 6, shell_pipeline, NULL, NULL},
    {"persist_async_1", 64, persist_async_1, begin_region, NULL},
    {"persist_async_1024", 6, persist_async_1024, begin_region, NULL},
    {"compute", 200000, compute, NULL, NULL},
    {"fork_64mib", 4, fork_exit_wait, begin_large, NULL},
    {"memckpt_async_1", 64, memckpt_async_1, begin_captured, NULL},
    {"memckpt_async_1024", 6, memckpt_async_1024, begin_captured, NULL},
};

static int is_of_checkpoints(const struct measure *m)
{
    return m->before == begin_region || m->before == begin_captured;
}

/* What was done before a round has been written to the disk when it begins: the figures would otherwise hold a share of that. */
static void run(const struct measure *m)
{
    uint64_t means[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        if (m->before)
            m->before();
        sync();
        beside = 0;
        uint64_t start = now();
        for (long i = 0; i < m->count; i++)
            m->once(i);
        means[round] = (now() - start - beside + (uint64_t)m->count / 2) / (uint64_t)m->count;
        if (m->after)
            m->after();
    }
    qsort(means, ROUNDS, sizeof *means, ascending);
    tell(m->name, (unsigned long)m->count, "each", means[0]);
}

int main(int count, char **words)
{
    if (count == 2 && !strcmp(words[1], "true"))
        return 0;
    require(count >= 2 && chdir(words[1]) == 0, "usage: prims FOLDER [TEXT]");
    memset(block, 7, sizeof block);
    int persists = has_regions();
    for (unsigned i = 0; i < sizeof measures / sizeof *measures; i++)
        if ((count < 3 || strstr(measures[i].name, words[2])) && (persists || !is_of_checkpoints(&measures[i])))
            run(&measures[i]);
    return 0;
}
