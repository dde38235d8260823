/* ipc.h - what the programs about System V objects share; their checks hold still in the middle (holds.h). */
#ifndef IPC_H
#define IPC_H

#include "holds.h"
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ipc.h>

static void *volatile nowhere = (void *)8;

/* A key that no other program and no other check has. */
static inline key_t key(void) { static int count; return (getpid() << 8) + 0x40000000 + count++; }

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

#endif
