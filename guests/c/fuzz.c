/* fuzz.c - hostile programs: several processes side by side make random system calls with random arguments, weighted towards ones that look
 * valid (their own descriptors, mapped addresses, the edges of both). They may die, and are replaced; the kernel may not.
 *
 * fuzz [-s SEED] [-t SECONDS] [-n PROCESSES] [-c CALLS]     the same seed makes the same calls; -c prints the calls of one process instead
 *
 * Each process lives in a directory of its own (chroot) and, except for every fourth, as a user of its own, so it can harm nobody else by
 * what it is allowed to do. Left out are only calls that end the session or stop the others on purpose: reboot, signals to foreign
 * processes by root, clocks and limits that root may change for all. */
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

/* What the watcher and a process share. */
struct progress {
    uint64_t calls;
};
static struct progress *progress;

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

static const char *names[] = {"a", "b", "dir", "dir/c", "dir/d", "link", "loop", "fifo", "prog", "zero", "null", ".", "..", "/", "", "dir/../a",
    "missing/x", "random", "full", "self/maps", "self/status", "self/fd", "1/stat", "self/exe", "/dev/fd/3"};
#define NAMES (sizeof names / sizeof *names)

static const uint64_t numbers[] = {0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 24, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 511, 512, 1000, 1023, 1024, 1025, 4095, 4096,
    4097, 8192, 65535, 65536, 65537, 1 << 20, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000,
    0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFE, 0xFFFFFFFFFFFFFF9C, 0xFFFFFFFFFFFFF000, 0xFFFFFFFF80000000, 0xFFFF800000000000, 0x00007FFFFFFFF000,
    0x00007FFFFFFFEFFF, 0x0000800000000000};
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
    short number;
    char weight;
    const char *kinds;
};
static const struct call calls[] = {
    {SYS_read, 8, "fpl"}, {SYS_write, 8, "fpl"}, {SYS_open, 8, "sFn"}, {SYS_close, 2, "f"}, {SYS_stat, 2, "sp"}, {SYS_fstat, 2, "fp"}, {SYS_lstat, 2, "sp"},
    {SYS_poll, 4, "ptt"}, {SYS_lseek, 4, "fot"}, {SYS_mmap, 12, "mLPFfo"}, {SYS_mprotect, 6, "mLP"}, {SYS_munmap, 5, "mL"}, {SYS_brk, 2, "p"},
    {SYS_rt_sigaction, 4, "Sppn"}, {SYS_rt_sigprocmask, 3, "tppn"}, {SYS_ioctl, 3, "fnp"}, {SYS_pread64, 4, "fplo"}, {SYS_pwrite64, 4, "fplo"},
    {SYS_readv, 5, "fpt"}, {SYS_writev, 5, "fpt"}, {SYS_access, 1, "st"}, {SYS_pipe, 2, "p"}, {SYS_select, 3, "tpppp"}, {SYS_sched_yield, 1, ""},
    {SYS_mremap, 7, "mLLFm"}, {SYS_msync, 2, "mLt"}, {SYS_mincore, 2, "mLp"}, {SYS_madvise, 7, "mLt"}, {SYS_dup, 2, "f"}, {SYS_dup2, 3, "ff"},
    {SYS_pause, 1, ""}, {SYS_nanosleep, 1, "pp"}, {SYS_alarm, 1, "t"}, {SYS_setitimer, 1, "tpp"}, {SYS_getitimer, 1, "tp"}, {SYS_sendfile, 5, "ffpl"},
    {SYS_wait4, 3, "ipFp"}, {SYS_kill, 2, "iS"}, {SYS_uname, 1, "p"}, {SYS_fcntl, 6, "ftp"}, {SYS_fcntl, 3, "ftt"}, {SYS_flock, 3, "ft"}, {SYS_fsync, 1, "f"},
    {SYS_fdatasync, 1, "f"}, {SYS_truncate, 3, "so"}, {SYS_ftruncate, 4, "fo"}, {SYS_getdents, 2, "fpl"}, {SYS_getdents64, 2, "fpl"}, {SYS_getcwd, 1, "pl"},
    {SYS_chdir, 1, "s"}, {SYS_fchdir, 1, "f"}, {SYS_rename, 3, "ss"}, {SYS_mkdir, 2, "sn"}, {SYS_rmdir, 2, "s"}, {SYS_creat, 2, "sn"}, {SYS_link, 3, "ss"},
    {SYS_unlink, 3, "s"}, {SYS_symlink, 3, "ss"}, {SYS_readlink, 2, "spl"}, {SYS_chmod, 2, "sn"}, {SYS_fchmod, 1, "fn"}, {SYS_chown, 1, "snn"},
    {SYS_umask, 1, "n"}, {SYS_gettimeofday, 1, "pp"}, {SYS_getrlimit, 1, "tp"}, {SYS_getrusage, 1, "np"}, {SYS_sysinfo, 1, "p"}, {SYS_times, 1, "p"},
    {SYS_getgroups, 1, "tp"}, {SYS_rt_sigpending, 1, "pn"}, {SYS_rt_sigtimedwait, 2, "pppn"}, {SYS_rt_sigqueueinfo, 2, "iSp"}, {SYS_rt_sigsuspend, 1, "pn"},
    {SYS_sigaltstack, 2, "pp"}, {SYS_utime, 1, "sp"}, {SYS_mknod, 1, "snn"}, {SYS_statfs, 1, "sp"}, {SYS_fstatfs, 1, "fp"}, {SYS_getpriority, 1, "ti"},
    {SYS_sched_getparam, 1, "ip"}, {SYS_sched_getaffinity, 1, "ilp"}, {SYS_sched_setaffinity, 1, "ilp"}, {SYS_mlock, 1, "mL"}, {SYS_munlock, 1, "mL"},
    {SYS_prctl, 3, "tpnnn"}, {SYS_arch_prctl, 1, "np"}, {SYS_sync, 1, ""}, {SYS_readahead, 1, "fol"}, {SYS_tkill, 1, "iS"}, {SYS_tgkill, 1, "iiS"},
    {SYS_futex, 6, "ptnppn"}, {SYS_set_robust_list, 3, "pn"}, {SYS_get_robust_list, 1, "ipp"}, {SYS_set_tid_address, 2, "p"}, {SYS_timer_create, 2, "tpp"},
    {SYS_timer_settime, 2, "ttpp"}, {SYS_timer_gettime, 1, "tp"}, {SYS_timer_delete, 1, "t"}, {SYS_timer_getoverrun, 1, "t"}, {SYS_clock_gettime, 1, "np"},
    {SYS_clock_nanosleep, 1, "ttpp"}, {SYS_fadvise64, 1, "folt"}, {SYS_waitid, 2, "tipFp"}, {SYS_openat, 8, "fsFn"}, {SYS_mkdirat, 1, "fsn"},
    {SYS_mknodat, 1, "fsnn"}, {SYS_fchownat, 1, "fsnnF"}, {SYS_newfstatat, 2, "fspF"}, {SYS_unlinkat, 2, "fsF"}, {SYS_renameat2, 3, "fsfsF"},
    {SYS_linkat, 2, "fsfsF"}, {SYS_symlinkat, 1, "sfs"}, {SYS_readlinkat, 2, "fspl"}, {SYS_fchmodat, 1, "fsn"}, {SYS_faccessat, 1, "fsn"},
    {SYS_pselect6, 2, "tppppp"}, {SYS_ppoll, 2, "ptppn"}, {SYS_utimensat, 2, "fspF"}, {SYS_fallocate, 3, "fFoo"}, {SYS_dup3, 1, "ffn"}, {SYS_pipe2, 2, "pF"},
    {SYS_preadv, 4, "fpton"}, {SYS_pwritev, 4, "fpton"}, {SYS_preadv2, 3, "fptonF"}, {SYS_pwritev2, 3, "fptonF"}, {SYS_prlimit64, 1, "itpp"},
    {SYS_getrandom, 2, "plF"}, {SYS_memfd_create, 2, "sF"}, {SYS_membarrier, 1, "tFn"}, {SYS_copy_file_range, 5, "fpfplz"}, {SYS_statx, 2, "fsFnp"},
    {SYS_close_range, 1, "ftF"}, {SYS_openat2, 3, "fspl"}, {SYS_faccessat2, 1, "fsnF"}, {SYS_mlock2, 1, "mLt"}, {SYS_sync_file_range, 1, "foot"},
    {SYS_execve, 1, "spp"}, {SYS_execveat, 1, "fsppF"}, {SYS_setpgid, 1, "ii"}, {SYS_setsid, 1, ""}, {SYS_getsid, 1, "i"}, {SYS_setresuid, 1, "nnn"},
    {SYS_setgroups, 1, "tp"}, {SYS_capget, 1, "pp"}, {SYS_personality, 1, "n"}, {SYS_clone, 5, "Fpppp"}, {SYS_clone3, 2, "pl"}, {SYS_vfork, 1, ""},
    {SYS_fork, 3, ""}, {SYS_rt_sigreturn, 1, ""}, {SYS_restart_syscall, 1, ""},
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

/* Calls that would end or hinder the others on purpose. */
static int is_left_out(long number, uint64_t *a)
{
    uint64_t me = (uint64_t)syscall(SYS_getpid);
    if (is_root && number >= 0x5A000)
        return 1; /* Aurora's own calls act on the whole session */
    switch (number) {
    case SYS_reboot: case SYS_exit: case SYS_exit_group: return 1;
    case SYS_clock_settime: case SYS_settimeofday: case SYS_sethostname: case SYS_setsid: case SYS_setpgid: case SYS_chroot:
        return is_root;
    case SYS_setrlimit: case SYS_prlimit64: return 1;
    case SYS_kill: case SYS_tkill: case SYS_tgkill: case SYS_rt_sigqueueinfo: case SYS_rt_tgsigqueueinfo: case SYS_setpriority:
        if ((a[1] == SIGKILL || a[1] == SIGSTOP || a[2] == SIGKILL || a[2] == SIGSTOP) && !one_in(20))
            return 1;
        return (int)a[0] == -1 || (is_root && a[0] != me && (int)a[0] > 0) || (int)a[0] == 1;
    default: return 0;
    }
}

static long raw(long number, const uint64_t *a)
{
    long result;
    register uint64_t r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
}

static void handler(int signal) { (void)signal; }

/* A process whose arena has gone gets a new one and goes on. */
static __thread sigjmp_buf mended;
static void mend(int signal) { siglongjmp(mended, signal); }

static void make_arena(int file)
{
    mmap(ARENA, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mprotect(ARENA + 64 * PAGE, 4 * PAGE, PROT_NONE);
    mprotect(ARENA + 68 * PAGE, 4 * PAGE, PROT_READ);
    munmap(ARENA + 72 * PAGE, 4 * PAGE);
    mmap(ARENA + 80 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
    mmap(ARENA + 88 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file, 0);
    mmap(ARENA + 96 * PAGE, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/* A program of 132 bytes that exits with 7. */
static void make_program(void)
{
    unsigned char image[132] = "\177ELF\2\1\1";
    static const unsigned char code[] = {0xb8, 60, 0, 0, 0, 0xbf, 7, 0, 0, 0, 0x0f, 0x05};
    *(uint16_t *)(image + 16) = 2;
    *(uint16_t *)(image + 18) = 62;
    *(uint32_t *)(image + 20) = 1;
    *(uint64_t *)(image + 24) = 0x400078;
    *(uint64_t *)(image + 32) = 64;
    *(uint16_t *)(image + 52) = 64;
    *(uint16_t *)(image + 54) = 56;
    *(uint16_t *)(image + 56) = 1;
    *(uint32_t *)(image + 64) = 1;
    *(uint32_t *)(image + 68) = 5;
    *(uint64_t *)(image + 80) = 0x400000;
    *(uint64_t *)(image + 96) = *(uint64_t *)(image + 104) = sizeof image;
    memcpy(image + 120, code, sizeof code);
    int file = open("prog", O_WRONLY | O_CREAT | O_TRUNC, 0755);
    if (write(file, image, sizeof image) < 0)
        _exit(1);
    close(file);
}

/* The place a process lives in, and its descriptors: 3 to 20 are of every kind. */
static void settle(int slot)
{
    char folder[64];
    struct rlimit files = {64, 64}, size = {1 << 20, 1 << 20}, memory = {64 << 20, 64 << 20}, children = {24, 24}, none = {0, 0};
    snprintf(folder, sizeof folder, "/tmp/fuzz.%d", slot);
    mkdir(folder, 0777);
    chmod(folder, 0777);
    setpgid(0, 0);
    int proc = open("/proc", O_RDONLY | O_DIRECTORY);
    if (chdir(folder) != 0 || chroot(".") != 0)
        _exit(2);
    umask(0);
    /* What an earlier life has left under these names may be of any kind. */
    for (size_t i = 0; i < NAMES; i++)
        if (names[i][0] != '/' && names[i][0] != '.' && unlink(names[i]) != 0)
            rmdir(names[i]);
    rmdir("dir");
    mkdir("dir", 0777);
    if (symlink("a", "link") != 0 || symlink("loop", "loop") != 0)
        errno = 0;
    mkfifo("fifo", 0666);
    mknod("zero", S_IFCHR | 0666, makedev(1, 5));
    mknod("null", S_IFCHR | 0666, makedev(1, 3));
    mknod("random", S_IFCHR | 0666, makedev(1, 9));
    mknod("full", S_IFCHR | 0666, makedev(1, 7));
    make_program();
    int file = open("a", O_RDWR | O_CREAT, 0666), ends[2];
    if (ftruncate(file, 8 * PAGE) != 0)
        errno = 0;
    setrlimit(RLIMIT_CORE, &none);
    setrlimit(RLIMIT_FSIZE, &size);
    setrlimit(RLIMIT_NPROC, &children);
    make_arena(file);
    is_root = slot % 4 == 3;
    if (!is_root && (setgroups(0, NULL) != 0 || setresgid(FIRST_UID + slot, FIRST_UID + slot, FIRST_UID + slot) != 0
        || setresuid(FIRST_UID + slot, FIRST_UID + slot, FIRST_UID + slot) != 0))
        _exit(2);
    open("zero", O_RDWR);
    open("null", O_RDWR);
    open("dir", O_RDONLY);
    open("fifo", O_RDWR | O_NONBLOCK);
    if (pipe(ends) == 0 && pipe2(ends, O_NONBLOCK) == 0)
        dup(file);
    openat(proc, "self/maps", O_RDONLY);
    openat(proc, "self/stat", O_RDONLY);
    open("b", O_RDWR | O_CREAT | O_APPEND, 0666);
    open("random", O_RDWR);
    open("a", O_PATH);
    if (is_root)
        close(proc);
    setrlimit(RLIMIT_NOFILE, &files);
    setrlimit(RLIMIT_AS, &memory);
    for (int descriptor = 0; descriptor < 3; descriptor++)
        if (dup2(file, descriptor) != descriptor)
            close(descriptor);
}

static void live(int slot, uint64_t most, int prints)
{
    struct sigaction action = {.sa_handler = handler};
    struct itimerval often = {{0, 20000}, {0, 20000}};
    for (int signal = 1; signal < 32; signal++) {
        int is_fault = signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE;
        action.sa_handler = is_fault ? mend : handler;
        action.sa_flags = is_fault ? SA_NODEFER : 0;
        sigaction(signal, &action, NULL);
    }
    if (!prints)
        setitimer(ITIMER_REAL, &often, NULL);
    static __thread uint64_t count, calls_left;
    static __thread pid_t self;
    calls_left = most;
    self = (pid_t)syscall(SYS_getpid);
    if (sigsetjmp(mended, 0) != 0)
        make_arena(0);
    for (; calls_left == 0 || count < calls_left; count++) {
        const struct call *call = choose();
        long chosen = call->number;
        uint64_t a[6];
        int is_known = !one_in(12);
        if (one_in(3))
            scribble();
        for (int i = 0; i < 6; i++)
            a[i] = is_known && (size_t)i < strlen(call->kinds) ? argument(call->kinds[i]) : argument("nfplmF"[below(6)]);
        if (!is_known)
            chosen = one_in(6) ? 0x5A000 + (long)below(12) : (long)below(470);
        if (one_in(4000))
            chosen = (long)number();
        if (is_left_out(chosen & 0xFFFFFFFF, a))
            continue;
        if (prints) {
            printf("%ld(%lx, %lx, %lx, %lx, %lx, %lx)\n", chosen, a[0], a[1], a[2], a[3], a[4], a[5]);
            continue;
        }
        /* A clone on a stack of its own would return into nothing: mostly it gets none. */
        if ((chosen == SYS_clone || chosen == SYS_clone3) && !one_in(16))
            a[1] = chosen == SYS_clone ? 0 : a[1];
        long result = raw(chosen, a);
        progress[slot].calls++;
        if ((pid_t)syscall(SYS_getpid) != self || (result == 0 && (chosen == SYS_clone || chosen == SYS_clone3))) {
            calls_left = calls_left == 0 || calls_left - count > CALLS_OF_A_CHILD ? count + CALLS_OF_A_CHILD : calls_left;
            self = (pid_t)syscall(SYS_getpid);
        }
        /* Its memory is what it lives by: it is put right from time to time. */
        if (one_in(400))
            make_arena(0);
    }
    syscall(SYS_exit_group, 0);
}

static uint64_t mixed(uint64_t seed, uint64_t slot, uint64_t generation)
{
    uint64_t value = seed * 0x9E3779B97F4A7C15ul + slot * 0xBF58476D1CE4E5B9ul + generation * 0x94D049BB133111EBul + 1;
    value ^= value >> 29;
    return value ? value : 1;
}

struct companion {
    int slot;
    uint64_t seed;
};

static void *accompany(void *argument)
{
    struct companion *companion = argument;
    state = companion->seed;
    live(companion->slot, 0, 0);
    return NULL;
}

static pid_t start(int slot, uint64_t seed, uint64_t generation)
{
    pid_t process = fork();
    if (process != 0)
        return process;
    state = mixed(seed, (uint64_t)slot, generation);
    settle(slot);
    /* Every other process has a second thread, which unmaps and closes what the first one uses. */
    static struct companion companion;
    pthread_t thread;
    companion = (struct companion){slot, mixed(seed, (uint64_t)slot + MAX_PROCESSES, generation)};
    if (generation % 2 == 1)
        pthread_create(&thread, NULL, accompany, &companion);
    live(slot, 0, 0);
    _exit(0);
}

/* Ends what a process may have left behind: its group, and everything that runs as its user. */
static void sweep(int slot, pid_t process)
{
    kill(-process, SIGKILL);
    if (slot % 4 == 3)
        return;
    pid_t broom = fork();
    if (broom == 0) {
        if (setresuid(FIRST_UID + slot, FIRST_UID + slot, FIRST_UID + slot) == 0)
            kill(-1, SIGKILL);
        _exit(0);
    }
    waitpid(broom, NULL, 0);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments)
{
    uint64_t seed = (uint64_t)time(NULL), printed = 0;
    int seconds = 10, processes = 4, option;
    while ((option = getopt(count, arguments, "s:t:n:c:")) != -1)
        switch (option) {
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 't': seconds = atoi(optarg); break;
        case 'n': processes = atoi(optarg); break;
        case 'c': printed = strtoull(optarg, NULL, 0); break;
        default: return 2;
        }
    if (processes < 1 || processes > MAX_PROCESSES)
        return 2;
    for (size_t i = 0; i < CALLS; i++)
        total_weight += calls[i].weight;
    progress = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (printed != 0) {
        state = mixed(seed, 0, 0);
        mmap(ARENA, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        live(0, printed, 1);
    }
    printf("fuzz seed %lu: %d processes, %d s\n", seed, processes, seconds);
    fflush(stdout);
    pid_t running[MAX_PROCESSES] = {0};
    uint64_t seen[MAX_PROCESSES] = {0}, generations[MAX_PROCESSES] = {0}, deaths = 0;
    double looked[MAX_PROCESSES] = {0}, end = now() + seconds, next_line = now() + 1;
    while (now() < end) {
        for (int slot = 0; slot < processes; slot++) {
            pid_t process = running[slot];
            /* One that makes no calls (it sleeps with all signals blocked, or runs wild) is replaced as well. */
            int is_stuck = process != 0 && progress[slot].calls == seen[slot] && now() - looked[slot] > 1;
            if (process == 0 || waitpid(process, NULL, WNOHANG) == process || is_stuck) {
                if (process != 0) {
                    sweep(slot, process);
                    if (is_stuck)
                        waitpid(process, NULL, 0);
                    deaths++;
                }
                running[slot] = start(slot, seed, generations[slot]++);
                looked[slot] = now();
            }
            if (progress[slot].calls != seen[slot]) {
                seen[slot] = progress[slot].calls;
                looked[slot] = now();
            }
        }
        if (now() > next_line) {
            uint64_t sum = 0;
            for (int slot = 0; slot < processes; slot++)
                sum += progress[slot].calls;
            printf("fuzz seed %lu: %lu calls, %lu processes ended\n", seed, sum, deaths);
            fflush(stdout);
            next_line = now() + 1;
        }
        usleep(5000);
    }
    for (int slot = 0; slot < processes; slot++) {
        sweep(slot, running[slot]);
        kill(running[slot], SIGKILL);
        waitpid(running[slot], NULL, 0);
    }
    printf("fuzz seed %lu: done\n", seed);
    return 0;
}
