/* greedy.c - one user takes all he can get of everything, and root and another user go on.
 *
 * For each kind of thing a child of root becomes user 1000 and takes until it is refused; it keeps what it has. Of names, which need not
 * stay in memory, it takes a number and must get it. Then root and user 1001 do what programs do: start a program, make a file, a pipe, a
 * mapping, a lock, a timer, a signal. With "hold" it waits for a line of input in between (the machine may lose its power meanwhile):
 * user 1000 must still be refused, and the others must still go on. At the end it takes everything away again, and user 1000 can have
 * something too. Prints "KIND N errno E" for each kind and "everybody went on" at the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/tmp/greedy"
#define CHILDREN 10

static int failures;

#define MUST(condition) do { \
    if (!(condition)) { \
        printf("FAIL line %d: %s: %s\n", __LINE__, #condition, strerror(errno)); \
        fflush(stdout); \
        failures++; \
    } \
} while (0)

static void become(int user)
{
    if (setgid(user) != 0 || setuid(user) != 0) {
        printf("FAIL setuid: %s\n", strerror(errno));
        fflush(stdout);
        _exit(99);
    }
}

/* Each takes one more; 0 when that is refused. */
static int take_file(long n)
{
    char name[64];
    snprintf(name, sizeof name, FOLDER "/made%ld", n);
    int file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
    return file >= 0 && close(file) == 0;
}

static int take_name(long n)
{
    char name[300];
    int file = n == 0 ? open(FOLDER "/file0", O_CREAT | O_RDWR, 0600) : -1;
    if (file >= 0)
        close(file);
    snprintf(name, sizeof name, FOLDER "/%0240ld", n);
    return link(FOLDER "/file0", name) == 0;
}

static int take_link(long n)
{
    static char target[4096];
    char name[64];
    memset(target, 'a', sizeof target - 1);
    snprintf(name, sizeof name, FOLDER "/link%ld", n);
    return symlink(target, name) == 0;
}

/* Every second mapping is of another kind, so that they do not become one. */
static int take_mapping(long n)
{
    return mmap(NULL, 4096, n & 1 ? PROT_READ | PROT_WRITE : PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static int take_memory_file(long n)
{
    int file = memfd_create("greedy", 0);
    char *at = file < 0 || ftruncate(file, 4096) != 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at == MAP_FAILED)
        return 0;
    *at = (char)n;
    return close(file) == 0;
}

static int take_pipe(long n)
{
    int ends[2];
    return n >= 0 && pipe(ends) == 0;
}

/* No file gets so many that looking through them takes long. */
static int take_lock(long n)
{
    static int file = -1;
    char name[64];
    snprintf(name, sizeof name, FOLDER "/file%ld", n / 500);
    if (n % 500 == 0 && (file = open(name, O_CREAT | O_RDWR, 0600)) < 0)
        return 0;
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 2 * n, .l_len = 1 };
    return fcntl(file, F_SETLK, &lock) == 0;
}

static int take_timer(long n)
{
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_NONE };
    return n >= 0 && timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
}

static int take_signal(long n)
{
    union sigval value = { .sival_int = (int)n };
    return sigqueue(getpid(), SIGRTMIN, value) == 0;
}

static int take_process(long n)
{
    int child = n < 0 ? -1 : fork();
    if (child == 0)
        for (;;)
            pause();
    return child > 0;
}

static int take_page(long n)
{
    char *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED)
        return 0;
    memset(at, (int)n | 1, 1 << 20);
    return 1;
}

static const struct kind {
    const char *name;
    int (*take)(long);

    /* Of what a process has only so many, further children of the user take more. */
    int children;

    /* How many are taken; 0 for as many as there are. */
    long most;
} kinds[] = {
    { "files", take_file, 1, 20000 },
    { "names", take_name, 1, 20000 },
    { "links", take_link, 1, 5000 },
    { "timers", take_timer, 10, 0 },
    { "signals", take_signal, 4, 0 },
    { "locks", take_lock, 1, 0 },
    { "pipes", take_pipe, 4, 0 },
    { "mappings", take_mapping, 3, 0 },
    { "memory files", take_memory_file, 1, 0 },
    { "processes", take_process, 1, 0 },
};

#define KINDS (sizeof kinds / sizeof kinds[0])

/* At his limits he still has his stack. */
static int use_stack(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return depth == 0 ? 0 : use_stack(depth - 1) + room[0] - (char)depth;
}

/* A greedy child tells how much it got and why it got no more, when asked with a byte tries once more, and stays. */
static void be_greedy(const struct kind *kind, int ask, int answer)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    become(1000);
    long taken = 0, report[2];
    char byte;
    do {
        errno = 0;
        while ((!kind->most || taken < kind->most) && kind->take(taken))
            taken++;
        report[0] = taken;
        report[1] = kind->most && taken == kind->most ? 0 : errno;
        if (use_stack(100) != 0 || write(answer, report, sizeof report) != sizeof report)
            _exit(1);
    } while (read(ask, &byte, 1) == 1);
    _exit(0);
}

