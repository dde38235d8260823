/* events.c - eventfds, timerfds and signalfds, one behaviour a check, over power cuts too (holds.h). */
#define _GNU_SOURCE
#include "holds.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

static void *volatile nowhere = (void *)8;
static const char *self;

static int adds(int file, uint64_t value) { return write(file, &value, 8) == 8; }
static uint64_t takes(int file) { uint64_t value = 0; return read(file, &value, 8) == 8 ? value : UINT64_MAX; }

static int is_ready(int file, short events)
{
    struct pollfd entry = {.fd = file, .events = events};
    return poll(&entry, 1, 0) < 0 ? -1 : entry.revents;
}

/* Reading, writing and polling by another thread. */
struct work { int file; uint64_t value; long result; pthread_t thread; int pid; };

static void *reads(void *argument) { struct work *work = argument; work->result = read(work->file, &work->value, 8); return 0; }
static void *writes(void *argument) { struct work *work = argument; work->result = write(work->file, &work->value, 8); return 0; }

static void *polls(void *argument)
{
    struct work *work = argument;
    struct pollfd entry = {.fd = work->file, .events = POLLIN};
    work->result = poll(&entry, 1, -1);
    work->value = entry.revents;
    return 0;
}

static void *(*body)(void *);
static int started;
static void *begins(void *argument) { __atomic_store_n(&started, gettid(), __ATOMIC_SEQ_CST); return body(argument); }

/* Starts a thread and waits until it sleeps. */
static int starts(struct work *work, void *(*what)(void *))
{
    body = what;
    started = 0;
    if (pthread_create(&work->thread, 0, begins, work))
        return 0;
    while (__atomic_load_n(&started, __ATOMIC_SEQ_CST) == 0)
        usleep(1000);
    return thread_sleeps(getpid(), started);
}

static int ends(struct work *work) { return pthread_join(work->thread, 0) == 0; }

static int holds_text(const char *kind, int file, const char *wanted)
{
    char name[64], text[512] = "";
    sprintf(name, "/proc/self/%s/%d", kind, file);
    if (!strcmp(kind, "fd"))
        return readlink(name, text, sizeof text - 1) > 0 && !strcmp(text, wanted);
    int info = open(name, O_RDONLY);
    long length = read(info, text, sizeof text - 1);
    close(info);
    return length > 0 && strstr(text, wanted) != 0;
}

/* eventfd */

static const char *a_count_is_kept_and_taken_at_once(void)
{
    int file = eventfd(3, 0);
    MUST(file >= 0 && adds(file, 4));
    hold();
    MUST(takes(file) == 7 && is_ready(file, POLLIN | POLLOUT) == POLLOUT);
    return 0;
}

static const char *a_semaphore_gives_one_at_a_time(void)
{
    int file = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    MUST(takes(file) == 1);
    hold();
    MUST(takes(file) == 1 && FAILS(read(file, &(uint64_t){0}, 8), EAGAIN));
    return 0;
}

static const char *a_reader_waits_for_a_write(void)
{
    struct work work = {.file = eventfd(0, 0)};
    MUST(starts(&work, reads));
    hold();
    MUST(adds(work.file, 9) && ends(&work) && work.result == 8 && work.value == 9);
    return 0;
}

static const char *a_writer_waits_for_room(void)
{
    struct work work = {.file = eventfd(0, 0), .value = 5};
    MUST(adds(work.file, UINT64_MAX - 3) && starts(&work, writes));
    hold();
    MUST(takes(work.file) == UINT64_MAX - 3 && ends(&work) && work.result == 8 && takes(work.file) == 5);
    return 0;
}

static const char *a_poll_waits_for_a_write(void)
{
    struct work work = {.file = eventfd(0, 0)};
    MUST(starts(&work, polls));
    hold();
    MUST(adds(work.file, 1) && ends(&work) && work.result == 1 && work.value == POLLIN);
    return 0;
}

