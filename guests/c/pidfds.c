/* pidfds.c - pidfds, one behaviour a check, over power cuts too (holds.h). */
#define _GNU_SOURCE
#include "holds.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int opens(int process, unsigned flags) { return syscall(SYS_pidfd_open, process, flags); }
static int sends(int file, int signal) { return syscall(SYS_pidfd_send_signal, file, signal, NULL, 0); }
static int gets(int file, int descriptor) { return syscall(SYS_pidfd_getfd, file, descriptor, 0); }

/* Newer Linux says POLLHUP too once nobody can wait any more. */
static int is_ready(int file, int milliseconds)
{
    struct pollfd entry = {.fd = file, .events = POLLIN};
    return poll(&entry, 1, milliseconds) == 1 && (entry.revents & POLLIN);
}

/* A child that waits for a signal to end it. */
static int child(void)
{
    int process = fork();
    while (process == 0)
        pause();
    return process;
}

static int ends_by(int file, int signal)
{
    siginfo_t info = {0};
    return waitid(P_PIDFD, file, &info, WEXITED) == 0 && info.si_signo == SIGCHLD && info.si_code == CLD_KILLED
        && info.si_status == signal;
}

static const char *follows_one_that_lives(void)
{
    int process = child(), file = opens(process, 0);
    MUST(process > 0 && file >= 0 && fcntl(file, F_GETFD) == FD_CLOEXEC);
    MUST(!is_ready(file, 0));
    hold();
    MUST(!is_ready(file, 0) && sends(file, 0) == 0);
    MUST(sends(file, SIGTERM) == 0 && is_ready(file, -1));
    MUST(ends_by(file, SIGTERM) && is_ready(file, 0));
    MUST(FAILS(sends(file, 0), ESRCH));
    return 0;
}

static const char *zombie(void)
{
    int process = child(), file = opens(process, 0);
    MUST(kill(process, SIGKILL) == 0 && is_ready(file, -1));
    int late = opens(process, 0);
    MUST(late >= 0);
    hold();
    MUST(is_ready(file, 0) && is_ready(late, 0) && sends(late, 0) == 0);
    MUST(ends_by(late, SIGKILL));
    MUST(FAILS(sends(file, 0), ESRCH) && FAILS(opens(process, 0), ESRCH));
    return 0;
}

static const char *gone(void)
{
    int process = child(), file = opens(process, 0);
    siginfo_t info;
    MUST(kill(process, SIGKILL) == 0 && waitpid(process, 0, 0) == process);
    hold();
    MUST(is_ready(file, 0));
    MUST(FAILS(sends(file, SIGKILL), ESRCH) && FAILS(gets(file, 0), ESRCH));
    MUST(FAILS(waitid(P_PIDFD, file, &info, WEXITED), ECHILD));
    return 0;
}

/* Sleeping in a poll, an epoll and a wait while the power is cut; the child ends when all of them are asleep again. */
struct sleeper { int file; long result; pthread_t thread; };

static void *polls(void *argument)
{
    struct sleeper *sleeper = argument;
    sleeper->result = is_ready(sleeper->file, -1);
    return 0;
}

static void *waits(void *argument)
{
    struct sleeper *sleeper = argument;
    sleeper->result = ends_by(sleeper->file, SIGUSR1);
    return 0;
}

static void *waits_in_epoll(void *argument)
{
    struct sleeper *sleeper = argument;
    struct epoll_event event = {.events = EPOLLIN}, got;
    int epoll = epoll_create1(0);
    sleeper->result = epoll_ctl(epoll, EPOLL_CTL_ADD, sleeper->file, &event) == 0 && epoll_wait(epoll, &got, 1, -1) == 1
        && (got.events & EPOLLIN);
    return 0;
}

static const char *wakes_who_sleeps(void)
{
    int process = child(), file = opens(process, 0);
    struct sleeper sleepers[3] = {{.file = file}, {.file = file}, {.file = file}};
    void *(*bodies[3])(void *) = {polls, waits_in_epoll, waits};
    for (int i = 0; i < 3; i++)
        MUST(pthread_create(&sleepers[i].thread, 0, bodies[i], &sleepers[i]) == 0);
    hold();
    MUST(sends(file, SIGUSR1) == 0);
    for (int i = 0; i < 3; i++)
        MUST(pthread_join(sleepers[i].thread, 0) == 0 && sleepers[i].result == 1);
    return 0;
}

