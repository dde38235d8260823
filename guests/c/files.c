/* files.c - the file system as Linux programs expect it: contents, offsets, links, rename, directories, permissions and times. */
#define _GNU_SOURCE
#include "tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>

static char folder[64] = "/tmp/files.XXXXXX";

static void make(const char *name, const char *text)
{
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "create %s", name);
    close(fd);
}

static int holds(const char *name, const char *text)
{
    char buffer[256];
    int fd = open(name, O_RDONLY);
    ssize_t count = fd < 0 ? -1 : read(fd, buffer, sizeof buffer);
    close(fd);
    return count == (ssize_t)strlen(text) && memcmp(buffer, text, count) == 0;
}

static void offsets(void)
{
    char buffer[16] = {0};
    int fd = open("o", O_CREAT | O_RDWR, 0600);
    CHECK(write(fd, "0123456789", 10) == 10, "write");
    CHECK(lseek(fd, 3, SEEK_SET) == 3 && read(fd, buffer, 2) == 2 && memcmp(buffer, "34", 2) == 0, "seek and read");
    CHECK(pread(fd, buffer, 4, 6) == 4 && memcmp(buffer, "6789", 4) == 0 && lseek(fd, 0, SEEK_CUR) == 5, "pread leaves the offset");
    CHECK(pwrite(fd, "xy", 2, 0) == 2 && lseek(fd, 0, SEEK_CUR) == 5, "pwrite leaves the offset");
    CHECK(lseek(fd, 0, SEEK_END) == 10 && read(fd, buffer, 1) == 0, "end of file");
    CHECK(lseek(fd, 5000, SEEK_SET) == 5000 && write(fd, "z", 1) == 1, "write behind a hole");
    CHECK(pread(fd, buffer, 4, 4000) == 4 && memcmp(buffer, "\0\0\0\0", 4) == 0, "a hole reads as zeroes");
    CHECK(ftruncate(fd, 4) == 0 && lseek(fd, 0, SEEK_END) == 4, "truncate down");
    CHECK(ftruncate(fd, 8) == 0 && pread(fd, buffer, 8, 0) == 8 && memcmp(buffer, "xy23\0\0\0\0", 8) == 0, "truncate up reads as zeroes");
    CHECK_ERRNO(lseek(fd, -1, SEEK_SET), EINVAL, "seek before the start");
    int copy = dup(fd);
    CHECK(lseek(fd, 2, SEEK_SET) == 2 && lseek(copy, 0, SEEK_CUR) == 2, "dup shares the offset");
    close(copy);
    close(fd);
    CHECK_ERRNO(read(fd, buffer, 1), EBADF, "read of a closed descriptor");
}

static void vectors(void)
{
    char a[4] = {0}, b[8] = {0};
    int fd = open("v", O_CREAT | O_RDWR, 0600);
    struct iovec out[3] = {{"one", 3}, {"", 0}, {"two", 3}}, in[2] = {{a, 3}, {b, 8}};
    CHECK(writev(fd, out, 3) == 6, "writev");
    CHECK(preadv(fd, in, 2, 0) == 6 && strcmp(a, "one") == 0 && strcmp(b, "two") == 0, "preadv");
    CHECK(pwritev(fd, out, 1, 3) == 3 && holds("v", "oneone"), "pwritev");
    close(fd);
}

static void flags(void)
{
    make("f", "12345");
    CHECK_ERRNO(open("f", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST, "O_EXCL");
    CHECK_ERRNO(open("missing", O_RDONLY), ENOENT, "open of nothing");
    CHECK_ERRNO(open("f/below", O_RDONLY), ENOTDIR, "a file as a directory");
    CHECK_ERRNO(open(".", O_WRONLY), EISDIR, "a directory for writing");
    int fd = open("f", O_WRONLY | O_APPEND);
    CHECK(write(fd, "6", 1) == 1 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "7", 1) == 1 && holds("f", "1234567"), "O_APPEND");
    char byte;
    CHECK_ERRNO(read(fd, &byte, 1), EBADF, "read of a write-only descriptor");
    CHECK(fcntl(fd, F_GETFL) == (O_WRONLY | O_APPEND | 0100000) || (fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND)) == (O_WRONLY | O_APPEND), "F_GETFL");
    CHECK(fcntl(fd, F_GETFD) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC, "close on exec");
    int high = fcntl(fd, F_DUPFD, 100);
    CHECK(high >= 100 && fcntl(high, F_GETFD) == 0, "F_DUPFD");
    CHECK(dup2(fd, high) == high && dup3(fd, 90, O_CLOEXEC) == 90 && fcntl(90, F_GETFD) == FD_CLOEXEC, "dup2 and dup3");
    CHECK_ERRNO(dup3(fd, fd, 0), EINVAL, "dup3 onto itself");
    close(90);
    close(high);
    close(fd);
}

static void links(void)
{
    struct stat one, two;
    char target[64] = {0};
    make("l", "linked");
    CHECK(link("l", "l2") == 0 && stat("l", &one) == 0 && stat("l2", &two) == 0, "hard link");
    CHECK(one.st_ino == two.st_ino && one.st_nlink == 2, "two names, one file");
    CHECK(unlink("l") == 0 && holds("l2", "linked"), "the other name stays");
    CHECK_ERRNO(link("l2", "l2"), EEXIST, "link onto a name");
    CHECK(symlink("l2", "s") == 0 && holds("s", "linked"), "symbolic link");
    CHECK(readlink("s", target, sizeof target) == 2 && strcmp(target, "l2") == 0, "readlink");
    CHECK(lstat("s", &one) == 0 && S_ISLNK(one.st_mode) && one.st_size == 2, "lstat");
    CHECK(symlink("loop", "loop") == 0, "a link to itself");
    CHECK_ERRNO(open("loop", O_RDONLY), ELOOP, "a loop of links");
    CHECK_ERRNO(open("s", O_RDONLY | O_NOFOLLOW), ELOOP, "O_NOFOLLOW");
    CHECK_ERRNO(readlink("l2", target, sizeof target), EINVAL, "readlink of a file");
    CHECK(symlink("nowhere", "dangling") == 0 && access("dangling", F_OK) == -1 && errno == ENOENT, "a dangling link");
}

