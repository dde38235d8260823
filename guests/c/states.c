/* states.c - builds up kernel state that a restore must give back, for machines whose power is cut. In each round it makes a random choice of
 * pieces (locks held and waited for, timers, pipes, FIFOs, futexes, children, names, mappings, signals), lets a random while pass, and then checks
 * that every piece is as it was and ends as it should. What it finds wrong it prints as "states FAIL ..." and exits 1.
 *
 * states [-s SEED] [-r ROUNDS] [-w LONGEST_WAIT_MS] [-n PIECES] [-p] [-l LABEL]      ROUNDS 0 (default): for ever; -p prints every round
 *
 * A piece is one structure of three functions. build makes it; check looks at it without changing it; end takes it down and sees that whoever waited
 * goes on. A child that waits for something exits with 7 when it got it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define MOST 24
#define GOT_IT 7
#define LONG_SECONDS 100000

#ifndef F_OFD_GETLK
#define F_OFD_GETLK 36
#define F_OFD_SETLK 37
#endif

struct piece {
    const struct kind *kind;
    pid_t child;
    int fd[2];
    uint32_t number;
    volatile uint32_t *words;
    char *memory;
    timer_t timer;
    uint64_t start;
    char name[64];
};

struct kind {
    const char *name;
    void (*build)(struct piece *);
    void (*check)(struct piece *);
    void (*end)(struct piece *);
};

static const char *label = "states";
static unsigned long rounds_done;
static uint64_t random_state;

static uint32_t draw(void)
{
    random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
    return (uint32_t)(random_state >> 33);
}

static void fail(struct piece *piece, const char *what)
{
    printf("%s FAIL in round %lu: %s: %s (errno %d)\n", label, rounds_done + 1, piece ? piece->kind->name : "", what, errno);
    fflush(stdout);
    kill(0, SIGKILL);
    _exit(1);
}

#define MUST(condition) do { if (!(condition)) fail(piece, #condition); } while (0)

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000ul + (uint64_t)time.tv_nsec;
}

static void name_it(struct piece *piece) { snprintf(piece->name, sizeof piece->name, "/tmp/%s.%d.%x", label, getpid(), piece->number); }

static void *share(struct piece *piece)
{
    void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED);
    return memory;
}

static void make_file(struct piece *piece, const char *contents)
{
    name_it(piece);
    piece->fd[0] = open(piece->name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    MUST(piece->fd[0] >= 0);
    MUST(write(piece->fd[0], contents, strlen(contents)) == (ssize_t)strlen(contents));
}

static void still_waits(struct piece *piece) { MUST(waitpid(piece->child, NULL, WNOHANG) == 0); }

static void got_it(struct piece *piece)
{
    int status;
    MUST(waitpid(piece->child, &status, 0) == piece->child);
    MUST(WIFEXITED(status) && WEXITSTATUS(status) == GOT_IT);
}

static void kill_child(struct piece *piece)
{
    int status;
    MUST(kill(piece->child, SIGKILL) == 0);
    MUST(waitpid(piece->child, &status, 0) == piece->child);
    MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* The child has come so far that it is in one of these states, as /proc says. A child that waits for a page is in state D. */
static void await_state(struct piece *piece, const char *wanted)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", piece->child);
    for (int tries = 0; tries < 20000; tries++) {
        int fd = open(path, O_RDONLY);
        ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
        close(fd);
        MUST(length > 0);
        text[length] = 0;
        char *state = strrchr(text, ')');
        if (state && strchr(wanted, state[2]))
            return;
        usleep(500);
    }
    fail(piece, "the child never fell asleep");
}

static void await_sleep(struct piece *piece)
{
    await_state(piece, "S");
}

/* ---- locks ---- */

static struct flock range(struct piece *piece, short type)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET, .l_start = piece->number % 1000, .l_len = 1 + piece->number % 77 };
    return lock;
}

static void build_lock(struct piece *piece)
{
    make_file(piece, "locked");
    struct flock lock = range(piece, F_WRLCK);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        if (fcntl(piece->fd[0], F_SETLK, &lock) != 0)
            _exit(1);
        for (;;)
            pause();
    }
    await_sleep(piece);
}

