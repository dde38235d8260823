/* watches.c - inotify, one behaviour a check; each holds still in the middle (holds.h). Watches, unread events and what they say of the
 * files must be after that as before. The expectations are Linux's. */
#define _GNU_SOURCE
#include "holds.h"
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/xattr.h>

#define ISDIR IN_ISDIR

static void *volatile nowhere = (void *)8;

/* The status that a child ends with. */
static int ends(int process)
{
    int status;
    return waitpid(process, &status, 0) == process && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Who is nobody in particular. */
static int be(unsigned user)
{
    return setgroups(0, 0) == 0 && setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0;
}

/* The check's own directory, which it is in, and an instance that does not wait. */
static int begin(void)
{
    char name[64];
    sprintf(name, "/tmp/watches-%d", getpid());
    if (mkdir(name, 0755) || chdir(name))
        return -1;
    return inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

/* Files with a digit as their contents. */
static int make(const char *name)
{
    int file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0644);
    return file >= 0 && write(file, "1", 1) == 1 && close(file) == 0;
}

/* Takes one event: the room for it is tried from the least on. */
static long take(int fd, struct inotify_event *event)
{
    for (size_t room = 16; room <= 272; room += 16) {
        long length = read(fd, event, room);
        if (length >= 0 || errno != EINVAL)
            return length;
    }
    return -1;
}

static union {
    struct inotify_event event;
    char bytes[4096];
} last;

/* The next event is this one. */
static int tells(int fd, int wd, uint32_t mask, const char *name)
{
    long length = take(fd, &last.event);
    uint32_t padded = name ? (uint32_t)((strlen(name) + 16) & ~15UL) : 0;
    int is_right = length == 16 + (long)padded && last.event.wd == wd && last.event.mask == mask && last.event.len == padded
        && (!name || !strcmp(last.event.name, name));
    if (!is_right)
        printf("# wants wd %d mask %x %s, has %ld: wd %d mask %x len %u %s\n", wd, mask, name ? name : "-", length, last.event.wd,
            last.event.mask, last.event.len, length > 16 ? last.event.name : "-");
    fflush(stdout);
    return is_right;
}

static int quiet(int fd)
{
    long length = take(fd, &last.event);
    if (length >= 0)
        printf("# wants nothing, has wd %d mask %x %s\n", last.event.wd, last.event.mask, last.event.len ? last.event.name : "-");
    fflush(stdout);
    return length == -1 && errno == EAGAIN;
}

static int written(const char *name, const char *text)
{
    int file = open(name, O_WRONLY);
    return file >= 0 && write(file, text, strlen(text)) == (long)strlen(text) && close(file) == 0;
}

static long number_in(const char *path)
{
    FILE *file = fopen(path, "r");
    long number = -1;
    if (!file || fscanf(file, "%ld", &number) != 1)
        number = -1;
    if (file)
        fclose(file);
    return number;
}

static const char *a_file_tells_of_its_use_in_order(void)
{
    int fd = begin(), wd;
    char byte;
    MUST(make("file"));
    MUST((wd = inotify_add_watch(fd, "file", IN_ALL_EVENTS)) == 1);
    int file = open("file", O_RDWR);
    MUST(file >= 0 && read(file, &byte, 1) == 1 && write(file, "2", 1) == 1);
    hold();
    MUST(read(file, &byte, 1) == 0 && close(file) == 0);
    MUST(tells(fd, wd, IN_OPEN, 0) && tells(fd, wd, IN_ACCESS, 0) && tells(fd, wd, IN_MODIFY, 0));
    MUST(tells(fd, wd, IN_CLOSE_WRITE, 0) && quiet(fd));
    MUST((file = open("file", O_RDONLY)) >= 0 && close(file) == 0);
    MUST(tells(fd, wd, IN_OPEN, 0) && tells(fd, wd, IN_CLOSE_NOWRITE, 0) && quiet(fd));
    return 0;
}

static const char *a_directory_tells_the_names_in_it(void)
{
    int fd = begin(), wd;
    MUST((wd = inotify_add_watch(fd, ".", IN_ALL_EVENTS)) == 1);
    MUST(make("a"));
    hold();
    MUST(tells(fd, wd, IN_CREATE, "a") && tells(fd, wd, IN_OPEN, "a") && tells(fd, wd, IN_MODIFY, "a"));
    MUST(tells(fd, wd, IN_CLOSE_WRITE, "a") && quiet(fd));
    MUST(written("a", "text") && unlink("a") == 0);
    MUST(tells(fd, wd, IN_OPEN, "a") && tells(fd, wd, IN_MODIFY, "a") && tells(fd, wd, IN_CLOSE_WRITE, "a"));
    MUST(tells(fd, wd, IN_DELETE, "a") && quiet(fd));
    return 0;
}

static const char *everything_with_a_name_is_created(void)
{
    int fd = begin(), wd, file;
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    MUST((wd = inotify_add_watch(fd, ".", IN_CREATE | IN_DELETE)) == 1);
    MUST(mkdir("folder", 0755) == 0 && mkfifo("fifo", 0644) == 0 && symlink("nowhere", "link") == 0);
    hold();
    MUST(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&address, sizeof address) == 0);
    MUST(mknod("node", S_IFREG | 0644, 0) == 0 && rmdir("folder") == 0);
    MUST(tells(fd, wd, IN_CREATE | ISDIR, "folder") && tells(fd, wd, IN_CREATE, "fifo") && tells(fd, wd, IN_CREATE, "link"));
    MUST(tells(fd, wd, IN_CREATE, "socket") && tells(fd, wd, IN_CREATE, "node") && tells(fd, wd, IN_DELETE | ISDIR, "folder"));
    MUST((file = open(".", O_TMPFILE | O_RDWR, 0600)) >= 0 && quiet(fd));
    MUST(linkat(AT_FDCWD, "node", AT_FDCWD, "other", 0) == 0 && tells(fd, wd, IN_CREATE, "other") && quiet(fd));
    return 0;
}

