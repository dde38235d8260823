/* edges.c - answers at the edges of calls: sizes of nothing, what is checked first, what was never asked for, who waits for
 * whom. The expectations are Linux's. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/kcmp.h>
#include <linux/membarrier.h>
#include <linux/random.h>
#include <linux/sched.h>

#define PAGE 4096
#define NOBODY 65534

static void sizes_of_nothing(void)
{
    char text[PAGE];
    CHECK_ERRNO(syscall(SYS_getcwd, text, 0), ERANGE, "getcwd into nothing");
    CHECK_ERRNO(syscall(SYS_getcwd, 0, 1), ERANGE, "getcwd into too little, wherever");
    CHECK_ERRNO(syscall(SYS_mmap, 0, 0, PROT_READ, MAP_PRIVATE, 999, 0), EBADF, "mmap of nothing asks for the file first");
    CHECK_ERRNO(syscall(SYS_mmap, 0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL, "mmap of nothing");
    CHECK_ERRNO(syscall(SYS_mmap, 0, PAGE, PROT_READ, 0, 999, 0), EBADF, "mmap of no type asks for the file first");
}

static long make(struct clone_args *arguments, size_t bytes)
{
    long child = syscall(SYS_clone3, arguments, bytes);
    if (child == 0)
        _exit(0);
    return child;
}

/* What follows the structure that a kernel knows must be zero to the last byte, and be there. */
static void longer_structures(void)
{
    char *pages = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + PAGE, PAGE);
    struct clone_args *arguments = (struct clone_args *)(pages + PAGE - sizeof *arguments);
    memset(arguments, 0, sizeof *arguments);
    arguments->exit_signal = SIGCHLD;
    CHECK_ERRNO(make(arguments, sizeof *arguments + 1), EFAULT, "clone3 whose last byte is not there");
    struct clone_args *longer = (struct clone_args *)(pages + 8);
    memset(longer, 0, sizeof *longer + 16);
    ((char *)longer)[sizeof *longer + 2] = 1;
    CHECK_ERRNO(make(longer, sizeof *longer + 3), E2BIG, "clone3 with more than is known");
    munmap(pages, PAGE);
}

static void locked_pages(void)
{
    char *page = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(msync(page, PAGE, MS_INVALIDATE) == 0, "what is not locked may be given up");
    CHECK(mlock(page, PAGE) == 0, "a locked page");
    CHECK_ERRNO(msync(page, PAGE, MS_INVALIDATE), EBUSY, "what is locked may not");
    CHECK(msync(page, PAGE, MS_SYNC) == 0, "but be written");
    munmap(page, PAGE);
}

static long barrier(int command) { return syscall(SYS_membarrier, command, 0, 0); }

static void barriers(void)
{
    long known = barrier(MEMBARRIER_CMD_QUERY);
    CHECK(known > 0, "what barriers there are");
    CHECK_ERRNO(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED), EPERM, "an expedited one must be asked for before");
    CHECK_ERRNO(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE), EPERM, "each kind by itself");
    CHECK(barrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0, "a global one need not");
    CHECK(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0, "registered");
    CHECK(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0, "now it is done");
    CHECK_ERRNO(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE), EPERM, "the other kind is not");
    pid_t child = fork();
    if (child == 0)
        _exit(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "a child has asked with its maker");
}

static void unsharing(void)
{
    CHECK_ERRNO(syscall(SYS_unshare, -1), EINVAL, "unshare of what is not known");
    CHECK(syscall(SYS_unshare, 0) == 0, "unshare of nothing");
    pid_t child = fork();
    if (child == 0)
        _exit(setgid(NOBODY) != 0 || setuid(NOBODY) != 0 || syscall(SYS_unshare, CLONE_NEWNS) != -1 || errno != EPERM);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "a user gets no mounts of his own");
}

static int parts(void *argument)
{
    int *ends = argument;
    if (syscall(SYS_unshare, CLONE_FILES | CLONE_FS) != 0 || chdir("/proc") != 0)
        return 1;
    close(ends[1]);
    return 0;
}

/* A process that shares its maker's descriptors and directory has its own after unshare. */
static void parting(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    int ends[2], status = -1;
    char before[PAGE], after[PAGE];
    CHECK(pipe(ends) == 0 && getcwd(before, sizeof before), "a pipe, a directory");
    pid_t child = clone(parts, stack + sizeof stack, CLONE_FILES | CLONE_FS | SIGCHLD, ends);
    waitpid(child, &status, 0);
    CHECK(status == 0, "a child parts");
    CHECK(write(ends[1], "x", 1) == 1, "its close was of its own");
    CHECK(getcwd(after, sizeof after) && !strcmp(before, after), "its directory too");
    close(ends[0]), close(ends[1]);
}

