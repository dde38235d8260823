/* memory.c - mmap and its relatives: anonymous and file mappings, protection, remapping, the break, and what a fault must see. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAGE 4096ul
static sigjmp_buf escape;

static void on_fault(int number)
{
    siglongjmp(escape, number);
}

/* The signal an access raises; 0 for none. */
static int poke(volatile char *address, int writing)
{
    int number = sigsetjmp(escape, 1);
    if (number == 0) {
        if (writing)
            *address = 'w';
        else
            (void)*address;
    }
    return number;
}

static char *map(unsigned long length, int protection, int flags)
{
    return mmap(NULL, length, protection, flags | MAP_ANONYMOUS, -1, 0);
}

static void anonymous(void)
{
    char *area = map(256 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    CHECK(area != MAP_FAILED && ((uintptr_t)area & (PAGE - 1)) == 0, "mmap");
    int zero = 1;
    for (unsigned long i = 0; i < 256 * PAGE; i += 509)
        zero &= area[i] == 0;
    CHECK(zero, "fresh memory is zero");
    for (unsigned long i = 0; i < 256; i++)
        area[i * PAGE] = (char)i;
    CHECK(munmap(area + 10 * PAGE, 5 * PAGE) == 0 && area[9 * PAGE] == 9 && area[15 * PAGE] == 15, "a hole");
    CHECK(poke(area + 12 * PAGE, 0) == SIGSEGV, "a read in the hole");
    CHECK(mmap(area + 12 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + 12 * PAGE
          && area[12 * PAGE] == 0, "MAP_FIXED fills it with fresh memory");
    CHECK_ERRNO((long)mmap(area, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), EEXIST, "MAP_FIXED_NOREPLACE");
    CHECK(munmap(area, 256 * PAGE) == 0 && poke(area, 0) == SIGSEGV, "munmap over holes");
    CHECK_ERRNO((long)mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL, "no length");
    CHECK_ERRNO((long)mmap((void *)1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), EINVAL, "a crooked address");
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0), EBADF, "a bad descriptor");
    CHECK_ERRNO(munmap((void *)(PAGE + 1), PAGE), EINVAL, "munmap of a crooked address");
    CHECK((long)mmap((void *)0xffff800000000000ul, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == -1, "MAP_FIXED into the kernel");
}

static void protection(void)
{
    char *area = map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(area, 'p', 8 * PAGE);
    CHECK(mprotect(area + 2 * PAGE, 2 * PAGE, PROT_READ) == 0 && poke(area + 2 * PAGE, 1) == SIGSEGV && area[2 * PAGE] == 'p', "read-only");
    CHECK(poke(area + PAGE, 1) == 0 && poke(area + 4 * PAGE, 1) == 0, "its neighbours are not");
    CHECK(mprotect(area + 2 * PAGE, PAGE, PROT_NONE) == 0 && poke(area + 2 * PAGE, 0) == SIGSEGV, "no access");
    CHECK(mprotect(area, 8 * PAGE, PROT_READ | PROT_WRITE) == 0 && poke(area + 2 * PAGE, 1) == 0 && area[2 * PAGE + 1] == 'p', "and back, contents kept");
    unsigned char code[] = {0xB8, 42, 0, 0, 0, 0xC3}; /* mov eax, 42; ret */
    memcpy(area, code, sizeof code);
    CHECK(mprotect(area, PAGE, PROT_READ | PROT_EXEC) == 0 && ((int (*)(void))area)() == 42, "code");
    munmap(area + 4 * PAGE, PAGE);
    CHECK_ERRNO(mprotect(area, 8 * PAGE, PROT_READ), ENOMEM, "mprotect over a hole");
    munmap(area, 8 * PAGE);
}

/* Whether a private mapping shows what is written to the file after it was made is left open by POSIX, and so here. */
static void files(void)
{
    char buffer[16];
    int fd = open("/tmp/memory.data", O_CREAT | O_RDWR | O_TRUNC, 0600);
    CHECK(ftruncate(fd, 3 * PAGE + 100) == 0 && pwrite(fd, "file", 4, PAGE) == 4, "a file");
    char *shared = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, PAGE);
    CHECK(shared != MAP_FAILED && memcmp(shared + PAGE, "file", 4) == 0 && memcmp(private, "file", 4) == 0, "its contents");
    memcpy(shared + PAGE, "mmap", 4);
    CHECK(pread(fd, buffer, 4, PAGE) == 4 && memcmp(buffer, "mmap", 4) == 0, "a store to a shared mapping is a write");
    CHECK(pwrite(fd, "back", 4, PAGE) == 4 && memcmp(shared + PAGE, "back", 4) == 0, "a write shows in the mapping");
    memcpy(private, "mine", 4);
    CHECK(pread(fd, buffer, 4, PAGE) == 4 && memcmp(buffer, "back", 4) == 0, "a store to a private mapping is not a write");
    CHECK(pwrite(fd, "more", 4, PAGE) == 4 && memcmp(private, "mine", 4) == 0, "and no write shows there any more");
    CHECK(shared[3 * PAGE + 200] == 0 && poke(shared + 3 * PAGE + 4000, 0) == 0, "the rest of the last page is zero");
    CHECK(ftruncate(fd, PAGE) == 0 && poke(shared + 2 * PAGE, 0) == SIGBUS && poke(shared, 0) == 0, "SIGBUS beyond the end");
    CHECK(msync(shared, PAGE, MS_SYNC) == 0 && munmap(shared, 4 * PAGE) == 0 && close(fd) == 0, "msync and munmap");
    fd = open("/tmp/memory.data", O_RDONLY);
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EACCES, "shared writing of a read-only file");
    CHECK_ERRNO((long)mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 100), EINVAL, "a crooked offset");
    close(fd);
    CHECK(unlink("/tmp/memory.data") == 0 && memcmp(private, "mine", 4) == 0, "a mapping outlives its file's name");
    munmap(private, 2 * PAGE);
}