static const char *names_are_padded_to_sixteen_bytes(void)
{
    int fd = begin(), wd;
    char name[NAME_MAX + 1];
    MUST((wd = inotify_add_watch(fd, ".", IN_CREATE)) == 1);
    static const int lengths[] = {1, 14, 15, 16, 31, 32, 100, 254, 255};
    for (int i = 0; i < 9; i++) {
        memset(name, 'a' + i, sizeof name);
        name[lengths[i]] = 0;
        MUST(mkdir(name, 0755) == 0);
    }
    hold();
    for (int i = 0; i < 9; i++) {
        memset(name, 'a' + i, sizeof name);
        name[lengths[i]] = 0;
        MUST(tells(fd, wd, IN_CREATE | ISDIR, name));
        for (uint32_t end = (uint32_t)lengths[i]; end < last.event.len; end++)
            MUST(last.event.name[end] == 0);
    }
    MUST(quiet(fd));
    return 0;
}

static const char *a_read_takes_whole_events(void)
{
    int fd = begin(), wd, bytes;
    MUST((wd = inotify_add_watch(fd, ".", IN_CREATE)) == 1);
    MUST(mkdir("one", 0755) == 0 && mkdir("two", 0755) == 0 && mkdir("a name of more than fifteen", 0755) == 0);
    MUST(ioctl(fd, FIONREAD, &bytes) == 0 && bytes == 32 + 32 + 48);
    MUST(FAILS(read(fd, last.bytes, 31), EINVAL) && FAILS(read(fd, last.bytes, 0), EINVAL));
    hold();
    MUST(ioctl(fd, FIONREAD, &bytes) == 0 && bytes == 32 + 32 + 48);
    MUST(read(fd, last.bytes, 32 + 32 + 47) == 64 && !strcmp(last.event.name, "one"));
    MUST(ioctl(fd, FIONREAD, &bytes) == 0 && bytes == 48);
    MUST(tells(fd, wd, IN_CREATE | ISDIR, "a name of more than fifteen") && quiet(fd));
    MUST(ioctl(fd, FIONREAD, &bytes) == 0 && bytes == 0);
    MUST(lseek(fd, 0, SEEK_END) == 0 && FAILS(pread(fd, last.bytes, 64, 0), ESPIPE) && FAILS(write(fd, "x", 1), EBADF));
    return 0;
}

static const char *events_as_the_last_one_go_into_it(void)
{
    int fd = begin(), wd;
    MUST(make("file") && (wd = inotify_add_watch(fd, "file", IN_MODIFY | IN_ATTRIB)) == 1);
    int file = open("file", O_WRONLY);
    MUST(write(file, "1", 1) == 1 && write(file, "2", 1) == 1 && pwrite(file, "3", 1, 5) == 1);
    hold();
    MUST(write(file, "4", 1) == 1 && fchmod(file, 0600) == 0 && write(file, "5", 1) == 1);
    MUST(tells(fd, wd, IN_MODIFY, 0) && tells(fd, wd, IN_ATTRIB, 0) && tells(fd, wd, IN_MODIFY, 0) && quiet(fd));
    return 0;
}

static const char *both_sides_of_a_move_have_one_cookie(void)
{
    int fd = begin(), from, to, self;
    MUST(mkdir("from", 0755) == 0 && mkdir("to", 0755) == 0 && make("from/a"));
    MUST((from = inotify_add_watch(fd, "from", IN_MOVE)) == 1 && (to = inotify_add_watch(fd, "to", IN_MOVE)) == 2);
    MUST((self = inotify_add_watch(fd, "from/a", IN_MOVE_SELF)) == 3);
    MUST(rename("from/a", "to/b") == 0);
    hold();
    MUST(rename("to/b", "to/c") == 0);
    MUST(tells(fd, from, IN_MOVED_FROM, "a"));
    uint32_t first = last.event.cookie;
    MUST(tells(fd, to, IN_MOVED_TO, "b") && last.event.cookie == first && first != 0);
    MUST(tells(fd, self, IN_MOVE_SELF, 0) && last.event.cookie == 0);
    MUST(tells(fd, to, IN_MOVED_FROM, "b") && last.event.cookie != first);
    first = last.event.cookie;
    MUST(tells(fd, to, IN_MOVED_TO, "c") && last.event.cookie == first && tells(fd, self, IN_MOVE_SELF, 0) && quiet(fd));
    MUST(rename("from", "other") == 0 && mkdir("other/d", 0755) == 0 && rename("other/d", "other/e") == 0);
    MUST(tells(fd, from, IN_MOVED_FROM | ISDIR, "d") && tells(fd, from, IN_MOVED_TO | ISDIR, "e") && quiet(fd));
    return 0;
}

