/* epolls.c - epoll, one behaviour a test. Each test is a child that comes to its middle and waits there until all have; with "cut" they
 * wait for some seconds more after "holding": the moment to cut the power. What a test has set up before its middle must be so after it.
 * The expectations are Linux's. */
#define _GNU_SOURCE
#include "tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>

static int ready_end[2], go_end[2], failures;

#define EXPECT(condition) \
    do { \
        errno = 0; \
        if (!(condition)) { \
            failures++; \
            printf("# %s:%d: %s; errno %d %s\n", __func__, __LINE__, #condition, errno, strerror(errno)); \
            fflush(stdout); \
        } \
    } while (0)

#define EXPECT_ERRNO(call, expected) EXPECT((call) == -1 && errno == (expected))

/* All tests are here before any goes on. */
static void middle(void)
{
    char byte = 1;
    if (write(ready_end[1], &byte, 1) != 1)
        failures++;
    while (read(go_end[0], &byte, 1) < 0 && errno == EINTR)
        ;
}

static void nap(int milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    while (nanosleep(&time, &time) < 0)
        ;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void make_pipe(int *ends)
{
    EXPECT(pipe2(ends, O_NONBLOCK) == 0);
}

static int control(int epoll, int operation, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(epoll, operation, fd, &event);
}

static int add(int epoll, int fd, uint32_t events, uint64_t data)
{
    return control(epoll, EPOLL_CTL_ADD, fd, events, data);
}

static int put(int fd)
{
    return write(fd, "x", 1) == 1;
}

static int take(int fd)
{
    char byte;
    return read(fd, &byte, 1) == 1;
}

/* The data of the one event there is now, 0 if there is none, -1 if there are several. */
static long one(int epoll)
{
    struct epoll_event events[4];
    int count = epoll_wait(epoll, events, 4, 0);
    return count == 1 ? (long)events[0].data.u64 : count == 0 ? 0 : -1;
}

static uint32_t events_of(int epoll)
{
    struct epoll_event event;
    return epoll_wait(epoll, &event, 1, 0) == 1 ? event.events : 0;
}

static void level_triggered_is_told_until_it_is_taken(void)
{
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    EXPECT(add(epoll, ends[0], EPOLLIN, 7) == 0 && one(epoll) == 0);
    EXPECT(put(ends[1]) && one(epoll) == 7 && one(epoll) == 7);
    middle();
    EXPECT(one(epoll) == 7 && one(epoll) == 7);
    EXPECT(take(ends[0]) && one(epoll) == 0);
    EXPECT(put(ends[1]) && one(epoll) == 7);
}

static void edge_triggered_is_told_once_for_each_write(void)
{
    int ends[2], other[2], epoll = epoll_create1(0);
    make_pipe(ends), make_pipe(other);
    EXPECT(add(epoll, ends[0], EPOLLIN | EPOLLET, 7) == 0);
    EXPECT(put(ends[1]) && one(epoll) == 7 && one(epoll) == 0);
    EXPECT(add(epoll, other[0], EPOLLIN | EPOLLET, 8) == 0 && put(other[1]));
    middle();
    EXPECT(one(epoll) == 8 && one(epoll) == 0);
    EXPECT(put(ends[1]) && one(epoll) == 7 && one(epoll) == 0);
    EXPECT(take(ends[0]) && one(epoll) == 0);
    EXPECT(put(ends[1]) && take(ends[0]) && take(ends[0]) && one(epoll) == 0);
}

static void one_shot_is_told_once_until_it_is_asked_for_again(void)
{
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    EXPECT(add(epoll, ends[0], EPOLLIN | EPOLLONESHOT, 7) == 0);
    EXPECT(put(ends[1]) && one(epoll) == 7 && one(epoll) == 0);
    middle();
    EXPECT(one(epoll) == 0 && put(ends[1]) && one(epoll) == 0);
    close(ends[1]);
    EXPECT(one(epoll) == 0);
    EXPECT(add(epoll, ends[0], EPOLLIN, 7) == -1 && errno == EEXIST);
    EXPECT(control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT, 8) == 0);
    EXPECT(one(epoll) == 8 && one(epoll) == 0);
}

static void a_change_tells_at_once_what_is_ready(void)
{
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    EXPECT(put(ends[1]) && add(epoll, ends[0], EPOLLIN | EPOLLET, 7) == 0 && one(epoll) == 7 && one(epoll) == 0);
    EXPECT(control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET, 0xfedcba9876543210) == 0);
    middle();
    struct epoll_event event;
    EXPECT(epoll_wait(epoll, &event, 1, 0) == 1 && event.data.u64 == 0xfedcba9876543210 && event.events == EPOLLIN);
    EXPECT(control(epoll, EPOLL_CTL_MOD, ends[0], EPOLLOUT, 7) == 0 && one(epoll) == 0);
    EXPECT(control(epoll, EPOLL_CTL_MOD, ends[0], 0, 7) == 0 && one(epoll) == 0);
    close(ends[1]);
    EXPECT(events_of(epoll) == EPOLLHUP);
}

