/* Pieces: locks of processes and of open files, and waits for them. */
#pragma once
#include "piece.h"

static struct flock range(struct piece *piece, short type)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = piece->number % 1000, .l_len = 1 + piece->number % 77 };
    return lock;
}

static void build_lock(struct piece *piece)
{
    make_file(piece, "locked");
    struct flock lock = range(piece, F_WRLCK);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        if (fcntl(piece->fd[0], F_SETLK, &lock) != 0)
            _exit(1);
        for (;;)
            pause();
    }
    await_sleep(piece);
}

static void check_lock(struct piece *piece)
{
    struct flock lock = range(piece, F_RDLCK);
    MUST(fcntl(piece->fd[0], F_GETLK, &lock) == 0);
    MUST(lock.l_type == F_WRLCK && lock.l_pid == piece->child);
    MUST(lock.l_start == piece->number % 1000 && lock.l_len == 1 + piece->number % 77);
}

static void end_lock(struct piece *piece)
{
    kill_child(piece);
    struct flock lock = range(piece, F_RDLCK);
    MUST(fcntl(piece->fd[0], F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
    close(piece->fd[0]);
    unlink(piece->name);
}

static void build_file_lock(struct piece *piece)
{
    make_file(piece, "locked by its opening");
    MUST((piece->fd[1] = open(piece->name, O_RDWR)) >= 0);
    struct flock lock = range(piece, F_WRLCK);
    MUST(fcntl(piece->fd[0], F_OFD_SETLK, &lock) == 0);
    MUST(flock(piece->fd[0], LOCK_EX) == 0);
}

static void check_file_lock(struct piece *piece)
{
    struct flock lock = range(piece, F_RDLCK);
    MUST(fcntl(piece->fd[1], F_OFD_GETLK, &lock) == 0);
    MUST(lock.l_type == F_WRLCK && lock.l_pid == -1 && lock.l_start == piece->number % 1000);
    MUST(flock(piece->fd[1], LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK);
}

static void end_file_lock(struct piece *piece)
{
    close(piece->fd[0]);
    struct flock lock = range(piece, F_WRLCK);
    MUST(fcntl(piece->fd[1], F_OFD_SETLK, &lock) == 0);
    MUST(flock(piece->fd[1], LOCK_EX | LOCK_NB) == 0);
    close(piece->fd[1]);
    unlink(piece->name);
}

static void build_lock_wait(struct piece *piece)
{
    make_file(piece, "waited for");
    struct flock lock = range(piece, F_WRLCK);
    MUST(fcntl(piece->fd[0], F_SETLK, &lock) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0)
        _exit(fcntl(piece->fd[0], F_SETLKW, &lock) == 0 ? GOT_IT : 1);
    await_sleep(piece);
}

static void end_lock_wait(struct piece *piece)
{
    struct flock lock = range(piece, F_UNLCK);
    MUST(fcntl(piece->fd[0], F_SETLK, &lock) == 0);
    got_it(piece);
    close(piece->fd[0]);
    unlink(piece->name);
}