static struct greedy {
    const struct kind *kind;
    int process, ask, answer;
    long taken, error;
} greedy[KINDS * CHILDREN];

static int greedies;

static int start(const struct kind *kind)
{
    struct greedy *child = &greedy[greedies];
    int ask[2], answer[2];
    char byte = 0;
    MUST(pipe(ask) == 0 && pipe(answer) == 0);
    /* Who can have nothing more cannot make the buffer of a pipe either. */
    MUST(write(answer[1], &byte, 1) == 1 && read(answer[0], &byte, 1) == 1);
    child->process = fork();
    MUST(child->process >= 0);
    if (child->process == 0) {
        close(ask[1]);
        close(answer[0]);
        be_greedy(kind, ask[0], answer[1]);
    }
    close(ask[0]);
    close(answer[1]);
    child->kind = kind;
    child->ask = ask[1];
    child->answer = answer[0];
    long report[2] = { 0 };
    MUST(read(child->answer, report, sizeof report) == sizeof report);
    child->taken = report[0];
    child->error = report[1];
    greedies++;
    return child->taken > 0;
}

/* What programs do; each gives the line that failed. */
static int use(const char *file)
{
    int ends[2], status, child = fork();
    if (child < 0)
        return __LINE__;
    if (child == 0) {
        execl("/bin/busybox", "true", NULL);
        _exit(1);
    }
    if (waitpid(child, &status, 0) != child || status != 0)
        return __LINE__;
    int made = open(file, O_CREAT | O_RDWR, 0600);
    if (made < 0 || write(made, "text", 4) != 4)
        return __LINE__;
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    if (fcntl(made, F_SETLK, &lock) != 0 || close(made) != 0 || unlink(file) != 0)
        return __LINE__;
    if (pipe(ends) != 0 || write(ends[1], "x", 1) != 1)
        return __LINE__;
    char *at = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return __LINE__;
    memset(at, 1, 1 << 20);
    timer_t timer;
    struct sigevent event = { .sigev_notify = SIGEV_NONE };
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
        return __LINE__;
    union sigval value = { 0 };
    signal(SIGRTMIN, SIG_IGN);
    return sigqueue(getpid(), SIGRTMIN, value) != 0 ? __LINE__ : 0;
}

static void goes_on(int user, const char *file, const char *when)
{
    int status, child = fork();
    MUST(child >= 0);
    if (child < 0)
        return;
    if (child == 0) {
        if (user)
            become(user);
        int line = use(file);
        if (line)
            printf("FAIL %s: user %d: line %d: %s\n", when, user, line, strerror(errno));
        fflush(stdout);
        _exit(line != 0);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
}

static void others_go_on(const char *when)
{
    goes_on(0, "/tmp/of-root", when);
    goes_on(1001, "/tmp/of-another", when);
}

static void stay_refused(void)
{
    for (int i = 0; i < greedies; i++) {
        long report[2] = { 0 };
        MUST(write(greedy[i].ask, "x", 1) == 1 && read(greedy[i].answer, report, sizeof report) == sizeof report);
        greedy[i].taken = report[0];
        MUST((report[1] == 0) == (greedy[i].kind->most != 0));
    }
}

/* Those who have the user's number end, the processes they started too; what they made goes. */
static void take_away(void)
{
    int status, child = fork();
    MUST(child >= 0);
    if (child == 0) {
        become(1000);
        kill(-1, SIGKILL);
        _exit(0);
    }
    while (wait(&status) > 0)
        ;
    child = fork();
    MUST(child >= 0);
    if (child == 0) {
        execl("/bin/busybox", "rm", "-r", FOLDER, NULL);
        _exit(1);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
}

/* Storing until there is no memory left ends the one who does it, or another of his. */
static void hog(void)
{
    int status, child = fork();
    MUST(child >= 0);
    if (child == 0) {
        become(1000);
        for (long n = 0; take_page(n); n++)
            ;
        _exit(0);
    }
    MUST(waitpid(child, &status, 0) == child);
    printf("pages: %s\n", WIFSIGNALED(status) ? "killed" : "refused");
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    MUST(mkdir(FOLDER, 0755) == 0 && chown(FOLDER, 1000, 1000) == 0);
    for (unsigned kind = 0; kind < KINDS; kind++) {
        int first = greedies;
        long taken = 0;
        for (int child = 0; child < kinds[kind].children && start(&kinds[kind]); child++)
            ;
        for (int i = first; i < greedies; i++)
            taken += greedy[i].taken;
        printf("%s %ld errno %ld\n", kinds[kind].name, taken, greedy[greedies - 1].error);
        others_go_on(kinds[kind].name);
    }
    if (argc > 1 && strcmp(argv[1], "hold") == 0) {
        char line[16];
        printf("holding\n");
        MUST(fgets(line, sizeof line, stdin) != NULL);
    }
    stay_refused();
    others_go_on("at the limits");
    hog();
    others_go_on("after the memory was gone");
    take_away();
    goes_on(1000, "/tmp/of-user", "after all");
    others_go_on("after all");
    puts(failures ? "FAILED" : "everybody went on");
    return failures != 0;
}
