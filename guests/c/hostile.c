/* hostile.c - what a program may try on itself, on its neighbours and on the kernel, and what must come of it. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define PAGE 4096ul

static volatile sig_atomic_t caught;
static void note(int signal) { caught = signal; }

static void on(int signal, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(signal, &action, NULL);
}

static char *shared_page(void)
{
    return mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* A read that stores into the vector that says where to store. */
static void a_read_over_its_own_vector(void)
{
    int ends[2];
    static char rest[16];
    struct iovec vector[2] = {{&vector[1], sizeof vector[1]}, {rest, sizeof rest}};
    struct iovec planted = {(void *)1, 1};
    char bytes[32];
    memcpy(bytes, &planted, 16);
    memset(bytes + 16, 'x', 16);
    CHECK(pipe(ends) == 0 && write(ends[1], bytes, sizeof bytes) == (ssize_t)sizeof bytes, "a pipe holds 32 bytes");
    CHECK(readv(ends[0], vector, 2) == 32, "readv over its own vector uses the vector it was given");
    CHECK(memcmp(rest, bytes + 16, 16) == 0, "the second piece went where the vector first said");
    close(ends[0]);
    close(ends[1]);
}

/* Code of 32 bits: where the processor has it, its SYSCALL must not become a way into the kernel. */
static void code_of_32_bits(void)
{
    char *low = mmap((void *)0x10000000, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(low != MAP_FAILED, "a page below 4 GiB");
    memcpy(low, "\x0f\x05\xf4\xf4", 4); /* syscall; hlt */
    pid_t child = fork();
    if (child == 0) {
        struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) target = {(uint32_t)(uintptr_t)low, 0x23};
        __asm__ volatile("ljmpl *%0" : : "m"(target));
        _exit(0);
    }
    int status = 0;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status), "32-bit code ends its process and nothing else");
    munmap(low, PAGE);
}

/* A selector loaded by one program changes the base of a segment register; the next program must have its own back. */
static __thread long mine = 42;
static void segment_registers(void)
{
    int ends[2];
    CHECK(pipe(ends) == 0, "a pipe");
    pid_t child = fork();
    if (child == 0) {
        char byte;
        for (int i = 0; i < 50; i++) {
            /* No thread-local storage between here and the exit: only raw calls. */
            long result, number = SYS_sched_yield;
            __asm__ volatile("movl $0x2b, %%ecx; mov %%ecx, %%fs; mov %%ecx, %%gs; syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
        }
        byte = 'd';
        long result, number = SYS_write, descriptor = ends[1], count = 1;
        char *address = &byte;
        __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(descriptor), "S"(address), "d"(count) : "rcx", "r11", "memory");
        number = SYS_exit_group;
        descriptor = 0;
        __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(descriptor) : "rcx", "r11", "memory");
    }
    int is_intact = 1;
    for (int i = 0; i < 200; i++) {
        sched_yield();
        is_intact &= mine == 42;
    }
    char byte = 0;
    CHECK(read(ends[0], &byte, 1) == 1 && byte == 'd', "the child with foreign selectors went on");
    CHECK(is_intact, "thread-local storage is where it was");
    int status;
    CHECK(waitpid(child, &status, 0) == child, "the child is gone");
    close(ends[0]);
    close(ends[1]);
}

/* Robust futexes of a process that is killed, and of one whose other thread ends it. */
struct robust_area {
    struct robust_list_head head;
    struct robust_list entry;
    uint32_t word, waiting;
};

static void own_a_robust_futex(struct robust_area *area)
{
    area->head.list.next = &area->entry;
    area->head.futex_offset = offsetof(struct robust_area, word) - offsetof(struct robust_area, entry);
    area->head.list_op_pending = NULL;
    area->entry.next = &area->head.list;
    area->word = (uint32_t)syscall(SYS_gettid) | FUTEX_WAITERS;
    syscall(SYS_set_robust_list, &area->head, sizeof area->head);
    __atomic_store_n(&area->waiting, 1, __ATOMIC_SEQ_CST);
}

static int *volatile nowhere = (int *)16;
static void raise_fault(void) { *nowhere = 1; }

static void *own_and_sleep(void *area)
{
    own_a_robust_futex(area);
    for (;;)
        pause();
    return NULL;
}

static void robust_futexes(void)
{
    struct robust_area *area = (struct robust_area *)shared_page();
    const char *ways[] = {"SIGKILL", "a fault", "exit_group of another thread", "execve of another thread"};
    for (int way = 0; way < 4; way++) {
        memset(area, 0, sizeof *area);
        pid_t child = fork();
        if (child == 0) {
            pthread_t thread;
            struct rlimit none = {0, 0};
            setrlimit(RLIMIT_CORE, &none);
            if (way >= 2)
                pthread_create(&thread, NULL, own_and_sleep, area);
            else
                own_a_robust_futex(area);
            while (!__atomic_load_n(&area->waiting, __ATOMIC_SEQ_CST))
                sched_yield();
            if (way == 1)
            if (way == 1)
                raise_fault();
            if (way == 2)
                _exit(0);
            if (way == 3)
                execl("/proc/self/exe", "hostile", "exit", NULL);
            for (;;)
                pause();
        }
        while (!__atomic_load_n(&area->waiting, __ATOMIC_SEQ_CST))
            sched_yield();
        if (way == 0)
            kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        CHECK(area->word == (FUTEX_OWNER_DIED | FUTEX_WAITERS), "after %s its robust futex says so", ways[way]);
    }
    munmap(area, PAGE);
}

