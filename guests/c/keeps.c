/* keeps.c - what waits and what is held, over a power cut too. It builds up states that programs may leave for long: locks of open files, a timer
 * without a signal, calls that wait while their descriptors change, a requeued futex, a FIFO whose name goes while it is opened, a waiter on
 * memory that is gone. It says "holding", waits (argument: seconds), and then checks that all of it goes on as if nothing had happened. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define BIG (1 << 20)

static char big[BIG], got[16];
static long written, was_read, was_locked, opened = -2, woken[2];
static int in_descriptor, out_descriptor, lock_descriptor;
static int first_word, second_word, *shared_word;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void rest(double seconds)
{
    for (double end = now() + seconds; now() < end; )
        usleep(20000);
}

static void *writes(void *none) { written = write(out_descriptor, big, BIG); return none; }
static void *reads(void *none) { was_read = read(in_descriptor, got, 10); return none; }
static void *locks(void *none) { was_locked = flock(lock_descriptor, LOCK_EX); return none; }
static void *opens(void *name) { opened = open(name, O_RDONLY); return name; }
static void *waits(void *none) { woken[0] = syscall(SYS_futex, &first_word, FUTEX_WAIT, 0, 0, 0, 0) == 0; return none; }
static void *sleeps(void *none) { woken[1] = syscall(SYS_futex, shared_word, FUTEX_WAIT, 0, 0, 0, 0) == 0; return none; }

static int *map(void) { return mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }

static int start(pthread_t *thread, void *(*body)(void *), void *argument)
{
    return pthread_create(thread, 0, body, argument);
}

/* Pipes opened through /proc do not wait like FIFOs. */
static void open_through_proc(void)
{
    int ends[2];
    char name[40], bytes[8];
    CHECK(!pipe(ends) && write(ends[1], "abc", 3) == 3 && !close(ends[1]), "a pipe whose writer has gone");
    sprintf(name, "/proc/self/fd/%d", ends[0]);
    int again = open(name, O_RDONLY);
    CHECK(again >= 0 && read(again, bytes, 8) == 3 && read(again, bytes, 8) == 0, "opened through /proc it is read to its end");
    CHECK(!pipe(ends) && !close(ends[0]), "a pipe whose reader has gone");
    sprintf(name, "/dev/fd/%d", ends[1]);
    again = open(name, O_WRONLY | O_NONBLOCK);
    CHECK_ERRNO(write(again, "x", 1), EPIPE, "opened through /dev/fd nobody reads it");
}

static int lock_is_free(int file, short type, off_t start)
{
    struct flock lock = {.l_type = type, .l_start = start, .l_len = 1};
    return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
}