static const char *all_readers_of_a_semaphore_are_served(void)
{
    struct work work[3];
    int file = eventfd(0, EFD_SEMAPHORE);
    for (int i = 0; i < 3; i++) {
        work[i] = (struct work){.file = file};
        MUST(starts(work + i, reads));
    }
    hold();
    MUST(adds(file, 3));
    for (int i = 0; i < 3; i++)
        MUST(ends(work + i) && work[i].value == 1);
    return 0;
}

static const char *the_most_is_one_below_all_ones(void)
{
    int file = eventfd(0, EFD_NONBLOCK);
    MUST(FAILS(write(file, &(uint64_t){UINT64_MAX}, 8), EINVAL));
    MUST(adds(file, UINT64_MAX - 1) && is_ready(file, POLLIN | POLLOUT) == POLLIN && adds(file, 0));
    MUST(FAILS(write(file, &(uint64_t){1}, 8), EAGAIN));
    hold();
    MUST(is_ready(file, POLLIN | POLLOUT) == POLLIN && takes(file) == UINT64_MAX - 1);
    return 0;
}

static const char *sizes_and_positions_are_refused(void)
{
    char bytes[16] = {1};
    int file = eventfd(1, EFD_NONBLOCK);
    MUST(FAILS(read(file, bytes, 7), EINVAL) && FAILS(write(file, bytes, 7), EINVAL) && FAILS(write(file, bytes, 0), EINVAL));
    MUST(FAILS(pread(file, bytes, 8, 0), ESPIPE) && FAILS(pwrite(file, bytes, 8, 0), ESPIPE) && lseek(file, 5, SEEK_SET) == 0);
    MUST(FAILS(ftruncate(file, 0), EINVAL) && FAILS(fsync(file), EINVAL) && FAILS(ioctl(file, FIONREAD, bytes), ENOTTY));
    MUST(read(file, bytes, 16) == 8 && bytes[0] == 1 && FAILS(read(file, nowhere, 8), EAGAIN));
    MUST(FAILS(eventfd(0, 2), EINVAL) && FAILS(write(file, nowhere, 8), EFAULT));
    return 0;
}

static const char *each_piece_of_a_vector_is_a_value(void)
{
    uint64_t values[2] = {5, 6}, read_back = 0;
    int file = eventfd(0, EFD_NONBLOCK);
    struct iovec out[2] = {{values, 8}, {values + 1, 8}}, in[2] = {{&read_back, 3}, {(char *)&read_back + 3, 5}};
    MUST(writev(file, out, 2) == 16 && readv(file, in, 2) == 8 && read_back == 11);
    out[1].iov_len = 4;
    MUST(writev(file, out, 2) == 8 && takes(file) == 5);
    return 0;
}

static const char *it_is_inherited_and_shared(void)
{
    int file = eventfd(0, 0), copy = dup(file), status;
    pid_t child = fork();
    if (child == 0) {
        uint64_t got = takes(copy);
        _exit(got == 40 ? 0 : 1);
    }
    MUST(!close(copy));
    hold();
    MUST(adds(file, 40) && waitpid(child, &status, 0) == child && status == 0 && is_ready(file, POLLIN) == 0);
    return 0;
}

static const char *a_reader_keeps_a_file_that_is_closed(void)
{
    struct work work = {.file = eventfd(0, 0)};
    int copy = dup(work.file), other[2];
    MUST(starts(&work, reads) && !close(work.file) && !pipe(other) && other[0] == work.file);
    hold();
    MUST(adds(copy, 2) && ends(&work) && work.result == 8 && work.value == 2);
    return 0;
}