static const char *a_file_that_is_replaced_is_deleted(void)
{
    int fd = begin(), folder, old, moved;
    MUST(make("old") && make("new"));
    MUST((folder = inotify_add_watch(fd, ".", IN_MOVE | IN_DELETE)) == 1);
    MUST((old = inotify_add_watch(fd, "old", IN_ALL_EVENTS)) == 2 && (moved = inotify_add_watch(fd, "new", IN_ALL_EVENTS)) == 3);
    hold();
    MUST(rename("new", "old") == 0);
    MUST(tells(fd, folder, IN_MOVED_FROM, "new") && tells(fd, folder, IN_MOVED_TO, "old") && tells(fd, old, IN_ATTRIB, 0));
    MUST(tells(fd, moved, IN_MOVE_SELF, 0) && tells(fd, old, IN_DELETE_SELF, 0) && tells(fd, old, IN_IGNORED, 0) && quiet(fd));
    MUST(FAILS(inotify_rm_watch(fd, old), EINVAL) && chmod("old", 0600) == 0 && tells(fd, moved, IN_ATTRIB, 0));
    return 0;
}

static const char *an_exchange_is_two_moves(void)
{
    int fd = begin(), wd, self;
    MUST(make("a") && mkdir("b", 0755) == 0 && (wd = inotify_add_watch(fd, ".", IN_MOVE)) == 1);
    MUST((self = inotify_add_watch(fd, "b", IN_ALL_EVENTS)) == 2);
    hold();
    MUST(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2) == 0);
    MUST(tells(fd, wd, IN_MOVED_FROM, "a") && tells(fd, wd, IN_MOVED_TO, "b"));
    MUST(tells(fd, wd, IN_MOVED_FROM | ISDIR, "b") && tells(fd, wd, IN_MOVED_TO | ISDIR, "a"));
    MUST(tells(fd, self, IN_MOVE_SELF, 0) && quiet(fd));
    return 0;
}

static const char *a_file_is_deleted_when_its_last_use_goes(void)
{
    int fd = begin(), folder, wd, file;
    MUST(make("file") && (folder = inotify_add_watch(fd, ".", IN_DELETE)) == 1);
    MUST((wd = inotify_add_watch(fd, "file", IN_ALL_EVENTS)) == 2 && (file = open("file", O_RDWR)) >= 0);
    MUST(tells(fd, wd, IN_OPEN, 0) && unlink("file") == 0);
    MUST(tells(fd, wd, IN_ATTRIB, 0) && tells(fd, folder, IN_DELETE, "file") && quiet(fd));
    hold();
    MUST(write(file, "2", 1) == 1 && tells(fd, wd, IN_MODIFY, 0) && quiet(fd) && close(file) == 0);
    MUST(tells(fd, wd, IN_CLOSE_WRITE, 0) && tells(fd, wd, IN_DELETE_SELF, 0) && tells(fd, wd, IN_IGNORED, 0) && quiet(fd));
    MUST(make("file") && quiet(fd) && FAILS(inotify_rm_watch(fd, wd), EINVAL));
    return 0;
}

static const char *a_file_that_nobody_uses_is_deleted_with_its_name(void)
{
    int fd = begin(), folder, wd, below;
    MUST(make("file") && mkdir("folder", 0755) == 0 && (folder = inotify_add_watch(fd, ".", IN_DELETE)) == 1);
    MUST((wd = inotify_add_watch(fd, "file", IN_ATTRIB | IN_DELETE_SELF)) == 2);
    MUST((below = inotify_add_watch(fd, "folder", IN_ALL_EVENTS)) == 3);
    MUST(link("file", "more") == 0 && tells(fd, wd, IN_ATTRIB, 0) && unlink("file") == 0 && tells(fd, wd, IN_ATTRIB, 0));
    MUST(tells(fd, folder, IN_DELETE, "file") && quiet(fd));
    hold();
    MUST(unlink("more") == 0 && rmdir("folder") == 0);
    MUST(tells(fd, wd, IN_ATTRIB, 0) && tells(fd, wd, IN_DELETE_SELF, 0) && tells(fd, wd, IN_IGNORED, 0));
    MUST(tells(fd, folder, IN_DELETE, "more") && tells(fd, below, IN_DELETE_SELF, 0) && tells(fd, below, IN_IGNORED, 0));
    MUST(tells(fd, folder, IN_DELETE | ISDIR, "folder") && quiet(fd));
    return 0;
}

static const char *a_watch_of_one_event_ends_with_it(void)
{
    int fd = begin(), wd;
    MUST(make("file") && (wd = inotify_add_watch(fd, "file", IN_ATTRIB | IN_OPEN | IN_ONESHOT)) == 1);
    hold();
    MUST(chmod("file", 0600) == 0 && chmod("file", 0644) == 0);
    MUST(tells(fd, wd, IN_ATTRIB, 0) && tells(fd, wd, IN_IGNORED, 0) && quiet(fd));
    MUST(FAILS(inotify_rm_watch(fd, wd), EINVAL) && inotify_add_watch(fd, "file", IN_ATTRIB) == 2);
    return 0;
}