int main(int count, char **arguments)
{
    double seconds = count > 1 ? atof(arguments[1]) : 0.2;
    pthread_t writer, reader, locker, opener, waiter, sleeper;
    signal(SIGPIPE, SIG_IGN);
    chdir("/tmp");
    open_through_proc();

    /* Locks of open files: alone, through a duplicate, shared, inherited, waited for, beside a process's. */
    int file = open("keeps.lock", O_RDWR | O_CREAT | O_TRUNC, 0600), other = open("keeps.lock", O_RDWR);
    struct flock lock = {.l_type = F_WRLCK, .l_start = 200, .l_len = 10}, shared = {.l_type = F_RDLCK, .l_start = 300, .l_len = 10};
    struct flock process = {.l_type = F_WRLCK, .l_start = 100, .l_len = 10};
    CHECK(!fcntl(file, F_OFD_SETLK, &lock) && !fcntl(file, F_OFD_SETLK, &shared) && !fcntl(file, F_SETLK, &process), "locks of both owners");
    int duplicate = dup(file);
    close(file);
    CHECK(!fcntl(duplicate, F_OFD_SETLK, &lock), "a duplicate has the lock of its open file");
    pid_t child = fork();
    if (child == 0) {
        close(duplicate);
        _exit(fcntl(other, F_OFD_SETLKW, &lock) != 0);
    }

    struct sigevent silent = {.sigev_notify = SIGEV_NONE, .sigev_signo = 1000};
    timer_t timer;
    CHECK(!timer_create(CLOCK_MONOTONIC, &silent, &timer), "a timer without a signal takes any number for one");

    /* Three calls wait; then their descriptors become others. */
    int out[2], in[2];
    memset(big, 'w', BIG);
    pipe(out);
    pipe(in);
    int log = open("keeps.log", O_RDWR | O_CREAT | O_TRUNC, 0600), holder = open("keeps.flock", O_RDWR | O_CREAT, 0600);
    lock_descriptor = open("keeps.flock", O_RDWR);
    flock(holder, LOCK_EX);
    in_descriptor = in[0];
    out_descriptor = out[1];
    start(&writer, writes, 0);
    start(&reader, reads, 0);
    start(&locker, locks, 0);
    unlink("keeps.fifo");
    mkfifo("keeps.fifo", 0600);
    link("keeps.fifo", "keeps.other");
    start(&opener, opens, "keeps.fifo");

    /* One futex waiter is moved, the other's memory goes. */
    shared_word = map();
    start(&waiter, waits, 0);
    start(&sleeper, sleeps, 0);
    rest(0.3);
    CHECK(dup2(log, out_descriptor) == out_descriptor && dup2(log, in_descriptor) == in_descriptor && dup2(log, lock_descriptor) == lock_descriptor,
        "other files take the descriptors of calls that wait");
    unlink("keeps.fifo");
    first_word = 1;
    CHECK(syscall(SYS_futex, &first_word, FUTEX_CMP_REQUEUE, 0, 1, &second_word, 1) == 1, "a waiter is moved to another futex");
    munmap(shared_word, 4096);

    printf("holding\n");
    fflush(stdout);
    rest(seconds);

    int probe = open("keeps.lock", O_RDWR);
    CHECK(!lock_is_free(probe, F_WRLCK, 205), "the lock of the open file is held");
    CHECK(!lock_is_free(probe, F_WRLCK, 305) && lock_is_free(probe, F_RDLCK, 305), "its shared one too, and is shared");
    CHECK(lock_is_free(probe, F_WRLCK, 105), "the process's went when it closed a descriptor of the file");
    int status = -1;
    CHECK(waitpid(child, &status, WNOHANG) == 0, "the child waits for the lock");
    close(duplicate);
    CHECK(waitpid(child, &status, 0) == child && status == 0, "and gets it when the open file is closed");
    CHECK(!timer_delete(timer), "the timer is there");

    long total = 0, moved;
    static char piece[65536];
    for (struct pollfd ready = {out[0], POLLIN, 0}; total < BIG && poll(&ready, 1, 10000) > 0 && (moved = read(out[0], piece, sizeof piece)) > 0; )
        total += moved;
    pthread_join(writer, 0);
    CHECK(total == BIG && written == BIG, "the whole write went into its pipe");
    CHECK(write(in[1], "fromthepip", 10) == 10 && !pthread_join(reader, 0) && was_read == 10 && !memcmp(got, "fromthepip", 10), "the read got its pipe's bytes");
    CHECK(!flock(holder, LOCK_UN) && !pthread_join(locker, 0) && was_locked == 0, "the lock that was waited for was taken");
    CHECK(!flock(holder, LOCK_EX | LOCK_NB) && !flock(log, LOCK_EX | LOCK_NB), "and went with its file, not to the other one");
    struct stat about;
    CHECK(!fstat(log, &about) && about.st_size == 0, "nothing went to the other file");

    int end = open("keeps.other", O_WRONLY);
    CHECK(end >= 0 && write(end, "hello", 5) == 5 && !close(end) && !pthread_join(opener, 0) && opened >= 0, "the FIFO was opened though its name is gone");
    CHECK(read(opened, got, 10) == 5 && read(opened, got, 10) == 0, "and read to its end");
    unlink("keeps.other");

    int strangers = 0;
    for (int i = 0; i < 64; i++)
        strangers += syscall(SYS_futex, map(), FUTEX_WAKE, 1, 0, 0, 0);
    CHECK(strangers == 0, "a waiter on memory that is gone is woken by no stranger");
    CHECK(syscall(SYS_futex, &first_word, FUTEX_WAKE, 1, 0, 0, 0) == 0, "nobody waits on the first futex");
    CHECK(syscall(SYS_futex, &second_word, FUTEX_WAKE, 1, 0, 0, 0) == 1 && !pthread_join(waiter, 0) && woken[0], "the waiter waits on the second");
    return tap_done();
}
