/* mqueues.c - POSIX message queues, one behaviour a check, over power cuts too (ipc.h). Where nothing is mounted at /dev/mqueue, as in
 * many containers, what is about that directory is left out. */
#define _GNU_SOURCE
#include "ipc.h"
#include <dirent.h>
#include <limits.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#define SMALL 64

static char text[9000];
static unsigned priority;

/* A name that no other program and no other check has. */
static const char *name(void)
{
    static char names[8][64];
    static int count;
    char *made = names[count % 8];
    sprintf(made, "/aurora-%d-%d", getpid(), count++);
    return made;
}

/* A new queue for a few short messages. */
static mqd_t makes(const char *called, long messages)
{
    struct mq_attr size = {.mq_maxmsg = messages, .mq_msgsize = SMALL};
    return mq_open(called, O_CREAT | O_EXCL | O_RDWR, 0600, &size);
}

static int sends(mqd_t queue, const char *what, unsigned how) { return mq_send(queue, what, strlen(what) + 1, how); }

/* The text of the message that is taken; what went wrong otherwise. */
static const char *takes(mqd_t queue)
{
    memset(text, 0, SMALL);
    return mq_receive(queue, text, SMALL, &priority) < 0 ? strerror(errno) : text;
}

static int is(const char *found, const char *wanted) { return strcmp(found, wanted) == 0; }

static struct timespec in(double seconds)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    long nanoseconds = time.tv_nsec + (long)((seconds - (long)seconds) * 1e9);
    return (struct timespec){time.tv_sec + (long)seconds + nanoseconds / 1000000000, nanoseconds % 1000000000};
}

static int has_passed(struct timespec moment)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec > moment.tv_sec || (time.tv_sec == moment.tv_sec && time.tv_nsec >= moment.tv_nsec);
}

static int has_directory(void)
{
    struct statfs about;
    return statfs("/dev/mqueue", &about) == 0 && about.f_type == 0x19800202;
}

static const char *path_of(const char *called)
{
    static char path[300];
    sprintf(path, "/dev/mqueue%s", called);
    return path;
}

static long count_of(mqd_t queue)
{
    struct mq_attr about;
    return mq_getattr(queue, &about) ? -1 : about.mq_curmsgs;
}

static const char *messages_come_by_priority_and_age(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 8);
    const struct { unsigned how; const char *what; } all[] = {{3, "c"}, {0, "z"}, {7, "a"}, {3, "C"}, {32767, "!"}, {7, "A"}, {0, "Z"}};
    for (int i = 0; i < 7; i++)
        MUST(sends(queue, all[i].what, all[i].how) == 0);
    hold();
    MUST(count_of(queue) == 7 && is(takes(queue), "!") && priority == 32767 && is(takes(queue), "a") && priority == 7);
    MUST(sends(queue, "late", 7) == 0 && is(takes(queue), "A") && is(takes(queue), "late") && is(takes(queue), "c"));
    MUST(is(takes(queue), "C") && priority == 3 && is(takes(queue), "z") && is(takes(queue), "Z") && priority == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *a_queue_stays_without_anybody(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 4);
    MUST(sends(queue, "one", 1) == 0 && sends(queue, "two", 2) == 0 && mq_close(queue) == 0);
    hold();
    queue = mq_open(called, O_RDONLY);
    MUST(queue >= 0 && is(takes(queue), "two") && is(takes(queue), "one") && mq_unlink(called) == 0);
    MUST(FAILS(mq_open(called, O_RDONLY), ENOENT) && mq_close(queue) == 0);
    return 0;
}

static const char *a_queue_without_name_lives_while_it_is_open(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 4);
    MUST(sends(queue, "old", 0) == 0 && mq_unlink(called) == 0 && FAILS(mq_unlink(called), ENOENT));
    struct stat about;
    MUST(fstat(queue, &about) == 0 && about.st_nlink == 0);
    mqd_t other = makes(called, 4);
    MUST(other >= 0 && sends(other, "new", 0) == 0);
    hold();
    MUST(is(takes(queue), "old") && is(takes(other), "new") && sends(queue, "more", 5) == 0 && is(takes(queue), "more"));
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static int receives(void *queue) { return strcmp(takes((mqd_t)(long)queue), "for you"); }