static const char *a_file_has_one_watch_whose_mask_changes(void)
{
    int fd = begin(), wd, file;
    MUST(make("file") && link("file", "same") == 0 && (wd = inotify_add_watch(fd, "file", IN_OPEN | IN_ATTRIB)) == 1);
    MUST(inotify_add_watch(fd, "same", IN_OPEN) == wd && chmod("file", 0600) == 0 && quiet(fd));
    MUST(inotify_add_watch(fd, "file", IN_CLOSE_NOWRITE | IN_MASK_ADD) == wd);
    MUST(FAILS(inotify_add_watch(fd, "file", IN_OPEN | IN_MASK_CREATE), EEXIST));
    hold();
    MUST(FAILS(inotify_add_watch(fd, "file", IN_OPEN | IN_MASK_CREATE), EEXIST));
    MUST((file = open("file", O_RDONLY)) >= 0 && close(file) == 0 && chmod("file", 0644) == 0);
    MUST(tells(fd, wd, IN_OPEN, 0) && tells(fd, wd, IN_CLOSE_NOWRITE, 0) && quiet(fd));
    MUST(inotify_add_watch(fd, ".", IN_OPEN | IN_MASK_CREATE) == 2);
    return 0;
}

static const char *numbers_of_watches_are_not_given_again(void)
{
    int fd = begin();
    MUST(make("file") && inotify_add_watch(fd, "file", IN_OPEN) == 1 && inotify_add_watch(fd, ".", IN_OPEN) == 2);
    MUST(inotify_rm_watch(fd, 1) == 0 && FAILS(inotify_rm_watch(fd, 1), EINVAL) && tells(fd, 1, IN_IGNORED, 0));
    MUST(inotify_rm_watch(fd, 2) == 0);
    hold();
    MUST(tells(fd, 2, IN_IGNORED, 0) && inotify_add_watch(fd, "file", IN_OPEN) == 3 && inotify_rm_watch(fd, 3) == 0);
    MUST(inotify_add_watch(fd, "file", IN_OPEN) == 4 && tells(fd, 3, IN_IGNORED, 0) && quiet(fd));
    return 0;
}

static const char *what_is_watched_can_be_chosen(void)
{
    int fd = begin(), wd;
    MUST(make("file") && symlink("file", "link") == 0 && symlink("nowhere", "broken") == 0);
    MUST(FAILS(inotify_add_watch(fd, "file", IN_OPEN | IN_ONLYDIR), ENOTDIR));
    MUST(FAILS(inotify_add_watch(fd, "broken", IN_OPEN), ENOENT));
    MUST((wd = inotify_add_watch(fd, "link", IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW)) == 1);
    MUST(inotify_add_watch(fd, "link", IN_ATTRIB) == 2 && inotify_add_watch(fd, ".", IN_ATTRIB | IN_ONLYDIR) == 3);
    hold();
    MUST(inotify_rm_watch(fd, 3) == 0 && tells(fd, 3, IN_IGNORED, 0));
    MUST(chmod("link", 0600) == 0 && tells(fd, 2, IN_ATTRIB, 0) && quiet(fd) && lchown("link", 0, 0) == 0);
    MUST(tells(fd, wd, IN_ATTRIB, 0) && unlink("link") == 0 && tells(fd, wd, IN_ATTRIB, 0) && tells(fd, wd, IN_DELETE_SELF, 0));
    MUST(tells(fd, wd, IN_IGNORED, 0) && quiet(fd));
    return 0;
}

static const char *what_has_lost_its_name_can_be_left_out(void)
{
    int fd = begin(), all, some, other = inotify_init1(IN_NONBLOCK), file;
    MUST(make("file") && (all = inotify_add_watch(fd, ".", IN_MODIFY | IN_CLOSE)) == 1);
    MUST((some = inotify_add_watch(other, ".", IN_MODIFY | IN_CLOSE | IN_EXCL_UNLINK)) == 1);
    MUST((file = open("file", O_WRONLY)) >= 0 && unlink("file") == 0);
    hold();
    MUST(write(file, "2", 1) == 1 && close(file) == 0);
    MUST(tells(fd, all, IN_MODIFY, "file") && tells(fd, all, IN_CLOSE_WRITE, "file") && quiet(fd) && quiet(other));
    MUST(make("more") && tells(other, some, IN_MODIFY, "more") && tells(other, some, IN_CLOSE_WRITE, "more"));
    return 0;
}