static const char *an_execve_closes_what_is_marked(void)
{
    int files[3] = {eventfd(7, EFD_CLOEXEC), timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), eventfd(8, 0)}, status;
    char text[3][12];
    MUST(fcntl(files[0], F_GETFD) == FD_CLOEXEC && fcntl(files[0], F_GETFL) == O_RDWR && fcntl(files[2], F_GETFD) == 0);
    for (int i = 0; i < 3; i++)
        sprintf(text[i], "%d", files[i]);
    hold();
    pid_t child = fork();
    if (child == 0) {
        execl(self, self, "after-exec", text[0], text[1], text[2], (char *)0);
        _exit(9);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

static int after_exec(char **files)
{
    return !(fcntl(atoi(files[0]), F_GETFD) == -1 && fcntl(atoi(files[1]), F_GETFD) == -1 && takes(atoi(files[2])) == 8);
}

static const char *proc_and_stat_know_them(void)
{
    sigset_t set;
    struct stat stat;
    char name[40];
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGKILL);
    sigaddset(&set, SIGSTOP);
    int event = eventfd(0x1A, 0), timer = timerfd_create(CLOCK_MONOTONIC, 0), signals = signalfd(-1, &set, 0);
    hold();
    MUST(holds_text("fd", event, "anon_inode:[eventfd]") && holds_text("fdinfo", event, "eventfd-count:               1a\n"));
    MUST(holds_text("fd", timer, "anon_inode:[timerfd]") && holds_text("fdinfo", timer, "clockid: 1\nticks: 0\n"));
    MUST(holds_text("fd", signals, "anon_inode:[signalfd]") && holds_text("fdinfo", signals, "sigmask:\t0000000000000200\n"));
    MUST(!fstat(timer, &stat) && stat.st_mode == 0600 && stat.st_size == 0 && stat.st_nlink == 1 && stat.st_uid == 0);
    sprintf(name, "/proc/self/fd/%d", event);
    MUST(FAILS(open(name, O_RDWR), ENXIO));
    return 0;
}

/* timerfd */

static struct itimerspec times(double value, double interval)
{
    return (struct itimerspec){.it_value = {(time_t)value, (long)((value - (time_t)value) * 1e9)},
        .it_interval = {(time_t)interval, (long)((interval - (time_t)interval) * 1e9)}};
}

static int sets(int file, int flags, double value, double interval)
{
    struct itimerspec time = times(value, interval);
    return timerfd_settime(file, flags, &time, 0) == 0;
}

static double left(int file)
{
    struct itimerspec time;
    return timerfd_gettime(file, &time) ? -1 : time.it_value.tv_sec + time.it_value.tv_nsec / 1e9;
}

static const char *time_that_is_left_goes_on(void)
{
    int file = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    double begin = now();
    MUST(sets(file, 0, 3000, 7) && left(file) <= 3000);
    hold();
    double passed = now() - begin, rest = left(file);
    MUST(rest > 2999.5 - passed && rest <= 3000 - passed + 0.5 && FAILS(read(file, &(uint64_t){0}, 8), EAGAIN));
    return 0;
}

static const char *every_expiry_is_counted(void)
{
    int file = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
    double begin = now();
    MUST(sets(file, 0, 0.05, 0.05));
    hold();
    usleep(120000);
    uint64_t least = (uint64_t)((now() - begin) / 0.05 - 1), count = takes(file), most = (uint64_t)((now() - begin) / 0.05 + 1);
    MUST(count >= least && count <= most && count >= 2);
    MUST(left(file) <= 0.05);
    return 0;
}

static const char *a_timer_expires_once(void)
{
    int file = timerfd_create(CLOCK_REALTIME, 0);
    MUST(sets(file, 0, 0.01, 0) && poll(&(struct pollfd){.fd = file, .events = POLLIN}, 1, 5000) == 1);
    hold();
    MUST(is_ready(file, POLLIN | POLLOUT) == POLLIN && left(file) == 0 && takes(file) == 1 && is_ready(file, POLLIN) == 0);
    return 0;
}

static const char *a_reader_waits_for_the_expiry(void)
{
    struct work work = {.file = timerfd_create(CLOCK_MONOTONIC, 0)};
    MUST(sets(work.file, 0, 1.5, 0) && starts(&work, reads));
    hold();
    MUST(ends(&work) && work.result == 8 && work.value == 1);
    return 0;
}

static const char *a_timer_set_while_one_reads_is_heard(void)
{
    struct work work = {.file = timerfd_create(CLOCK_MONOTONIC, 0)};
    MUST(sets(work.file, 0, 4000, 0) && starts(&work, reads));
    hold();
    MUST(sets(work.file, TFD_TIMER_ABSTIME, 0.001, 0) && ends(&work) && work.value == 1);
    return 0;
}

