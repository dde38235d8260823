/* fuzz.c - hostile programs: several processes side by side make random system calls with random arguments, weighted towards ones that look
 * valid (their own descriptors, mapped addresses, the edges of both). They may die, and are replaced; the kernel may not.
 *
 * fuzz [-s SEED] [-t SECONDS] [-n PROCESSES] [-c CALLS]     the same seed makes the same calls; -c prints the calls of one process instead
 *
 * Each process lives in a directory of its own (chroot) and, except for every fourth, as a user of its own, so it can harm nobody else by
 * what it is allowed to do. Left out are only calls that end the session or stop the others on purpose: reboot, signals to foreign
 * processes by root, clocks and limits that root may change for all. */
#include "fuzz/calls.h"

/* What the watcher and a process share. */
struct progress {
    uint64_t calls;
};
static struct progress *progress;

/* Calls that would end or hinder the others on purpose. */
static int is_left_out(long number, uint64_t *a)
{
    uint64_t me = (uint64_t)syscall(SYS_getpid);
    if (is_root && number >= 0x5A000)
        return 1; /* Aurora's own calls act on the whole session */
    switch (number) {
    case SYS_reboot: case SYS_exit: case SYS_exit_group: return 1;
    case SYS_clock_settime: case SYS_settimeofday: case SYS_sethostname: case SYS_setsid: case SYS_setpgid: case SYS_chroot:
    case SYS_adjtimex: case SYS_clock_adjtime: case SYS_process_vm_writev:
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