static const char *wrong_calls_are_refused(void)
{
    int fd = begin(), ends[2];
    MUST(pipe(ends) == 0 && FAILS(inotify_init1(1), EINVAL));
    MUST(FAILS(inotify_add_watch(fd, ".", 0), EINVAL) && FAILS(inotify_add_watch(-1, ".", 0), EINVAL));
    MUST(FAILS(inotify_add_watch(fd, ".", 0x1000), EINVAL) && FAILS(inotify_add_watch(fd, ".", 0x08000000 | IN_OPEN), EINVAL));
    MUST(FAILS(inotify_add_watch(-1, ".", IN_OPEN), EBADF) && FAILS(inotify_add_watch(ends[0], ".", IN_OPEN), EINVAL));
    MUST(FAILS(inotify_add_watch(fd, ".", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE), EINVAL));
    MUST(FAILS(inotify_add_watch(fd, "", IN_OPEN), ENOENT) && FAILS(inotify_add_watch(fd, nowhere, IN_OPEN), EFAULT));
    MUST(FAILS(inotify_rm_watch(fd, 1), EINVAL) && FAILS(inotify_rm_watch(ends[0], 1), EINVAL) && FAILS(inotify_rm_watch(-1, 1), EBADF));
    MUST(FAILS(inotify_rm_watch(open(".", O_PATH), 1), EBADF) && inotify_add_watch(fd, ".", IN_ISDIR) == 1);
    hold();
    MUST(mkdir("x", 0755) == 0 && quiet(fd) && FAILS(inotify_rm_watch(fd, 0), EINVAL) && inotify_rm_watch(fd, 1) == 0);
    return 0;
}

static const char *who_may_not_read_may_not_watch(void)
{
    int fd = begin(), folder = open(".", O_RDONLY);
    MUST(make("secret") && chmod("secret", 0200) == 0 && make("open") && mkdir("closed", 0711) == 0 && folder >= 0);
    MUST(chmod(".", 0755) == 0 && be(54321));
    MUST(FAILS(inotify_add_watch(fd, "secret", IN_OPEN), EACCES) && FAILS(inotify_add_watch(fd, "closed", IN_OPEN), EACCES));
    hold();
    MUST(FAILS(inotify_add_watch(fd, "closed", IN_OPEN), EACCES) && inotify_add_watch(fd, "open", IN_OPEN) == 1);
    return 0;
}

static const char *attributes_are_told_as_they_are_set(void)
{
    int fd = begin(), wd, file;
    struct timespec both[2] = {{1, 0}, {2, 0}}, access[2] = {{1, 0}, {0, UTIME_OMIT}}, change[2] = {{0, UTIME_OMIT}, {1, 0}};
    MUST(make("file") && (file = open("file", O_RDWR)) >= 0 && (wd = inotify_add_watch(fd, ".", IN_ALL_EVENTS)) == 1);
    MUST(fchmod(file, 0640) == 0 && utimensat(AT_FDCWD, "file", both, 0) == 0 && utimensat(AT_FDCWD, "file", access, 0) == 0);
    hold();
    MUST(utimensat(AT_FDCWD, "file", change, 0) == 0 && fchown(file, -1, -1) == 0 && chown("file", 0, -1) == 0);
    MUST(tells(fd, wd, IN_ATTRIB, "file") && tells(fd, wd, IN_ACCESS, "file") && tells(fd, wd, IN_MODIFY, "file"));
    MUST(tells(fd, wd, IN_ATTRIB, "file") && quiet(fd));
    if (setxattr("file", "user.x", "1", 1, 0) == 0)
        MUST(tells(fd, wd, IN_ATTRIB, "file") && fremovexattr(file, "user.x") == 0 && tells(fd, wd, IN_ATTRIB, "file"));
    MUST(chmod(".", 0700) == 0 && tells(fd, wd, IN_ATTRIB | ISDIR, 0) && quiet(fd));
    return 0;
}

static const char *links_are_told_where_they_are(void)
{
    int fd = begin(), one, two, self, file;
    MUST(mkdir("1", 0755) == 0 && mkdir("2", 0755) == 0 && make("1/a"));
    MUST((one = inotify_add_watch(fd, "1", IN_ALL_EVENTS)) == 1 && (two = inotify_add_watch(fd, "2", IN_ALL_EVENTS)) == 2);
    MUST((self = inotify_add_watch(fd, "1/a", IN_ATTRIB)) == 3 && link("1/a", "2/b") == 0);
    MUST(tells(fd, self, IN_ATTRIB, 0) && tells(fd, two, IN_CREATE, "b") && quiet(fd));
    hold();
    MUST((file = open("2/b", O_RDONLY)) >= 0 && close(file) == 0 && tells(fd, two, IN_OPEN, "b"));
    MUST(tells(fd, two, IN_CLOSE_NOWRITE, "b") && chmod("1/a", 0600) == 0 && tells(fd, one, IN_ATTRIB, "a"));
    MUST(tells(fd, self, IN_ATTRIB, 0) && chmod("2/b", 0600) == 0 && tells(fd, two, IN_ATTRIB, "b") && tells(fd, self, IN_ATTRIB, 0));
    MUST(unlink("1/a") == 0 && tells(fd, self, IN_ATTRIB, 0) && tells(fd, one, IN_DELETE, "a") && quiet(fd));
    return 0;
}

