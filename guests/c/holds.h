/* holds.h - what programs share whose checks hold still in the middle. Each check runs in a process of its own: it builds up what it is
 * about, holds still, and then looks whether all of it goes on as if nothing had happened. When all hold still the program says "READY",
 * waits for the seconds it was given, in which the power may be cut, and lets them go on. What needs no before and after is over by
 * then. */
#ifndef HOLDS_H
#define HOLDS_H

#include "tap.h"
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>

#define MUST(condition) \
    do { \
        if (!(condition)) \
            return failed(#condition, __LINE__); \
    } while (0)

/* A call that fails with one errno. */
#define FAILS(call, expected) (errno = 0, (long)(call) == -1 && errno == (expected))

#define ENTRY(name) {#name, name}

/* All checks of a table, holding still for as many seconds as the program is told. */
#define RUN(checks) run_checks(checks, (int)(sizeof checks / sizeof checks[0]), count > 1 ? atof(arguments[1]) : 0.2)

struct check {
    const char *name;
    const char *(*check)(void);
};

static int ready_pipe[2], go_pipe[2], has_held;

static const char *failed(const char *condition, int line)
{
    static char text[200];
    snprintf(text, sizeof text, "line %d: %s; errno %d", line, condition, errno);
    return text;
}

/* The power may be cut while this lasts. */
static void hold(void)
{
    char byte = 0;
    has_held = 1;
    if (write(ready_pipe[1], &byte, 1) != 1 || read(go_pipe[0], &byte, 1) != 1)
        _exit(3);
}

static inline double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* True once a thread sleeps in a call: /proc says so. */
static inline int thread_sleeps(int process, int thread)
{
    char name[64], text[256], *state;
    sprintf(name, "/proc/%d/task/%d/stat", process, thread);
    for (int tries = 0; tries < 5000; tries++) {
        int file = open(name, O_RDONLY);
        long length = file < 0 ? -1 : read(file, text, sizeof text - 1);
        close(file);
        text[length < 0 ? 0 : length] = 0;
        state = strrchr(text, ')');
        if (state && state[2] == 'S')
            return 1;
        usleep(2000);
    }
    return 0;
}

static inline int sleeps(int process) { return thread_sleeps(process, process); }

/* One check in a process of its own: what it found goes into a pipe. */
static void run_check(const struct check *check, int answer)
{
    const char *wrong = check->check();
    if (!has_held)
        hold();
    if (wrong && write(answer, wrong, strlen(wrong)) < 0)
        _exit(2);
    _exit(0);
}

static int run_checks(const struct check *checks, int count, double seconds)
{
    int answers[count][2];
    char byte = 0;
    if (pipe(ready_pipe) || pipe(go_pipe))
        return 2;
    for (int i = 0; i < count; i++) {
        if (pipe(answers[i]))
            return 2;
        if (fork() == 0)
            run_check(&checks[i], answers[i][1]);
        close(answers[i][1]);
    }
    for (int i = 0; i < count; i++)
        if (read(ready_pipe[0], &byte, 1) != 1)
            return 2;
    printf("READY\n");
    fflush(stdout);
    for (double end = now() + seconds; now() < end; )
        usleep(20000);
    for (int i = 0; i < count; i++)
        if (write(go_pipe[1], &byte, 1) != 1)
            return 2;
    for (int i = 0; i < count; i++) {
        char detail[200] = "";
        long length = read(answers[i][0], detail, sizeof detail - 1);
        tap_result(length == 0, detail, "%s", checks[i].name);
    }
    while (wait(0) > 0 || errno == EINTR)
        ;
    return tap_done();
}

#endif
