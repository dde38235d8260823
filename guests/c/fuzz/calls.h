/* calls.h - what a hostile program calls, how often, and with what: each call has a weight and a letter for each argument. Everything
 * follows from the state of the thread's sequence. */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define ARENA ((char *)0x100000000000ul)
#define ARENA_PAGES 128ul /* the pages in front are plain memory; then other kinds, see make_arena */
#define PLAIN_PAGES 64ul
#define MAX_PROCESSES 16
#define FIRST_UID 20000
#define CALLS_OF_A_CHILD 30

/* Each thread has a sequence of its own. */
static __thread uint64_t state;
static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545F4914F6CDD1Dul;
}
static uint64_t below(uint64_t limit) { return (next() >> 11) % limit; }
static int one_in(uint64_t limit) { return below(limit) == 0; }

static const char *names[] = {
    "a", "b", "dir", "dir/c", "dir/d", "link", "loop", "fifo", "prog", "zero", "null", ".", "..", "/", "", "dir/../a", "missing/x",
    "random", "full", "self/maps", "self/status", "self/fd", "1/stat", "self/exe", "/dev/fd/3",
};
#define NAMES (sizeof names / sizeof *names)

static const uint64_t numbers[] = {
    0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 511, 512, 1000, 1023, 1024, 1025, 4095, 4096, 4097,
    8192, 65535, 65536, 65537, 1 << 20, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
    0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFF9C, 0xFFFFFFFFFFFFF000, 0xFFFFFFFF80000000, 0xFFFF800000000000,
    0x00007FFFFFFFF000, 0x00007FFFFFFFEFFF, 0x0000800000000000,
};
#define NUMBERS (sizeof numbers / sizeof *numbers)

static uint64_t number(void)
{
    switch (below(8)) {
    case 0: return next();
    case 1: return next() & 0xFFFFFFFF;
    case 2: return 1ul << below(64);
    case 3: return numbers[below(NUMBERS)] + below(3) - 1;
    default: return numbers[below(NUMBERS)];
    }
}

static uint64_t pointer(void)
{
    switch (below(12)) {
    case 0: return number();
    case 1: return (uint64_t)ARENA + below(ARENA_PAGES) * PAGE;
    case 2: return (uint64_t)ARENA + (1 + below(ARENA_PAGES)) * PAGE - below(17);
    case 3: return (uint64_t)ARENA + below(ARENA_PAGES * PAGE);
    case 4: return 0;
    case 5: return (uint64_t)names; /* read-only data, then the program's own */
    default: return (uint64_t)ARENA + below(PLAIN_PAGES * PAGE / 64) * 64;
    }
}

/* A path: put into memory here and there, mostly a name that exists. */
static uint64_t path(void)
{
    if (one_in(10))
        return pointer();
    char *place = ARENA + below(PLAIN_PAGES - 1) * PAGE + below(2) * (PAGE - 8);
    if (one_in(20)) {
        memset(place, 'x', below(300));
        return (uint64_t)place;
    }
    strcpy(place, names[below(NAMES)]);
    return (uint64_t)place;
}

static uint64_t descriptor(void)
{
    switch (below(10)) {
    case 0: return number();
    case 1: return (uint64_t)-100;
    default: return below(40);
    }
}

static uint64_t length(void)
{
    switch (below(6)) {
    case 0: return number();
    case 1: return below(PLAIN_PAGES * PAGE * 2);
    case 2: return below(4) * PAGE;
    default: return below(300);
    }
}

static uint64_t flags(void)
{
    uint64_t value = 0;
    for (uint64_t bits = below(5); bits > 0; bits--)
        value |= 1ul << below(24);
    return one_in(8) ? number() : value;
}

/* Whose processes a call may name: its own, those that do not exist, and as an ordinary user anybody. */
static int is_root;
static uint64_t process(void)
{
    switch (below(8)) {
    case 0: return 0;
    case 1: return (uint64_t)-(int64_t)(0x7000 + below(500));
    case 2: return is_root ? 0x7000 + below(0x1000) : below(400);
    case 3: return is_root ? 0 : number() & 0xFFFFFFFF;
    default: return (uint64_t)syscall(SYS_getpid);
    }
}

/* Memory that looks like the structures calls take: small numbers, addresses, times, signal actions. */
static void scribble(void)
{
    uint64_t *place = (uint64_t *)(ARENA + below(PLAIN_PAGES * PAGE / 64) * 64);
    for (int i = 0; i < 8; i++)
        switch (below(6)) {
        case 0: place[i] = number(); break;
        case 1: place[i] = pointer(); break;
        case 2: place[i] = descriptor() | below(64) << 32; break;
        case 3: place[i] = length(); break;
        case 4: place[i] = 0; break;
        default: place[i] = below(1000); break;
        }
}