static void each_descriptor_of_a_file_is_watched_for_itself(void)
{
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    int copy = dup(ends[0]);
    EXPECT(add(epoll, ends[0], EPOLLIN, 1) == 0 && add(epoll, copy, EPOLLIN, 2) == 0);
    EXPECT_ERRNO(add(epoll, copy, EPOLLIN, 2), EEXIST);
    EXPECT(put(ends[1]));
    middle();
    struct epoll_event events[4];
    EXPECT(epoll_wait(epoll, events, 4, 0) == 2 && events[0].data.u64 + events[1].data.u64 == 3);
    EXPECT(control(epoll, EPOLL_CTL_DEL, copy, 0, 0) == 0 && one(epoll) == 1);
    EXPECT_ERRNO(control(epoll, EPOLL_CTL_DEL, copy, 0, 0), ENOENT);
    EXPECT_ERRNO(control(epoll, EPOLL_CTL_MOD, copy, EPOLLIN, 0), ENOENT);
}

static void a_watch_ends_with_the_last_descriptor_of_the_file(void)
{
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    int copy = dup(ends[0]);
    EXPECT(add(epoll, ends[0], EPOLLIN, 5) == 0 && put(ends[1]));
    close(ends[0]);
    EXPECT(one(epoll) == 5);
    EXPECT_ERRNO(control(epoll, EPOLL_CTL_DEL, ends[0], 0, 0), EBADF);
    middle();
    EXPECT(one(epoll) == 5);
    /* The number is another file's, which is not watched. */
    EXPECT(dup2(ends[1], ends[0]) == ends[0]);
    EXPECT_ERRNO(control(epoll, EPOLL_CTL_DEL, ends[0], 0, 0), ENOENT);
    EXPECT(one(epoll) == 5);
    close(copy);
    EXPECT(one(epoll) == 0);
}

static void what_cannot_be_polled_is_refused(void)
{
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    int file = open("/tmp/epolls-file", O_RDWR | O_CREAT, 0600), folder = open("/tmp", O_RDONLY);
    int null = open("/dev/null", O_RDWR), numbers = open("/dev/random", O_RDONLY), path = open("/tmp", O_PATH);
    EXPECT_ERRNO(add(epoll, file, EPOLLIN, 1), EPERM);
    EXPECT_ERRNO(add(epoll, folder, EPOLLIN, 1), EPERM);
    EXPECT_ERRNO(add(epoll, null, EPOLLIN, 1), EPERM);
    EXPECT_ERRNO(add(epoll, path, EPOLLIN, 1), EBADF);
    EXPECT_ERRNO(add(path, ends[0], EPOLLIN, 1), EBADF);
    EXPECT(add(epoll, numbers, EPOLLIN | EPOLLOUT, 9) == 0 && one(epoll) == 9);
    middle();
    EXPECT_ERRNO(control(epoll, EPOLL_CTL_DEL, file, 0, 0), EPERM);
    EXPECT(events_of(epoll) == EPOLLIN);
    int uptime = open("/proc/uptime", O_RDONLY), status = open("/proc/self/status", O_RDONLY);
    EXPECT(add(epoll, uptime, EPOLLIN, 1) == 0);
    EXPECT_ERRNO(add(epoll, status, EPOLLIN, 1), EPERM);
    unlink("/tmp/epolls-file");
}