static int take(int file, int start, int command)
{
    struct flock lock = {.l_type = F_WRLCK, .l_start = start, .l_len = 1};
    return fcntl(file, command, &lock);
}

/* Three processes in a ring, each with one byte of a file, wait for the next one's: the last to ask is told. */
static void deadlock(void)
{
    enum { Ring = 3 };
    char name[] = "/tmp/edges-XXXXXX";
    int file = mkstemp(name), held[2], go[2], told[2], ends = 0;
    CHECK(file >= 0 && pipe(held) == 0 && pipe(go) == 0 && pipe(told) == 0, "a file, three pipes");
    for (int i = 0; i < Ring; i++) {
        if (fork() != 0)
            continue;
        char one;
        alarm(20);
        take(file, i, F_SETLK);
        if (write(held[1], "x", 1) != 1 || read(go[0], &one, 1) != 1)
            _exit(1);
        int result = take(file, (i + 1) % Ring, F_SETLKW);
        char answer = result == 0 ? '0' : errno == EDEADLK ? 'D' : 'E';
        _exit(write(told[1], &answer, 1) != 1);
    }
    char answers[Ring + 1] = {0}, one;
    for (int i = 0; i < Ring; i++)
        CHECK(read(held[0], &one, 1) == 1, "one has his byte");
    CHECK(write(go[1], "xxx", Ring) == Ring, "they go");
    close(told[1]);
    for (int i = 0; i < Ring && read(told[0], answers + i, 1) == 1; i++)
        ends++;
    CHECK(ends == Ring && answers[0] == 'D', "the first answer is that of a deadlock: %s", answers);
    CHECK(!strcmp(answers, "D00"), "the others got theirs when he had left: %s", answers);
    for (int i = 0; i < Ring; i++)
        wait(0);
    close(file), close(held[0]), close(held[1]), close(go[0]), close(go[1]), close(told[0]);
    unlink(name);
}

static void randomness(void)
{
    int device = open("/dev/urandom", O_RDWR), bits = -1, more = 8;
    CHECK(ioctl(device, RNDGETENTCNT, &bits) == 0 && bits > 0, "how much is known to be random: %d", bits);
    CHECK(ioctl(device, RNDADDTOENTCNT, &more) == 0, "root may say that it is more");
    more = -8;
    CHECK_ERRNO(ioctl(device, RNDADDTOENTCNT, &more), EINVAL, "but not less");
    struct { struct rand_pool_info head; unsigned word; } seed = {{8 * 4, 4}, 0x12345678};
    CHECK(ioctl(device, RNDADDENTROPY, &seed) == 0, "root may add to it");
    CHECK(ioctl(device, RNDRESEEDCRNG) == 0, "and have it used");
    CHECK_ERRNO(ioctl(device, _IOW('R', 0x77, int), &more), EINVAL, "what is not known");
    pid_t child = fork();
    if (child == 0)
        _exit(setgid(NOBODY) != 0 || setuid(NOBODY) != 0 || ioctl(device, RNDADDENTROPY, &seed) != -1 || errno != EPERM
            || ioctl(device, RNDGETENTCNT, &bits) != 0);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "a user may only ask");
    close(device);
}

static void remembered_timeouts(void)
{
    struct timeval left = {0, 1000};
    int old = personality(0xffffffff);
    CHECK(personality(old | STICKY_TIMEOUTS) == old, "timeouts stay what they are");
    CHECK(select(0, 0, 0, 0, &left) == 0 && left.tv_usec == 1000, "select leaves the time: %ld", (long)left.tv_usec);
    personality(old);
    CHECK(select(0, 0, 0, 0, &left) == 0 && left.tv_usec == 0, "or tells what is left of it: %ld", (long)left.tv_usec);
}

static int has_line(const char *path, const char *start)
{
    FILE *file = fopen(path, "r");
    char line[512];
    int found = 0;
    while (file && fgets(line, sizeof line, file))
        found |= !strncmp(line, start, strlen(start));
    if (file)
        fclose(file);
    return found;
}

static unsigned long long field(const char *name, int base)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[512];
    unsigned long long value = ~0ULL;
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name)))
            value = strtoull(line + strlen(name), 0, base);
    if (file)
        fclose(file);
    return value;
}