static void check_lock(struct piece *piece)
{
    struct flock lock = range(piece, F_RDLCK);
    MUST(fcntl(piece->fd[0], F_GETLK, &lock) == 0);
    MUST(lock.l_type == F_WRLCK && lock.l_pid == piece->child && lock.l_start == piece->number % 1000 && lock.l_len == 1 + piece->number % 77);
}

static void end_lock(struct piece *piece)
{
    kill_child(piece);
    struct flock lock = range(piece, F_RDLCK);
    MUST(fcntl(piece->fd[0], F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK);
    close(piece->fd[0]);
    unlink(piece->name);
}

static void build_file_lock(struct piece *piece)
{
    make_file(piece, "locked by its opening");
    MUST((piece->fd[1] = open(piece->name, O_RDWR)) >= 0);
    struct flock lock = range(piece, F_WRLCK);
    MUST(fcntl(piece->fd[0], F_OFD_SETLK, &lock) == 0);
    MUST(flock(piece->fd[0], LOCK_EX) == 0);
}

static void check_file_lock(struct piece *piece)
{
    struct flock lock = range(piece, F_RDLCK);
    MUST(fcntl(piece->fd[1], F_OFD_GETLK, &lock) == 0);
    MUST(lock.l_type == F_WRLCK && lock.l_pid == -1 && lock.l_start == piece->number % 1000);
    MUST(flock(piece->fd[1], LOCK_SH | LOCK_NB) == -1 && errno == EWOULDBLOCK);
}

static void end_file_lock(struct piece *piece)
{
    close(piece->fd[0]);
    struct flock lock = range(piece, F_WRLCK);
    MUST(fcntl(piece->fd[1], F_OFD_SETLK, &lock) == 0);
    MUST(flock(piece->fd[1], LOCK_EX | LOCK_NB) == 0);
    close(piece->fd[1]);
    unlink(piece->name);
}

static void build_lock_wait(struct piece *piece)
{
    make_file(piece, "waited for");
    struct flock lock = range(piece, F_WRLCK);
    MUST(fcntl(piece->fd[0], F_SETLK, &lock) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0)
        _exit(fcntl(piece->fd[0], F_SETLKW, &lock) == 0 ? GOT_IT : 1);
    await_sleep(piece);
}

static void end_lock_wait(struct piece *piece)
{
    struct flock lock = range(piece, F_UNLCK);
    MUST(fcntl(piece->fd[0], F_SETLK, &lock) == 0);
    got_it(piece);
    close(piece->fd[0]);
    unlink(piece->name);
}

/* ---- timers and signals ---- */

static void build_timer(struct piece *piece)
{
    /* Nobody looks at the signal of a timer that sends none, and programs leave it undefined. */
    struct sigevent event = { .sigev_notify = SIGEV_NONE, .sigev_signo = (int)piece->number };
    struct itimerspec time = { .it_value = { .tv_sec = LONG_SECONDS }, .it_interval = { .tv_sec = piece->number % 99 } };
    MUST(timer_create(CLOCK_MONOTONIC, &event, &piece->timer) == 0);
    piece->start = now();
    MUST(timer_settime(piece->timer, 0, &time, NULL) == 0);
}

static void check_timer(struct piece *piece)
{
    struct itimerspec left;
    MUST(timer_gettime(piece->timer, &left) == 0);
    uint64_t passed = now() - piece->start, remaining = (uint64_t)left.it_value.tv_sec * 1000000000ul + (uint64_t)left.it_value.tv_nsec;
    MUST(left.it_interval.tv_sec == (time_t)(piece->number % 99));
    /* Set after start was read, and read before now: the sum is at most a while off, and never less. */
    MUST(remaining + passed >= LONG_SECONDS * 1000000000ul && remaining <= LONG_SECONDS * 1000000000ul);
    MUST(remaining + passed < (LONG_SECONDS + 60) * 1000000000ul);
}

static void end_timer(struct piece *piece) { MUST(timer_delete(piece->timer) == 0); }

static int signal_of(struct piece *piece) { return SIGRTMIN + 3 + (int)(piece->number % 8); }

static void build_pending(struct piece *piece)
{
    sigset_t set;
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        sigemptyset(&set);
        sigaddset(&set, signal_of(piece));
        sigprocmask(SIG_BLOCK, &set, NULL);
        for (int i = 0; i < 3; i++)
            if (sigqueue(getpid(), signal_of(piece), (union sigval) { .sival_int = (int)piece->number + i }) != 0)
                _exit(1);
        /* It sleeps with them pending until it is told to look. */
        siginfo_t info;
        sigset_t other;
        sigemptyset(&other);
        sigaddset(&other, SIGUSR1);
        sigprocmask(SIG_BLOCK, &other, NULL);
        if (sigwaitinfo(&other, &info) != SIGUSR1)
            _exit(2);
        for (int i = 0; i < 3; i++)
            if (sigwaitinfo(&set, &info) != signal_of(piece) || info.si_value.sival_int != (int)piece->number + i || info.si_pid != getpid())
                _exit(3);
        _exit(GOT_IT);
    }
    await_sleep(piece);
}

