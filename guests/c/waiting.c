/* waiting.c - everything that waits: pipes, poll and select, signal-driven I/O, sleeps, interval timers, clocks. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms++;
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static void pause_for(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
}

static void pipes(void)
{
    int pair[2], status, waiting;
    char buffer[70000];
    CHECK(pipe2(pair, O_NONBLOCK) == 0, "pipe2");
    CHECK_ERRNO(read(pair[0], buffer, 1), EAGAIN, "an empty pipe");
    long filled = 0;
    for (ssize_t count; (count = write(pair[1], buffer, 4096)) > 0;)
        filled += count;
    int error = errno;
    CHECK(error == EAGAIN && filled >= 4096 && ioctl(pair[0], FIONREAD, &waiting) == 0 && waiting == filled, "a full pipe (%ld bytes)", filled);
    CHECK(fcntl(pair[0], F_SETFL, 0) == 0 && fcntl(pair[1], F_SETFL, 0) == 0, "blocking again");
    while (filled > 0)
        filled -= read(pair[0], buffer, sizeof buffer);
    pid_t pid = fork();
    if (pid == 0) {
        close(pair[1]);
        uint32_t expected = 0, value;
        while (read(pair[0], &value, 4) == 4)
            if (value != expected++)
                _exit(1);
        _exit(expected == 65536 ? 0 : 2);
    }
    close(pair[0]);
    uint32_t *numbers = malloc(65536 * 4);
    for (uint32_t i = 0; i < 65536; i++)
        numbers[i] = i;
    CHECK(write(pair[1], numbers, 65536 * 4) == 65536 * 4 && close(pair[1]) == 0, "a write larger than the pipe");
    CHECK(waitpid(pid, &status, 0) == pid && status == 0, "arrives whole and in order");
    CHECK(pipe(pair) == 0 && close(pair[0]) == 0, "no reader");
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERRNO(write(pair[1], "x", 1), EPIPE, "EPIPE");
    close(pair[1]);
    if ((pid = fork()) == 0) {
        signal(SIGPIPE, SIG_DFL);
        (void)!pipe(pair);
        close(pair[0]);
        (void)!write(pair[1], "x", 1);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE, "SIGPIPE");
    free(numbers);
}

static void polls(void)
{
    int pair[2], other[2];
    char byte;
    CHECK(pipe(pair) == 0 && pipe(other) == 0, "pipes");
    struct pollfd set[3] = {{pair[0], POLLIN, 0}, {pair[1], POLLOUT, 0}, {-1, POLLIN, 9}};
    CHECK(poll(set, 3, 0) == 1 && set[0].revents == 0 && set[1].revents == POLLOUT && set[2].revents == 0, "poll at once");
    int64_t start = now();
    CHECK(poll(set, 1, 30) == 0 && now() - start >= 29000000, "poll with a timeout");
    (void)!write(pair[1], "x", 1);
    CHECK(poll(set, 1, -1) == 1 && set[0].revents == POLLIN, "poll with data");
    (void)!read(pair[0], &byte, 1);
    pid_t pid = fork();
    if (pid == 0) {
        pause_for(20);
        (void)!write(other[1], "y", 1);
        _exit(0);
    }
    struct pollfd two[2] = {{pair[0], POLLIN, 0}, {other[0], POLLIN, 0}};
    CHECK(poll(two, 2, 10000) == 1 && two[0].revents == 0 && two[1].revents == POLLIN, "poll is woken by one of two");
    waitpid(pid, NULL, 0);
    close(pair[1]);
    CHECK(poll(set, 1, -1) == 1 && set[0].revents == POLLHUP, "POLLHUP");
    struct pollfd closed = {pair[1], POLLIN, 0};
    CHECK(poll(&closed, 1, 0) == 1 && closed.revents == POLLNVAL, "POLLNVAL");
    fd_set readable, writable;
    struct timeval time = {0, 0};
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(other[0], &readable);
    FD_SET(other[1], &writable);
    CHECK(select(other[1] + 1, &readable, &writable, NULL, &time) == 2 && FD_ISSET(other[0], &readable) && FD_ISSET(other[1], &writable), "select");
    (void)!read(other[0], &byte, 1);
    FD_SET(other[0], &readable);
    CHECK(select(other[0] + 1, &readable, NULL, NULL, &time) == 0 && !FD_ISSET(other[0], &readable), "select clears what is not ready");
    int file = open("/tmp", O_RDONLY);
    struct pollfd regular = {file, POLLIN | POLLOUT, 0};
    CHECK(poll(&regular, 1, 0) == 1, "a file is always ready");
    sigset_t mask;
    struct timespec brief = {0, 20000000};
    sigemptyset(&mask);
    CHECK(ppoll(two, 1, &brief, &mask) == 1 && (two[0].revents & POLLHUP), "ppoll");
    close(file);
    close(pair[0]);
    close(other[0]);
    close(other[1]);
}

static void sleeps(void)
{
    struct timespec time = {0, 25000000}, absolute;
    int64_t start = now();
    CHECK(nanosleep(&time, NULL) == 0 && now() - start >= 25000000, "nanosleep");
    clock_gettime(CLOCK_MONOTONIC, &absolute);
    start = now();
    absolute.tv_nsec += 20000000;
    if (absolute.tv_nsec >= 1000000000)
        absolute.tv_nsec -= 1000000000, absolute.tv_sec++;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &absolute, NULL) == 0 && now() - start >= 19000000, "clock_nanosleep until a time");
    absolute.tv_sec -= 10;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &absolute, NULL) == 0, "a time that has passed");
    time.tv_nsec = 1000000000;
    CHECK_ERRNO(nanosleep(&time, NULL), EINVAL, "a second has no more nanoseconds than that");
}

static void clocks(void)
{
    struct timespec real, monotonic, before, resolution;
    clock_gettime(CLOCK_MONOTONIC, &before);
    int forward = 1;
    for (int i = 0; i < 1000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &monotonic);
        forward &= monotonic.tv_sec > before.tv_sec || (monotonic.tv_sec == before.tv_sec && monotonic.tv_nsec >= before.tv_nsec);
        before = monotonic;
    }
    CHECK(forward, "monotonic time goes forward");
    CHECK(clock_gettime(CLOCK_REALTIME, &real) == 0 && real.tv_sec > 1577836800 && real.tv_sec < 4102444800, "real time is this century's");
    CHECK(clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec > 0, "resolution");
    struct timeval day;
    CHECK(gettimeofday(&day, NULL) == 0 && llabs((long long)day.tv_sec - time(NULL)) <= 1, "gettimeofday and time agree");
    CHECK_ERRNO(clock_gettime(999, &real), EINVAL, "no such clock");
}

static void timers(void)
{
    struct itimerval timer = {{0, 10000}, {0, 10000}}, rest;
    struct sigaction action = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &action, NULL);
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0, "setitimer");
    while (alarms < 3)
        pause();
    CHECK(getitimer(ITIMER_REAL, &rest) == 0 && rest.it_interval.tv_usec == 10000, "it repeats");
    memset(&timer, 0, sizeof timer);
    CHECK(setitimer(ITIMER_REAL, &timer, &rest) == 0 && getitimer(ITIMER_REAL, &rest) == 0 && rest.it_value.tv_sec == 0 && rest.it_value.tv_usec == 0, "and stops");
    int before = alarms;
    CHECK(alarm(1) == 0 && alarm(100) == 1 && alarm(0) >= 99, "alarm returns the seconds left");
    pause_for(30);
    CHECK(alarms == before, "a cancelled alarm does not ring");
}

/* The next of the two signals, 0 if none is there. */
static int told(siginfo_t *info)
{
    sigset_t set;
    struct timespec none = {0, 0};
    sigemptyset(&set);
    sigaddset(&set, SIGIO), sigaddset(&set, SIGRTMIN);
    int number = sigtimedwait(&set, info, &none);
    return number < 0 ? 0 : number;
}