static void errors_come_in_order(void)
{
    int ends[2], epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN}, *bad = (void *)8;
    make_pipe(ends);
    EXPECT_ERRNO(epoll_create(0), EINVAL);
    EXPECT_ERRNO(epoll_create(-1), EINVAL);
    EXPECT_ERRNO(epoll_create1(1), EINVAL);
    int marked = epoll_create1(EPOLL_CLOEXEC);
    EXPECT(fcntl(marked, F_GETFD) == FD_CLOEXEC && fcntl(epoll, F_GETFD) == 0 && (fcntl(epoll, F_GETFL) & O_ACCMODE) == O_RDWR);
    EXPECT_ERRNO(epoll_ctl(-1, 77, -1, bad), EFAULT);
    EXPECT_ERRNO(epoll_ctl(-1, 77, -1, &event), EBADF);
    EXPECT_ERRNO(epoll_ctl(epoll, 77, -1, &event), EBADF);
    EXPECT_ERRNO(epoll_ctl(-1, EPOLL_CTL_DEL, ends[0], bad), EBADF);
    middle();
    EXPECT_ERRNO(epoll_ctl(epoll, 77, ends[0], &event), EINVAL);
    EXPECT_ERRNO(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[0], &event), EINVAL);
    EXPECT_ERRNO(epoll_ctl(epoll, EPOLL_CTL_ADD, epoll, &event), EINVAL);
    EXPECT_ERRNO(epoll_ctl(ends[1], EPOLL_CTL_ADD, ends[0], &event), EINVAL);
    EXPECT_ERRNO(syscall(SYS_epoll_wait, epoll, &event, 0, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_epoll_wait, epoll, &event, -5, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_epoll_wait, ends[0], 0, 1 << 28, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_epoll_wait, ends[0], -4096UL, 1, 0), EFAULT);
    EXPECT_ERRNO(epoll_wait(-1, &event, 1, 0), EBADF);
    EXPECT_ERRNO(epoll_wait(ends[0], &event, 1, 0), EINVAL);
    EXPECT_ERRNO(syscall(SYS_epoll_pwait, -1, 0, 0, 0, &event, 4), EINVAL);
    EXPECT_ERRNO(syscall(SYS_epoll_pwait, -1, 0, 0, 0, bad, 8), EFAULT);
    struct timespec wrong = {0, -1};
    EXPECT_ERRNO(syscall(SYS_epoll_pwait2, -1, 0, 0, &wrong, bad, 8), EINVAL);
    EXPECT_ERRNO(syscall(SYS_epoll_pwait2, -1, 0, 0, bad, bad, 4), EFAULT);
    char byte;
    EXPECT_ERRNO(read(epoll, &byte, 1), EINVAL);
    EXPECT_ERRNO(write(epoll, &byte, 1), EINVAL);
}

static void an_event_that_has_no_place_is_not_lost(void)
{
    int first[2], second[2], epoll = epoll_create1(0);
    make_pipe(first), make_pipe(second);
    char *pages = aligned_alloc(4096, 8192), *page = pages + 4096;
    EXPECT(sizeof(struct epoll_event) == 12);
    EXPECT(add(epoll, first[0], EPOLLIN | EPOLLET, 1) == 0 && put(first[1]));
    EXPECT_ERRNO(syscall(SYS_epoll_wait, epoll, 8, 1, 0), EFAULT);
    middle();
    EXPECT_ERRNO(syscall(SYS_epoll_wait, epoll, 8, 1, 0), EFAULT);
    EXPECT(one(epoll) == 1);
    EXPECT(add(epoll, second[0], EPOLLIN | EPOLLET, 2) == 0 && put(first[1]) && put(second[1]));
    EXPECT(syscall(SYS_mprotect, page, 4096, 0) == 0);
    EXPECT(syscall(SYS_epoll_wait, epoll, page - 12, 2, 0) == 1);
    EXPECT(one(epoll) == 2 && one(epoll) == 0);
}