static void end_pending(struct piece *piece)
{
    MUST(kill(piece->child, SIGUSR1) == 0);
    got_it(piece);
}

/* ---- pipes and FIFOs ---- */

static void build_pipe(struct piece *piece)
{
    char data[3000];
    MUST(pipe2(piece->fd, O_NONBLOCK) == 0);
    memset(data, (int)(piece->number % 251), sizeof data);
    MUST(write(piece->fd[1], data, sizeof data) == (ssize_t)sizeof data);
}

static void end_pipe(struct piece *piece)
{
    char data[4000];
    close(piece->fd[1]);
    MUST(read(piece->fd[0], data, sizeof data) == 3000);
    for (int i = 0; i < 3000; i++)
        MUST(data[i] == (char)(piece->number % 251));
    MUST(read(piece->fd[0], data, 1) == 0);
    close(piece->fd[0]);
}

static void build_reader(struct piece *piece)
{
    MUST(pipe(piece->fd) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        uint32_t number = 0;
        struct pollfd wait = { .fd = piece->fd[0], .events = POLLIN };
        if (piece->number % 2)
            poll(&wait, 1, -1);
        _exit(read(piece->fd[0], &number, sizeof number) == sizeof number && number == piece->number ? GOT_IT : 1);
    }
    await_sleep(piece);
}

static void end_reader(struct piece *piece)
{
    MUST(write(piece->fd[1], &piece->number, sizeof piece->number) == sizeof piece->number);
    got_it(piece);
    close(piece->fd[0]);
    close(piece->fd[1]);
}

static void build_writer(struct piece *piece)
{
    MUST(pipe(piece->fd) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        char data[100000];
        for (unsigned i = 0; i < sizeof data; i++)
            data[i] = (char)(i * 7 + piece->number);
        _exit(write(piece->fd[1], data, sizeof data) == (ssize_t)sizeof data ? GOT_IT : 1);
    }
    await_sleep(piece);
}

static void end_writer(struct piece *piece)
{
    char data[4096];
    for (unsigned total = 0; total < 100000;) {
        ssize_t count = read(piece->fd[0], data, sizeof data);
        MUST(count > 0);
        for (ssize_t i = 0; i < count; i++)
            MUST(data[i] == (char)((total + (unsigned)i) * 7 + piece->number));
        total += (unsigned)count;
    }
    got_it(piece);
    close(piece->fd[0]);
    close(piece->fd[1]);
}

static void build_opener(struct piece *piece)
{
    name_it(piece);
    MUST(mkfifo(piece->name, 0600) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        char token = 0;
        int fd = open(piece->name, O_RDONLY);
        _exit(fd >= 0 && read(fd, &token, 1) == 1 && token == 'k' ? GOT_IT : 1);
    }
    await_sleep(piece);
}

