/* windows.c - mappings that are split, moved and grown, by the hundreds and at the end of user space; what a program sees there is Linux's.
 * "windows cut" prints READY and rests for a few seconds between making its mappings and looking at them: the moment to cut the power. */
#define _GNU_SOURCE
#include "tap.h"
#include <elf.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define PAGE 4096ul
#define ROUNDS 20
#define SPARSE (1ul << 40)
#define TOP 0x7fffffffe000ul

static char *map(unsigned long length, int flags)
{
    return mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

/* Single pages that cannot be joined. */
static char *shatter(int count)
{
    char *area = mmap(NULL, count * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int page = 0; area != MAP_FAILED && page < count; page += 2)
        if (mprotect(area + page * PAGE, PAGE, PROT_READ | PROT_WRITE) != 0)
            return MAP_FAILED;
    return area;
}

static void forks(int count)
{
    char *area = shatter(count);
    if (area == MAP_FAILED && count > 2000 && errno == ENOMEM) {
        tap_result(1, "", "%d mappings are more than a machine of this size allows", count);
        return;
    }
    area[0] = 1;
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(area[0] == 1 && area[PAGE] == 0 ? 7 : 1);
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "fork with %d mappings", count);
    CHECK(munmap(area, count * PAGE) == 0, "munmap of %d mappings", count);
}

/* A page elsewhere that gets the frame which another mapping may have lost. */
static int overwritten(volatile char *mine)
{
    char *fresh = map(8 * PAGE, 0);
    for (int page = 0; page < 8; page++)
        fresh[page * PAGE] = 1;
    *mine = 0x55;
    int bad = 0;
    for (int page = 0; page < 8; page++)
        bad |= fresh[page * PAGE] != 1;
    munmap(fresh, 8 * PAGE);
    return bad;
}

static int new_file(void)
{
    char name[] = "/tmp/windowsXXXXXX";
    int file = mkstemp(name);
    unlink(name);
    for (int page = 0; page < 3; page++)
        if (pwrite(file, &(char){ (char)(100 + page) }, 1, page * PAGE) != 1)
            return -1;
    return ftruncate(file, 3 * PAGE) == 0 ? file : -1;
}