static void epolls_watch_each_other(void)
{
    int ends[2], inner = epoll_create1(0), outer = epoll_create1(0), edge = epoll_create1(0);
    make_pipe(ends);
    EXPECT(add(inner, ends[0], EPOLLIN, 1) == 0 && add(outer, inner, EPOLLIN, 2) == 0 && add(edge, inner, EPOLLIN | EPOLLET, 3) == 0);
    EXPECT(one(outer) == 0 && put(ends[1]) && one(outer) == 2 && one(outer) == 2 && one(edge) == 3 && one(edge) == 0);
    middle();
    EXPECT(one(edge) == 0 && one(outer) == 2);
    EXPECT(put(ends[1]) && one(edge) == 3 && one(edge) == 0);
    EXPECT(one(inner) == 1 && one(outer) == 2 && take(ends[0]) && take(ends[0]) && one(outer) == 0 && one(inner) == 0);
    EXPECT_ERRNO(add(inner, outer, EPOLLIN, 4), ELOOP);
    EXPECT_ERRNO(add(inner, inner, EPOLLIN, 4), EINVAL);
    EXPECT_ERRNO(add(outer, inner, EPOLLIN, 4), EEXIST);
    close(inner);
    EXPECT(put(ends[1]) && one(outer) == 0);
}

static void epolls_lie_five_deep_at_most(void)
{
    int ends[2], epolls[5], more = epoll_create1(0);
    make_pipe(ends);
    epolls[0] = epoll_create1(0);
    EXPECT(add(epolls[0], ends[0], EPOLLIN, 9) == 0);
    for (int i = 1; i < 5; i++) {
        epolls[i] = epoll_create1(0);
        EXPECT(add(epolls[i], epolls[i - 1], EPOLLIN, 9) == 0);
    }
    EXPECT(add(more, epolls[4], EPOLLIN, 9) == -1 && (errno == ELOOP || errno == EINVAL));
    middle();
    EXPECT(add(more, epolls[4], EPOLLIN, 9) == -1 && (errno == ELOOP || errno == EINVAL));
    EXPECT_ERRNO(add(epolls[0], epolls[4], EPOLLIN, 9), ELOOP);
    EXPECT(one(epolls[4]) == 0 && put(ends[1]) && one(epolls[4]) == 9 && take(ends[0]) && one(epolls[4]) == 0);
}

