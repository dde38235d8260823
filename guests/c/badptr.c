/* badptr.c - every pointer argument of every call, with every kind of pointer that must not work. The answer is EFAULT and a kernel that
 * goes on; where Linux has another answer for one kind (a null pointer that means "none"), the table says so. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#define PAGE 4096ul
#define BAD 0xBADBADBADul /* where the bad pointer goes */
#define TERMINAL 30 /* descriptors: 3 /dev/zero, 4 and 5 a pipe, 6 a file, 7 a directory, 30 the terminal where there is one */

enum direction { IN, OUT }; /* the kernel reads, or writes, what is pointed to */
enum { NULL_IS_FINE = 1, NULL_WAITS = 2 };

struct bad_call {
    const char *name;
    long number;
    enum direction direction;
    int flags;
    unsigned long arguments[6];
};

static char good[PAGE] __attribute__((aligned(4096)));
static struct iovec bad_vector;
static int zero_fd, pipe_fds[2], file_fd;

/* The kinds of pointer. The last two point at something, but not at enough, or not at something writable. */
struct kind {
    const char *name;
    unsigned long value;
    int only_for_output;
    int is_null;
};
static struct kind kinds[] = {
    {"null", 0, 0, 1},
    {"the first page", 0x10, 0, 0},
    {"the last canonical page", 0x7ffffffff000ul, 0, 0},
    {"beyond user space", 0x800000000000ul, 0, 0},
    {"non-canonical", 0x8000000000000000ul, 0, 0},
    {"the kernel's half", 0xffffffff80000000ul, 0, 0},
    {"the direct map", 0xffff800000001000ul, 0, 0},
    {"the last byte of memory", 0xfffffffffffffffful, 0, 0},
    {"unmapped", 0, 0, 0},
    {"not accessible", 0, 0, 0},
    {"read-only", 0, 1, 0},
};
enum { UNMAPPED = 8, NOT_ACCESSIBLE = 9, READ_ONLY = 10, KINDS = 11 };

static void make_kinds(void)
{
    char *area = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(area, 'x', 16 * PAGE);
    munmap(area, 4 * PAGE);
    mprotect(area + 4 * PAGE, 4 * PAGE, PROT_NONE);
    mprotect(area + 8 * PAGE, 8 * PAGE, PROT_READ);
    kinds[UNMAPPED].value = (unsigned long)area;
    kinds[NOT_ACCESSIBLE].value = (unsigned long)area + 4 * PAGE;
    kinds[READ_ONLY].value = (unsigned long)area + 8 * PAGE;
}