static int tells(int fd, int signal)
{
    return fcntl(fd, F_SETOWN, getpid()) == 0 && fcntl(fd, F_SETSIG, signal) == 0 && fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK) == 0;
}

static void owners(void)
{
    int pair[2], off = 0;
    char buffer[70000];
    siginfo_t info;
    sigset_t set;
    memset(buffer, 1, sizeof buffer);
    sigemptyset(&set);
    sigaddset(&set, SIGIO), sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK(pipe(pair) == 0 && tells(pair[0], SIGRTMIN), "a reader that is to be told");
    CHECK((fcntl(pair[0], F_GETFL) & O_ASYNC) && !(fcntl(pair[1], F_GETFL) & O_ASYNC), "the flag is at its end alone");
    CHECK(told(&info) == 0, "nothing yet");
    CHECK(write(pair[1], "x", 1) == 1 && told(&info) == SIGRTMIN, "a byte came");
    CHECK(info.si_code == POLL_IN && info.si_fd == pair[0] && info.si_band == (POLLIN | POLLRDNORM), "what, where and how");
    CHECK(write(pair[1], "x", 1) == 1 && told(&info) == SIGRTMIN && told(&info) == 0, "another one");
    CHECK(read(pair[0], buffer, 10) == 2 && told(&info) == 0, "reading tells nobody who reads");
    CHECK(tells(pair[1], 0) && fcntl(pair[0], F_SETFL, 0) == 0, "the writer instead, by the common signal");
    CHECK(write(pair[1], buffer, sizeof buffer) == 65536 && told(&info) == 0, "writing tells nobody who writes");
    CHECK(read(pair[0], buffer, 8192) == 8192 && told(&info) == SIGIO && info.si_code == SI_KERNEL && told(&info) == 0, "there is room");
    CHECK(ioctl(pair[1], FIOASYNC, &off) == 0 && !(fcntl(pair[1], F_GETFL) & O_ASYNC), "FIOASYNC ends it");
    CHECK(read(pair[0], buffer, 8192) == 8192 && told(&info) == 0, "silence");
    CHECK(tells(pair[0], SIGRTMIN) && read(pair[0], buffer, sizeof buffer) == 65536 - 16384, "the reader again");
    CHECK(close(pair[1]) == 0 && told(&info) == SIGRTMIN && info.si_code == POLL_IN, "the last writer has gone");
    close(pair[0]);
    int on = 1, file = open("/tmp/waiting.file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fcntl(file, F_SETFL, O_ASYNC) == 0 && !(fcntl(file, F_GETFL) & O_ASYNC), "a regular file has no such flag");
    CHECK_ERRNO(ioctl(file, FIOASYNC, &on), ENOTTY, "nor can it be asked for");
    close(file), unlink("/tmp/waiting.file");
}

/* A byte for each of many who read: one gets it. */
static void herd(void)
{
    int pair[2], done[2], got = 0;
    char byte = 1;
    CHECK(pipe(pair) == 0 && pipe(done) == 0, "two pipes");
    pid_t readers[20];
    for (int i = 0; i < 20; i++) {
        readers[i] = fork();
        if (readers[i] == 0)
            _exit(read(pair[0], &byte, 1) == 1 && write(done[1], &byte, 1) == 1 ? 0 : 1);
    }
    pause_for(20);
    kill(readers[3], SIGSTOP), kill(readers[7], SIGKILL);
    /* Until they have gone they may still take a byte. */
    waitpid(readers[3], NULL, WUNTRACED), waitpid(readers[7], NULL, 0);
    for (int i = 0; i < 18; i++)
        got += write(pair[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1;
    CHECK(got == 18, "who can read gets one each");
    kill(readers[3], SIGCONT);
    got = write(pair[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1;
    CHECK(got == 1, "and who was stopped gets the last");
    for (int i = 0; i < 20; i++)
        waitpid(readers[i], NULL, 0);
    close(pair[0]), close(pair[1]), close(done[0]), close(done[1]);
}

int main(void)
{
    pipes();
    polls();
    owners();
    herd();
    sleeps();
    clocks();
    timers();
    return tap_done();
}
