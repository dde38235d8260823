/* processes.c - fork, vfork, exec, wait and exit; what is inherited and what is not; process groups and sessions; limits and ids. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static char *self = "/proc/self/exe";

static void exits(void)
{
    int status;
    for (int code = 0; code < 256; code += 51) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(code);
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == code, "exit status %d", code);
    }
    pid_t pid = fork();
    if (pid == 0) {
        raise(SIGKILL);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "killed by a signal");
    CHECK_ERRNO(waitpid(-1, &status, 0), ECHILD, "no children left");
    CHECK_ERRNO(waitpid(999999, &status, 0), ECHILD, "wait for a stranger");
}

static void waits(void)
{
    int status, gate[2];
    char byte;
    CHECK(pipe(gate) == 0, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        close(gate[1]);
        (void)!read(gate[0], &byte, 1);
        _exit(3);
    }
    close(gate[0]);
    CHECK(waitpid(pid, &status, WNOHANG) == 0, "WNOHANG with a running child");
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "WUNTRACED");
    kill(pid, SIGCONT);
    CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status), "WCONTINUED");
    close(gate[1]);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == pid && info.si_status == 3 && info.si_code == CLD_EXITED, "waitid, WNOWAIT");
    struct rusage usage;
    CHECK(wait4(pid, &status, 0, &usage) == pid && WEXITSTATUS(status) == 3, "wait4 after it");
}

static void memory_is_copied(void)
{
    int status;
    volatile int *private = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    volatile int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *private = *shared = 1;
    pid_t pid = fork();
    if (pid == 0) {
        *private = 2;
        *shared = 2;
        _exit(*private == 2 && private[1024] == 0 ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0, "the child's memory");
    CHECK(*private == 1 && *shared == 2, "private memory is copied, shared memory is not");
    for (int depth = 0; depth < 3; depth++) {
        *private = depth + 10;
        if ((pid = fork()) != 0) {
            waitpid(pid, &status, 0);
            break;
        }
    }
    if (pid == 0)
        _exit(*private == 12 ? 0 : 1);
    if (*private != 10)
        _exit(*private < 10 || status != 0);
    CHECK(status == 0 && *private == 10, "forks of forks");
}

static void descriptors(void)
{
    int status, pair[2];
    char text[8] = {0};
    CHECK(pipe(pair) == 0, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[0]);
        _exit(write(pair[1], "hi", 2) != 2);
    }
    close(pair[1]);
    CHECK(read(pair[0], text, 8) == 2 && strcmp(text, "hi") == 0, "a pipe to the child");
    CHECK(read(pair[0], text, 8) == 0, "end of file when the last writer has gone");
    CHECK(waitpid(pid, &status, 0) == pid && status == 0, "the child's end");
    close(pair[0]);
    int fd = open("/tmp/processes.data", O_CREAT | O_RDWR | O_TRUNC, 0600);
    if ((pid = fork()) == 0)
        _exit(write(fd, "abc", 3) != 3);
    waitpid(pid, &status, 0);
    CHECK(lseek(fd, 0, SEEK_CUR) == 3, "the offset is shared with the child");
    close(fd);
    unlink("/tmp/processes.data");
}

/* What the program says of itself when it is run again: exit status 40 + the failed item. */
static int second_life(int count, char **words)
{
    if (count != 4 || strcmp(words[2], "one two") || strcmp(words[3], ""))
        return 41;
    if (!getenv("LIFE") || strcmp(getenv("LIFE"), "2") || getenv("HOME"))
        return 42;
    if (fcntl(50, F_GETFD) != 0 || fcntl(51, F_GETFD) != -1)
        return 43;
    struct sigaction action;
    if (sigaction(SIGUSR1, NULL, &action) || action.sa_handler != SIG_DFL || sigaction(SIGUSR2, NULL, &action) || action.sa_handler != SIG_IGN)
        return 44;
    sigset_t mask;
    if (sigprocmask(SIG_BLOCK, NULL, &mask) || !sigismember(&mask, SIGHUP) || sigismember(&mask, SIGINT))
        return 45;
    if (getauxval(AT_PAGESZ) != 4096 || !getauxval(AT_RANDOM) || !getauxval(AT_PHDR) || getauxval(AT_ENTRY) == 0)
        return 46;
    return 40;
}

static void handler(int number)
{
    (void)number;
}