/* sendfile and a signal: what was moved is what the offset says. */
static void an_interrupted_copy(void)
{
    int ends[2], file = open("/tmp/hostile.copy", O_RDWR | O_CREAT | O_TRUNC, 0600);
    static char bytes[300000];
    CHECK(file >= 0 && write(file, bytes, sizeof bytes) == (ssize_t)sizeof bytes && pipe(ends) == 0, "a file and a pipe");
    on(SIGALRM, note);
    struct itimerval soon = {{0, 0}, {0, 100000}};
    off_t offset = 100;
    setitimer(ITIMER_REAL, &soon, NULL);
    ssize_t moved = sendfile(ends[1], file, &offset, 200000);
    int there = 0;
    CHECK(moved > 0 && moved < 200000, "sendfile into a full pipe ends with a signal");
    CHECK(offset == 100 + moved, "its offset has moved by what it returned");
    CHECK(poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 0) == 1, "the bytes are in the pipe");
    for (ssize_t count; there < moved && (count = read(ends[0], bytes, sizeof bytes)) > 0;)
        there += (int)count;
    CHECK(there == moved, "as many bytes as it returned");
    close(ends[0]);
    close(ends[1]);
    close(file);
    unlink("/tmp/hostile.copy");
}

/* A page of a file written from a mapping of that page. */
static void a_page_onto_itself(void)
{
    int file = open("/tmp/hostile.page", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char page[PAGE], back[PAGE];
    for (unsigned i = 0; i < PAGE; i++)
        page[i] = (char)(i * 7);
    CHECK(file >= 0 && write(file, page, PAGE) == (ssize_t)PAGE, "a file of one page");
    char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(map != MAP_FAILED && map[1] == 7, "mapped");
    for (int i = 0; i < 3; i++) {
        usleep(30000); /* checkpoints come between */
        CHECK(pwrite(file, map, PAGE, 0) == (ssize_t)PAGE, "written from its own mapping");
    }
    CHECK(pread(file, back, PAGE, 0) == (ssize_t)PAGE && memcmp(back, page, PAGE) == 0, "the page is what it was");
    munmap(map, PAGE);
    close(file);
    unlink("/tmp/hostile.page");
}

static void a_fifo_nobody_wrote_to(void)
{
    unlink("/tmp/hostile.fifo");
    CHECK(mkfifo("/tmp/hostile.fifo", 0600) == 0, "a fifo");
    int reader = open("/tmp/hostile.fifo", O_RDONLY | O_NONBLOCK);
    struct pollfd entry = {reader, POLLIN, 0};
    CHECK(reader >= 0 && poll(&entry, 1, 0) == 0, "a reader before any writer is not told of a hang-up");
    int writer = open("/tmp/hostile.fifo", O_WRONLY);
    CHECK(writer >= 0 && poll(&entry, 1, 0) == 0, "nor while the writer is there");
    close(writer);
    CHECK(poll(&entry, 1, 0) == 1 && entry.revents == POLLHUP, "but when it has gone");
    close(reader);
    /* An opener that is killed is not waited for. */
    pid_t child = fork();
    if (child == 0) {
        close(open("/tmp/hostile.fifo", O_WRONLY));
        _exit(0);
    }
    usleep(20000);
    kill(child, SIGSTOP);
    reader = open("/tmp/hostile.fifo", O_RDONLY | O_NONBLOCK);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    char byte;
    CHECK(read(reader, &byte, 1) == 0, "the end of file of a writer that was killed while it opened");
    close(reader);
    unlink("/tmp/hostile.fifo");
}

/* A pipe whose reader goes while a write is half done. */
static void a_broken_pipe_half_way(void)
{
    int ends[2];
    static char bytes[200000];
    CHECK(pipe(ends) == 0, "a pipe");
    caught = 0;
    on(SIGPIPE, note);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        usleep(50000);
        _exit(0);
    }
    close(ends[0]);
    ssize_t written = write(ends[1], bytes, sizeof bytes);
    CHECK(written > 0 && written < (ssize_t)sizeof bytes, "the write ends with what went in");
    CHECK(caught == SIGPIPE, "and SIGPIPE comes all the same");
    close(ends[1]);
    waitpid(child, NULL, 0);
}

static void polling_too_much(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    CHECK_ERRNO(syscall(SYS_poll, NULL, (unsigned long)limit.rlim_cur + 1, 0), EINVAL, "poll with more entries than descriptors");
    CHECK_ERRNO(syscall(SYS_poll, NULL, 0xFFFFFFFFul, 0), EINVAL, "poll with four billion entries");
}

/* A long call does not keep others from running, and a kill ends it. */
static void long_calls(void)
{
    pid_t child = fork();
    if (child == 0) {
        size_t bytes = 32ul << 20;
        char *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
        static struct iovec vector[1024];
        for (int i = 0; i < 1024; i++)
            vector[i] = (struct iovec){area, bytes / 1024};
        for (;;) {
            readv(zero, vector, 1024);
            writev(null, vector, 1024);
            syscall(SYS_getrandom, area, bytes, 0);
        }
    }
    struct timespec before, after;
    long longest = 0;
    for (int i = 0; i < 50; i++) {
        clock_gettime(CLOCK_MONOTONIC, &before);
        usleep(1000);
        clock_gettime(CLOCK_MONOTONIC, &after);
        long took = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
        longest = took > longest ? took : longest;
    }
    CHECK(longest < 1500, "nobody waits long for another program's call");
    kill(child, SIGKILL);
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status), "a kill ends it");
}

int main(int count, char **arguments)
{
    (void)arguments;
    if (count > 1)
        return 0;
    a_read_over_its_own_vector();
    code_of_32_bits();
    segment_registers();
    robust_futexes();
    an_interrupted_copy();
    a_page_onto_itself();
    a_fifo_nobody_wrote_to();
    a_broken_pipe_half_way();
    polling_too_much();
    long_calls();
    return tap_done();
}