static void status_fields(void)
{
    static const char *const fields[] = {"Ngid:", "VmLck:", "VmPin:", "VmHWM:", "VmData:", "VmStk:", "VmExe:", "VmLib:", "VmSwap:",
        "SigIgn:", "SigCgt:", "Seccomp:", "Mems_allowed:", "NoNewPrivs:"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        CHECK(has_line("/proc/self/status", fields[i]), "status has %s", fields[i]);
    unsigned long long data = field("VmData:", 10);
    void *pages = mmap(0, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(field("VmLck:", 10) == 0 && mlock(pages, 64 * PAGE) == 0 && field("VmLck:", 10) == 256, "it counts locked pages");
    CHECK(field("VmData:", 10) == data + 256, "and those of its own: %llu", field("VmData:", 10) - data);
    CHECK(field("VmExe:", 10) > 0 && field("VmStk:", 10) > 0, "code and stack");
    munmap(pages, 64 * PAGE);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, (void (*)(int))sizes_of_nothing);
    CHECK(field("SigIgn:", 16) >> (SIGUSR1 - 1) & 1, "ignored signals");
    CHECK(field("SigCgt:", 16) >> (SIGUSR2 - 1) & 1, "and those with handlers");
    signal(SIGUSR1, SIG_DFL), signal(SIGUSR2, SIG_DFL);
    CHECK(!(field("SigIgn:", 16) >> (SIGUSR1 - 1) & 1) && !(field("SigCgt:", 16) >> (SIGUSR2 - 1) & 1), "no longer");
    CHECK(setting("/proc/sys/kernel/tainted") >= 0, "whether the kernel is what it was built as");
}

static void copies_that_end_nowhere(void)
{
    char name[] = "/tmp/edges-XXXXXX", other[] = "/tmp/edges-XXXXXX";
    int from = mkstemp(name), to = mkstemp(other);
    loff_t last = 0x7fffffffffffffff;
    CHECK(write(from, "bytes", 5) == 5 && lseek(from, 0, SEEK_SET) == 0, "a file");
    CHECK_ERRNO(syscall(SYS_copy_file_range, from, 0, to, &last, ~0UL, 0), EOVERFLOW, "a copy to beyond all numbers");
    CHECK(syscall(SYS_copy_file_range, from, 0, to, 0, 100UL, 0) == 5, "one within them");
    close(from), close(to);
    unlink(name), unlink(other);
}

static long same(pid_t one, pid_t other, int what, long first, long second) { return syscall(SYS_kcmp, one, other, what, first, second); }

static int has_of_its_own(void *argument)
{
    (void)argument;
    pid_t me = getpid(), maker = getppid();
    return same(me, maker, KCMP_FILES, 0, 0) != 0 || same(me, maker, KCMP_FS, 0, 0) == 0 || same(me, maker, KCMP_VM, 0, 0) == 0
        || same(me, maker, KCMP_FILE, 1, 1) != 0;
}

static void sameness(void)
{
    static char stack[65536] __attribute__((aligned(16)));
    pid_t me = getpid();
    int file = open("/proc/self/stat", O_RDONLY), again = open("/proc/self/stat", O_RDONLY), twin = dup(file);
    long order = same(me, me, KCMP_FILE, file, again);
    CHECK(same(me, me, KCMP_FILE, file, twin) == 0, "a descriptor's twin is the same file");
    CHECK((order == 1 && same(me, me, KCMP_FILE, again, file) == 2) || (order == 2 && same(me, me, KCMP_FILE, again, file) == 1),
        "one that was opened again is not, and there is an order");
    CHECK(same(me, me, KCMP_VM, 0, 0) == 0, "memory is the same as itself");
    CHECK_ERRNO(same(me, me, KCMP_FILE, file, 999), EBADF, "what is not open");
    CHECK_ERRNO(same(me, me, KCMP_TYPES + 5, 0, 0), EINVAL, "what is not known");
    CHECK_ERRNO(same(me, 0x3fffffff, KCMP_VM, 0, 0), ESRCH, "who is not there");
    pid_t child = clone(has_of_its_own, stack + sizeof stack, CLONE_FILES | SIGCHLD, 0);
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0, "a child shares what it was made to share");
    close(file), close(again), close(twin);
}

/* What old programs ask: the types of file systems by number, and the room in one. */
static void old_questions(void)
{
    struct { int free; unsigned long inodes; char names[12]; } room;
    struct stat root;
    char name[64] = "";
    stat("/", &root);
    if (syscall(SYS_sysfs, 3) == -1 && errno == ENOSYS) {
        printf("# no sysfs here\n");
        return;
    }
    long index = syscall(SYS_sysfs, 1, "proc");
    CHECK(index >= 0 && index < syscall(SYS_sysfs, 3), "a type of file systems by name");
    CHECK(syscall(SYS_sysfs, 2, index, name) == 0 && !strcmp(name, "proc"), "and by number: %s", name);
    CHECK_ERRNO(syscall(SYS_sysfs, 1, "nothing"), EINVAL, "none");
    CHECK_ERRNO(syscall(SYS_sysfs, 1, 1), EFAULT, "no name");
    CHECK_ERRNO(syscall(SYS_sysfs, 2, 1000, name), EINVAL, "no such number");
    CHECK_ERRNO(syscall(SYS_sysfs, 4), EINVAL, "no such question");
    CHECK(syscall(SYS_ustat, (unsigned)root.st_dev, &room) == 0 && room.inodes > 0, "the room there is");
    CHECK_ERRNO(syscall(SYS_ustat, (unsigned)root.st_dev, 1), EFAULT, "told to nobody");
    CHECK_ERRNO(syscall(SYS_ustat, -1, &room), EINVAL, "of nothing");
}