static void private_files(void)
{
    int file = new_file(), shared = 0, freed = 0, foreign = 0;
    for (int round = 0; round < ROUNDS; round++) {
        char *lower = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
        lower[0] = 1;
        lower[2 * PAGE] = 2;
        munmap(lower + PAGE, PAGE);
        char *moved = mremap(lower, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
        foreign |= moved[0] != 1 || moved[PAGE] != 101 || moved[2 * PAGE] != 102;
        moved[2 * PAGE] = 77;
        shared |= lower[2 * PAGE] != 2;
        munmap(moved + 2 * PAGE, PAGE);
        freed |= overwritten(lower + 2 * PAGE);
        munmap(moved, 2 * PAGE);
        munmap(lower + 2 * PAGE, PAGE);
    }
    CHECK(!foreign, "what grows shows the file's own pages");
    CHECK(!shared, "two pieces share no page");
    CHECK(!freed, "no piece shows a page that was freed");
    char *area = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    area[PAGE] = 5;
    CHECK(madvise(area, 3 * PAGE, MADV_DONTNEED) == 0 && area[PAGE] == 101, "MADV_DONTNEED brings the file's pages back");
    area[PAGE] = 6;
    CHECK(pwrite(file, "xy", 2, PAGE) == 2 && pwrite(file, "z", 1, 2 * PAGE) == 1 && area[PAGE] == 6 && area[2 * PAGE] == 'z',
          "a page that was not written shows later writes to the file");
    CHECK(ftruncate(file, PAGE) == 0 && ftruncate(file, 3 * PAGE) == 0 && area[PAGE] == 0, "what is cut off the file is cut off private copies");
    munmap(area, 3 * PAGE);
    CHECK((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, file, 0) == -1 && errno == EINVAL, "a file does not grow down");
    CHECK((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0x7ffffffffffff000l) == -1 && errno == EOVERFLOW, "an offset behind any file");
    close(file);
}

static char *stack_at(int round)
{
    char *base = (char *)0x300000000000ul + (unsigned long)round * (64ul << 20);
    char *area = mmap(base, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    for (int page = 0; page < 16; page++)
        area[page * PAGE] = (char)page;
    return area;
}

static void stacks(void)
{
    int shared = 0, freed = 0, stale = 0;
    for (int round = 0; round < ROUNDS; round++) {
        char *area = stack_at(round);
        char *moved = mremap(area, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + (32 << 20));
        stale |= area[7 * PAGE] != 0;
        area[7 * PAGE] = 77;
        shared |= moved[7 * PAGE] != 7;
        munmap(moved + 7 * PAGE, PAGE);
        freed |= overwritten(area + 7 * PAGE);
        munmap(moved, 8 * PAGE);
        munmap(area + 7 * PAGE, 9 * PAGE);
    }
    CHECK(!stale, "a stack grows into zeros");
    CHECK(!shared, "it does not grow into what has moved away");
    CHECK(!freed, "it shows no page that was freed");
}

static void shared_memory(void)
{
    char *area = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    char *grown = mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        grown[PAGE] = 1;
        _exit(0);
    }
    waitpid(child, &status, 0);
    CHECK(grown != MAP_FAILED && WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS, "shared memory is as long as it was made");
    munmap(grown, 2 * PAGE);
}

/* A page that is its own ELF file and ends where user space ends: for (;;) pause(). The child that runs it. */
static pid_t run_at_the_top(void)
{
    static unsigned char image[PAGE];
    Elf64_Ehdr *header = (void *)image;
    Elf64_Phdr *segment = (void *)(image + sizeof *header);
    memcpy(header->e_ident, ELFMAG "\2\1\1", 7);
    header->e_type = ET_EXEC;
    header->e_machine = EM_X86_64;
    header->e_version = 1;
    header->e_entry = TOP + 0x100;
    header->e_phoff = sizeof *header;
    header->e_ehsize = sizeof *header;
    header->e_phentsize = sizeof *segment;
    header->e_phnum = 1;
    segment->p_type = PT_LOAD;
    segment->p_flags = PF_R | PF_X;
    segment->p_vaddr = TOP;
    segment->p_filesz = segment->p_memsz = segment->p_align = PAGE;
    memcpy(image + 0x100, "\xb8\x22\0\0\0\x0f\x05\xeb\xf7", 9);
    char name[] = "/tmp/topXXXXXX";
    int file = mkstemp(name);
    if (write(file, image, PAGE) != (long)PAGE || fchmod(file, 0700) != 0)
        return -1;
    close(file);
    pid_t child = fork();
    if (child == 0) {
        execl(name, "top", (char *)NULL);
        _exit(1);
    }
    usleep(200000);
    unlink(name);
    return child;
}

static void rest(int seconds)
{
    struct timespec left = { seconds, 0 };
    printf("READY\n");
    fflush(stdout);
    while (nanosleep(&left, &left) != 0)
        continue;
}

int main(int count, char **arguments)
{
    int cut = count > 1 && strcmp(arguments[1], "cut") == 0;
    char *sparse = map(SPARSE, 0);
    sparse[0] = 1;
    sparse[SPARSE / 2] = 2;
    int file = new_file();
    char *piece = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    piece[2 * PAGE] = 2;
    munmap(piece + PAGE, PAGE);
    char *stack = stack_at(ROUNDS + 1);
    char *moved = mremap(stack, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, stack + (32 << 20));
    char *many = cut ? shatter(600) : NULL;
    pid_t top = run_at_the_top();
    if (cut)
        rest(4);
    CHECK(top > 0 && kill(top, 0) == 0 && waitpid(top, NULL, WNOHANG) == 0, "a program at the end of user space runs");
    CHECK(kill(top, SIGKILL) == 0 && waitpid(top, NULL, 0) == top, "and ends");
    CHECK(madvise(sparse, SPARSE, MADV_DONTNEED) == 0 && sparse[0] == 0 && sparse[SPARSE / 2] == 0, "a hole of a terabyte is given up");
    CHECK(munmap(sparse, SPARSE) == 0, "and unmapped");
    char *grown = mremap(piece, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
    CHECK(grown[2 * PAGE] == 102 && piece[2 * PAGE] == 2, "a piece of a private file mapping grows");
    CHECK(stack[7 * PAGE] == 0 && moved[7 * PAGE] == 7 && stack[8 * PAGE] == 8, "a stack grows below what has moved away");
    int status = -1;
    pid_t child = many == NULL ? -1 : fork();
    if (child == 0)
        _exit(7);
    CHECK(many == NULL || (waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7), "a fork with many mappings");
    private_files();
    stacks();
    shared_memory();
    static const int counts[] = { 480, 513, 520, 600, 1024, 1025, 2000, 16000 };
    for (unsigned i = 0; i < sizeof counts / sizeof *counts; i++)
        forks(counts[i]);
    return tap_done();
}
