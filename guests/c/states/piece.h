/* piece.h - what the pieces of states.c are made of. A piece is one structure of three functions: build makes it; check looks at it without
 * changing it; end takes it down and sees that whoever waited goes on. A child that waits for something exits with 7 when it got it. */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define MOST 24
#define GOT_IT 7
#define LONG_SECONDS 100000

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

struct piece {
    const struct kind *kind;
    pid_t child;
    int fd[2];
    uint32_t number;
    volatile uint32_t *words;
    char *memory;
    timer_t timer;
    uint64_t start;
    char name[64];
};

struct kind {
    const char *name;
    void (*build)(struct piece *);
    void (*check)(struct piece *);
    void (*end)(struct piece *);
};

static const char *label = "states";
static unsigned long rounds_done;
static uint64_t random_state;

static uint32_t draw(void)
{
    random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
    return (uint32_t)(random_state >> 33);
}

static void fail(struct piece *piece, const char *what)
{
    printf("%s FAIL in round %lu: %s: %s (errno %d)\n", label, rounds_done + 1, piece ? piece->kind->name : "", what, errno);
    fflush(stdout);
    kill(0, SIGKILL);
    _exit(1);
}

#define MUST(condition) do { if (!(condition)) fail(piece, #condition); } while (0)

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ul + (uint64_t)time.tv_nsec;
}

static void name_it(struct piece *piece) { snprintf(piece->name, sizeof piece->name, "/tmp/%s.%d.%x", label, getpid(), piece->number); }

static void *share(struct piece *piece)
{
    void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED);
    return memory;
}

static void make_file(struct piece *piece, const char *contents)
{
    name_it(piece);
    piece->fd[0] = open(piece->name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    MUST(piece->fd[0] >= 0);
    MUST(write(piece->fd[0], contents, strlen(contents)) == (ssize_t)strlen(contents));
}

static void still_waits(struct piece *piece) { MUST(waitpid(piece->child, NULL, WNOHANG) == 0); }

static void got_it(struct piece *piece)
{
    int status;
    MUST(waitpid(piece->child, &status, 0) == piece->child);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == GOT_IT);
}

static void kill_child(struct piece *piece)
{
    int status;
    MUST(kill(piece->child, SIGKILL) == 0);
    MUST(waitpid(piece->child, &status, 0) == piece->child);
    MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The child has come so far that it is in one of these states, as /proc says. A child that waits for a page is in state D. */
static void await_state(struct piece *piece, const char *wanted)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", piece->child);
    for (int tries = 0; tries < 20000; tries++) {
        int fd = open(path, O_RDONLY);
        ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        close(fd);
        MUST(length > 0);
        text[length] = 0;
        char *state = strrchr(text, ')');
        if (state && strchr(wanted, state[2]))
            return;
        usleep(500);
    }
    fail(piece, "the child never fell asleep");
}

static void await_sleep(struct piece *piece)
{
    await_state(piece, "S");
}
