/* prims_switches.h - primitives of one thread or process and another: pipes, wake-ups, threads, signals, readiness. */
#ifndef BENCH_PRIMS_SWITCHES_H
#define BENCH_PRIMS_SWITCHES_H

#include "guest.h"
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { POLLED = 100 };
#define SMALL (64 * 1024ul)

static char block[SMALL];
static int there[2], back[2], polled[POLLED / 2][2];
static struct pollfd polls[POLLED];
static pid_t child;
static pthread_t partner;

/* A child that reads until its pipe is closed, and what ends it. */
static void with_pipes(void)
{
    require(pipe(there) == 0 && pipe(back) == 0, "pipe");
}

static void close_pipes(void)
{
    for (int end = 0; end < 2; end++) {
        close(there[end]);
        close(back[end]);
    }
}

static void end_child(void)
{
    kill(child, SIGKILL);
    require(waitpid(child, NULL, 0) == child, "waitpid");
}

static void begin_echo(void)
{
    char byte;
    with_pipes();
    child = fork();
    require(child >= 0, "fork");
    while (child == 0)
        if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1)
            _exit(1);
}

static void pipe_round_trip(long i)
{
    char byte = (char)i;
    require(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1, "pipe");
}

static void end_echo(void)
{
    end_child();
    close_pipes();
}

static void pipe_64k(long i)
{
    (void)i;
    require(write(there[1], block, SMALL) == (ssize_t)SMALL && read(there[0], block, SMALL) == (ssize_t)SMALL, "pipe");
}

static void begin_yielder(void)
{
    child = fork();
    require(child >= 0, "fork");
    while (child == 0)
        sched_yield();
    usleep(20000);
}

static void yield_pair(long i)
{
    (void)i;
    sched_yield();
}

/* Two threads that wake each other. */
static volatile int asked, answered, over;

static void futex(volatile int *word, int operation, int value)
{
    syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static void *answer(void *nothing)
{
    for (;;) {
        while (!asked)
            futex(&asked, FUTEX_WAIT_PRIVATE, 0);
        asked = 0;
        if (over)
            return nothing;
        answered = 1;
        futex(&answered, FUTEX_WAKE_PRIVATE, 1);
    }
}

static void ask(void)
{
    asked = 1;
    futex(&asked, FUTEX_WAKE_PRIVATE, 1);
}

static void begin_answers(void)
{
    over = 0;
    require(pthread_create(&partner, NULL, answer, NULL) == 0, "pthread_create");
}

static void futex_pair(long i)
{
    (void)i;
    ask();
    while (!answered)
        futex(&answered, FUTEX_WAIT_PRIVATE, 0);
    answered = 0;
}

static void end_answers(void)
{
    over = 1;
    ask();
    pthread_join(partner, NULL);
}

static void *nothing(void *argument)
{
    return argument;
}

static void thread_create_join(long i)
{
    pthread_t thread;
    (void)i;
    require(pthread_create(&thread, NULL, nothing, NULL) == 0, "pthread_create");
    pthread_join(thread, NULL);
}

/* Signals and readiness. */
static void handled(int signal)
{
    (void)signal;
}

static void begin_signals(void)
{
    signal(SIGUSR1, handled);
}

static void signal_self(long i)
{
    (void)i;
    kill(getpid(), SIGUSR1);
}

static void begin_polls(void)
{
    for (int i = 0; i < POLLED / 2; i++)
        require(pipe(polled[i]) == 0, "pipe");
    for (int i = 0; i < POLLED; i++)
        polls[i] = (struct pollfd){polled[i / 2][0], POLLIN, 0};
    require(write(polled[POLLED / 2 - 1][1], block, 1) == 1, "write");
}

static void poll_100(long i)
{
    (void)i;
    require(poll(polls, POLLED, 0) == 2, "poll");
}

static void end_polls(void)
{
    for (int i = 0; i < POLLED; i++)
        close(polled[i / 2][i % 2]);
}

#endif