static void try_kind(const struct bad_call *call, const struct kind *kind)
{
    unsigned long arguments[6];
    char detail[128];
    if ((kind->only_for_output && call->direction != OUT) || (kind->is_null && (call->flags & NULL_WAITS)))
        return;
    for (int i = 0; i < 6; i++)
        arguments[i] = call->arguments[i] == BAD ? kind->value : call->arguments[i];
    errno = 0;
    long value = syscall(call->number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
    int error = errno;
    int may_work = kind->is_null && (call->flags & NULL_IS_FINE);
    snprintf(detail, sizeof detail, "returned %ld, errno %d %s", value, error, strerror(error));
    tap_result(may_work ? value >= 0 : value == -1 && error == EFAULT, detail, "%s, %s", call->name, kind->name);
}

static struct bad_call calls[] = {
    {"read", SYS_read, OUT, 0, {3, BAD, 64}},
    {"write", SYS_write, IN, 0, {5, BAD, 64}},
    {"pread64", SYS_pread64, OUT, 0, {6, BAD, 64, 0}},
    {"pwrite64", SYS_pwrite64, IN, 0, {6, BAD, 64, 0}},
    {"readv, the vector", SYS_readv, IN, 0, {3, BAD, 1}},
    {"writev, the vector", SYS_writev, IN, 0, {5, BAD, 1}},
    {"open", SYS_open, IN, 0, {BAD, O_RDONLY}},
    {"openat", SYS_openat, IN, 0, {AT_FDCWD, BAD, O_RDONLY}},
    {"stat, path", SYS_stat, IN, 0, {BAD, (unsigned long)good}},
    {"stat, buffer", SYS_stat, OUT, 0, {(unsigned long)"/", BAD}},
    {"lstat, path", SYS_lstat, IN, 0, {BAD, (unsigned long)good}},
    {"lstat, buffer", SYS_lstat, OUT, 0, {(unsigned long)"/", BAD}},
    {"fstat", SYS_fstat, OUT, 0, {3, BAD}},
    {"newfstatat, path", SYS_newfstatat, IN, 0, {AT_FDCWD, BAD, (unsigned long)good, 0}},
    {"newfstatat, buffer", SYS_newfstatat, OUT, 0, {AT_FDCWD, (unsigned long)"/", BAD, 0}},
    {"access", SYS_access, IN, 0, {BAD, 0}},
    {"faccessat", SYS_faccessat, IN, 0, {AT_FDCWD, BAD, 0}},
    {"getcwd", SYS_getcwd, OUT, 0, {BAD, 256}},
    {"chdir", SYS_chdir, IN, 0, {BAD}},
    {"mkdir", SYS_mkdir, IN, 0, {BAD, 0755}},
    {"mkdirat", SYS_mkdirat, IN, 0, {AT_FDCWD, BAD, 0755}},
    {"rmdir", SYS_rmdir, IN, 0, {BAD}},
    {"unlink", SYS_unlink, IN, 0, {BAD}},
    {"unlinkat", SYS_unlinkat, IN, 0, {AT_FDCWD, BAD, 0}},
    {"rename, from", SYS_rename, IN, 0, {BAD, (unsigned long)"/tmp/x"}},
    {"rename, to", SYS_rename, IN, 0, {(unsigned long)"/tmp", BAD}},
    {"renameat, from", SYS_renameat, IN, 0, {AT_FDCWD, BAD, AT_FDCWD, (unsigned long)"/tmp/x"}},
    {"link, from", SYS_link, IN, 0, {BAD, (unsigned long)"/tmp/x"}},
    {"link, to", SYS_link, IN, 0, {(unsigned long)"/proc/self/exe", BAD}},
    {"symlink, target", SYS_symlink, IN, 0, {BAD, (unsigned long)"/tmp/x"}},
    {"symlink, name", SYS_symlink, IN, 0, {(unsigned long)"t", BAD}},
    {"readlink, path", SYS_readlink, IN, 0, {BAD, (unsigned long)good, 64}},
    {"readlink, buffer", SYS_readlink, OUT, 0, {(unsigned long)"/proc/self/exe", BAD, 64}},
    {"chmod", SYS_chmod, IN, 0, {BAD, 0644}},
    {"chown", SYS_chown, IN, 0, {BAD, 0, 0}},
    {"truncate", SYS_truncate, IN, 0, {BAD, 0}},
    {"utimensat, times", SYS_utimensat, IN, NULL_IS_FINE, {6, 0, BAD, 0}},
    {"getdents64", SYS_getdents64, OUT, 0, {7, BAD, 512}},
    {"pipe", SYS_pipe, OUT, 0, {BAD}},
    {"pipe2", SYS_pipe2, OUT, 0, {BAD, 0}},
    {"poll", SYS_poll, IN, 0, {BAD, 1, 0}},
    {"ppoll, timeout", SYS_ppoll, IN, NULL_WAITS, {(unsigned long)good, 0, BAD, 0, 8}},
    {"select, read set", SYS_select, IN, NULL_IS_FINE, {1, BAD, 0, 0, (unsigned long)good}},
    {"fcntl, lock", SYS_fcntl, IN, 0, {6, F_GETLK, BAD}},
    {"ioctl, window size", SYS_ioctl, OUT, 0, {TERMINAL, 0x5413, BAD}},
    {"ioctl, bytes waiting", SYS_ioctl, OUT, 0, {4, 0x541B, BAD}},
    {"nanosleep, time", SYS_nanosleep, IN, 0, {BAD, 0}},
    {"clock_gettime", SYS_clock_gettime, OUT, 0, {CLOCK_MONOTONIC, BAD}},
    {"clock_getres", SYS_clock_getres, OUT, NULL_IS_FINE, {CLOCK_MONOTONIC, BAD}},
    {"clock_nanosleep", SYS_clock_nanosleep, IN, 0, {CLOCK_MONOTONIC, 0, BAD, 0}},
    {"gettimeofday", SYS_gettimeofday, OUT, NULL_IS_FINE, {BAD, 0}},
    {"time", SYS_time, OUT, NULL_IS_FINE, {BAD}},
    {"times", SYS_times, OUT, NULL_IS_FINE, {BAD}},
    {"setitimer", SYS_setitimer, IN, NULL_IS_FINE, {ITIMER_REAL, BAD, 0}},
    {"getitimer", SYS_getitimer, OUT, 0, {ITIMER_REAL, BAD}},
    {"uname", SYS_uname, OUT, 0, {BAD}},
    {"getrandom", SYS_getrandom, OUT, 0, {BAD, 16, 0}},
    {"getrlimit", SYS_getrlimit, OUT, 0, {RLIMIT_NOFILE, BAD}},
    {"setrlimit", SYS_setrlimit, IN, 0, {RLIMIT_CORE, BAD}},
    {"prlimit64, old", SYS_prlimit64, OUT, NULL_IS_FINE, {0, RLIMIT_NOFILE, 0, BAD}},
    {"prlimit64, new", SYS_prlimit64, IN, NULL_IS_FINE, {0, RLIMIT_CORE, BAD, 0}},
    {"getrusage", SYS_getrusage, OUT, 0, {RUSAGE_SELF, BAD}},
    {"sysinfo", SYS_sysinfo, OUT, 0, {BAD}},
    {"rt_sigaction, new", SYS_rt_sigaction, IN, NULL_IS_FINE, {SIGUSR1, BAD, 0, 8}},
    {"rt_sigaction, old", SYS_rt_sigaction, OUT, NULL_IS_FINE, {SIGUSR1, 0, BAD, 8}},
    {"rt_sigprocmask, new", SYS_rt_sigprocmask, IN, NULL_IS_FINE, {SIG_BLOCK, BAD, 0, 8}},
    {"rt_sigprocmask, old", SYS_rt_sigprocmask, OUT, NULL_IS_FINE, {SIG_BLOCK, 0, BAD, 8}},
    {"rt_sigpending", SYS_rt_sigpending, OUT, 0, {BAD, 8}},
    {"rt_sigsuspend", SYS_rt_sigsuspend, IN, 0, {BAD, 8}},
    {"sigaltstack, new", SYS_sigaltstack, IN, NULL_IS_FINE, {BAD, 0}},
    {"sigaltstack, old", SYS_sigaltstack, OUT, NULL_IS_FINE, {0, BAD}},
    {"execve, path", SYS_execve, IN, 0, {BAD, 0, 0}},
};

/* The pointer inside a good vector is bad. */
static void try_vectors(void)
{
    for (int i = 0; i < KINDS; i++) {
        char detail[64];
        bad_vector.iov_base = (void *)kinds[i].value;
        bad_vector.iov_len = 64;
        long value = syscall(SYS_readv, 3, &bad_vector, 1);
        snprintf(detail, sizeof detail, "returned %ld, errno %d", value, errno);
        tap_result(value == -1 && errno == EFAULT, detail, "readv, a buffer, %s", kinds[i].name);
        if (kinds[i].only_for_output)
            continue;
        value = syscall(SYS_writev, 5, &bad_vector, 1);
        snprintf(detail, sizeof detail, "returned %ld, errno %d", value, errno);
        tap_result(value == -1 && errno == EFAULT, detail, "writev, a buffer, %s", kinds[i].name);
    }
}

/* A transfer that begins on a good page and runs into a bad one stops at the boundary: what fits was transferred. */
static void try_boundary(void)
{
    char *area = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(area, 'y', 2 * PAGE);
    munmap(area + PAGE, PAGE);
    char *edge = area + PAGE - 8;
    CHECK_ERRNO(syscall(SYS_stat, "/", edge), EFAULT, "stat across the edge");
    CHECK_ERRNO(syscall(SYS_clock_gettime, CLOCK_REALTIME, edge), EFAULT, "clock_gettime across the edge");
    memset(edge, 'y', 8);
    CHECK_ERRNO(syscall(SYS_open, edge, O_RDONLY), EFAULT, "a path without an end before the edge");
    memcpy(edge, "/tmp\0", 5);
    CHECK(syscall(SYS_access, edge, F_OK) == 0, "a path that ends before the edge");
    CHECK_ERRNO(syscall(SYS_uname, edge), EFAULT, "uname across the edge");
    long count = syscall(SYS_read, zero_fd, edge, 64);
    int error = errno;
    CHECK(count == 8 || (count == -1 && error == EFAULT), "read across the edge gives what fits, or EFAULT");
    CHECK(syscall(SYS_write, pipe_fds[1], "z", 1) == 1 && syscall(SYS_read, pipe_fds[0], edge + 7, 64) == 1 && edge[7] == 'z',
          "a short read does not touch what lies beyond");
}

int main(void)
{
    make_kinds();
    zero_fd = dup2(open("/dev/zero", O_RDONLY), 3);
    int pair[2];
    CHECK(pipe(pair) == 0, "pipe");
    pipe_fds[0] = fcntl(pair[0], F_DUPFD, 20);
    pipe_fds[1] = fcntl(pair[1], F_DUPFD, 20);
    int filled[2];
    CHECK(pipe(filled) == 0, "pipe");
    dup2(filled[0], 4);
    dup2(filled[1], 5);
    file_fd = dup2(open("/tmp/badptr.data", O_CREAT | O_RDWR | O_TRUNC, 0644), 6);
    CHECK(zero_fd == 3 && file_fd == 6 && write(6, good, 128) == 128, "files");
    CHECK(dup2(open("/tmp", O_RDONLY | O_DIRECTORY), 7) == 7, "a directory");
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY);
    if (terminal >= 0)
        dup2(terminal, TERMINAL);
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (calls[i].arguments[0] == TERMINAL && terminal < 0)
            continue; /* no terminal here */
        for (int k = 0; k < KINDS; k++)
            try_kind(&calls[i], &kinds[k]);
    }
    try_vectors();
    try_boundary();
    unlink("/tmp/badptr.data");
    return tap_done();
}