static const char *lengths_are_contents(void)
{
    int fd = begin(), wd, file;
    MUST(make("file") && (wd = inotify_add_watch(fd, "file", IN_ALL_EVENTS)) == 1 && truncate("file", 100) == 0);
    MUST(tells(fd, wd, IN_MODIFY, 0) && quiet(fd) && (file = open("file", O_RDWR | O_TRUNC)) >= 0);
    /* Linux since 6.9 opens first and cuts then. */
    MUST(take(fd, &last.event) == 16 && (last.event.mask == IN_MODIFY || last.event.mask == IN_OPEN));
    MUST(tells(fd, wd, last.event.mask ^ (IN_MODIFY | IN_OPEN), 0) && quiet(fd));
    hold();
    MUST(ftruncate(file, 10) == 0 && tells(fd, wd, IN_MODIFY, 0) && posix_fallocate(file, 0, 5000) == 0);
    MUST(tells(fd, wd, IN_MODIFY, 0) && truncate("file", 5000) == 0 && tells(fd, wd, IN_MODIFY, 0) && quiet(fd));
    return 0;
}

static const char *every_way_of_writing_is_told(void)
{
    int fd = begin(), wd, from, file, ends[2];
    struct iovec pieces[2] = {{"abc", 3}, {"def", 3}};
    char bytes[6];
    MUST(make("file") && make("from") && truncate("from", 100) == 0 && pipe(ends) == 0 && write(ends[1], "abc", 3) == 3);
    MUST((from = open("from", O_RDONLY)) >= 0 && (file = open("file", O_RDWR)) >= 0);
    MUST((wd = inotify_add_watch(fd, "file", IN_MODIFY | IN_ACCESS)) == 1 && inotify_add_watch(fd, "from", IN_ACCESS) == 2);
    MUST(pwritev(file, pieces, 2, 0) == 6 && tells(fd, wd, IN_MODIFY, 0) && writev(file, pieces, 2) == 6 && tells(fd, wd, IN_MODIFY, 0));
    hold();
    MUST(splice(ends[0], 0, file, 0, 3, 0) == 3 && tells(fd, wd, IN_MODIFY, 0));
    while (take(fd, &last.event) > 0)
        ;
    MUST(copy_file_range(from, 0, file, 0, 10, 0) == 10 && tells(fd, 2, IN_ACCESS, 0) && tells(fd, wd, IN_MODIFY, 0) && quiet(fd));
    MUST(sendfile(ends[1], from, 0, 10) == 10 && tells(fd, 2, IN_ACCESS, 0) && quiet(fd));
    struct iovec room = {bytes, sizeof bytes};
    MUST(preadv(file, &room, 1, 0) == 6 && tells(fd, wd, IN_ACCESS, 0) && preadv(file, &room, 1, 10000) == 0);
    MUST(tells(fd, wd, IN_ACCESS, 0) && pread(file, bytes, 6, 10000) == 0 && write(file, bytes, 0) == 0 && quiet(fd));
    return 0;
}

static const char *reading_a_directory_is_told(void)
{
    int fd = begin(), wd, outer, folder;
    char bytes[1024];
    MUST(mkdir("in", 0755) == 0 && make("in/x") && (outer = inotify_add_watch(fd, ".", IN_ALL_EVENTS)) == 1);
    MUST((wd = inotify_add_watch(fd, "in", IN_ALL_EVENTS)) == 2 && (folder = open("in", O_RDONLY | O_DIRECTORY)) >= 0);
    MUST(tells(fd, outer, IN_OPEN | ISDIR, "in") && tells(fd, wd, IN_OPEN | ISDIR, 0));
    hold();
    MUST(syscall(SYS_getdents64, folder, bytes, sizeof bytes) > 0 && tells(fd, outer, IN_ACCESS | ISDIR, "in"));
    MUST(tells(fd, wd, IN_ACCESS | ISDIR, 0) && close(folder) == 0 && tells(fd, outer, IN_CLOSE_NOWRITE | ISDIR, "in"));
    MUST(tells(fd, wd, IN_CLOSE_NOWRITE | ISDIR, 0) && quiet(fd));
    return 0;
}

static const char *only_the_last_descriptor_closes(void)
{
    int fd = begin(), wd, file, copy;
    MUST(make("file") && (file = open("file", O_WRONLY)) >= 0 && (copy = dup(file)) >= 0);
    MUST((wd = inotify_add_watch(fd, "file", IN_CLOSE)) == 1 && close(file) == 0 && quiet(fd));
    int process = fork();
    if (process == 0)
        _exit(0);
    MUST(ends(process) == 0);
    hold();
    MUST(quiet(fd) && close(copy) == 0 && tells(fd, wd, IN_CLOSE_WRITE, 0));
    MUST((file = open("file", O_PATH)) >= 0 && close(file) == 0 && quiet(fd));
    return 0;
}

static const char *a_program_is_opened_and_read(void)
{
    int fd = begin(), wd;
    char bytes[4096];
    int from = open("/proc/self/exe", O_RDONLY), to = open("program", O_CREAT | O_WRONLY, 0755);
    for (long length; (length = read(from, bytes, sizeof bytes)) > 0;)
        MUST(write(to, bytes, (size_t)length) == length);
    MUST(close(to) == 0 && (wd = inotify_add_watch(fd, ".", IN_OPEN | IN_ACCESS)) == 1);
    hold();
    int process = fork();
    if (process == 0)
        _exit(execl("./program", "program", "nothing", (char *)0));
    MUST(ends(process) == 7 && tells(fd, wd, IN_OPEN, "program") && tells(fd, wd, IN_ACCESS, "program") && quiet(fd));
    return 0;
}