static void remapping(void)
{
    char *area = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(area, 'r', 4 * PAGE);
    char *grown = mremap(area, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED && grown[4 * PAGE - 1] == 'r' && grown[4 * PAGE] == 0 && poke(grown + 63 * PAGE, 1) == 0, "mremap grows");
    CHECK(mremap(grown, 64 * PAGE, 2 * PAGE, 0) == grown && poke(grown + 2 * PAGE, 0) == SIGSEGV && grown[2 * PAGE - 1] == 'r', "mremap shrinks");
    char *target = map(2 * PAGE, PROT_NONE, MAP_PRIVATE);
    CHECK(mremap(grown, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target && target[0] == 'r' && poke(grown, 0) == SIGSEGV, "mremap moves");
    munmap(target, 2 * PAGE);
    CHECK_ERRNO((long)mremap(target, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT, "mremap of nothing");
}

static void breaks(void)
{
    char *start = (char *)syscall(SYS_brk, 0);
    char *end = (char *)syscall(SYS_brk, start + 3 * PAGE + 10);
    CHECK(end == start + 3 * PAGE + 10 && end[-1] == 0, "the break grows");
    start[0] = 'b';
    CHECK((char *)syscall(SYS_brk, start + PAGE) == start + PAGE && start[0] == 'b', "and shrinks");
    CHECK((char *)syscall(SYS_brk, 1) == start + PAGE, "and refuses nonsense");
}

static void advice(void)
{
    char *area = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    memset(area, 'a', 4 * PAGE);
    CHECK(madvise(area + PAGE, PAGE, MADV_DONTNEED) == 0 && area[PAGE] == 0 && area[0] == 'a' && area[2 * PAGE] == 'a', "MADV_DONTNEED gives zeroes");
    CHECK(madvise(area, 4 * PAGE, MADV_WILLNEED) == 0, "MADV_WILLNEED");
    munmap(area, 4 * PAGE);
}

static void stacks(void)
{
    volatile char deep[512 * 1024];
    for (unsigned long i = sizeof deep; i > 0; i -= 512)
        deep[i - 1] = 1;
    CHECK(deep[511] == 1, "the stack grows");
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        for (volatile char *down = deep;; down -= PAGE)
            *down = 1;
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "but not for ever");
}

/* Every page of a large area differs, through fork and copy-on-write on both sides. */
static void many_pages(void)
{
    enum { PAGES = 2048 };
    uint32_t *area = (uint32_t *)map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    for (uint32_t i = 0; i < PAGES; i++)
        area[i * 1024] = i;
    int status;
    pid_t pid = fork();
    for (uint32_t i = pid == 0; i < PAGES; i += 2)
        area[i * 1024] += pid == 0 ? 1000000 : 2000000;
    int right = 1;
    for (uint32_t i = 0; i < PAGES; i++) {
        int own = (i & 1) == (uint32_t)(pid == 0);
        right &= area[i * 1024] == i + (own ? (pid == 0 ? 1000000 : 2000000) : 0);
    }
    if (pid == 0)
        _exit(!right);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0 && right, "2048 pages copied on write");
    munmap(area, PAGES * PAGE);
}

int main(void)
{
    signal(SIGSEGV, on_fault);
    signal(SIGBUS, on_fault);
    anonymous();
    protection();
    files();
    remapping();
    breaks();
    advice();
    stacks();
    many_pages();
    return tap_done();
}
