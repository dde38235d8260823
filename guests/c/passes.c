/* passes.c - what goes over sockets of AF_UNIX beside the bytes: open files and credentials, and who is at the other end; one behaviour a
 * check, over power cuts too (holds.h). */
#define _GNU_SOURCE
#include "holds.h"
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int pair_of(int type, int *ends) { return socketpair(AF_UNIX, type, 0, ends) == 0; }

static int passes_credentials(int file)
{
    int on = 1;
    return setsockopt(file, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0;
}

/* Sends text with files. */
static long passes(int socket, const char *text, const int *files, int count)
{
    union { struct cmsghdr header; char bytes[CMSG_SPACE(260 * sizeof(int))]; } control;
    struct iovec part = {(void *)text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    memset(&control, 0, sizeof control);
    control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))};
    memcpy(CMSG_DATA(&control.header), files, count * sizeof(int));
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What a receive got. */
struct got {
    char text[64];
    long length;
    int files[260], count, flags, has_credentials;
    struct ucred credentials;
};

static struct got receives(int socket, size_t most, int flags, size_t room)
{
    static union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(260 * sizeof(int))]; } control;
    struct got got = {.count = 0};
    struct iovec part = {got.text, most};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = room ? &control : 0, .msg_controllen = room};
    got.length = recvmsg(socket, &message, flags);
    got.flags = message.msg_flags;
    for (struct cmsghdr *each = got.length < 0 ? 0 : CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_type == SCM_RIGHTS) {
            got.count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
            memcpy(got.files, CMSG_DATA(each), got.count * sizeof(int));
        } else if (each->cmsg_type == SCM_CREDENTIALS) {
            got.has_credentials = 1;
            memcpy(&got.credentials, CMSG_DATA(each), sizeof got.credentials);
        }
    }
    return got;
}

#define ALL_ROOM 1200