static const char *comes_from_clone(void)
{
    int file = -1;
    long process = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &file, 0, 0);
    while (process == 0)
        pause();
    MUST(process > 0 && file >= 0 && fcntl(file, F_GETFD) == FD_CLOEXEC);
    hold();
    MUST(sends(file, SIGINT) == 0 && ends_by(file, SIGINT));
    MUST(FAILS(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &file, 0, 0), EINVAL));
    return 0;
}

/* clone3 has places of their own for the number and the pidfd. */
static const char *comes_from_clone3(void)
{
    int file = -1, number = -1;
    struct { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } arguments = {
        .flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .pidfd = (uintptr_t)&file, .parent_tid = (uintptr_t)&number, .exit_signal = SIGCHLD};
    long process = syscall(SYS_clone3, &arguments, sizeof arguments);
    while (process == 0)
        pause();
    MUST(process > 0 && number == process && file >= 0);
    hold();
    MUST(sends(file, SIGINT) == 0 && ends_by(file, SIGINT));
    return 0;
}

/* The eventfd of another process is the same one. */
static const char *takes_a_descriptor(void)
{
    int theirs = eventfd(0, 0), process = child(), file = opens(process, 0);
    uint64_t value = 5;
    int mine = gets(file, theirs);
    MUST(mine >= 0 && mine != theirs && fcntl(mine, F_GETFD) == FD_CLOEXEC);
    MUST(close(theirs) == 0);
    hold();
    MUST(write(mine, &value, 8) == 8);
    int again = gets(file, theirs);
    value = 0;
    MUST(again >= 0 && read(again, &value, 8) == 8 && value == 5);
    MUST(FAILS(gets(file, 500), EBADF) && FAILS(syscall(SYS_pidfd_getfd, file, 0, 1), EINVAL) && FAILS(gets(mine, 0), EBADF));
    MUST(sends(file, SIGKILL) == 0 && ends_by(file, SIGKILL));
    return 0;
}

static const char *does_not_block(void)
{
    int process = child(), file = opens(process, O_NONBLOCK);
    siginfo_t info;
    MUST(file >= 0 && fcntl(file, F_GETFL) == (O_RDWR | O_NONBLOCK));
    hold();
    MUST(FAILS(waitid(P_PIDFD, file, &info, WEXITED), EAGAIN));
    MUST(waitid(P_PIDFD, file, &info, WEXITED | WNOHANG) == 0);
    MUST(kill(process, SIGKILL) == 0 && is_ready(file, -1) && ends_by(file, SIGKILL));
    return 0;
}

/* SIGCHLD ignored: nobody waits for it, and it is gone at once. */
static const char *hears_of_who_is_not_waited_for(void)
{
    MUST(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    int process = child(), file = opens(process, 0);
    hold();
    MUST(kill(process, SIGKILL) == 0 && is_ready(file, -1));
    MUST(FAILS(sends(file, 0), ESRCH));
    return 0;
}

static const char *stops_and_goes_on(void)
{
    int process = child(), file = opens(process, 0);
    siginfo_t info = {0};
    MUST(sends(file, SIGSTOP) == 0 && waitid(P_PIDFD, file, &info, WSTOPPED | WNOWAIT) == 0 && info.si_code == CLD_STOPPED);
    hold();
    MUST(!is_ready(file, 0));
    MUST(waitid(P_PIDFD, file, &info, WSTOPPED) == 0 && info.si_status == SIGSTOP);
    MUST(sends(file, SIGCONT) == 0 && waitid(P_PIDFD, file, &info, WCONTINUED) == 0 && info.si_code == CLD_CONTINUED);
    MUST(sends(file, SIGKILL) == 0 && ends_by(file, SIGKILL));
    return 0;
}

static int told;
static void tell(int signal, siginfo_t *info, void *context)
{
    (void)context;
    told = signal == SIGRTMIN ? info->si_value.sival_int : -1;
}

static const char *carries_a_value(void)
{
    int file = opens(getpid(), 0);
    struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO};
    siginfo_t info = {.si_signo = SIGRTMIN, .si_code = SI_QUEUE};
    info.si_value.sival_int = 77;
    MUST(sigaction(SIGRTMIN, &action, 0) == 0);
    hold();
    MUST(syscall(SYS_pidfd_send_signal, file, SIGRTMIN, &info, 0) == 0 && told == 77);
    MUST(FAILS(syscall(SYS_pidfd_send_signal, file, SIGUSR1, &info, 0), EINVAL));
    MUST(FAILS(syscall(SYS_pidfd_send_signal, file, SIGRTMIN, &info, 1 << 20), EINVAL));
    info.si_code = SI_USER;
    MUST(syscall(SYS_pidfd_send_signal, file, SIGRTMIN, &info, 0) == 0);
    return 0;
}