static void executes(void)
{
    int status;
    char *words[] = {"processes", "again", "one two", "", NULL}, *variables[] = {"LIFE=2", NULL};
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t mask;
        sigemptyset(&mask);
        sigaddset(&mask, SIGHUP);
        sigprocmask(SIG_SETMASK, &mask, NULL);
        signal(SIGUSR1, handler);
        signal(SIGUSR2, SIG_IGN);
        int fd = open("/dev/null", O_RDONLY);
        dup2(fd, 50);
        dup3(fd, 51, O_CLOEXEC);
        execve(self, words, variables);
        _exit(1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 40, "exec: arguments, environment, descriptors, signals");
    CHECK_ERRNO(execve("/tmp", words, variables), EACCES, "exec of a directory");
    CHECK_ERRNO(execve("/no/such", words, variables), ENOENT, "exec of nothing");
    int fd = open("/tmp/processes.sh", O_CREAT | O_WRONLY | O_TRUNC, 0600);
    CHECK(write(fd, "#!/bin/busybox sh\nexit $(($# + 20))\n", 36) == 36 && close(fd) == 0, "a script");
    CHECK_ERRNO(execve("/tmp/processes.sh", words, variables), EACCES, "exec without permission");
    chmod("/tmp/processes.sh", 0700);
    if ((pid = fork()) == 0) {
        execve("/tmp/processes.sh", words, variables);
        _exit(1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 23, "a script with an interpreter and its arguments");
    unlink("/tmp/processes.sh");
    if ((pid = vfork()) == 0) {
        execve("/no/such", words, variables);
        _exit(9);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 9, "vfork");
    if ((pid = fork()) == 0) {
        volatile char large[64 * 1024];
        memset((char *)large, 'x', sizeof large);
        large[sizeof large - 1] = 0;
        char *big[] = {"processes", "again", (char *)large, "", NULL};
        execve(self, big, variables);
        _exit(1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 41, "a large argument arrives");
}

static void groups(void)
{
    int status;
    pid_t own = getpgrp();
    /* The session's leader may be of an outer pid namespace: then its number is 0. */
    CHECK(getpgid(0) == own && getsid(0) >= 0 && getsid(0) == getsid(getpid()), "group and session");
    pid_t pid = fork();
    if (pid == 0) {
        if (getpgrp() != own || setpgid(0, 0) || getpgrp() != getpid())
            _exit(1);
        if (setsid() != -1 || errno != EPERM)
            _exit(2);
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(!(setsid() == getpid() && getsid(0) == getpid() && getpgrp() == getpid()));
        waitpid(grandchild, &status, 0);
        _exit(status ? 3 : 0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0, "setpgid and setsid");
    if ((pid = fork()) == 0) {
        pause();
        _exit(0);
    }
    CHECK(setpgid(pid, pid) == 0 && getpgid(pid) == pid, "a child into a group of its own");
    CHECK(kill(-pid, SIGTERM) == 0 && waitpid(-pid, &status, 0) == pid && WTERMSIG(status) == SIGTERM, "a signal to the group");
    CHECK_ERRNO(kill(-pid, 0), ESRCH, "an empty group");
    CHECK_ERRNO(getpgid(999999), ESRCH, "the group of a stranger");
}

static void orphans(void)
{
    int pair[2];
    pid_t parent = 0;
    CHECK(pipe(pair) == 0 && prctl(PR_SET_CHILD_SUBREAPER, 0) == 0, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        pid_t middle = getpid();
        if (fork() == 0) {
            while (getppid() == middle)
                sched_yield();
            parent = getppid();
            (void)!write(pair[1], &parent, sizeof parent);
            _exit(0);
        }
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    CHECK(read(pair[0], &parent, sizeof parent) == sizeof parent && parent != pid && parent > 0, "an orphan gets a new parent");
    close(pair[0]);
    close(pair[1]);
}

static void facts(void)
{
    struct rlimit limit;
    struct utsname name;
    CHECK(getpid() > 0 && getppid() >= 0 && syscall(SYS_gettid) == getpid(), "ids");
    CHECK(getuid() == geteuid() && getgid() == getegid(), "credentials");
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 256 && limit.rlim_cur <= limit.rlim_max, "descriptor limit");
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= 1 << 20, "stack limit");
    CHECK(uname(&name) == 0 && strcmp(name.machine, "x86_64") == 0 && strcmp(name.sysname, "Linux") == 0, "uname");
    CHECK_ERRNO(syscall(9999), ENOSYS, "an unknown call");
    limit.rlim_cur = 20;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 20;
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        setrlimit(RLIMIT_NOFILE, &limit);
        for (int i = 0; i < 30; i++)
            if (dup(0) < 0)
                _exit(errno == EMFILE ? 0 : 1);
        _exit(2);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0, "EMFILE at the limit");
}

int main(int count, char **words)
{
    if (count > 1)
        return second_life(count, words);
    exits();
    waits();
    memory_is_copied();
    descriptors();
    executes();
    groups();
    orphans();
    facts();
    return tap_done();
}