static uint64_t area(void) { return (uint64_t)ARENA + below(ARENA_PAGES + 8) * PAGE + (one_in(12) ? below(PAGE) : 0); }
static uint64_t area_length(void) { return one_in(10) ? number() : below(12) * PAGE + (one_in(8) ? below(PAGE) : 0); }

/* Kinds of argument: f descriptor, p pointer, s path, l length, n number, F flags, i process, S signal, m area, L its length, P protection,
 * o offset, t a small count, z zero */
static uint64_t argument(char kind)
{
    if (one_in(40))
        return number();
    switch (kind) {
    case 'f': return descriptor();
    case 'p': return pointer();
    case 's': return path();
    case 'l': return length();
    case 'F': return flags();
    case 'i': return process();
    case 'S': return one_in(6) ? number() : below(66);
    case 'm': return area();
    case 'L': return area_length();
    case 'P': return below(8);
    case 'o': return one_in(4) ? number() : below(1 << 21);
    case 't': return below(20);
    case 'z': return 0;
    default: return number();
    }
}

struct call {
    int number;
    char weight;
    const char *kinds;
};
static const struct call calls[] = {
    {SYS_read, 8, "fpl"}, {SYS_write, 8, "fpl"}, {SYS_open, 8, "sFn"}, {SYS_close, 2, "f"}, {SYS_stat, 2, "sp"}, {SYS_fstat, 2, "fp"},
    {SYS_lstat, 2, "sp"}, {SYS_poll, 4, "ptt"}, {SYS_lseek, 4, "fot"}, {SYS_mmap, 12, "mLPFfo"}, {SYS_mprotect, 6, "mLP"},
    {SYS_munmap, 5, "mL"}, {SYS_brk, 2, "p"}, {SYS_rt_sigaction, 4, "Sppn"}, {SYS_rt_sigprocmask, 3, "tppn"}, {SYS_ioctl, 3, "fnp"},
    {SYS_pread64, 4, "fplo"}, {SYS_pwrite64, 4, "fplo"}, {SYS_readv, 5, "fpt"}, {SYS_writev, 5, "fpt"}, {SYS_access, 1, "st"},
    {SYS_pipe, 2, "p"}, {SYS_select, 3, "tpppp"}, {SYS_sched_yield, 1, ""}, {SYS_mremap, 7, "mLLFm"}, {SYS_msync, 2, "mLt"},
    {0x5A01B /* sls_memckpt */, 2, "mt"}, {SYS_mincore, 2, "mLp"}, {SYS_madvise, 7, "mLt"}, {SYS_dup, 2, "f"}, {SYS_dup2, 3, "ff"},
    {SYS_pause, 1, ""},
    {SYS_nanosleep, 1, "pp"}, {SYS_alarm, 1, "t"}, {SYS_setitimer, 1, "tpp"}, {SYS_getitimer, 1, "tp"}, {SYS_sendfile, 5, "ffpl"},
    {SYS_wait4, 3, "ipFp"}, {SYS_kill, 2, "iS"}, {SYS_uname, 1, "p"}, {SYS_fcntl, 6, "ftp"}, {SYS_fcntl, 3, "ftt"},
    {SYS_flock, 3, "ft"}, {SYS_fsync, 1, "f"}, {SYS_fdatasync, 1, "f"}, {SYS_truncate, 3, "so"}, {SYS_ftruncate, 4, "fo"},
    {SYS_getdents, 2, "fpl"}, {SYS_getdents64, 2, "fpl"}, {SYS_getcwd, 1, "pl"}, {SYS_chdir, 1, "s"}, {SYS_fchdir, 1, "f"},
    {SYS_rename, 3, "ss"}, {SYS_mkdir, 2, "sn"}, {SYS_rmdir, 2, "s"}, {SYS_creat, 2, "sn"}, {SYS_link, 3, "ss"}, {SYS_unlink, 3, "s"},
    {SYS_symlink, 3, "ss"}, {SYS_readlink, 2, "spl"}, {SYS_chmod, 2, "sn"}, {SYS_fchmod, 1, "fn"}, {SYS_chown, 1, "snn"},
    {SYS_umask, 1, "n"}, {SYS_gettimeofday, 1, "pp"}, {SYS_getrlimit, 1, "tp"}, {SYS_getrusage, 1, "np"}, {SYS_sysinfo, 1, "p"},
    {SYS_times, 1, "p"}, {SYS_getgroups, 1, "tp"}, {SYS_rt_sigpending, 1, "pn"}, {SYS_rt_sigtimedwait, 2, "pppn"},
    {SYS_rt_sigqueueinfo, 2, "iSp"}, {SYS_rt_sigsuspend, 1, "pn"}, {SYS_sigaltstack, 2, "pp"}, {SYS_utime, 1, "sp"},
    {SYS_mknod, 1, "snn"}, {SYS_statfs, 1, "sp"}, {SYS_fstatfs, 1, "fp"}, {SYS_getpriority, 1, "ti"}, {SYS_sched_getparam, 1, "ip"},
    {SYS_sched_getaffinity, 1, "ilp"}, {SYS_sched_setaffinity, 1, "ilp"}, {SYS_mlock, 1, "mL"}, {SYS_munlock, 1, "mL"},
    {SYS_prctl, 3, "tpnnn"}, {SYS_arch_prctl, 1, "np"}, {SYS_sync, 1, ""}, {SYS_readahead, 1, "fol"}, {SYS_tkill, 1, "iS"},
    {SYS_tgkill, 1, "iiS"}, {SYS_futex, 6, "ptnppn"}, {SYS_set_robust_list, 3, "pn"}, {SYS_get_robust_list, 1, "ipp"},
    {SYS_set_tid_address, 2, "p"}, {SYS_timer_create, 2, "tpp"}, {SYS_timer_settime, 2, "ttpp"}, {SYS_timer_gettime, 1, "tp"},
    {SYS_timer_delete, 1, "t"}, {SYS_timer_getoverrun, 1, "t"}, {SYS_clock_gettime, 1, "np"}, {SYS_clock_nanosleep, 1, "ttpp"},
    {SYS_fadvise64, 1, "folt"}, {SYS_waitid, 2, "tipFp"}, {SYS_openat, 8, "fsFn"}, {SYS_mkdirat, 1, "fsn"}, {SYS_mknodat, 1, "fsnn"},
    {SYS_fchownat, 1, "fsnnF"}, {SYS_newfstatat, 2, "fspF"}, {SYS_unlinkat, 2, "fsF"}, {SYS_renameat2, 3, "fsfsF"},
    {SYS_linkat, 2, "fsfsF"}, {SYS_symlinkat, 1, "sfs"}, {SYS_readlinkat, 2, "fspl"}, {SYS_fchmodat, 1, "fsn"},
    {SYS_faccessat, 1, "fsn"}, {SYS_pselect6, 2, "tppppp"}, {SYS_ppoll, 2, "ptppn"}, {SYS_utimensat, 2, "fspF"},
    {SYS_fallocate, 3, "fFoo"}, {SYS_dup3, 1, "ffn"}, {SYS_pipe2, 2, "pF"}, {SYS_preadv, 4, "fpton"}, {SYS_pwritev, 4, "fpton"},
    {SYS_preadv2, 3, "fptonF"}, {SYS_pwritev2, 3, "fptonF"}, {SYS_prlimit64, 1, "itpp"}, {SYS_getrandom, 2, "plF"},
    {SYS_memfd_create, 2, "sF"}, {SYS_membarrier, 1, "tFn"}, {SYS_copy_file_range, 5, "fpfplz"}, {SYS_statx, 2, "fsFnp"},
    {SYS_close_range, 1, "ftF"}, {SYS_openat2, 3, "fspl"}, {SYS_faccessat2, 1, "fsnF"}, {SYS_mlock2, 1, "mLt"},
    {SYS_sync_file_range, 1, "foot"}, {SYS_execve, 1, "spp"}, {SYS_execveat, 1, "fsppF"}, {SYS_setpgid, 1, "ii"}, {SYS_setsid, 1, ""},
    {SYS_getsid, 1, "i"}, {SYS_setresuid, 1, "nnn"}, {SYS_setgroups, 1, "tp"}, {SYS_capget, 1, "pp"}, {SYS_personality, 1, "n"},
    {SYS_clone, 5, "Fpppp"}, {SYS_clone3, 2, "pl"}, {SYS_vfork, 1, ""}, {SYS_fork, 3, ""}, {SYS_rt_sigreturn, 1, ""},
    {SYS_restart_syscall, 1, ""},
};
#define CALLS (sizeof calls / sizeof *calls)

static int total_weight;
static const struct call *choose(void)
{
    int64_t left = (int64_t)below((uint64_t)total_weight);
    const struct call *call = calls;
    while ((left -= call->weight) >= 0)
        call++;
    return call;
}