static const char *a_reader_waits_for_an_event(void)
{
    int fd = begin(), answers[2];
    MUST(fcntl(fd, F_SETFL, 0) == 0 && inotify_add_watch(fd, ".", IN_CREATE) == 1 && pipe(answers) == 0);
    int process = fork();
    if (process == 0) {
        long length = read(fd, last.bytes, sizeof last.bytes);
        _exit(length == 32 && last.event.mask == (IN_CREATE | ISDIR) && !strcmp(last.event.name, "x") ? 0 : 1);
    }
    MUST(sleeps(process));
    hold();
    MUST(mkdir("x", 0755) == 0 && ends(process) == 0);
    return 0;
}

static const char *instances_can_be_polled(void)
{
    int fd = begin(), wd, epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    struct pollfd file = {.fd = fd, .events = POLLIN | POLLOUT};
    MUST((wd = inotify_add_watch(fd, ".", IN_CREATE)) == 1 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    MUST(poll(&file, 1, 0) == 0 && epoll_wait(epoll, &event, 1, 0) == 0 && mkdir("x", 0755) == 0);
    hold();
    MUST(poll(&file, 1, 0) == 1 && file.revents == POLLIN && epoll_wait(epoll, &event, 1, 0) == 1);
    MUST(epoll_wait(epoll, &event, 1, 0) == 0 && mkdir("y", 0755) == 0 && epoll_wait(epoll, &event, 1, 0) == 1);
    MUST(tells(fd, wd, IN_CREATE | ISDIR, "x") && poll(&file, 1, 0) == 1 && tells(fd, wd, IN_CREATE | ISDIR, "y"));
    MUST(poll(&file, 1, 0) == 0);
    return 0;
}

static volatile int signals_seen;
static void on_signal(int signal) { signals_seen += signal == SIGIO; }

static const char *owners_are_told_by_signals(void)
{
    int fd = begin();
    MUST(signal(SIGIO, on_signal) != SIG_ERR && inotify_add_watch(fd, ".", IN_CREATE) == 1);
    MUST(fcntl(fd, F_SETOWN, getpid()) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC) == 0);
    MUST(mkdir("x", 0755) == 0 && signals_seen == 1);
    hold();
    MUST(mkdir("y", 0755) == 0 && signals_seen == 2);
    return 0;
}

static const char *too_many_events_are_said_to_be_so(void)
{
    int fd = begin(), one, two;
    long most = number_in("/proc/sys/fs/inotify/max_queued_events"), count = 0;
    MUST(most > 0 && make("1") && make("2"));
    MUST((one = inotify_add_watch(fd, "1", IN_ATTRIB)) == 1 && (two = inotify_add_watch(fd, "2", IN_ATTRIB)) == 2);
    for (long i = 0; i < most + 10; i++)
        MUST(chmod(i % 2 ? "2" : "1", 0600) == 0);
    hold();
    for (; count < most; count++)
        MUST(tells(fd, count % 2 ? two : one, IN_ATTRIB, 0));
    MUST(chmod("1", 0644) == 0 && tells(fd, -1, IN_Q_OVERFLOW, 0) && tells(fd, one, IN_ATTRIB, 0) && quiet(fd));
    return 0;
}

static const char *a_user_has_so_many_instances(void)
{
    long most = number_in("/proc/sys/fs/inotify/max_user_instances"), count = 0;
    MUST(begin() >= 0 && most > 0 && number_in("/proc/sys/fs/inotify/max_user_watches") > 0);
    struct rlimit room = {(rlim_t)most + 100, (rlim_t)most + 100};
    MUST(most > 900 || setrlimit(RLIMIT_NOFILE, &room) == 0);
    MUST(be(54322));
    int fd = -1;
    for (int made; count <= most && (made = inotify_init()) >= 0; count++)
        fd = made;
    MUST(count == most ? errno == EMFILE : most > 900);
    hold();
    MUST(most > 900 || (FAILS(inotify_init(), EMFILE) && close(fd) == 0 && inotify_init() == fd));
    return 0;
}

static const char *watches_are_listed(void)
{
    int fd = begin(), found = 0;
    char path[64], line[200], first[200], second[200];
    struct stat about, file;
    MUST(make("file") && stat("file", &file) == 0 && stat(".", &about) == 0);
    MUST(inotify_add_watch(fd, "file", IN_OPEN | IN_ONESHOT) == 1 && inotify_add_watch(fd, ".", IN_ALL_EVENTS | IN_EXCL_UNLINK) == 2);
    hold();
    sprintf(path, "/proc/self/fdinfo/%d", fd);
    sprintf(second, "inotify wd:2 ino:%lx sdev:", about.st_ino);
    sprintf(first, "inotify wd:1 ino:%lx sdev:", file.st_ino);
    FILE *text = fopen(path, "r");
    while (text && fgets(line, sizeof line, text)) {
        found += !strncmp(line, second, strlen(second)) && strstr(line, " mask:4000fff ignored_mask:0 ") && found == 0 ? 1 : 0;
        found += !strncmp(line, first, strlen(first)) && strstr(line, " mask:80000020 ignored_mask:0 ") && found == 1 ? 1 : 0;
    }
    MUST(found == 2 && readlink(path, line, 5) == -1);
    sprintf(path, "/proc/self/fd/%d", fd);
    long length = readlink(path, line, sizeof line - 1);
    MUST(length == 18 && !strncmp(line, "anon_inode:inotify", 18));
    return 0;
}