static void unlinked(void)
{
    char buffer[8];
    int fd = open("u", O_CREAT | O_RDWR, 0600);
    struct stat status;
    CHECK(write(fd, "ghost", 5) == 5 && unlink("u") == 0, "unlink an open file");
    CHECK(access("u", F_OK) == -1 && errno == ENOENT, "its name is gone");
    CHECK(pread(fd, buffer, 5, 0) == 5 && memcmp(buffer, "ghost", 5) == 0, "its data is not");
    CHECK(fstat(fd, &status) == 0 && status.st_nlink == 0 && status.st_size == 5, "it has no links");
    close(fd);
}

static void renames(void)
{
    make("a", "A");
    make("b", "B");
    CHECK(rename("a", "b") == 0 && holds("b", "A") && access("a", F_OK) == -1, "rename onto a file");
    CHECK(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0, "directories");
    CHECK(rename("b", "d/e/b") == 0 && holds("d/e/b", "A"), "rename into a directory");
    CHECK_ERRNO(rename("d", "d/e/d"), EINVAL, "a directory into itself");
    CHECK(mkdir("empty", 0755) == 0, "an empty directory");
    CHECK_ERRNO(rename("empty", "d"), ENOTEMPTY, "a directory onto a full one");
    CHECK(rename("d", "empty") == 0 && holds("empty/e/b", "A"), "a directory onto an empty one");
    CHECK_ERRNO(rename("missing", "x"), ENOENT, "rename of nothing");
    CHECK_ERRNO(rename("empty", "l2"), ENOTDIR, "a directory onto a file");
    CHECK_ERRNO(rename("l2", "empty"), EISDIR, "a file onto a directory");
}

static void directories(void)
{
    char name[32], here[128];
    int seen[300] = {0}, strange = 0, total = 0;
    CHECK(mkdir("many", 0755) == 0, "mkdir");
    CHECK_ERRNO(mkdir("many", 0755), EEXIST, "mkdir again");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "many/file%03d", i);
        close(open(name, O_CREAT | O_WRONLY, 0644));
    }
    DIR *dir = opendir("many");
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        int number;
        if (sscanf(entry->d_name, "file%d", &number) == 1 && number >= 0 && number < 300 && entry->d_type == DT_REG)
            seen[number]++, total++;
        else if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            strange++;
    }
    int once = 1;
    for (int i = 0; i < 300; i++)
        once &= seen[i] == 1;
    CHECK(once && total == 300 && strange == 0, "every entry is listed once");
    if (dir)
        closedir(dir);
    CHECK_ERRNO(rmdir("many"), ENOTEMPTY, "rmdir of a full directory");
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "many/file%03d", i);
        unlink(name);
    }
    CHECK(rmdir("many") == 0, "rmdir");
    CHECK(mkdir("cd", 0755) == 0 && chdir("cd") == 0 && getcwd(here, sizeof here) && strstr(here, "/cd"), "chdir and getcwd");
    CHECK(access("../l2", F_OK) == 0 && chdir("..") == 0, "the parent directory");
    int fd = open("cd", O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0 && mkdirat(fd, "x", 0700) == 0 && access("cd/x", F_OK) == 0 && unlinkat(fd, "x", AT_REMOVEDIR) == 0, "relative to a descriptor");
    close(fd);
    CHECK_ERRNO(unlink("cd"), EISDIR, "unlink of a directory");
    CHECK_ERRNO(rmdir("l2"), ENOTDIR, "rmdir of a file");
}

static void attributes(void)
{
    struct stat status;
    struct timespec times[2] = {{1000000000, 5}, {1100000000, 7}};
    umask(022);
    make("p", "x");
    CHECK(stat("p", &status) == 0 && (status.st_mode & 07777) == 0644 && S_ISREG(status.st_mode), "mode");
    CHECK(chmod("p", 0751) == 0 && stat("p", &status) == 0 && (status.st_mode & 07777) == 0751, "chmod");
    CHECK(umask(077) == 022, "umask returns the old one");
    close(open("q", O_CREAT | O_WRONLY, 0666));
    CHECK(stat("q", &status) == 0 && (status.st_mode & 0777) == 0600, "umask applies");
    umask(022);
    CHECK(utimensat(AT_FDCWD, "p", times, 0) == 0 && stat("p", &status) == 0, "set the times");
    CHECK(status.st_atim.tv_sec == 1000000000 && status.st_mtim.tv_sec == 1100000000 && status.st_mtim.tv_nsec == 7, "the times are kept");
    CHECK(chown("p", 12, 34) == 0 && stat("p", &status) == 0 && status.st_uid == 12 && status.st_gid == 34, "chown");
    time_t before = time(NULL);
    make("p", "new");
    CHECK(stat("p", &status) == 0 && status.st_mtim.tv_sec >= before - 1 && status.st_size == 3, "writing updates size and time");
}

int main(void)
{
    CHECK(mkdtemp(folder) && chdir(folder) == 0, "a fresh directory");
    offsets();
    vectors();
    flags();
    links();
    unlinked();
    renames();
    directories();
    attributes();
    return tap_done();
}
