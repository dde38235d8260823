/* selfcheck.c - a workload that knows what it should be, for machines whose power is cut. Two processes and three kinds of state count
 * together: pages of memory in both, a file both append to through one shared offset, and two pipes. In step N
 *
 *   parent: stamps N into a page, appends record N of the parent, sends N down the pipe
 *   child:  checks that N follows N-1, stamps its own memory, appends record N of the child, answers with the sum 1..N
 *   parent: checks the sum, the file's size and last two records, and every page of its memory, and prints "check N ok t=TIME"
 *
 * A restored machine must continue with N+1 whatever instant the power went at. Anything else prints "check N FAIL what" and exits 1.
 * Whoever reads the console can tell a continuation from lost output (the numbers have no gaps) and from lost work: each line carries
 * the real time of its step, so a step that was shown and then done again has two different lines.
 *
 * selfcheck [-n STEPS] [-i INTERVAL_MS] [-m MEMORY_KIB] [-f FILE] [-l LABEL] [-w] [-y]
 *     STEPS 0 (default): for ever; lines begin with "LABEL: "; with -w a full disk is waited for, up to a minute; with -y every step
 *     ends with an fsync of the file */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096ul
#define CHILD_MARK 0x8000000000000000ul

static uint64_t step;
static const char *label = "", *colon = "";

static void fail(const char *what)
{
    printf("%s%scheck %lu FAIL %s (errno %d)\n", label, colon, (unsigned long)step, what, errno);
    fflush(stdout);
    _exit(1);
}

/* A stamped page holds the number of its step in every eighth word: a page of mixed age is found out. */
static void stamp(char *memory, uint64_t pages, uint64_t number)
{
    uint64_t *page = (uint64_t *)(memory + number % pages * PAGE);
    for (unsigned word = 0; word < PAGE / 8; word += 8)
        page[word] = number ^ word;
}

/* Page P was last stamped in the newest step whose number is P modulo the page count; a page nobody stamped is zero. */
static int stamped(const char *memory, uint64_t pages, uint64_t newest)
{
    for (uint64_t index = 0; index < pages; index++) {
        const uint64_t *page = (const uint64_t *)(memory + index * PAGE);
        uint64_t back = (newest % pages + pages - index) % pages, number = newest >= back ? newest - back : 0;
        for (unsigned word = 0; word < PAGE / 8; word += 8)
            if (page[word] != (number ? number ^ word : 0))
                return 0;
    }
    return 1;
}

static char *memory_of(uint64_t pages)
{
    char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("no memory");
    return memory;
}

static int waits_for_room;

static void pause_for(long milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (milliseconds && nanosleep(&time, &time) != 0 && errno == EINTR)
        ;
}

static void transfer_exactly(int fd, void *data, size_t size, int writing, const char *what)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = writing ? write(fd, (char *)data + done, size - done) : read(fd, (char *)data + done, size - done);
        if (count == 0 && !writing)
            _exit(0);
        for (int tries = 0; count < 0 && errno == ENOSPC && waits_for_room && tries < 1200; tries++) {
            pause_for(50);
            count = write(fd, (char *)data + done, size - done);
        }
        if (count <= 0)
            fail(what);
        done += count;
    }
}

static void child(int from, int to, int file, uint64_t pages)
{
    char *memory = memory_of(pages);
    uint64_t number, sum = 0;
    for (;;) {
        transfer_exactly(from, &number, sizeof number, 0, "child: read of the pipe");
        if (number != step + 1)
            fail("child: a step was lost or came twice in the pipe");
        step = number;
        sum += number;
        stamp(memory, pages, number);
        if (!stamped(memory, pages, number))
            fail("child: memory");
        uint64_t record = number | CHILD_MARK;
        transfer_exactly(file, &record, sizeof record, 1, "child: append");
        transfer_exactly(to, &sum, sizeof sum, 1, "child: write to the pipe");
    }
}

static void check_file(int file)
{
    struct stat status;
    uint64_t last[2];
    if (fstat(file, &status) != 0 || (uint64_t)status.st_size != step * sizeof last)
        fail("the file's size");
    if (pread(file, last, sizeof last, (step - 1) * sizeof last) != sizeof last || last[0] != step || last[1] != (step | CHILD_MARK))
        fail("the file's last records");
}

static void check_whole_file(int file)
{
    for (uint64_t number = 1; number <= step; number++) {
        uint64_t pair[2];
        if (pread(file, pair, sizeof pair, (number - 1) * sizeof pair) != sizeof pair || pair[0] != number || pair[1] != (number | CHILD_MARK))
            fail("a record of the file");
    }
}

int main(int count, char **words)
{
    uint64_t steps = 0, pages = 64, sum = 0, answer;
    long interval = 10;
    const char *path = "/tmp/selfcheck.data";
    int synchronizes = 0;
    for (int option; (option = getopt(count, words, "n:i:m:f:l:wy")) != -1;) {
        if (option == 'n')
            steps = strtoull(optarg, NULL, 0);
        else if (option == 'i')
            interval = strtol(optarg, NULL, 0);
        else if (option == 'm')
            pages = strtoull(optarg, NULL, 0) / 4;
        else if (option == 'f')
            path = optarg;
        else if (option == 'l')
            label = optarg, colon = ": ";
        else if (option == 'w')
            waits_for_room = 1;
        else if (option == 'y')
            synchronizes = 1;
        else
            return 2;
    }
    int down[2], up[2], file = open(path, O_CREAT | O_TRUNC | O_RDWR, 0644);
    if (file < 0 || pages == 0 || pipe(down) != 0 || pipe(up) != 0)
        fail("set-up");
    printf("selfcheck started\n");
    fflush(stdout);
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        close(down[1]);
        close(up[0]);
        child(down[0], up[1], file, pages);
    }
    close(down[0]);
    close(up[1]);
    char *memory = memory_of(pages);
    while (steps == 0 || step < steps) {
        step++;
        sum += step;
        stamp(memory, pages, step);
        transfer_exactly(file, &step, sizeof step, 1, "append");
        transfer_exactly(down[1], &step, sizeof step, 1, "write to the pipe");
        transfer_exactly(up[0], &answer, sizeof answer, 0, "read of the pipe");
        if (answer != sum)
            fail("the child's sum");
        check_file(file);
        if (!stamped(memory, pages, step))
            fail("memory");
        if (synchronizes && fsync(file) != 0)
            fail("fsync");
        struct timespec time;
        clock_gettime(CLOCK_REALTIME, &time);
        printf("%s%scheck %lu ok t=%lld%09ld\n", label, colon, (unsigned long)step, (long long)time.tv_sec, time.tv_nsec);
        fflush(stdout);
        pause_for(interval);
    }
    close(down[1]);
    int status;
    if (waitpid(pid, &status, 0) != pid || status != 0)
        fail("the child's end");
    check_whole_file(file);
    printf("selfcheck done %lu\n", (unsigned long)step);
    return 0;
}