/* Names are read when they are needed: those that are watched lead on. */
static const char *many_files_are_watched(void)
{
    int fd = begin(), count = 600;
    char name[32];
    for (int i = 0; i < count; i++) {
        sprintf(name, "d%d", i / 50);
        mkdir(name, 0755);
        sprintf(name, "d%d/f%d", i / 50, i);
        MUST(make(name) && inotify_add_watch(fd, name, IN_OPEN | IN_ATTRIB | IN_DELETE_SELF) == i + 1);
    }
    hold();
    for (int i = count - 1; i >= 0; i--) {
        sprintf(name, "d%d/f%d", i / 50, i);
        MUST(written(name, "2") && tells(fd, i + 1, IN_OPEN, 0) && unlink(name) == 0 && tells(fd, i + 1, IN_ATTRIB, 0));
        MUST(tells(fd, i + 1, IN_DELETE_SELF, 0) && tells(fd, i + 1, IN_IGNORED, 0) && quiet(fd));
    }
    return 0;
}

static const char *an_instance_ends_with_its_last_descriptor(void)
{
    int fd = begin(), copy = dup(fd), other = inotify_init1(IN_NONBLOCK);
    MUST(inotify_add_watch(fd, ".", IN_CREATE) == 1 && inotify_add_watch(other, ".", IN_CREATE) == 1 && mkdir("x", 0755) == 0);
    MUST(close(fd) == 0);
    hold();
    MUST(tells(copy, 1, IN_CREATE | ISDIR, "x") && close(copy) == 0 && mkdir("y", 0755) == 0);
    MUST(tells(other, 1, IN_CREATE | ISDIR, "x") && tells(other, 1, IN_CREATE | ISDIR, "y") && quiet(other));
    return 0;
}

static const char *fifos_and_devices_are_told_of(void)
{
    int fd = begin(), wd, null, fifo;
    MUST(mkfifo("fifo", 0600) == 0 && (fifo = open("fifo", O_RDWR)) >= 0 && (null = open("/dev/null", O_WRONLY)) >= 0);
    MUST((wd = inotify_add_watch(fd, "fifo", IN_ALL_EVENTS)) == 1 && inotify_add_watch(fd, "/dev/null", IN_MODIFY) == 2);
    MUST(write(fifo, "x", 1) == 1 && write(null, "x", 1) == 1 && tells(fd, wd, IN_MODIFY, 0));
    hold();
    MUST(tells(fd, 2, IN_MODIFY, 0) && read(fifo, last.bytes, 1) == 1 && tells(fd, wd, IN_ACCESS, 0));
    return 0;
}

static const struct check checks[] = {
    ENTRY(a_file_tells_of_its_use_in_order), ENTRY(a_directory_tells_the_names_in_it), ENTRY(everything_with_a_name_is_created),
    ENTRY(names_are_padded_to_sixteen_bytes), ENTRY(a_read_takes_whole_events), ENTRY(events_as_the_last_one_go_into_it),
    ENTRY(both_sides_of_a_move_have_one_cookie), ENTRY(a_file_that_is_replaced_is_deleted), ENTRY(an_exchange_is_two_moves),
    ENTRY(a_file_is_deleted_when_its_last_use_goes), ENTRY(a_file_that_nobody_uses_is_deleted_with_its_name),
    ENTRY(a_watch_of_one_event_ends_with_it), ENTRY(a_file_has_one_watch_whose_mask_changes),
    ENTRY(numbers_of_watches_are_not_given_again), ENTRY(what_is_watched_can_be_chosen), ENTRY(what_has_lost_its_name_can_be_left_out),
    ENTRY(wrong_calls_are_refused), ENTRY(who_may_not_read_may_not_watch), ENTRY(attributes_are_told_as_they_are_set),
    ENTRY(links_are_told_where_they_are), ENTRY(lengths_are_contents), ENTRY(every_way_of_writing_is_told),
    ENTRY(reading_a_directory_is_told), ENTRY(only_the_last_descriptor_closes), ENTRY(a_program_is_opened_and_read),
    ENTRY(a_reader_waits_for_an_event), ENTRY(instances_can_be_polled), ENTRY(owners_are_told_by_signals),
    ENTRY(too_many_events_are_said_to_be_so), ENTRY(a_user_has_so_many_instances), ENTRY(watches_are_listed),
    ENTRY(many_files_are_watched), ENTRY(an_instance_ends_with_its_last_descriptor), ENTRY(fifos_and_devices_are_told_of),
};

int main(int count, char **arguments)
{
    /* As the program that a check runs. */
    if (count > 1 && !strcmp(arguments[1], "nothing"))
        return 7;
    signal(SIGPIPE, SIG_IGN);
    return RUN(checks);
}