static const char *names_a_process_by_its_directory(void)
{
    int file = open("/proc/self", O_RDONLY | O_DIRECTORY), path = open("/proc/self", O_PATH), all = open("/proc", O_RDONLY);
    struct sigaction action = {.sa_sigaction = tell, .sa_flags = SA_SIGINFO};
    siginfo_t info = {.si_signo = SIGRTMIN, .si_code = SI_QUEUE};
    info.si_value.sival_int = 78;
    MUST(sigaction(SIGRTMIN, &action, 0) == 0);
    hold();
    MUST(file >= 0 && syscall(SYS_pidfd_send_signal, file, SIGRTMIN, &info, 0) == 0 && told == 78);
    MUST(FAILS(sends(path, 0), EBADF) && FAILS(sends(all, 0), EBADF) && FAILS(gets(file, 0), EBADF));
    return 0;
}

static void *sleeps_long(void *argument) { pause(); return argument; }

static const char *refuses_what_is_none(void)
{
    char byte;
    int counter = eventfd(0, 0), file = opens(getpid(), 0);
    pthread_t thread;
    siginfo_t info;
    MUST(FAILS(opens(0, 0), EINVAL) && FAILS(opens(-1, 0), EINVAL) && FAILS(opens(getpid(), 1), EINVAL));
    MUST(FAILS(sends(counter, 0), EBADF) && FAILS(sends(-1, 0), EBADF) && FAILS(waitid(P_PIDFD, counter, &info, WEXITED), EBADF));
    MUST(FAILS(waitid(P_PIDFD, -1, &info, WEXITED), EINVAL) && FAILS(waitid(P_PIDFD, file, &info, WEXITED), ECHILD));
    MUST(FAILS(read(file, &byte, 1), EINVAL) && FAILS(write(file, &byte, 1), EINVAL) && FAILS(sends(file, 65), EINVAL));
    MUST(FAILS(lseek(file, 0, SEEK_SET), ESPIPE));
    MUST(pthread_create(&thread, 0, sleeps_long, 0) == 0);
    int number = 0;
    for (char name[40]; number <= getpid() + 1000; number++) {
        sprintf(name, "/proc/self/task/%d", number);
        if (number != getpid() && access(name, F_OK) == 0)
            break;
    }
    /* The number of a thread; ENOENT since Linux 6.14. */
    MUST(opens(number, 0) == -1 && (errno == EINVAL || errno == ENOENT));
    return 0;
}

static const char *is_shown(void)
{
    char text[400], name[64];
    int process = child(), file = opens(process, 0);
    hold();
    sprintf(name, "/proc/self/fd/%d", file);
    long length = readlink(name, text, sizeof text - 1);
    MUST(length == 18 && memcmp(text, "anon_inode:[pidfd]", 18) == 0);
    for (int i = 0; i < 2; i++) {
        char line[40];
        sprintf(name, "/proc/self/fdinfo/%d", file);
        int shown = open(name, O_RDONLY);
        length = read(shown, text, sizeof text - 1);
        text[length > 0 ? length : 0] = 0;
        close(shown);
        sprintf(line, "\nPid:\t%d\nNSpid:\t%d\n", i ? -1 : process, i ? -1 : process);
        MUST(strstr(text, line));
        if (i == 0)
            MUST(kill(process, SIGKILL) == 0 && waitpid(process, 0, 0) == process);
    }
    return 0;
}

static const struct check checks[] = {
    ENTRY(follows_one_that_lives), ENTRY(zombie), ENTRY(gone), ENTRY(wakes_who_sleeps), ENTRY(comes_from_clone),
    ENTRY(comes_from_clone3), ENTRY(takes_a_descriptor), ENTRY(does_not_block), ENTRY(hears_of_who_is_not_waited_for),
    ENTRY(stops_and_goes_on), ENTRY(carries_a_value), ENTRY(names_a_process_by_its_directory),
    ENTRY(refuses_what_is_none), ENTRY(is_shown),
};

int main(int count, char **arguments)
{
    return RUN(checks);
}