static void end_opener(struct piece *piece)
{
    int fd = open(piece->name, O_WRONLY);
    MUST(fd >= 0 && write(fd, "k", 1) == 1);
    got_it(piece);
    close(fd);
    unlink(piece->name);
}

/* ---- futexes ---- */

static void build_futex(struct piece *piece)
{
    piece->words = share(piece);
    piece->words[0] = piece->number;
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        long result;
        do
            result = syscall(SYS_futex, piece->words, FUTEX_WAIT, piece->number, NULL, NULL, 0);
        while (result == -1 && errno == EINTR);
        _exit(result == 0 ? GOT_IT : 1);
    }
    await_sleep(piece);
    /* Half of them are moved to another word and wait there. */
    if (piece->number % 2)
        MUST(syscall(SYS_futex, piece->words, FUTEX_CMP_REQUEUE, 0, 1L, piece->words + 16, piece->number) == 1);
}

static void end_futex(struct piece *piece)
{
    volatile uint32_t *word = piece->number % 2 ? piece->words + 16 : piece->words;
    /* A restored waiter of the first word may be on its way to it: until it is there nobody is woken. */
    for (int tries = 0; syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) != 1; tries++) {
        MUST(tries < 20000);
        usleep(500);
    }
    got_it(piece);
    munmap((void *)piece->words, PAGE);
}

/* ---- processes ---- */

static void build_zombie(struct piece *piece)
{
    siginfo_t info;
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0)
        _exit(GOT_IT);
    MUST(waitid(P_PID, (id_t)piece->child, &info, WEXITED | WNOWAIT) == 0);
}

static void check_zombie(struct piece *piece)
{
    siginfo_t info;
    MUST(waitid(P_PID, (id_t)piece->child, &info, WEXITED | WNOWAIT | WNOHANG) == 0);
    MUST(info.si_pid == piece->child && info.si_status == GOT_IT && info.si_code == CLD_EXITED);
}

static void build_stopped(struct piece *piece)
{
    int status;
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        setpgid(0, 0);
        raise(SIGSTOP);
        _exit(GOT_IT);
    }
    if (piece->number % 2)
        MUST(waitpid(piece->child, &status, WUNTRACED) == piece->child && WIFSTOPPED(status));
    else
        await_state(piece, "T");
}

static void check_stopped(struct piece *piece)
{
    siginfo_t info = { .si_pid = 0 };
    /* Its stop is reported once, to whoever asks first. */
    MUST(waitid(P_PID, (id_t)piece->child, &info, WSTOPPED | WNOWAIT | WNOHANG) == 0);
    MUST(info.si_pid == (piece->number % 2 ? 0 : piece->child));
    still_waits(piece);
    MUST(getpgid(piece->child) == piece->child);
}

static void end_stopped(struct piece *piece)
{
    MUST(kill(piece->child, SIGCONT) == 0);
    got_it(piece);
}

/* A parent that waits for its vfork's child, which waits for a byte. */
static void build_vfork(struct piece *piece)
{
    MUST(pipe(piece->fd) == 0);
    MUST((piece->child = fork()) >= 0);
    if (piece->child == 0) {
        char byte;
        int status;
        pid_t pid = vfork();
        if (pid == 0)
            _exit(read(piece->fd[0], &byte, 1) == 1 ? GOT_IT : 1);
        _exit(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == GOT_IT ? GOT_IT : 2);
    }
    await_state(piece, "D");
}

static void end_vfork(struct piece *piece)
{
    MUST(write(piece->fd[1], "v", 1) == 1);
    got_it(piece);
    close(piece->fd[0]);
    close(piece->fd[1]);
}

/* ---- names and files ---- */

static void build_unlinked(struct piece *piece)
{
    make_file(piece, "nobody can name this");
    MUST(unlink(piece->name) == 0);
    MUST(lseek(piece->fd[0], 7, SEEK_SET) == 7);
    MUST((piece->fd[1] = dup(piece->fd[0])) >= 0);
    MUST(fcntl(piece->fd[1], F_SETFD, FD_CLOEXEC) == 0);
    MUST(fcntl(piece->fd[0], F_SETFL, O_APPEND) == 0);
}

