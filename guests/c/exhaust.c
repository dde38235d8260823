/* exhaust.c - programs that use up what there is: each limit is told as Linux tells it, nothing is lost on the way, and once it is given back
 * everything goes on. Limits that root does not have are tried as another user. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define MANY 4096

static int descriptors[MANY];

static void set_limit(int resource, rlim_t value)
{
    struct rlimit limit;
    getrlimit(resource, &limit);
    limit.rlim_cur = value;
    setrlimit(resource, &limit);
}

static int descriptors_end(void)
{
    int count = 0, pair[2];
    set_limit(RLIMIT_NOFILE, 200);
    while (count < MANY && (descriptors[count] = open("/", O_RDONLY)) >= 0)
        count++;
    CHECK_ERRNO(open("/", O_RDONLY), EMFILE, "open beyond the limit of descriptors");
    CHECK_ERRNO(dup(0), EMFILE, "dup beyond the limit of descriptors");
    CHECK_ERRNO(fcntl(0, F_DUPFD, 0), EMFILE, "F_DUPFD beyond the limit of descriptors");
    CHECK_ERRNO(fcntl(0, F_DUPFD, 200), EINVAL, "F_DUPFD at the limit");
    CHECK_ERRNO(dup2(0, 200), EBADF, "dup2 to the limit");
    close(descriptors[--count]);
    CHECK_ERRNO(pipe(pair), EMFILE, "pipe with one descriptor left");
    CHECK((descriptors[count++] = open("/", O_RDONLY)) >= 0, "the one that was left is still there");
    while (count > 0)
        close(descriptors[--count]);
    CHECK(pipe(pair) == 0, "pipe after they were closed");
    close(pair[0]);
    close(pair[1]);
    return 0;
}

/* The children wait for the pipe to close. */
static int processes_end(void)
{
    const int limit = 40;
    int gate[2], count = 0, error = 0, reaped = 0;
    pid_t child;
    if (pipe(gate) != 0 || setgid(54321) != 0 || setuid(54321) != 0)
        return 1;
    set_limit(RLIMIT_NPROC, limit);
    while (count < 2 * limit) {
        child = fork();
        if (child == 0) {
            char byte;
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 7 : 8);
        }
        if (child < 0) {
            error = errno;
            break;
        }
        count++;
    }
    close(gate[1]);
    for (int status; wait(&status) > 0;)
        reaped += WIFEXITED(status) && WEXITSTATUS(status) == 7;
    if (error != EAGAIN || count != limit - 1 || reaped != count)
        return 2;
    child = fork();
    if (child == 0)
        _exit(9);
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 9 ? 0 : 3;
}

static void *nothing(void *argument)
{
    pause();
    return argument;
}

static int threads_end(void)
{
    const int limit = 30;
    static char stacks[64][16384] __attribute__((aligned(16)));
    pthread_attr_t attributes;
    pthread_t thread;
    int count = 0, error = 0;
    if (setgid(54322) != 0 || setuid(54322) != 0)
        return 1;
    set_limit(RLIMIT_NPROC, limit);
    while (count < 2 * limit && error == 0) {
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, stacks[count], sizeof stacks[count]);
        error = pthread_create(&thread, &attributes, nothing, NULL);
        count += error == 0;
    }
    return error == EAGAIN && count == limit - 1 ? 0 : 2;
}

static int address_space_ends(void)
{
    void *break_before = sbrk(0);
    set_limit(RLIMIT_AS, 64ul << 20);
    CHECK_ERRNO((intptr_t)mmap(NULL, 128ul << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM, "mmap beyond RLIMIT_AS");
    CHECK_ERRNO((intptr_t)sbrk(128 << 20), ENOMEM, "brk beyond RLIMIT_AS");
    CHECK(sbrk(0) == break_before, "the break has not moved");
    char *small = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(small != MAP_FAILED, "mmap within RLIMIT_AS");
    CHECK_ERRNO((intptr_t)mremap(small, 1 << 20, 128 << 20, MREMAP_MAYMOVE), ENOMEM, "mremap beyond RLIMIT_AS");
    CHECK((small[0] = 1) == 1 && munmap(small, 1 << 20) == 0, "the old mapping is as it was");
    CHECK_ERRNO((intptr_t)mmap(NULL, 1ul << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM, "mmap of all there is");
    return 0;
}

static int signals_end(void)
{
    const int limit = 1000;
    sigset_t set;
    int count = 0, taken = 0;
    if (setgid(54323) != 0 || setuid(54323) != 0)
        return 1;
    set_limit(RLIMIT_SIGPENDING, limit);
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    while (count <= limit && sigqueue(getpid(), SIGRTMIN, (union sigval) { .sival_int = count }) == 0)
        count++;
    if (count != limit || errno != EAGAIN)
        return 2;
    struct timespec none = { 0, 0 };
    siginfo_t info;
    while (sigtimedwait(&set, &info, &none) == SIGRTMIN && info.si_value.sival_int == taken)
        taken++;
    return taken == limit && sigqueue(getpid(), SIGRTMIN, (union sigval) { .sival_int = 0 }) == 0 ? 0 : 3;
}

static int files_end(void)
{
    char path[] = "/tmp/exhaust.XXXXXX", block[8192];
    memset(block, 7, sizeof block);
    int file = mkstemp(path);
    signal(SIGXFSZ, SIG_IGN);
    set_limit(RLIMIT_FSIZE, 10000);
    CHECK(write(file, block, sizeof block) == 8192, "a write within RLIMIT_FSIZE");
    CHECK(write(file, block, sizeof block) == 10000 - 8192, "a write across RLIMIT_FSIZE is cut off");
    CHECK_ERRNO(write(file, block, 1), EFBIG, "a write beyond RLIMIT_FSIZE");
    CHECK_ERRNO(ftruncate(file, 20000), EFBIG, "ftruncate beyond RLIMIT_FSIZE");
    close(file);
    unlink(path);
    return 0;
}

/* Runs a part in a child of its own, since it lowers limits or gives rights up; its status is the result where it checks nothing itself. */
static void part(int (*body)(void), const char *what)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(body());
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "%s (status %d)", what, status);
}

int main(void)
{
    int status = -1;
    pid_t child;
    /* These print lines of their own and so run here, one after the other, each restoring its limit. */
    struct rlimit saved;
    getrlimit(RLIMIT_NOFILE, &saved);
    descriptors_end();
    setrlimit(RLIMIT_NOFILE, &saved);
    getrlimit(RLIMIT_AS, &saved);
    address_space_ends();
    setrlimit(RLIMIT_AS, &saved);
    getrlimit(RLIMIT_FSIZE, &saved);
    files_end();
    setrlimit(RLIMIT_FSIZE, &saved);
    if (geteuid() == 0) {
        part(processes_end, "fork beyond RLIMIT_NPROC is EAGAIN, and goes on when children have ended");
        part(threads_end, "a thread beyond RLIMIT_NPROC is EAGAIN");
        part(signals_end, "sigqueue beyond RLIMIT_SIGPENDING is EAGAIN, and goes on when they have been taken");
    }
    child = fork();
    if (child == 0)
        _exit(0);
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0, "fork after all that");
    return tap_done();
}