/* Who changes names means the name, whatever is behind it: a link is not where it leads. */
static void slashes(void)
{
    char folder[] = "/tmp/slashesXXXXXX";
    CHECK(mkdtemp(folder) && chdir(folder) == 0, "a folder for links");
    CHECK(mkdir("d", 0755) == 0 && symlink("d", "l") == 0 && symlink("none", "dangling") == 0, "links to a folder and to nothing");
    CHECK(close(creat("f", 0644)) == 0, "a file");
    CHECK_ERRNO(rmdir("l/"), ENOTDIR, "rmdir of a link with a slash");
    CHECK_ERRNO(unlink("l/"), ENOTDIR, "unlink of a link with a slash");
    CHECK_ERRNO(unlink("f/"), ENOTDIR, "unlink of a file with a slash");
    CHECK_ERRNO(unlink("d/"), EISDIR, "unlink of a folder with a slash");
    CHECK_ERRNO(rename("l/", "x"), ENOTDIR, "rename of a link with a slash");
    CHECK_ERRNO(rename("d", "l/"), ENOTDIR, "rename of a folder to a link with a slash");
    CHECK_ERRNO(rename("f", "x/"), ENOTDIR, "rename of a file to nothing with a slash");
    CHECK_ERRNO(renameat2(AT_FDCWD, "d", AT_FDCWD, "f/", RENAME_EXCHANGE), ENOTDIR, "exchange with a file with a slash");
    CHECK_ERRNO(renameat2(AT_FDCWD, "d", AT_FDCWD, "l/", RENAME_EXCHANGE), ENOTDIR, "exchange with a link with a slash");
    CHECK_ERRNO(renameat2(AT_FDCWD, "d", AT_FDCWD, "x/", RENAME_EXCHANGE), ENOENT, "exchange with nothing with a slash");
    CHECK(renameat2(AT_FDCWD, "f", AT_FDCWD, "d/", RENAME_EXCHANGE) == 0, "exchange with a folder with a slash");
    CHECK(renameat2(AT_FDCWD, "d", AT_FDCWD, "f", RENAME_EXCHANGE) == 0, "exchange back");
    CHECK_ERRNO(renameat2(AT_FDCWD, "f", AT_FDCWD, "d/", RENAME_NOREPLACE), EEXIST, "no replacement of a folder with a slash");
    CHECK_ERRNO(renameat2(AT_FDCWD, "f", AT_FDCWD, ".", RENAME_NOREPLACE), EEXIST, "no replacement of the folder itself");
    CHECK_ERRNO(rename("f", "."), EBUSY, "rename to the folder itself");
    CHECK_ERRNO(mkdir("dangling/", 0755), EEXIST, "mkdir of a link to nothing with a slash");
    CHECK_ERRNO(mkdir("f/", 0755), EEXIST, "mkdir of a file with a slash");
    CHECK_ERRNO(symlink("d", "dangling/"), EEXIST, "symlink where a link to nothing is, with a slash");
    CHECK_ERRNO(link("f", "x/"), ENOENT, "link to nothing with a slash");
    CHECK(mkdir("new/", 0755) == 0 && rename("new/", "other/") == 0 && rmdir("other/") == 0, "folders may have slashes");
    CHECK(access("l/.", F_OK) == 0 && access("none", F_OK) != 0, "all are there");
    unlink("f");
    unlink("l");
    unlink("dangling");
    CHECK(rmdir("d") == 0 && chdir("/") == 0 && rmdir(folder) == 0, "the folder is empty");
}

int main(void)
{
    sizes_of_nothing();
    longer_structures();
    locked_pages();
    barriers();
    unsharing();
    parting();
    deadlock();
    randomness();
    remembered_timeouts();
    status_fields();
    copies_that_end_nowhere();
    sameness();
    old_questions();
    slashes();
    CHECK(syscall(SYS_arch_prctl, 0x1011, 0) == 1, "cpuid may be executed");
    return tap_done();
}