static void check_unlinked(struct piece *piece)
{
    char text[32] = "";
    struct stat status;
    MUST(access(piece->name, F_OK) == -1 && errno == ENOENT);
    MUST(fstat(piece->fd[1], &status) == 0 && status.st_nlink == 0 && status.st_size == 20);
    MUST(lseek(piece->fd[1], 0, SEEK_CUR) == 7);
    MUST(pread(piece->fd[1], text, 31, 0) == 20 && strcmp(text, "nobody can name this") == 0);
    MUST(fcntl(piece->fd[1], F_GETFD) == FD_CLOEXEC && fcntl(piece->fd[0], F_GETFD) == 0);
    MUST((fcntl(piece->fd[1], F_GETFL) & (O_APPEND | O_NONBLOCK)) == O_APPEND);
}

static void end_unlinked(struct piece *piece)
{
    close(piece->fd[0]);
    close(piece->fd[1]);
}

static void build_names(struct piece *piece)
{
    char other[80], target[2000];
    make_file(piece, "two names");
    snprintf(other, sizeof other, "%s.link", piece->name);
    MUST(link(piece->name, other) == 0);
    memset(target, 'a' + (int)(piece->number % 26), sizeof target);
    target[piece->number % 1900 + 10] = 0;
    snprintf(other, sizeof other, "%s.symbolic", piece->name);
    MUST(symlink(target, other) == 0);
}

static void check_names(struct piece *piece)
{
    char other[80], target[2000];
    struct stat one, two;
    snprintf(other, sizeof other, "%s.link", piece->name);
    MUST(stat(piece->name, &one) == 0 && stat(other, &two) == 0 && one.st_ino == two.st_ino && one.st_nlink == 2);
    snprintf(other, sizeof other, "%s.symbolic", piece->name);
    ssize_t length = readlink(other, target, sizeof target);
    MUST(length == (ssize_t)(piece->number % 1900 + 10));
    for (ssize_t i = 0; i < length; i++)
        MUST(target[i] == (char)('a' + piece->number % 26));
}

static void end_names(struct piece *piece)
{
    char other[80];
    close(piece->fd[0]);
    snprintf(other, sizeof other, "%s.link", piece->name);
    MUST(rename(piece->name, other) == 0 && unlink(piece->name) == 0 && unlink(other) == 0);
    snprintf(other, sizeof other, "%s.symbolic", piece->name);
    MUST(unlink(other) == 0);
}

/* ---- mappings ---- */

