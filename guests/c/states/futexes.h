/* Pieces: waiters on futexes. */
#pragma once
#include "piece.h"

static void build_futex(struct piece *piece)
{
    piece->words = share(piece);
    piece->words[0] = piece->number;
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        long result;
        do
            result = syscall(SYS_futex, piece->words, FUTEX_WAIT, piece->number, NULL, NULL, 0);
        while (result == -1 && errno == EINTR);
        _exit(result == 0 ? GOT_IT : 1);
    }
    await_sleep(piece);
    /* Half of them are moved to another word and wait there. */
    if (piece->number % 2)
        MUST(syscall(SYS_futex, piece->words, FUTEX_CMP_REQUEUE, 0, 1L, piece->words + 16, piece->number) == 1);
}

static void end_futex(struct piece *piece)
{
    volatile uint32_t *word = piece->number % 2 ? piece->words + 16 : piece->words;
    /* A restored waiter of the first word may be on its way to it: until it is there nobody is woken. */
    for (int tries = 0; syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) != 1; tries++) {
        MUST(tries < 20000);
        usleep(500);
    }
    got_it(piece);
    munmap((void *)piece->words, PAGE);
}
