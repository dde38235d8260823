/* Pieces: pipes with data, their readers and writers, FIFOs being opened. */
#pragma once
#include "piece.h"

static void build_pipe(struct piece *piece)
{
    char data[3000];
    MUST(pipe2(piece->fd, O_NONBLOCK) == 0);
    memset(data, (int)(piece->number % 251), sizeof data);
    MUST(write(piece->fd[1], data, sizeof data) == (ssize_t)sizeof data);
}

static void end_pipe(struct piece *piece)
{
    char data[4000];
    close(piece->fd[1]);
    MUST(read(piece->fd[0], data, sizeof data) == 3000);
    for (int i = 0; i < 3000; i++)
        MUST(data[i] == (char)(piece->number % 251));
    MUST(read(piece->fd[0], data, 1) == 0);
    close(piece->fd[0]);
}

static void build_reader(struct piece *piece)
{
    MUST(pipe(piece->fd) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        uint32_t number = 0;
        struct pollfd wait = { .fd = piece->fd[0], .events = POLLIN };
        if (piece->number % 2)
            poll(&wait, 1, -1);
        _exit(read(piece->fd[0], &number, sizeof number) == sizeof number && number == piece->number ? GOT_IT : 1);
    }
    await_sleep(piece);
}

static void end_reader(struct piece *piece)
{
    MUST(write(piece->fd[1], &piece->number, sizeof piece->number) == sizeof piece->number);
    got_it(piece);
    close(piece->fd[0]);
    close(piece->fd[1]);
}

static void build_writer(struct piece *piece)
{
    MUST(pipe(piece->fd) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        char data[100000];
        for (unsigned i = 0; i < sizeof data; i++)
            data[i] = (char)(i * 7 + piece->number);
        _exit(write(piece->fd[1], data, sizeof data) == (ssize_t)sizeof data ? GOT_IT : 1);
    }
    await_sleep(piece);
}

static void end_writer(struct piece *piece)
{
    char data[4096];
    for (unsigned total = 0; total < 100000;) {
        ssize_t count = read(piece->fd[0], data, sizeof data);
        MUST(count > 0);
        for (ssize_t i = 0; i < count; i++)
            MUST(data[i] == (char)((total + (unsigned)i) * 7 + piece->number));
        total += (unsigned)count;
    }
    got_it(piece);
    close(piece->fd[0]);
    close(piece->fd[1]);
}

static void build_opener(struct piece *piece)
{
    name_it(piece);
    MUST(mkfifo(piece->name, 0600) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        char token = 0;
        int fd = open(piece->name, O_RDONLY);
        _exit(fd >= 0 && read(fd, &token, 1) == 1 && token == 'k' ? GOT_IT : 1);
    }
    await_sleep(piece);
}

static void end_opener(struct piece *piece)
{
    int fd = open(piece->name, O_WRONLY);
    MUST(fd >= 0 && write(fd, "k", 1) == 1);
    got_it(piece);
    close(fd);
    unlink(piece->name);
}
