/* ipc.h - what the programs about System V objects and message queues share. Each check runs in a process of its own: it builds up what
 * it is about, holds still (argument: seconds), and then looks whether all of it goes on as if nothing had happened; the power may be cut
 * meanwhile. When all hold still the program says "READY". What needs no before and after is over by then. */
#ifndef IPC_H
#define IPC_H

#include "tap.h"
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/wait.h>
#include <time.h>

#define MUST(condition) \
    do { \
        if (!(condition)) \
            return failed(#condition, __LINE__); \
    } while (0)

/* A call that fails with one errno. */
#define FAILS(call, expected) (errno = 0, (long)(call) == -1 && errno == (expected))

static void *volatile nowhere = (void *)8;
static int ready_pipe[2], go_pipe[2], has_held;

struct check { const char *(*check)(void); const char *name; };

#define ENTRY(name) {name, #name}

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

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* A key that no other program and no other check has. */
static key_t key(void) { static int count; return (getpid() << 8) + 0x40000000 + count++; }

/* True once a process sleeps in a call: /proc says so. */
static inline int sleeps(int process)
{
    char name[64], text[256], *state;
    sprintf(name, "/proc/%d/stat", process);
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

/* A child that does something and ends with what that returns. */
static inline int child(int (*body)(void *), void *argument)
{
    int process = fork();
    if (process == 0)
        _exit(body(argument));
    return process;
}

/* The status that a child ends with; -1 if a signal has ended it. */
static inline int ends(int process)
{
    int status;
    while (waitpid(process, &status, 0) < 0)
        if (errno != EINTR)
            return -2;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Who is nobody in particular, where this program may be somebody else at all. */
static inline int be(unsigned user)
{
    return setgroups(0, 0) == 0 && setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0;
}

/* The line of a file of /proc/sysvipc whose second number is an id: true if the file has one. */
static inline int has_line(const char *path, int id, char *line, int bytes)
{
    FILE *file = fopen(path, "r");
    int first, second, found = 0;
    while (file && !found && fgets(line, bytes, file))
        found = sscanf(line, "%d %d", &first, &second) == 2 && second == id;
    if (file)
        fclose(file);
    return found;
}

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

/* Runs all checks, holding still for so many seconds in the middle. */
static int run_checks(const struct check *checks, int total, int count, char **arguments)
{
    double seconds = count > 1 ? atof(arguments[1]) : 0.2;
    int answers[total][2];
    char byte = 0;
    if (pipe(ready_pipe) || pipe(go_pipe))
        return 2;
    for (int i = 0; i < total; i++) {
        if (pipe(answers[i]))
            return 2;
        if (fork() == 0)
            run_check(&checks[i], answers[i][1]);
        close(answers[i][1]);
    }
    for (int i = 0; i < total; i++)
        if (read(ready_pipe[0], &byte, 1) != 1)
            return 2;
    printf("READY\n");
    fflush(stdout);
    for (double end = now() + seconds; now() < end; )
        usleep(20000);
    for (int i = 0; i < total; i++)
        if (write(go_pipe[1], &byte, 1) != 1)
            return 2;
    for (int i = 0; i < total; i++) {
        char detail[200] = "";
        long length = read(answers[i][0], detail, sizeof detail - 1);
        tap_result(length == 0, detail, "%s", checks[i].name);
    }
    while (wait(0) > 0 || errno == EINTR)
        ;
    return tap_done();
}

#define RUN(checks) run_checks(checks, (int)(sizeof checks / sizeof checks[0]), count, arguments)

#endif