static void an_epoll_can_be_polled(void)
{
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    EXPECT(add(epoll, ends[0], EPOLLIN, 1) == 0);
    struct pollfd asked = {epoll, POLLIN | POLLOUT, 0};
    EXPECT(poll(&asked, 1, 0) == 0);
    pid_t child = fork();
    if (child == 0) {
        fd_set set;
        FD_ZERO(&set);
        FD_SET(epoll, &set);
        int count = select(epoll + 1, &set, 0, 0, 0);
        _exit(count == 1 && FD_ISSET(epoll, &set) && poll(&asked, 1, -1) == 1 && asked.revents == POLLIN ? 0 : 1);
    }
    middle();
    nap(50);
    int status;
    EXPECT(waitpid(child, 0, WNOHANG) == 0 && put(ends[1]));
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

static void all_have_their_turn(void)
{
    int ends[5][2], epoll = epoll_create1(0);
    for (int i = 0; i < 5; i++) {
        make_pipe(ends[i]);
        EXPECT(add(epoll, ends[i][0], EPOLLIN, (uint64_t)i) == 0);
    }
    const int order[] = {3, 1, 4, 0, 2};
    for (int i = 0; i < 5; i++)
        EXPECT(put(ends[order[i]][1]));
    struct epoll_event events[2];
    EXPECT(epoll_wait(epoll, events, 2, 0) == 2 && events[0].data.u64 == 3 && events[1].data.u64 == 1);
    middle();
    EXPECT(epoll_wait(epoll, events, 2, 0) == 2 && events[0].data.u64 == 4 && events[1].data.u64 == 0);
    EXPECT(epoll_wait(epoll, events, 2, 0) == 2 && events[0].data.u64 == 2 && events[1].data.u64 == 3);
    EXPECT(epoll_wait(epoll, events, 2, 0) == 2 && events[0].data.u64 == 1 && events[1].data.u64 == 4);
}

static void hang_ups_and_errors_are_always_told(void)
{
    int ends[2], other[2], epoll = epoll_create1(0), second = epoll_create1(0);
    make_pipe(ends), make_pipe(other);
    EXPECT(add(epoll, ends[0], EPOLLET, 1) == 0 && add(second, other[1], EPOLLONESHOT | EPOLLRDHUP, 2) == 0);
    EXPECT(one(epoll) == 0 && one(second) == 0);
    middle();
    close(ends[1]), close(other[0]);
    EXPECT(events_of(epoll) == EPOLLHUP && events_of(epoll) == 0);
    EXPECT(events_of(second) == EPOLLERR && events_of(second) == 0);
}

static void room_is_an_edge_only_in_a_full_pipe(void)
{
    static char block[65536];
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    EXPECT(add(epoll, ends[1], EPOLLOUT | EPOLLET, 1) == 0 && one(epoll) == 1 && one(epoll) == 0);
    EXPECT(put(ends[1]) && put(ends[1]) && take(ends[0]) && one(epoll) == 0);
    EXPECT(take(ends[0]) && write(ends[1], block, sizeof block) == sizeof block && one(epoll) == 0);
    middle();
    EXPECT(one(epoll) == 0 && read(ends[0], block, 8192) == 8192 && one(epoll) == 1);
    EXPECT(read(ends[0], block, 8192) == 8192 && one(epoll) == 0);
    EXPECT(control(epoll, EPOLL_CTL_MOD, ends[1], EPOLLOUT, 2) == 0 && one(epoll) == 2 && one(epoll) == 2);
}

static void *wait_for_one(void *epoll)
{
    struct epoll_event event;
    int count = epoll_wait((int)(intptr_t)epoll, &event, 1, -1);
    return (void *)(intptr_t)(count == 1 ? (int)event.data.u64 : -1);
}

/* True when all other threads of this process sleep: /proc says so. */
static int others_sleep(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int all = tasks != 0;
    for (struct dirent *task; tasks && (task = readdir(tasks)); ) {
        char name[320], text[256] = "", *state;
        if (atoi(task->d_name) == 0 || atoi(task->d_name) == getpid())
            continue;
        snprintf(name, sizeof name, "/proc/self/task/%s/stat", task->d_name);
        int file = open(name, O_RDONLY);
        long length = file < 0 ? -1 : read(file, text, sizeof text - 1);
        close(file);
        state = length > 0 ? strrchr(text, ')') : 0;
        all &= state && state[2] == 'S';
    }
    if (tasks)
        closedir(tasks);
    return all;
}

/* True once so many of the threads have come back and the others sleep. */
static int woken(pthread_t *threads, int count, int *is_done, int expected)
{
    for (int tries = 0; tries < 2000; tries++) {
        int settled = others_sleep(), number = 0;
        for (int i = 0; i < count; i++) {
            if (!is_done[i] && pthread_tryjoin_np(threads[i], 0) == 0)
                is_done[i] = 1;
            number += is_done[i];
        }
        if (number > expected || (number == expected && settled))
            return number == expected;
        nap(5);
    }
    return 0;
}

static void an_edge_wakes_one_of_many_threads(void)
{
    int ends[2], is_done[4] = {0}, epoll = epoll_create1(0);
    make_pipe(ends);
    pthread_t threads[4];
    EXPECT(add(epoll, ends[0], EPOLLIN | EPOLLET, 1) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], 0, wait_for_one, (void *)(intptr_t)epoll) == 0);
    EXPECT(woken(threads, 4, is_done, 0));
    middle();
    for (int i = 1; i <= 4; i++)
        EXPECT(put(ends[1]) && woken(threads, 4, is_done, i));
}

static void a_level_wakes_one_thread_after_the_other(void)
{
    int ends[2], is_done[3] = {0}, epoll = epoll_create1(0);
    make_pipe(ends);
    pthread_t threads[3];
    EXPECT(add(epoll, ends[0], EPOLLIN, 1) == 0);
    for (int i = 0; i < 3; i++)
        EXPECT(pthread_create(&threads[i], 0, wait_for_one, (void *)(intptr_t)epoll) == 0);
    EXPECT(woken(threads, 3, is_done, 0));
    middle();
    EXPECT(put(ends[1]) && woken(threads, 3, is_done, 3));
}

