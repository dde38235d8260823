/* answers.c - calls on files, pipes and memory whose answers programs rely on: bytes moved inside the kernel, seals, attributes, holes,
 * set-id bits, running programs, what forks copy, locked memory. The expectations are Linux's; what depends on the file system is asked of
 * the root's. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#define PAGE 4096

static char name[64];

static int make(const char *text)
{
    int file = open(name, O_CREAT | O_RDWR | O_TRUNC, 0644);
    if (file >= 0 && write(file, text, strlen(text)) < 0)
        perror("write");
    return file;
}

static void moves(void)
{
    int file = make("0123456789"), ends[2], more[2];
    char text[32] = {0};
    loff_t at = 4;
    CHECK(pipe(ends) == 0 && pipe(more) == 0, "two pipes");
    CHECK(splice(file, &at, ends[1], 0, 3, 0) == 3 && at == 7, "splice takes a position");
    CHECK(tee(ends[0], more[1], 10, 0) == 3, "tee copies");
    CHECK(splice(ends[0], 0, more[1], 0, 2, 0) == 2, "splice between pipes takes");
    CHECK(read(more[0], text, 31) == 5 && !memcmp(text, "45645", 5), "both arrived");
    struct iovec vector = {"memory", 6};
    CHECK(vmsplice(ends[1], &vector, 1, 0) == 6, "vmsplice");
    at = 1;
    CHECK(splice(ends[0], 0, file, &at, 100, 0) == 7 && at == 8, "splice into a file ends with the bytes");
    CHECK(pread(file, text, 31, 0) == 10 && !memcmp(text, "06memory89", 10), "they are in the file");
    CHECK(splice(ends[0], 0, file, 0, 10, SPLICE_F_NONBLOCK) == -1 && errno == EAGAIN, "an empty pipe is EAGAIN");
    close(file);
    close(ends[0]), close(ends[1]), close(more[0]), close(more[1]);
}

static void seals(void)
{
    int file = memfd_create("sealed", MFD_ALLOW_SEALING);
    char path[64], link[64] = {0};
    CHECK(ftruncate(file, 2 * PAGE) == 0 && fcntl(file, F_GET_SEALS) == 0, "a memory file without seals");
    CHECK(fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0, "two seals");
    CHECK(ftruncate(file, PAGE) == -1 && errno == EPERM, "it does not shrink");
    CHECK(pwrite(file, "x", 1, 2 * PAGE) == -1 && errno == EPERM, "it does not grow");
    CHECK(pwrite(file, "x", 1, 0) == 1, "it can be written");
    void *shared = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE) == -1 && errno == EBUSY, "not sealed while a mapping writes");
    munmap(shared, PAGE);
    CHECK(fcntl(file, F_ADD_SEALS, F_SEAL_WRITE) == 0 && pwrite(file, "x", 1, 0) == -1 && errno == EPERM, "sealed, it is not written");
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    CHECK(readlink(path, link, 63) > 0 && !strcmp(link, "/memfd:sealed (deleted)"), "its name is %s", link);
    close(file);
}

/* Not all of Linux's file systems have attributes; ours has. */
static int has_attributes(void)
{
    struct utsname machine;
    uname(&machine);
    return setxattr(name, "user.probe", "", 0, 0) == 0 || errno != EOPNOTSUPP || strstr(machine.release, "aurora") != NULL;
}

static void attributes(void)
{
    int file = make("x");
    char text[64];
    if (!has_attributes()) {
        printf("# no extended attributes here\n");
        return;
    }
    CHECK(setxattr(name, "user.note", "kept", 4, XATTR_CREATE) == 0, "an attribute");
    CHECK(setxattr(name, "user.note", "again", 5, XATTR_CREATE) == -1 && errno == EEXIST, "not twice");
    CHECK(fgetxattr(file, "user.note", text, 64) == 4 && !memcmp(text, "kept", 4), "its value");
    CHECK(getxattr(name, "user.note", text, 3) == -1 && errno == ERANGE, "too small a buffer");
    CHECK(getxattr(name, "user.other", text, 64) == -1 && errno == ENODATA, "one that is not there");
    CHECK(listxattr(name, text, 64) >= 10, "the list");
    CHECK(removexattr(name, "user.note") == 0 && removexattr(name, "user.note") == -1 && errno == ENODATA, "taken away");
    close(file);
}

static void holes(void)
{
    int file = make("");
    struct stat status;
    CHECK(pwrite(file, "x", 1, 64 * PAGE) == 1 && ftruncate(file, 256 * PAGE) == 0, "a file of holes and one page");
    CHECK(lseek(file, 0, SEEK_DATA) == 64 * PAGE, "where its data is");
    CHECK(lseek(file, 64 * PAGE, SEEK_HOLE) == 65 * PAGE, "where the next hole is");
    CHECK(lseek(file, 65 * PAGE, SEEK_DATA) == -1 && errno == ENXIO, "no data behind it");
    CHECK(fsync(file) == 0 && fstat(file, &status) == 0 && status.st_blocks > 0 && status.st_blocks < 256 * 8, "few blocks");
    close(file);
}

static void bits(void)
{
    int file = make("x");
    struct stat status;
    if (geteuid() != 0)
        return;
    fchmod(file, 06755);
    CHECK(write(file, "y", 1) == 1 && fstat(file, &status) == 0 && (status.st_mode & 07777) == 06755, "root's write keeps set-id bits");
    CHECK(fchown(file, 1, 1) == 0 && fstat(file, &status) == 0 && (status.st_mode & 07777) == 0755, "a new owner takes them");
    fchmod(file, 06644);
    CHECK(fchown(file, 2, 2) == 0 && fstat(file, &status) == 0 && (status.st_mode & 07777) == 02644, "but not the group's without execute");
    close(file);
}

static void programs(void)
{
    CHECK(open("/proc/self/exe", O_WRONLY) == -1 && errno == ETXTBSY, "a running program is not written");
    int file = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0755);
    char *none[] = {0};
    fchmod(file, 0755);
    CHECK(execve(name, none, none) == -1 && errno == ETXTBSY, "what is being written does not run");
    close(file);
}

static void forks(void)
{
    char *area = mmap(0, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unsigned char there[3] = {9, 9, 9};
    int status = -1;
    CHECK(mincore(area, 3 * PAGE, there) == 0 && !(there[0] | there[1] | there[2]), "untouched pages are not there");
    memset(area, 'a', 3 * PAGE);
    CHECK(madvise(area, PAGE, MADV_WIPEONFORK) == 0 && madvise(area + PAGE, PAGE, MADV_DONTFORK) == 0, "marks for a fork");
    pid_t child = fork();
    if (child == 0)
        _exit(area[0] != 0 || area[2 * PAGE] != 'a' || mincore(area + PAGE, PAGE, there) != -1);
    CHECK(waitpid(child, &status, 0) == child && status == 0, "the child has what it was to have");
    CHECK(area[0] == 'a' && area[PAGE] == 'a', "the parent has all");
    munmap(area + PAGE, PAGE);
    CHECK(madvise(area, 3 * PAGE, MADV_DONTNEED) == -1 && errno == ENOMEM, "a gap is told");
    CHECK(area[0] == 0 && area[2 * PAGE] == 0, "pages around it are given up");
}

int main(int count, char **arguments)
{
    snprintf(name, sizeof name, "%s/answers.%d", count > 1 ? arguments[1] : "/tmp", (int)getpid());
    moves();
    seals();
    attributes();
    holes();
    bits();
    programs();
    forks();
    unlink(name);
    return tap_done();
}