static int is_same_file(int one, int other)
{
    struct stat a, b;
    return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static const char *a_file_arrives_that_nobody_else_has_open(void)
{
    int ends[2], file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    char bytes[8] = "";
    MUST(pair_of(SOCK_STREAM, ends) && write(file, "inside", 6) == 6 && lseek(file, 2, SEEK_SET) == 2);
    MUST(passes(ends[0], "x", &file, 1) == 1 && close(file) == 0);
    hold();
    struct got got = receives(ends[1], 1, MSG_CMSG_CLOEXEC, ALL_ROOM);
    MUST(got.length == 1 && got.count == 1 && fcntl(got.files[0], F_GETFD) == FD_CLOEXEC && read(got.files[0], bytes, 8) == 4);
    MUST(!strcmp(bytes, "side") && got.flags == MSG_CMSG_CLOEXEC);
    return 0;
}

static const char *a_pipe_in_a_message_has_ends(void)
{
    int ends[2], pipes[2];
    char byte;
    MUST(pair_of(SOCK_DGRAM, ends) && pipe(pipes) == 0 && write(pipes[1], "p", 1) == 1 && passes(ends[0], "x", &pipes[1], 1) == 1);
    MUST(close(pipes[1]) == 0 && read(pipes[0], &byte, 1) == 1 && fcntl(pipes[0], F_SETFL, O_NONBLOCK) == 0);
    hold();
    MUST(FAILS(read(pipes[0], &byte, 1), EAGAIN) && close(ends[1]) == 0);
    struct pollfd entry = {.fd = pipes[0], .events = POLLIN};
    MUST(poll(&entry, 1, 5000) == 1 && read(pipes[0], &byte, 1) == 0);
    return 0;
}

static const char *many_files_arrive_in_order(void)
{
    int ends[2], files[254], twice[2];
    MUST(pair_of(SOCK_STREAM, ends));
    int one = eventfd(1, 0), other = eventfd(2, 0);
    for (int i = 0; i < 254; i++)
        files[i] = i % 2 ? one : other;
    MUST(FAILS(passes(ends[0], "x", files, 254), EINVAL) && passes(ends[0], "x", files, 253) == 1);
    twice[0] = twice[1] = one;
    MUST(passes(ends[0], "y", twice, 2) == 1);
    hold();
    struct got got = receives(ends[1], 9, 0, ALL_ROOM);
    unsigned long value = 0;
    MUST(got.length == 1 && got.count == 253 && read(got.files[252], &value, 8) == 8 && value == 2);
    MUST(read(got.files[251], &value, 8) == 8 && value == 1);
    got = receives(ends[1], 9, 0, ALL_ROOM);
    MUST(got.length == 1 && got.text[0] == 'y' && got.count == 2 && got.files[0] != got.files[1]);
    return 0;
}

static const char *files_are_a_barrier_in_a_stream(void)
{
    int ends[2], zero = 0;
    MUST(pair_of(SOCK_STREAM, ends) && write(ends[0], "before", 6) == 6
        && passes(ends[0], "with", &zero, 1) == 4 && write(ends[0], "behind", 6) == 6);
    hold();
    struct got got = receives(ends[1], 64, 0, ALL_ROOM);
    MUST(got.length == 10 && !memcmp(got.text, "beforewith", 10) && got.count == 1 && is_same_file(got.files[0], 0));
    got = receives(ends[1], 64, 0, ALL_ROOM);
    MUST(got.length == 6 && got.count == 0);
    return 0;
}

static const char *a_part_of_the_bytes_brings_all_files(void)
{
    int ends[2], zero = 0;
    MUST(pair_of(SOCK_STREAM, ends) && passes(ends[0], "abcdef", &zero, 1) == 6);
    struct got got = receives(ends[1], 2, MSG_PEEK, ALL_ROOM);
    MUST(got.length == 2 && got.count == 1 && is_same_file(got.files[0], 0));
    got = receives(ends[1], 2, 0, ALL_ROOM);
    MUST(got.length == 2 && got.count == 1);
    hold();
    got = receives(ends[1], 9, 0, ALL_ROOM);
    MUST(got.length == 4 && !memcmp(got.text, "cdef", 4) && got.count == 0);
    return 0;
}

static const char *what_has_no_room_is_closed(void)
{
    int ends[2], pipes[2];
    char byte;
    MUST(pair_of(SOCK_DGRAM, ends) && pipe(pipes) == 0);
    int files[2] = {0, pipes[1]};
    MUST(passes(ends[0], "x", files, 2) == 1 && passes(ends[0], "y", files, 2) == 1
        && passes(ends[0], "z", files, 2) == 1 && close(pipes[1]) == 0);
    hold();
    struct got got = receives(ends[1], 9, 0, CMSG_LEN(sizeof(int)));
    MUST(got.count == 1 && got.flags == MSG_CTRUNC);
    got = receives(ends[1], 9, 0, CMSG_LEN(0));
    MUST(got.count == 0 && got.flags == MSG_CTRUNC);
    MUST(read(ends[1], &byte, 1) == 1 && byte == 'z' && read(pipes[0], &byte, 1) == 0);
    return 0;
}

static const char *without_descriptors_none_arrive(void)
{
    int ends[2], zero = 0;
    MUST(pair_of(SOCK_STREAM, ends) && passes(ends[0], "x", &zero, 1) == 1);
    hold();
    int next = dup(0);
    struct rlimit limit = {next, next};
    MUST(close(next) == 0 && setrlimit(RLIMIT_NOFILE, &limit) == 0);
    struct got got = receives(ends[1], 9, 0, ALL_ROOM);
    MUST(got.length == 1 && got.count == 0 && (got.flags & MSG_CTRUNC));
    return 0;
}

static const char *control_messages_are_checked(void)
{
    int ends[2], bad = 999, path = open("/", O_PATH);
    struct iovec part = {"x", 1};
    struct { struct cmsghdr header; int value[4]; } control = {
        .header = {.cmsg_level = SOL_SOCKET, .cmsg_type = 77, .cmsg_len = CMSG_LEN(4)}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_SPACE(4)};
    MUST(pair_of(SOCK_STREAM, ends) && FAILS(passes(ends[0], "x", &bad, 1), EBADF) && passes(ends[0], "x", &path, 1) == 1);
    MUST(FAILS(sendmsg(ends[0], &message, 0), EINVAL));
    control.header.cmsg_level = 41;
    MUST(sendmsg(ends[0], &message, 0) == 1);
    control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = 3};
    MUST(FAILS(sendmsg(ends[0], &message, 0), EINVAL));
    control.header.cmsg_len = 1000;
    MUST(FAILS(sendmsg(ends[0], &message, 0), EINVAL));
    message.msg_controllen = 1 << 20;
    MUST(FAILS(sendmsg(ends[0], &message, 0), ENOBUFS) || errno == EFAULT);
    return 0;
}

static const char *sockets_in_messages_go_on(void)
{
    int outer[2], inner[2];
    MUST(pair_of(SOCK_STREAM, outer) && pair_of(SOCK_STREAM, inner) && write(inner[0], "deep", 4) == 4);
    MUST(passes(inner[0], "self", inner, 2) == 4 && passes(outer[0], "x", &inner[1], 1) == 1
        && close(inner[0]) == 0 && close(inner[1]) == 0);
    hold();
    struct got got = receives(outer[1], 1, 0, ALL_ROOM);
    MUST(got.count == 1);
    got = receives(got.files[0], 64, 0, ALL_ROOM);
    MUST(got.length == 8 && !memcmp(got.text, "deepself", 8) && got.count == 2 && write(got.files[0], "on", 2) == 2);
    MUST(read(got.files[1], got.text, 9) == 2);
    return 0;
}