static const char *a_moment_of_real_time_comes(void)
{
    struct timespec time;
    int file = timerfd_create(CLOCK_REALTIME, 0);
    clock_gettime(CLOCK_REALTIME, &time);
    MUST(sets(file, TFD_TIMER_ABSTIME, time.tv_sec + 2.0, 0));
    hold();
    MUST(takes(file) == 1);
    clock_gettime(CLOCK_REALTIME, &time);
    MUST(left(file) == 0);
    return 0;
}

static const char *what_was_missed_counts_when_time_is_asked_for(void)
{
    int file = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    MUST(sets(file, 0, 0.001, 1000) && poll(&(struct pollfd){.fd = file, .events = POLLIN}, 1, 5000) == 1);
    hold();
    double rest = left(file);
    MUST(rest > 900 && rest <= 1000 && takes(file) == 1);
    return 0;
}

static const char *a_stopped_timer_stays_silent(void)
{
    struct itimerspec old, none = {0};
    int file = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    MUST(sets(file, 0, 0.001, 0.001) && poll(&(struct pollfd){.fd = file, .events = POLLIN}, 1, 5000) == 1);
    MUST(!timerfd_settime(file, 0, &none, &old) && old.it_interval.tv_nsec == 1000000 && old.it_value.tv_nsec <= 1000000);
    hold();
    MUST(is_ready(file, POLLIN) == 0 && left(file) == 0 && FAILS(read(file, &(uint64_t){0}, 8), EAGAIN));
    return 0;
}

static const char *timers_refuse_what_is_not_theirs(void)
{
    struct itimerspec time = times(1, 0), wrong = {.it_value = {.tv_nsec = 1000000000}};
    int file = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK), event = eventfd(0, 0);
    MUST(FAILS(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL) && FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL));
    MUST(FAILS(timerfd_settime(file, 8, &time, 0), EINVAL) && FAILS(timerfd_settime(file, 0, &wrong, 0), EINVAL));
    MUST(FAILS(timerfd_settime(event, 0, &time, 0), EINVAL) && FAILS(timerfd_settime(999, 0, &time, 0), EBADF));
    MUST(FAILS(syscall(SYS_timerfd_settime, 999, 8, 0, 0), EFAULT) && FAILS(timerfd_gettime(event, &time), EINVAL));
    MUST(FAILS(read(file, &time, 7), EINVAL) && FAILS(write(file, &time, 8), EINVAL) && FAILS(pread(file, &time, 8, 0), ESPIPE));
    MUST(!timerfd_settime(file, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &time, 0) && takes(file) == 1);
    return 0;
}

/* signalfd */

static int signals_of(sigset_t *set, int first, int second, int flags)
{
    sigemptyset(set);
    sigaddset(set, first);
    if (second)
        sigaddset(set, second);
    sigprocmask(SIG_BLOCK, set, 0);
    return signalfd(-1, set, flags);
}

static const char *a_pending_signal_is_read_and_gone(void)
{
    sigset_t set;
    struct signalfd_siginfo info;
    int file = signals_of(&set, SIGUSR1, 0, SFD_NONBLOCK);
    MUST(!kill(getpid(), SIGUSR1) && is_ready(file, POLLIN) == POLLIN);
    hold();
    MUST(read(file, &info, sizeof info) == 128 && info.ssi_signo == SIGUSR1);
    MUST(info.ssi_code == SI_USER && info.ssi_pid == (uint32_t)getpid());
    MUST(info.ssi_uid == getuid() && !sigpending(&set) && !sigismember(&set, SIGUSR1) && FAILS(read(file, &info, 128), EAGAIN));
    return 0;
}

static const char *several_queued_signals_come_in_order(void)
{
    sigset_t set;
    struct signalfd_siginfo info[4];
    int file = signals_of(&set, SIGRTMIN + 1, SIGUSR2, 0);
    for (int i = 1; i <= 3; i++)
        MUST(!sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = i * 11}));
    MUST(!kill(getpid(), SIGUSR2));
    hold();
    MUST(read(file, info, 3 * 128 + 100) == 3 * 128 && info[0].ssi_signo == SIGUSR2 && info[1].ssi_int == 11 && info[2].ssi_int == 22);
    MUST(info[1].ssi_code == SI_QUEUE && read(file, info, sizeof info) == 128 && info[0].ssi_int == 33 && info[0].ssi_ptr == 33);
    return 0;
}

