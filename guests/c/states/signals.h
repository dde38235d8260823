/* Pieces: timers and pending signals. */
#pragma once
#include "piece.h"

static void build_timer(struct piece *piece)
{
    /* Nobody looks at the signal of a timer that sends none, and programs leave it undefined. */
    struct sigevent event = { .sigev_notify = SIGEV_NONE, .sigev_signo = (int)piece->number };
    struct itimerspec time = { .it_value = { .tv_sec = LONG_SECONDS }, .it_interval = { .tv_sec = piece->number % 99 } };
    MUST(timer_create(CLOCK_MONOTONIC, &event, &piece->timer) == 0);
    piece->start = now();
    MUST(timer_settime(piece->timer, 0, &time, NULL) == 0);
}

static void check_timer(struct piece *piece)
{
    struct itimerspec left;
    MUST(timer_gettime(piece->timer, &left) == 0);
    uint64_t passed = now() - piece->start, remaining = (uint64_t)left.it_value.tv_sec * 1000000000ul + (uint64_t)left.it_value.tv_nsec;
    MUST(left.it_interval.tv_sec == (time_t)(piece->number % 99));
    /* Set after start was read, and read before now: the sum is at most a while off, and never less. */
    MUST(remaining + passed >= LONG_SECONDS * 1000000000ul && remaining <= LONG_SECONDS * 1000000000ul);
    MUST(remaining + passed < (LONG_SECONDS + 60) * 1000000000ul);
}

static void end_timer(struct piece *piece) { MUST(timer_delete(piece->timer) == 0); }

static int signal_of(struct piece *piece) { return SIGRTMIN + 3 + (int)(piece->number % 8); }

/* More than the kernel keeps with the process itself. */
#define PENDING 100

static void build_pending(struct piece *piece)
{
    sigset_t set;
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        sigemptyset(&set);
        sigaddset(&set, signal_of(piece));
        sigprocmask(SIG_BLOCK, &set, NULL);
        for (int i = 0; i < PENDING; i++)
            if (sigqueue(getpid(), signal_of(piece), (union sigval) { .sival_int = (int)piece->number + i }) != 0)
                _exit(1);
        /* It sleeps with them pending until it is told to look. */
        siginfo_t info;
        sigset_t other;
        sigemptyset(&other);
        sigaddset(&other, SIGUSR1);
        sigprocmask(SIG_BLOCK, &other, NULL);
        if (sigwaitinfo(&other, &info) != SIGUSR1)
            _exit(2);
        for (int i = 0; i < PENDING; i++)
            if (sigwaitinfo(&set, &info) != signal_of(piece) || info.si_value.sival_int != (int)piece->number + i
                || info.si_pid != getpid())
                _exit(3);
        _exit(GOT_IT);
    }
    await_sleep(piece);
}

static void end_pending(struct piece *piece)
{
    MUST(kill(piece->child, SIGUSR1) == 0);
    got_it(piece);
}