/* A pipe's end goes with the sockets that nobody can receive any more. */
static const char *circles_are_found(void)
{
    int ends[2], pipes[2], another[2];
    char byte;
    MUST(pair_of(SOCK_STREAM, ends) && pipe(pipes) == 0);
    int files[3] = {ends[0], ends[1], pipes[1]};
    MUST(passes(ends[0], "x", files, 3) == 1 && close(ends[0]) == 0 && close(ends[1]) == 0 && close(pipes[1]) == 0);
    hold();
    /* Linux looks when any socket is closed. */
    MUST(pair_of(SOCK_STREAM, another) && close(another[0]) == 0 && close(another[1]) == 0);
    struct pollfd entry = {.fd = pipes[0], .events = POLLIN};
    MUST(poll(&entry, 1, 10000) == 1 && entry.revents == POLLHUP && read(pipes[0], &byte, 1) == 0);
    return 0;
}

static const char *a_user_has_so_many_files_in_messages(void)
{
    int ends[2], zero = 0, status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {20, 20};
        if (geteuid() != 0)
            _exit(0);
        if (!pair_of(SOCK_STREAM, ends) || setrlimit(RLIMIT_NOFILE, &limit) || setgid(54321) || setuid(54321))
            _exit(2);
        int files[30] = {0}, count = 0;
        while (passes(ends[0], "x", files, 1) == 1)
            count++;
        if (errno != ETOOMANYREFS || count != 21)
            _exit(3);
        receives(ends[1], 1, 0, ALL_ROOM);
        _exit(passes(ends[0], "x", &zero, 1) != 1);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

static const char *an_epoll_and_an_eventfd_are_passed(void)
{
    int ends[2], epoll = epoll_create1(0), counter = eventfd(0, 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 7};
    MUST(pair_of(SOCK_SEQPACKET, ends) && epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event) == 0);
    int files[2] = {epoll, counter};
    MUST(passes(ends[0], "x", files, 2) == 1 && close(epoll) == 0 && close(counter) == 0);
    hold();
    struct got got = receives(ends[1], 9, 0, ALL_ROOM);
    MUST(got.count == 2 && eventfd_write(got.files[1], 1) == 0 && epoll_wait(got.files[0], &event, 1, 0) == 1 && event.data.u32 == 7);
    return 0;
}

/* ---- credentials ---- */

static const char *a_message_says_whom_it_is_from(void)
{
    int ends[2], status;
    MUST(pair_of(SOCK_STREAM, ends) && passes_credentials(ends[1]) && write(ends[0], "parent", 6) == 6);
    pid_t child = fork();
    if (child == 0)
        _exit(write(ends[0], "child", 5) != 5);
    MUST(waitpid(child, &status, 0) == child && status == 0 && write(ends[0], "again", 5) == 5);
    hold();
    struct got got = receives(ends[1], 64, 0, ALL_ROOM);
    MUST(got.length == 6 && got.has_credentials && got.credentials.pid == getpid()
        && got.credentials.uid == getuid() && got.credentials.gid == getgid());
    got = receives(ends[1], 64, MSG_PEEK, ALL_ROOM);
    MUST(got.length == 5 && got.credentials.pid == child);
    got = receives(ends[1], 64, 0, ALL_ROOM);
    MUST(got.length == 5 && !memcmp(got.text, "child", 5) && got.credentials.pid == child);
    got = receives(ends[1], 64, 0, ALL_ROOM);
    MUST(got.length == 5 && got.credentials.pid == getpid());
    return 0;
}

static const char *who_was_not_asked_is_nobody(void)
{
    int ends[2];
    MUST(pair_of(SOCK_DGRAM, ends) && write(ends[0], "x", 1) == 1 && passes_credentials(ends[1]) && write(ends[0], "y", 1) == 1);
    hold();
    struct got got = receives(ends[1], 9, 0, ALL_ROOM);
    MUST(got.has_credentials && got.credentials.pid == 0 && got.credentials.uid == 65534 && got.credentials.gid == 65534);
    got = receives(ends[1], 9, 0, 0);
    MUST(got.length == 1 && got.flags == MSG_CTRUNC);
    return 0;
}