static void exclusive_watches_wake_one_of_many_epolls(void)
{
    int ends[2], is_done[3] = {0}, epolls[3];
    make_pipe(ends);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        epolls[i] = epoll_create1(0);
        EXPECT(add(epolls[i], ends[0], EPOLLIN | EPOLLET | EPOLLEXCLUSIVE, 1) == 0);
        EXPECT(pthread_create(&threads[i], 0, wait_for_one, (void *)(intptr_t)epolls[i]) == 0);
    }
    EXPECT(woken(threads, 3, is_done, 0));
    middle();
    for (int i = 1; i <= 3; i++)
        EXPECT(put(ends[1]) && woken(threads, 3, is_done, i));
    EXPECT_ERRNO(control(epolls[0], EPOLL_CTL_MOD, ends[0], EPOLLIN, 1), EINVAL);
    EXPECT_ERRNO(control(epolls[0], EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLEXCLUSIVE, 1), EINVAL);
    EXPECT_ERRNO(add(epolls[0], ends[1], EPOLLOUT | EPOLLONESHOT | EPOLLEXCLUSIVE, 1), EINVAL);
    EXPECT_ERRNO(add(epolls[0], epolls[1], EPOLLIN | EPOLLEXCLUSIVE, 1), EINVAL);
}

static void a_wait_ends_at_its_time(void)
{
    int epoll = epoll_create1(0);
    struct epoll_event event;
    double begin = now();
    EXPECT(epoll_wait(epoll, &event, 1, 0) == 0 && now() - begin < 1);
    pid_t child = fork();
    if (child == 0) {
        begin = now();
        struct timespec time = {3, 1};
        _exit(syscall(SYS_epoll_pwait2, epoll, &event, 1, &time, 0, 8) == 0 && now() - begin >= 3 ? 0 : 1);
    }
    middle();
    int status;
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    begin = now();
    EXPECT(epoll_wait(epoll, &event, 1, 120) == 0 && now() - begin >= 0.119);
}

static volatile sig_atomic_t caught;

static void catch(int signal)
{
    caught = signal;
}

static void the_mask_lasts_as_long_as_the_wait(void)
{
    int epoll = epoll_create1(0);
    pid_t child = fork();
    if (child == 0) {
        struct epoll_event event;
        struct sigaction action = {.sa_handler = catch, .sa_flags = SA_RESTART};
        sigset_t set, none, after;
        sigemptyset(&set), sigemptyset(&none), sigaddset(&set, SIGUSR1);
        sigaction(SIGUSR1, &action, 0), sigprocmask(SIG_BLOCK, &set, 0);
        int result = epoll_pwait(epoll, &event, 1, -1, &none);
        int error = errno;
        sigprocmask(SIG_BLOCK, 0, &after);
        _exit(result == -1 && error == EINTR && caught == SIGUSR1 && sigismember(&after, SIGUSR1) ? 0 : 1);
    }
    middle();
    int status;
    nap(300);
    EXPECT(waitpid(child, 0, WNOHANG) == 0 && kill(child, SIGUSR1) == 0);
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
}

static void a_stop_interrupts_a_wait(void)
{
    int epoll = epoll_create1(0);
    pid_t child[2];
    for (int i = 0; i < 2; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            struct epoll_event event;
            sigset_t none;
            sigemptyset(&none);
            _exit((i == 0 ? epoll_wait(epoll, &event, 1, -1) : epoll_pwait(epoll, &event, 1, -1, &none)) == -1 && errno == EINTR ? 0 : 1);
        }
    }
    nap(300);
    for (int i = 0; i < 2; i++)
        EXPECT(kill(child[i], SIGSTOP) == 0 && waitpid(child[i], 0, WUNTRACED) == child[i]);
    middle();
    for (int i = 0; i < 2; i++) {
        int status = 1;
        EXPECT(kill(child[i], SIGCONT) == 0);
        EXPECT(waitpid(child[i], &status, 0) == child[i] && status == 0);
    }
}

static void forks_share_an_epoll(void)
{
    int ends[2], epoll = epoll_create1(0);
    make_pipe(ends);
    pid_t child = fork();
    if (child == 0)
        _exit(add(epoll, ends[0], EPOLLIN, 6));
    int status = 1;
    EXPECT(waitpid(child, &status, 0) == child && status == 0 && put(ends[1]));
    middle();
    EXPECT(one(epoll) == 6);
    child = fork();
    if (child == 0)
        _exit(one(epoll) == 6 && control(epoll, EPOLL_CTL_DEL, ends[0], 0, 0) == 0 ? 0 : 1);
    EXPECT(waitpid(child, &status, 0) == child && status == 0 && one(epoll) == 0);
}