static void build_maps(struct piece *piece)
{
    char data[2 * PAGE];
    make_file(piece, "");
    memset(data, 'f', sizeof data);
    MUST(write(piece->fd[0], data, sizeof data) == (ssize_t)sizeof data);
    MUST((piece->memory = mmap(NULL, 12 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) != MAP_FAILED);
    MUST(mmap(piece->memory + 4 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, piece->fd[0], 0) != MAP_FAILED);
    MUST(mmap(piece->memory + 8 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, piece->fd[0], 0) != MAP_FAILED);
    for (unsigned page = 0; page < 3; page++)
        *(uint32_t *)(piece->memory + page * PAGE + 8) = piece->number + page;
    piece->memory[4 * PAGE] = 'p';                      /* its own copy */
    piece->memory[9 * PAGE] = (char)piece->number;      /* in the file */
    MUST(mprotect(piece->memory + PAGE, PAGE, PROT_READ) == 0);
    MUST(mremap(piece->memory + 2 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, piece->memory + 11 * PAGE) == piece->memory + 11 * PAGE);
    /* The hole must not become somebody else's. */
    MUST(mmap(piece->memory + 2 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
}

static void check_maps(struct piece *piece)
{
    char byte;
    for (unsigned page = 0; page < 3; page++)
        MUST(*(uint32_t *)(piece->memory + (page == 2 ? 11 : page) * PAGE + 8) == piece->number + page);
    MUST(piece->memory[4 * PAGE] == 'p' && piece->memory[4 * PAGE + 1] == 'f' && piece->memory[5 * PAGE + 1] == 'f');
    MUST(piece->memory[8 * PAGE] == 'f' && piece->memory[9 * PAGE] == (char)piece->number && piece->memory[6 * PAGE] == 0);
    MUST(pread(piece->fd[0], &byte, 1, PAGE) == 1 && byte == (char)piece->number);
    /* The protected page cannot be written to by the kernel either, and there is nothing where the moved page was. */
    MUST(pread(piece->fd[0], piece->memory + PAGE, 1, 0) == -1 && errno == EFAULT);
    MUST(pread(piece->fd[0], piece->memory + 2 * PAGE, 1, 0) == -1 && errno == EFAULT);
}

static void end_maps(struct piece *piece)
{
    MUST(munmap(piece->memory, 12 * PAGE) == 0);
    close(piece->fd[0]);
    unlink(piece->name);
}

static const struct kind kinds[] = {
    { "a lock of another process", build_lock, check_lock, end_lock },
    { "locks of an open file", build_file_lock, check_file_lock, end_file_lock },
    { "a wait for a lock", build_lock_wait, still_waits, end_lock_wait },
    { "a timer", build_timer, check_timer, end_timer },
    { "pending signals", build_pending, still_waits, end_pending },
    { "a pipe with data", build_pipe, NULL, end_pipe },
    { "a reader of a pipe", build_reader, still_waits, end_reader },
    { "a writer to a full pipe", build_writer, still_waits, end_writer },
    { "a FIFO being opened", build_opener, still_waits, end_opener },
    { "a futex", build_futex, still_waits, end_futex },
    { "a zombie", build_zombie, check_zombie, got_it },
    { "a stopped child", build_stopped, check_stopped, end_stopped },
    { "a vfork", build_vfork, still_waits, end_vfork },
    { "an unlinked file", build_unlinked, check_unlinked, end_unlinked },
    { "names", build_names, check_names, end_names },
    { "mappings", build_maps, check_maps, end_maps },
};

static void run_round(int most, unsigned longest)
{
    static struct piece pieces[MOST];
    int count = 1 + (int)(draw() % (unsigned)most);
    for (int i = 0; i < count; i++) {
        pieces[i] = (struct piece) { .kind = &kinds[draw() % (sizeof kinds / sizeof kinds[0])], .number = draw() };
        pieces[i].kind->build(&pieces[i]);
    }
    uint64_t until = now() + (uint64_t)(longest ? draw() % longest : 0) * 1000000;
    do {
        for (int i = 0; i < count; i++)
            if (pieces[i].kind->check)
                pieces[i].kind->check(&pieces[i]);
        usleep(2000);
    } while (now() < until);
    for (int i = count - 1; i >= 0; i--)
        pieces[i].kind->end(&pieces[i]);
}

int main(int argc, char **argv)
{
    unsigned long rounds = 0, seed = 1;
    unsigned longest = 300;
    int most = 12, prints = 0;
    for (int option; (option = getopt(argc, argv, "s:r:w:n:l:p")) != -1;)
        switch (option) {
        case 's': seed = strtoul(optarg, NULL, 0); break;
        case 'r': rounds = strtoul(optarg, NULL, 0); break;
        case 'w': longest = (unsigned)atoi(optarg); break;
        case 'n': most = atoi(optarg); break;
        case 'l': label = optarg; break;
        case 'p': prints = 1; break;
        default: return 2;
        }
    most = most < 1 ? 1 : most > MOST ? MOST : most;
    random_state = seed * 0x9E3779B97F4A7C15ul;
    setpgid(0, 0);
    for (; rounds == 0 || rounds_done < rounds; rounds_done++) {
        run_round(most, longest);
        if (prints) {
            printf("%s round %lu ok\n", label, rounds_done + 1);
            fflush(stdout);
        }
    }
    printf("%s done %lu\n", label, rounds_done);
    return 0;
}