static const char *a_receiver_waits(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 2);
    int waiter = child(receives, (void *)(long)queue);
    MUST(sleeps(waiter));
    hold();
    MUST(sleeps(waiter) && sends(queue, "for you", 9) == 0 && ends(waiter) == 0 && count_of(queue) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static int sends_third(void *queue) { return sends((mqd_t)(long)queue, "third", 7); }

static const char *a_sender_waits_for_room(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 2);
    MUST(sends(queue, "first", 1) == 0 && sends(queue, "second", 1) == 0);
    int waiter = child(sends_third, (void *)(long)queue);
    MUST(sleeps(waiter));
    hold();
    MUST(sleeps(waiter) && count_of(queue) == 2 && is(takes(queue), "first") && ends(waiter) == 0 && count_of(queue) == 2);
    MUST(is(takes(queue), "third") && is(takes(queue), "second"));
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static int times_out(void *queue)
{
    struct timespec until = in(1.5);
    return FAILS(mq_timedreceive((mqd_t)(long)queue, text, SMALL, 0, &until), ETIMEDOUT) && has_passed(until) ? 0 : 1;
}

static int times_out_sending(void *queue)
{
    struct timespec until = in(1.5);
    return FAILS(mq_timedsend((mqd_t)(long)queue, "x", 1, 0, &until), ETIMEDOUT) && has_passed(until) ? 0 : 1;
}

static const char *a_wait_ends_at_its_time(void)
{
    const char *called = name();
    mqd_t empty = makes(called, 1);
    MUST(mq_unlink(called) == 0);
    mqd_t full = makes(called, 1);
    MUST(sends(full, "x", 0) == 0);
    int receiver = child(times_out, (void *)(long)empty), sender = child(times_out_sending, (void *)(long)full);
    hold();
    MUST(ends(receiver) == 0 && ends(sender) == 0 && count_of(full) == 1 && count_of(empty) == 0);
    struct timespec past = {1, 0};
    MUST(FAILS(mq_timedreceive(empty, text, SMALL, 0, &past), ETIMEDOUT) && FAILS(mq_timedsend(full, "x", 1, 0, &past), ETIMEDOUT));
    MUST(mq_timedreceive(full, text, SMALL, 0, &past) == 2 && mq_timedsend(full, "y", 2, 0, &past) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static int receives_within_an_hour(void *queue)
{
    struct timespec until = in(3600);
    return mq_timedreceive((mqd_t)(long)queue, text, SMALL, 0, &until) == 8 ? 0 : 1;
}

static const char *a_wait_whose_time_has_not_come_goes_on(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 1);
    int waiter = child(receives_within_an_hour, (void *)(long)queue);
    MUST(sleeps(waiter));
    hold();
    MUST(sleeps(waiter) && sends(queue, "for you", 0) == 0 && ends(waiter) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static int receives_patiently(void *queue) { return nice(10) == -1 || !is(takes((mqd_t)(long)queue), "second"); }

static int receives_urgently(void *queue) { return !is(takes((mqd_t)(long)queue), "first"); }

static int receives_after(void *queue) { return !is(takes((mqd_t)(long)queue), "third"); }

static const char *the_most_urgent_is_served_first(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 2);
    int patient = child(receives_patiently, (void *)(long)queue);
    MUST(sleeps(patient));
    int urgent = child(receives_urgently, (void *)(long)queue);
    MUST(sleeps(urgent));
    hold();
    MUST(sends(queue, "first", 0) == 0 && ends(urgent) == 0 && sleeps(patient));
    MUST(sends(queue, "second", 0) == 0 && ends(patient) == 0);
    int last = child(receives_after, (void *)(long)queue);
    MUST(sleeps(last) && sends(queue, "third", 0) == 0 && ends(last) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static int sends_only(void *queue) { return sends((mqd_t)(long)queue, "hello", 0); }

static const char *a_signal_tells_of_the_first_message(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 4);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3, .sigev_value.sival_ptr = (void *)0x123456789};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 3);
    MUST(sigprocmask(SIG_BLOCK, &set, 0) == 0 && mq_notify(queue, &event) == 0);
    hold();
    int sender = child(sends_only, (void *)(long)queue);
    siginfo_t info;
    struct timespec second = {30, 0}, none = {0, 0};
    MUST(sigtimedwait(&set, &info, &second) == SIGRTMIN + 3 && info.si_code == SI_MESGQ && info.si_pid == sender);
    MUST(info.si_uid == getuid() && info.si_value.sival_ptr == (void *)0x123456789 && ends(sender) == 0);
    MUST(is(takes(queue), "hello") && sends(queue, "again", 0) == 0 && FAILS(sigtimedwait(&set, &info, &none), EAGAIN));
    MUST(mq_notify(queue, &event) == 0 && sends(queue, "third", 0) == 0 && FAILS(sigtimedwait(&set, &info, &none), EAGAIN));
    MUST(is(takes(queue), "again") && is(takes(queue), "third") && sends(queue, "fourth", 0) == 0);
    MUST(sigtimedwait(&set, &info, &second) == SIGRTMIN + 3 && info.si_pid == getpid());
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

/* What reading a queue shows. */
static int shows(mqd_t queue, long bytes, int notify, int signo, int process)
{
    char wanted[100], found[100] = "";
    sprintf(wanted, "QSIZE:%-10ld NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", bytes, notify, signo, process);
    return pread(queue, found, sizeof found, 0) == (long)strlen(wanted) && is(found, wanted);
}

static const char *who_waits_is_served_and_nobody_told(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 4);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    int waiter = child(receives, (void *)(long)queue);
    MUST(sleeps(waiter) && mq_notify(queue, &event) == 0 && shows(queue, 0, SIGEV_SIGNAL, SIGUSR1, getpid()));
    hold();
    MUST(sends(queue, "for you", 0) == 0 && ends(waiter) == 0 && shows(queue, 0, SIGEV_SIGNAL, SIGUSR1, getpid()));
    MUST(mq_notify(queue, 0) == 0 && shows(queue, 0, 0, 0, 0) && sends(queue, "quiet", 0) == 0 && shows(queue, 6, 0, 0, 0));
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static int asks_too(void *queue)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    return FAILS(mq_notify((mqd_t)(long)queue, &event), EBUSY) && mq_notify((mqd_t)(long)queue, 0) == 0
        && mq_close((mqd_t)(long)queue) == 0 ? 0 : 1;
}

static int asks(void *queue)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    return mq_notify((mqd_t)(long)queue, &event);
}

static const char *one_process_at_a_time_is_told(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 4);
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    MUST(mq_notify(queue, &event) == 0 && FAILS(mq_notify(queue, &event), EBUSY));
    hold();
    MUST(ends(child(asks_too, (void *)(long)queue)) == 0 && shows(queue, 0, SIGEV_NONE, 0, getpid()));
    mqd_t again = mq_open(called, O_RDONLY);
    MUST(again >= 0 && mq_close(again) == 0 && shows(queue, 0, 0, 0, 0));
    MUST(ends(child(asks, (void *)(long)queue)) == 0 && shows(queue, 0, 0, 0, 0));
    event.sigev_notify = 9;
    MUST(FAILS(mq_notify(queue, &event), EINVAL) && FAILS(mq_notify(0, 0), EBADF));
    event = (struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
    MUST(FAILS(mq_notify(queue, &event), EINVAL));
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *reading_tells_what_is_in_it(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 4);
    char part[32] = "";
    MUST(sends(queue, "12345", 0) == 0 && sends(queue, "", 3) == 0 && shows(queue, 7, 0, 0, 0));
    MUST(read(queue, part, 6) == 6 && is(part, "QSIZE:") && lseek(queue, 0, SEEK_CUR) == 6);
    hold();
    MUST(read(queue, part, 2) == 2 && part[0] == '7' && lseek(queue, 1000, SEEK_SET) == 1000 && read(queue, part, 2) == 0);
    MUST(FAILS(write(queue, "x", 1), EINVAL) && shows(queue, 7, 0, 0, 0));
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static short polled(mqd_t queue)
{
    struct pollfd entry = {queue, POLLIN | POLLOUT, 0};
    return poll(&entry, 1, 0) < 0 ? -1 : entry.revents;
}

static const char *queues_are_polled(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 2);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    MUST(polled(queue) == POLLOUT && epoll_ctl(epoll, EPOLL_CTL_ADD, queue, &event) == 0 && epoll_wait(epoll, &event, 1, 0) == 0);
    hold();
    MUST(epoll_wait(epoll, &event, 1, 0) == 0 && sends(queue, "a", 0) == 0 && polled(queue) == (POLLIN | POLLOUT));
    MUST(epoll_wait(epoll, &event, 1, 1000) == 1 && event.events == EPOLLIN && sends(queue, "b", 0) == 0 && polled(queue) == POLLIN);
    int sender = child(sends_third, (void *)(long)queue);
    MUST(sleeps(sender) && is(takes(queue), "a") && ends(sender) == 0 && polled(queue) == POLLIN);
    MUST(is(takes(queue), "third") && is(takes(queue), "b") && polled(queue) == POLLOUT && epoll_wait(epoll, &event, 1, 0) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static void *waits_in_poll(void *queue)
{
    struct pollfd entry = {(mqd_t)(long)queue, POLLIN, 0};
    return (void *)(long)(poll(&entry, 1, 30000) == 1 && entry.revents == POLLIN);
}

static const char *who_polls_hears_of_a_message(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 2);
    pthread_t thread;
    void *has_heard = 0;
    MUST(pthread_create(&thread, 0, waits_in_poll, (void *)(long)queue) == 0);
    usleep(50000);
    hold();
    MUST(sends(queue, "a", 0) == 0 && pthread_join(thread, &has_heard) == 0 && has_heard);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *attributes_are_told_and_one_is_set(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 3);
    struct mq_attr about, wanted = {.mq_flags = O_NONBLOCK, .mq_maxmsg = 99, .mq_msgsize = 99};
    MUST(mq_setattr(queue, &wanted, &about) == 0 && about.mq_flags == 0 && about.mq_maxmsg == 3 && about.mq_msgsize == SMALL);
    MUST(sends(queue, "x", 0) == 0);
    hold();
    MUST(mq_getattr(queue, &about) == 0 && about.mq_flags == O_NONBLOCK && about.mq_maxmsg == 3 && about.mq_curmsgs == 1);
    MUST(fcntl(queue, F_GETFL) == (O_RDWR | O_NONBLOCK) && is(takes(queue), "x"));
    MUST(FAILS(mq_receive(queue, text, SMALL, 0), EAGAIN) && sends(queue, "a", 0) == 0 && sends(queue, "b", 0) == 0);
    MUST(sends(queue, "c", 0) == 0 && FAILS(sends(queue, "d", 0), EAGAIN));
    wanted.mq_flags = O_NONBLOCK | O_APPEND;
    MUST(FAILS(mq_setattr(queue, &wanted, 0), EINVAL) && FAILS(syscall(SYS_mq_getsetattr, queue, 0, nowhere), EFAULT));
    MUST(FAILS(syscall(SYS_mq_getsetattr, queue, nowhere, 0), EFAULT) && FAILS(mq_getattr(0, &about), EBADF));
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *transfers_are_checked_in_order(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 1), reader = mq_open(called, O_RDONLY), writer = mq_open(called, O_WRONLY | O_NONBLOCK);
    struct timespec bad = {0, 1000000000}, negative = {-1, 0};
    MUST(FAILS(mq_timedsend(-1, text, 1, 40000, &bad), EINVAL) && FAILS(mq_timedreceive(-1, text, 1, 0, &negative), EINVAL));
    MUST(FAILS(mq_send(-1, text, 1, 32768), EINVAL) && FAILS(mq_send(-1, text, 1, 0), EBADF) && FAILS(mq_send(0, text, 1, 0), EBADF));
    MUST(FAILS(mq_send(reader, text, 1000, 0), EBADF) && FAILS(mq_receive(writer, text, 1, 0), EBADF));
    MUST(FAILS(mq_send(queue, nowhere, SMALL + 1, 0), EMSGSIZE) && FAILS(mq_send(queue, nowhere, SMALL, 0), EFAULT));
    MUST(FAILS(mq_receive(queue, text, SMALL - 1, 0), EMSGSIZE) && FAILS(mq_receive(queue, text, 0, 0), EMSGSIZE));
    MUST(sends(queue, "x", 0) == 0 && FAILS(mq_send(writer, nowhere, SMALL, 0), EFAULT) && FAILS(mq_send(writer, "y", 1, 0), EAGAIN));
    MUST(FAILS(mq_receive(queue, nowhere, SMALL, 0), EFAULT) && count_of(queue) == 0);
    MUST(sends(queue, "x", 0) == 0 && FAILS(mq_receive(queue, text, SMALL, nowhere), EFAULT) && count_of(queue) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *names_are_checked(void)
{
    const char *called = name();
    char longest[300] = "/";
    memset(longest + 1, 'n', 256);
    sprintf(longest + 200, "%08d", getpid());
    memset(longest + 208, 'n', 49);
    mqd_t queue = makes(called, 1);
    MUST(queue >= 0 && FAILS(makes(called, 1), EEXIST) && FAILS(mq_open("/none-such", O_RDONLY), ENOENT));
    MUST(FAILS(syscall(SYS_mq_open, "", O_RDONLY, 0, 0), ENOENT) && FAILS(syscall(SYS_mq_open, ".", O_RDONLY, 0, 0), EACCES));
    MUST(FAILS(syscall(SYS_mq_open, "..", O_CREAT, 0600, 0), EACCES) && FAILS(syscall(SYS_mq_open, "a/b", O_CREAT, 0600, 0), EACCES));
    MUST(FAILS(mq_open(longest, O_RDONLY), ENAMETOOLONG) && FAILS(mq_unlink(longest), ENAMETOOLONG));
    longest[256] = 0;
    mqd_t other = makes(longest, 1);
    MUST(other >= 0 && mq_unlink(longest) == 0 && FAILS(syscall(SYS_mq_unlink, "a/b"), EACCES));
    MUST(FAILS(syscall(SYS_mq_open, nowhere, O_RDONLY, 0, 0), EFAULT) && FAILS(syscall(SYS_mq_unlink, nowhere), EFAULT));
    MUST(FAILS(syscall(SYS_mq_open, called + 1, O_CREAT | O_RDWR, 0600, nowhere), EFAULT));
    MUST(FAILS(mq_open(called, O_WRONLY | O_RDWR), EINVAL));
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *sizes_are_limited(void)
{
    const struct { long messages, bytes; } bad[] = {{0, 8}, {8, 0}, {-1, 8}, {8, -1}, {65537, 8}, {LONG_MAX, LONG_MAX}, {1, 1L << 40}};
    for (int i = 0; i < 7; i++) {
        struct mq_attr size = {.mq_maxmsg = bad[i].messages, .mq_msgsize = bad[i].bytes};
        MUST(FAILS(mq_open(name(), O_CREAT | O_RDWR, 0600, &size), EINVAL));
    }
    struct rlimit limit, small = {700, 700};
    MUST(getrlimit(RLIMIT_MSGQUEUE, &limit) == 0);
    small.rlim_max = limit.rlim_max;
    MUST(setrlimit(RLIMIT_MSGQUEUE, &small) == 0 && FAILS(makes(name(), 8), EMFILE) && setrlimit(RLIMIT_MSGQUEUE, &limit) == 0);
    const char *called = name();
    mqd_t queue = mq_open(called, O_CREAT | O_RDWR, 0600, 0);
    struct mq_attr about;
    MUST(queue >= 0 && mq_getattr(queue, &about) == 0 && about.mq_maxmsg == 10 && about.mq_msgsize == 8192);
    struct rlimit files, few;
    MUST(getrlimit(RLIMIT_NOFILE, &files) == 0);
    few = (struct rlimit){(rlim_t)queue + 1, files.rlim_max};
    MUST(setrlimit(RLIMIT_NOFILE, &few) == 0);
    for (int file; (file = dup(0)) >= 0; )
        ;
    MUST(FAILS(mq_open("/none-such", O_RDONLY), EMFILE) && FAILS(syscall(SYS_mq_open, "", O_RDONLY, 0, 0), ENOENT));
    MUST(setrlimit(RLIMIT_NOFILE, &files) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static int is_refused(void *called)
{
    if (!be(4321))
        return 77;
    return FAILS(mq_open(called, O_RDONLY), EACCES) && FAILS(mq_open(called, O_CREAT | O_WRONLY, 0600, 0), EACCES)
        && FAILS(syscall(SYS_mq_unlink, (const char *)called + 1), EPERM) ? 0 : 1;
}

static int may_write(void *called)
{
    return be(4321) && FAILS(mq_open(called, O_RDWR), EACCES) && mq_open(called, O_WRONLY) >= 0 ? 0 : 1;
}

static const char *rights_are_those_of_a_file(void)
{
    const char *called = name();
    umask(027);
    struct mq_attr size = {.mq_maxmsg = 1, .mq_msgsize = SMALL};
    mqd_t queue = mq_open(called, O_CREAT | O_EXCL | O_RDONLY, 0777, &size);
    struct stat about;
    MUST(queue >= 0 && fstat(queue, &about) == 0 && about.st_mode == (S_IFREG | 0750) && about.st_uid == geteuid());
    int refused = ends(child(is_refused, (void *)called));
    hold();
    MUST(fchmod(queue, 0602) == 0 && fstat(queue, &about) == 0 && about.st_mode == (S_IFREG | 0602));
    MUST(refused == 77 || (refused == 0 && ends(child(may_write, (void *)called)) == 0));
    mqd_t none = mq_open(name(), O_CREAT | O_EXCL | O_RDWR, 0, &size);
    MUST(none >= 0 && sends(none, "x", 0) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *descriptors_are_those_of_a_file(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 2);
    struct stat about, before;
    MUST(fstat(queue, &before) == 0 && before.st_size == 80 && before.st_nlink == 1 && S_ISREG(before.st_mode));
    MUST(fcntl(queue, F_GETFD) == FD_CLOEXEC && sends(queue, "x", 0) == 0);
    hold();
    mqd_t copy = dup(queue);
    MUST(copy >= 0 && fcntl(copy, F_GETFD) == 0 && mq_close(queue) == 0 && is(takes(copy), "x"));
    MUST(fstat(copy, &about) == 0 && about.st_ino == before.st_ino && about.st_dev == before.st_dev);
    MUST(about.st_mtim.tv_sec >= before.st_mtim.tv_sec && flock(copy, LOCK_EX) == 0);
    MUST(FAILS(mq_close(queue), EBADF) && FAILS(mmap(0, 4096, PROT_READ, MAP_SHARED, copy, 0), ENODEV));
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

/* True if a directory has a name. */
static int lists(const char *called)
{
    DIR *directory = opendir("/dev/mqueue");
    int found = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory)); )
        found |= is(entry->d_name, called + 1) && entry->d_type == DT_REG;
    if (directory)
        closedir(directory);
    return found;
}

static const char *a_directory_has_the_queues(void)
{
    if (!has_directory())
        return 0;
    const char *called = name(), *other = name();
    mqd_t queue = makes(called, 2);
    struct stat about, same;
    MUST(sends(queue, "12345", 4) == 0);
    hold();
    MUST(lists(called) && stat(path_of(called), &about) == 0 && fstat(queue, &same) == 0 && about.st_ino == same.st_ino);
    MUST(stat("/dev/mqueue", &same) == 0 && same.st_mode == (S_IFDIR | S_ISVTX | 0777) && same.st_dev == about.st_dev);
    int file = open(path_of(called), O_RDWR);
    MUST(file >= 0 && shows(file, 6, 0, 0, 0) && is(takes(file), "12345") && priority == 4);
    int made = open(path_of(other), O_CREAT | O_EXCL | O_RDWR, 0640);
    struct mq_attr size;
    MUST(made >= 0 && mq_getattr(made, &size) == 0 && size.mq_maxmsg == 10 && lists(other) && fstat(made, &about) == 0);
    MUST((about.st_mode & 0777) == (0640 & ~022) || (about.st_mode & 0777) == 0640);
    MUST(unlink(path_of(other)) == 0 && !lists(other) && FAILS(unlink(path_of(other)), ENOENT));
    char to[300];
    strcpy(to, path_of(other));
    MUST(FAILS(rename(path_of(called), to), EPERM) && FAILS(mkdir(to, 0700), EPERM) && FAILS(symlink("x", to), EPERM));
    MUST(FAILS(link(path_of(called), to), EPERM) && FAILS(rmdir(path_of(called)), ENOTDIR));
    MUST(access("/dev/mqueue/../null", F_OK) == 0 && mq_unlink(called) == 0 && !lists(called));
    return FAILS(access(path_of(called), F_OK), ENOENT) ? 0 : failed("gone", __LINE__);
}

static void handles(int number) { (void)number; }

static int is_interrupted(void *queue)
{
    struct sigaction action = {.sa_handler = handles};
    sigaction(SIGUSR1, &action, 0);
    if (!FAILS(mq_receive((mqd_t)(long)queue, text, SMALL, 0), EINTR))
        return 1;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, 0);
    return receives(queue);
}

static const char *a_handler_ends_a_wait(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 2);
    int waiter = child(is_interrupted, (void *)(long)queue);
    MUST(sleeps(waiter));
    hold();
    MUST(kill(waiter, SIGUSR1) == 0);
    usleep(100000);
    MUST(sleeps(waiter) && kill(waiter, SIGUSR1) == 0);
    usleep(100000);
    MUST(sleeps(waiter) && sends(queue, "for you", 0) == 0 && ends(waiter) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *who_is_killed_takes_and_sends_nothing(void)
{
    const char *called = name();
    mqd_t queue = makes(called, 1);
    int receiver = child(receives, (void *)(long)queue);
    MUST(sleeps(receiver) && kill(receiver, SIGKILL) == 0 && ends(receiver) == -1 && sends(queue, "here", 0) == 0);
    int sender = child(sends_third, (void *)(long)queue);
    MUST(sleeps(sender));
    hold();
    MUST(kill(sender, SIGKILL) == 0 && ends(sender) == -1 && is(takes(queue), "here") && count_of(queue) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static const char *long_and_empty_messages_are_whole(void)
{
    const char *called = name();
    struct mq_attr size = {.mq_maxmsg = 3, .mq_msgsize = 8192};
    mqd_t queue = mq_open(called, O_CREAT | O_EXCL | O_RDWR, 0600, &size);
    static char sent[8192];
    for (int i = 0; i < 8192; i++)
        sent[i] = (char)(i * 31 + i / 256);
    MUST(mq_send(queue, sent, 8192, 1) == 0 && mq_send(queue, sent, 0, 1) == 0 && mq_send(queue, sent, 5000, 1) == 0);
    hold();
    MUST(mq_receive(queue, text, 8192, 0) == 8192 && memcmp(text, sent, 8192) == 0);
    MUST(mq_receive(queue, text, 8192, 0) == 0 && mq_receive(queue, text, sizeof text, 0) == 5000 && memcmp(text, sent, 5000) == 0);
    return mq_unlink(called) ? failed("unlink", __LINE__) : 0;
}

static mqd_t of_threads;

static void *receives_in_a_thread(void *unused)
{
    (void)unused;
    return (void *)(long)receives((void *)(long)of_threads);
}

static const char *a_wait_keeps_the_queue_that_is_closed(void)
{
    const char *called = name();
    pthread_t thread;
    void *wrong = (void *)1;
    of_threads = makes(called, 1);
    mqd_t other = mq_open(called, O_WRONLY);
    MUST(other >= 0 && mq_unlink(called) == 0 && pthread_create(&thread, 0, receives_in_a_thread, 0) == 0);
    usleep(100000);
    MUST(mq_close(of_threads) == 0);
    hold();
    MUST(sends(other, "for you", 0) == 0 && pthread_join(thread, &wrong) == 0 && !wrong);
    return 0;
}

static const char *limits_are_files(void)
{
    const struct { const char *called; long value; } all[] = {
        {"msg_max", 10}, {"msgsize_max", 8192}, {"queues_max", 256}, {"msg_default", 10}, {"msgsize_default", 8192}};
    for (int i = 0; i < 5; i++) {
        char path[80], line[32] = "";
        sprintf(path, "/proc/sys/fs/mqueue/%s", all[i].called);
        int file = open(path, O_RDONLY);
        MUST(file >= 0 && read(file, line, sizeof line - 1) > 0 && atol(line) == all[i].value && close(file) == 0);
    }
    return 0;
}

static const struct check checks[] = {
    ENTRY(messages_come_by_priority_and_age), ENTRY(a_queue_stays_without_anybody), ENTRY(a_queue_without_name_lives_while_it_is_open),
    ENTRY(a_receiver_waits), ENTRY(a_sender_waits_for_room), ENTRY(a_wait_ends_at_its_time),
    ENTRY(a_wait_whose_time_has_not_come_goes_on), ENTRY(the_most_urgent_is_served_first), ENTRY(a_signal_tells_of_the_first_message),
    ENTRY(who_waits_is_served_and_nobody_told), ENTRY(one_process_at_a_time_is_told), ENTRY(reading_tells_what_is_in_it),
    ENTRY(queues_are_polled), ENTRY(who_polls_hears_of_a_message), ENTRY(attributes_are_told_and_one_is_set),
    ENTRY(transfers_are_checked_in_order), ENTRY(names_are_checked), ENTRY(sizes_are_limited), ENTRY(rights_are_those_of_a_file),
    ENTRY(descriptors_are_those_of_a_file), ENTRY(a_directory_has_the_queues), ENTRY(a_handler_ends_a_wait),
    ENTRY(who_is_killed_takes_and_sends_nothing), ENTRY(long_and_empty_messages_are_whole), ENTRY(a_wait_keeps_the_queue_that_is_closed),
    ENTRY(limits_are_files),
};

int main(int count, char **arguments) { return RUN(checks); }