static void a_fifo_is_watched_through_all_its_ends(void)
{
    int epoll = epoll_create1(0);
    unlink("/tmp/epolls-fifo");
    EXPECT(mkfifo("/tmp/epolls-fifo", 0600) == 0);
    int reader = open("/tmp/epolls-fifo", O_RDONLY | O_NONBLOCK);
    EXPECT(add(epoll, reader, EPOLLIN, 1) == 0 && one(epoll) == 0);
    int writer = open("/tmp/epolls-fifo", O_WRONLY | O_NONBLOCK);
    EXPECT(one(epoll) == 0 && put(writer));
    middle();
    EXPECT(events_of(epoll) == EPOLLIN && take(reader) && events_of(epoll) == 0);
    close(writer);
    EXPECT(events_of(epoll) == EPOLLHUP);
    writer = open("/tmp/epolls-fifo", O_WRONLY | O_NONBLOCK);
    EXPECT(events_of(epoll) == 0 && put(writer) && events_of(epoll) == EPOLLIN);
    unlink("/tmp/epolls-fifo");
}

static void one_of_a_thousand_is_found(void)
{
    int epoll = epoll_create1(0);
    static int ends[500][2];
    struct rlimit most = {2000, 2000};
    EXPECT(setrlimit(RLIMIT_NOFILE, &most) == 0);
    for (int i = 0; i < 500; i++) {
        if (pipe(ends[i]) != 0 || add(epoll, ends[i][0], EPOLLIN, (uint64_t)i + 1) != 0)
            failures++;
        if (add(epoll, ends[i][1], EPOLLIN, 5000) != 0)
            failures++;
    }
    EXPECT(one(epoll) == 0 && put(ends[321][1]));
    middle();
    EXPECT(one(epoll) == 322 && take(ends[321][0]) && one(epoll) == 0);
    for (int i = 0; i < 500; i++)
        put(ends[i][1]);
    static struct epoll_event events[1000];
    EXPECT(epoll_wait(epoll, events, 1000, 0) == 500 && events[0].data.u64 == 1 && events[499].data.u64 == 500);
}

static void a_waiting_thread_keeps_a_closed_epoll(void)
{
    int ends[2], is_done[1] = {0}, epoll = epoll_create1(0);
    make_pipe(ends);
    pthread_t thread;
    EXPECT(add(epoll, ends[0], EPOLLIN | EPOLLET, 1) == 0);
    EXPECT(pthread_create(&thread, 0, wait_for_one, (void *)(intptr_t)epoll) == 0 && woken(&thread, 1, is_done, 0));
    close(epoll);
    middle();
    EXPECT(woken(&thread, 1, is_done, 0) && put(ends[1]) && woken(&thread, 1, is_done, 1));
}

static void counters_are_watched(void)
{
    int epoll = epoll_create1(0), level = eventfd(3, EFD_NONBLOCK), edge = eventfd(0, EFD_NONBLOCK);
    eventfd_t value;
    EXPECT(add(epoll, level, EPOLLIN, 1) == 0 && one(epoll) == 1);
    EXPECT(add(epoll, edge, EPOLLIN | EPOLLOUT | EPOLLET, 2) == 0);
    struct epoll_event events[4];
    EXPECT(epoll_wait(epoll, events, 4, 0) == 2);
    middle();
    EXPECT(one(epoll) == 1 && eventfd_read(level, &value) == 0 && value == 3 && one(epoll) == 0);
    EXPECT(eventfd_write(edge, 1) == 0 && one(epoll) == 2 && one(epoll) == 0);
    EXPECT(eventfd_write(level, 1) == 0 && one(epoll) == 1);
}

static void timers_are_watched(void)
{
    int epoll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), past = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec soon = {.it_value.tv_nsec = 20000000, .it_interval.tv_sec = 1000}, later = {.it_value.tv_sec = 1000};
    struct epoll_event event;
    uint64_t ticks;
    EXPECT(add(epoll, past, EPOLLIN, 1) == 0 && timerfd_settime(past, 0, &soon, NULL) == 0);
    EXPECT(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u64 == 1);
    EXPECT(add(epoll, timer, EPOLLIN | EPOLLET, 2) == 0 && timerfd_settime(timer, 0, &later, NULL) == 0 && one(epoll) == 1);
    middle();
    EXPECT(one(epoll) == 1 && read(past, &ticks, 8) == 8 && ticks == 1 && one(epoll) == 0);
    EXPECT(timerfd_settime(timer, 0, &soon, NULL) == 0 && epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u64 == 2);
    EXPECT(one(epoll) == 0);
}