static void *reads_signal(void *argument)
{
    struct work *work = argument;
    struct signalfd_siginfo info;
    work->result = read(work->file, &info, sizeof info);
    work->value = info.ssi_signo;
    return 0;
}

static const char *a_reader_waits_for_a_signal(void)
{
    sigset_t set;
    struct work work = {.file = signals_of(&set, SIGUSR1, 0, 0)};
    MUST(starts(&work, reads_signal));
    hold();
    MUST(!kill(getpid(), SIGUSR1) && ends(&work) && work.result == 128 && work.value == SIGUSR1);
    return 0;
}

static const char *a_poll_waits_for_a_signal(void)
{
    sigset_t set;
    struct work work = {.file = signals_of(&set, SIGUSR1, 0, 0)};
    MUST(starts(&work, polls));
    hold();
    MUST(!kill(getpid(), SIGUSR1) && ends(&work) && work.result == 1 && work.value == POLLIN);
    return 0;
}

static const char *another_mask_is_looked_at_again(void)
{
    sigset_t set;
    struct work work = {.file = signals_of(&set, SIGUSR1, SIGUSR2, 0)};
    sigdelset(&set, SIGUSR2);
    MUST(signalfd(work.file, &set, 0) == work.file && !kill(getpid(), SIGUSR2) && is_ready(work.file, POLLIN) == 0);
    MUST(starts(&work, reads_signal));
    hold();
    sigaddset(&set, SIGUSR2);
    MUST(signalfd(work.file, &set, 0) == work.file && ends(&work) && work.value == SIGUSR2);
    return 0;
}

static const char *who_asks_sees_his_own_signals(void)
{
    sigset_t set;
    int status, ready[2], file = signals_of(&set, SIGUSR1, 0, SFD_NONBLOCK);
    char byte = 0;
    MUST(!pipe(ready) && !kill(getpid(), SIGUSR1));
    pid_t child = fork();
    if (child == 0) {
        struct signalfd_siginfo info;
        int before = is_ready(file, POLLIN), empty = read(file, &info, sizeof info);
        if (write(ready[1], &byte, 1) != 1 || poll(&(struct pollfd){.fd = file, .events = POLLIN}, 1, -1) != 1)
            _exit(8);
        _exit(before == 0 && empty == -1 && read(file, &info, sizeof info) == 128 && info.ssi_pid == (uint32_t)getppid() ? 0 : 7);
    }
    MUST(read(ready[0], &byte, 1) == 1);
    hold();
    MUST(is_ready(file, POLLIN) == POLLIN && !kill(child, SIGUSR1) && waitpid(child, &status, 0) == child && status == 0);
    MUST(is_ready(file, POLLIN) == POLLIN);
    return 0;
}

static const char *a_threads_signals_come_before_its_process(void)
{
    sigset_t set;
    struct signalfd_siginfo info;
    int file = signals_of(&set, SIGUSR1, SIGUSR2, 0);
    MUST(!kill(getpid(), SIGUSR1) && !syscall(SYS_tgkill, getpid(), gettid(), SIGUSR2));
    hold();
    MUST(read(file, &info, sizeof info) == 128 && info.ssi_signo == SIGUSR2 && info.ssi_code == SI_TKILL);
    MUST(read(file, &info, sizeof info) == 128 && info.ssi_signo == SIGUSR1);
    return 0;
}