static long says(int socket, struct ucred who)
{
    union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(struct ucred))]; } control = {.bytes = {0}};
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_CREDENTIALS, .cmsg_len = CMSG_LEN(sizeof who)};
    memcpy(CMSG_DATA(&control.header), &who, sizeof who);
    return sendmsg(socket, &message, 0);
}

static const char *who_may_says_he_is_another(void)
{
    int ends[2], status;
    MUST(pair_of(SOCK_DGRAM, ends) && passes_credentials(ends[1]) && says(ends[0], (struct ucred){getpid(), getuid(), getgid()}) == 1);
    MUST(FAILS(says(ends[0], (struct ucred){getpid(), -1, getgid()}), EINVAL));
    if (geteuid() == 0)
        MUST(says(ends[0], (struct ucred){getppid(), 77, 88}) == 1 && FAILS(says(ends[0], (struct ucred){4000000, 0, 0}), ESRCH));
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(54322) || setuid(54322)))
            _exit(2);
        _exit(!(FAILS(says(ends[0], (struct ucred){getppid(), getuid(), getgid()}), EPERM)
            && FAILS(says(ends[0], (struct ucred){getpid(), 0x1234, getgid()}), EPERM)));
    }
    hold();
    MUST(waitpid(child, &status, 0) == child && status == 0 && receives(ends[1], 9, 0, ALL_ROOM).credentials.pid == getpid());
    if (geteuid() == 0) {
        struct got got = receives(ends[1], 9, 0, ALL_ROOM);
        MUST(got.credentials.pid == getppid() && got.credentials.uid == 77 && got.credentials.gid == 88);
    }
    return 0;
}

static const char *an_end_knows_who_made_the_other(void)
{
    int ends[2], listener = socket(AF_UNIX, SOCK_STREAM, 0), status;
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t length = sizeof peer, name_length = offsetof(struct sockaddr_un, sun_path) + 1;
    name_length += sprintf(name.sun_path + 1, "peers-%d", getpid());
    MUST(pair_of(SOCK_STREAM, ends) && getsockopt(ends[0], SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.pid == getpid());
    MUST(getsockopt(listener, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.pid == 0 && peer.uid == (uid_t)-1);
    MUST(bind(listener, (void *)&name, name_length) == 0 && listen(listener, 3) == 0);
    pid_t child = fork();
    if (child == 0) {
        int client = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(client, (void *)&name, name_length) || getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &length))
            _exit(2);
        _exit(peer.pid != getppid());
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
    hold();
    int server = accept(listener, 0, 0);
    gid_t groups[64];
    MUST(getsockopt(server, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && length == 12
        && peer.pid == child && peer.uid == geteuid() && peer.gid == getegid());
    length = sizeof groups;
    MUST(getsockopt(server, SOL_SOCKET, SO_PEERGROUPS, groups, &length) == 0 && (int)length == (int)sizeof(gid_t) * getgroups(0, 0));
    MUST(FAILS(getsockopt(socket(AF_UNIX, SOCK_STREAM, 0), SOL_SOCKET, SO_PEERGROUPS, groups, &length), ENODATA));
    return 0;
}

static const char *who_waits_for_all_gets_it_from_one(void)
{
    int ends[2], status;
    MUST(pair_of(SOCK_STREAM, ends) && passes_credentials(ends[1]) && write(ends[0], "abc", 3) == 3);
    pid_t child = fork();
    if (child == 0) {
        struct got got = receives(ends[1], 6, MSG_WAITALL, ALL_ROOM);
        _exit(!(got.length == 6 && !memcmp(got.text, "abcdef", 6) && got.credentials.pid == getppid()));
    }
    usleep(30000);
    hold();
    MUST(write(ends[0], "def", 3) == 3 && waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

static const struct check checks[] = {
    ENTRY(a_file_arrives_that_nobody_else_has_open), ENTRY(a_pipe_in_a_message_has_ends), ENTRY(many_files_arrive_in_order),
    ENTRY(files_are_a_barrier_in_a_stream), ENTRY(a_part_of_the_bytes_brings_all_files), ENTRY(what_has_no_room_is_closed),
    ENTRY(without_descriptors_none_arrive), ENTRY(control_messages_are_checked), ENTRY(sockets_in_messages_go_on), ENTRY(circles_are_found),
    ENTRY(a_user_has_so_many_files_in_messages), ENTRY(an_epoll_and_an_eventfd_are_passed), ENTRY(a_message_says_whom_it_is_from),
    ENTRY(who_was_not_asked_is_nobody), ENTRY(who_may_says_he_is_another), ENTRY(an_end_knows_who_made_the_other),
    ENTRY(who_waits_for_all_gets_it_from_one),
};

int main(int count, char **arguments)
{
    return RUN(checks);
}