static void signals_are_watched(void)
{
    int epoll = epoll_create1(0);
    struct signalfd_siginfo info;
    sigset_t set;
    sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2);
    EXPECT(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    int signals = signalfd(-1, &set, SFD_NONBLOCK);
    EXPECT(add(epoll, signals, EPOLLIN, 5) == 0 && one(epoll) == 0);
    EXPECT(raise(SIGUSR1) == 0 && one(epoll) == 5);
    middle();
    EXPECT(one(epoll) == 5 && read(signals, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR1 && one(epoll) == 0);
    pid_t self = getpid(), child = fork();
    if (child == 0) {
        nap(20);
        kill(self, SIGUSR2);
        _exit(0);
    }
    struct epoll_event event;
    EXPECT(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u64 == 5);
    EXPECT(read(signals, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR2 && info.ssi_pid == (uint32_t)child);
    EXPECT(waitpid(child, NULL, 0) == child && one(epoll) == 0);
}

static const struct { const char *name; void (*run)(void); } tests[] = {
#define TEST(name) {#name, name}
    TEST(level_triggered_is_told_until_it_is_taken), TEST(edge_triggered_is_told_once_for_each_write),
    TEST(one_shot_is_told_once_until_it_is_asked_for_again), TEST(a_change_tells_at_once_what_is_ready),
    TEST(each_descriptor_of_a_file_is_watched_for_itself), TEST(a_watch_ends_with_the_last_descriptor_of_the_file),
    TEST(what_cannot_be_polled_is_refused), TEST(errors_come_in_order), TEST(an_event_that_has_no_place_is_not_lost),
    TEST(epolls_watch_each_other), TEST(epolls_lie_five_deep_at_most), TEST(an_epoll_can_be_polled), TEST(all_have_their_turn),
    TEST(hang_ups_and_errors_are_always_told), TEST(room_is_an_edge_only_in_a_full_pipe), TEST(an_edge_wakes_one_of_many_threads),
    TEST(a_level_wakes_one_thread_after_the_other), TEST(exclusive_watches_wake_one_of_many_epolls), TEST(a_wait_ends_at_its_time),
    TEST(the_mask_lasts_as_long_as_the_wait), TEST(a_stop_interrupts_a_wait), TEST(forks_share_an_epoll),
    TEST(a_fifo_is_watched_through_all_its_ends), TEST(one_of_a_thousand_is_found), TEST(a_waiting_thread_keeps_a_closed_epoll),
    TEST(counters_are_watched), TEST(timers_are_watched), TEST(signals_are_watched),
};

#define COUNT (sizeof tests / sizeof *tests)

int main(int count, char **arguments)
{
    int seconds = count > 1 && strcmp(arguments[1], "cut") == 0 ? 8 : 0;
    int go[COUNT], is_there[COUNT];
    pid_t children[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        if (pipe(ready_end) != 0 || pipe(go_end) != 0)
            return 2;
        children[i] = fork();
        if (children[i] == 0) {
            close(go_end[1]);
            tests[i].run();
            _exit(failures != 0);
        }
        close(ready_end[1]), close(go_end[0]);
        go[i] = go_end[1], is_there[i] = ready_end[0];
    }
    char byte;
    for (unsigned i = 0; i < COUNT; i++)
        CHECK(read(is_there[i], &byte, 1) == 1, "%s: comes to its middle", tests[i].name);
    printf("# holding\n");
    fflush(stdout);
    for (double end = now() + seconds; now() < end;)
        nap(200);
    for (unsigned i = 0; i < COUNT; i++) {
        int status = -1;
        byte = 1;
        CHECK(write(go[i], &byte, 1) == 1 && waitpid(children[i], &status, 0) == children[i] && status == 0, "%s", tests[i].name);
    }
    return tap_done();
}