static const char *a_child_and_a_timer_say_what_they_are(void)
{
    sigset_t set;
    struct signalfd_siginfo info;
    int file = signals_of(&set, SIGCHLD, SIGRTMIN + 2, 0);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 2, .sigev_value.sival_int = 77};
    struct itimerspec soon = times(0.001, 0);
    pid_t child = fork();
    if (child == 0)
        _exit(5);
    siginfo_t left_there;
    MUST(!waitid(P_PID, child, &left_there, WEXITED | WNOWAIT));
    hold();
    MUST(read(file, &info, sizeof info) == 128 && info.ssi_signo == SIGCHLD && info.ssi_code == CLD_EXITED);
    MUST(info.ssi_pid == (uint32_t)child && info.ssi_status == 5);
    MUST(!timer_create(CLOCK_MONOTONIC, &event, &timer) && !timer_settime(timer, 0, &soon, 0));
    MUST(read(file, &info, sizeof info) == 128 && info.ssi_code == SI_TIMER && info.ssi_int == 77 && info.ssi_overrun == 0);
    return 0;
}

static const char *signal_files_refuse_what_is_not_theirs(void)
{
    sigset_t set;
    char bytes[128];
    int file = signals_of(&set, SIGUSR1, 0, SFD_NONBLOCK), event = eventfd(0, 0);
    MUST(FAILS(read(file, bytes, 127), EINVAL) && FAILS(write(file, bytes, 128), EINVAL) && FAILS(read(file, bytes, 128), EAGAIN));
    MUST(FAILS(signalfd(event, &set, 0), EINVAL) && FAILS(signalfd(999, &set, 0), EBADF) && FAILS(signalfd(-1, &set, 1), EINVAL));
    MUST(FAILS(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL) && FAILS(syscall(SYS_signalfd4, -1, nowhere, 8, 0), EFAULT));
    return 0;
}

static void handles(int signal) { (void)signal; }

static const char *a_handler_ends_a_wait(void)
{
    struct sigaction action = {.sa_handler = handles};
    int file = eventfd(0, 0);
    pid_t parent = getpid(), child;
    sigaction(SIGALRM, &action, 0);
    child = fork();
    if (child == 0) {
        while (!sleeps(parent) || kill(parent, SIGALRM) == 0)
            usleep(20000);
        _exit(0);
    }
    long result = read(file, &(uint64_t){0}, 8);
    int error = errno;
    kill(child, SIGKILL);
    MUST(result == -1 && error == EINTR && waitpid(child, 0, 0) == child);
    return 0;
}

static const struct check checks[] = {
    ENTRY(a_count_is_kept_and_taken_at_once), ENTRY(a_semaphore_gives_one_at_a_time), ENTRY(a_reader_waits_for_a_write),
    ENTRY(a_writer_waits_for_room), ENTRY(a_poll_waits_for_a_write), ENTRY(all_readers_of_a_semaphore_are_served),
    ENTRY(the_most_is_one_below_all_ones), ENTRY(sizes_and_positions_are_refused), ENTRY(each_piece_of_a_vector_is_a_value),
    ENTRY(it_is_inherited_and_shared), ENTRY(a_reader_keeps_a_file_that_is_closed), ENTRY(an_execve_closes_what_is_marked),
    ENTRY(proc_and_stat_know_them), ENTRY(time_that_is_left_goes_on), ENTRY(every_expiry_is_counted), ENTRY(a_timer_expires_once),
    ENTRY(a_reader_waits_for_the_expiry), ENTRY(a_timer_set_while_one_reads_is_heard), ENTRY(a_moment_of_real_time_comes),
    ENTRY(what_was_missed_counts_when_time_is_asked_for), ENTRY(a_stopped_timer_stays_silent), ENTRY(timers_refuse_what_is_not_theirs),
    ENTRY(a_pending_signal_is_read_and_gone), ENTRY(several_queued_signals_come_in_order), ENTRY(a_reader_waits_for_a_signal),
    ENTRY(a_poll_waits_for_a_signal), ENTRY(another_mask_is_looked_at_again), ENTRY(who_asks_sees_his_own_signals),
    ENTRY(a_threads_signals_come_before_its_process), ENTRY(a_child_and_a_timer_say_what_they_are),
    ENTRY(signal_files_refuse_what_is_not_theirs), ENTRY(a_handler_ends_a_wait),
};

int main(int count, char **arguments)
{
    if (count == 5 && !strcmp(arguments[1], "after-exec"))
        return after_exec(arguments + 2);
    self = "/proc/self/exe";
    return RUN(checks);
}
