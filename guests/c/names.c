/* names.c - names of sockets of AF_UNIX, connections by them, and the options of sockets; one behaviour a check, over power cuts too
 * (holds.h). */
#define _GNU_SOURCE
#include "sockets.h"

static int *volatile nowhere = (int *)8;

/* ---- names and connections ---- */

static const char *a_path_is_a_node(void)
{
    struct sockaddr_un name, got;
    socklen_t length = named(&name, 0, "node"), got_length = sizeof got;
    struct stat status;
    umask(027);
    int listener = listens(&name, length, SOCK_STREAM, 5), other = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(listener >= 0 && stat(name.sun_path, &status) == 0 && status.st_mode == (S_IFSOCK | 0750));
    MUST(FAILS(bind(other, (void *)&name, length), EADDRINUSE) && FAILS(open(name.sun_path, O_RDWR), ENXIO));
    MUST(getsockname(listener, (void *)&got, &got_length) == 0 && got_length == length && !strcmp(got.sun_path, name.sun_path));
    int client = connects(&name, length, SOCK_STREAM);
    MUST(client >= 0 && unlink(name.sun_path) == 0 && FAILS(connects(&name, length, SOCK_STREAM), ENOENT));
    hold();
    got_length = sizeof got;
    int server = accept(listener, 0, 0);
    MUST(server >= 0 && getpeername(client, (void *)&got, &got_length) == 0
        && got_length == length && !strcmp(got.sun_path, name.sun_path));
    got_length = sizeof got;
    MUST(getsockname(server, (void *)&got, &got_length) == 0 && got_length == length);
    got_length = sizeof got;
    MUST(getpeername(server, (void *)&got, &got_length) == 0 && got_length == FAMILY_BYTES);
    MUST(bind(other, (void *)&name, length) == 0
        && FAILS(connects(&name, length, SOCK_STREAM), ECONNREFUSED) && unlink(name.sun_path) == 0);
    return 0;
}

static const char *a_node_is_found_after_it_was_renamed_and_linked(void)
{
    struct sockaddr_un name, moved, linked;
    socklen_t length = named(&name, 0, "old"), moved_length = named(&moved, 0, "new"), linked_length = named(&linked, 0, "link");
    int listener = listens(&name, length, SOCK_STREAM, 5);
    MUST(listener >= 0 && rename(name.sun_path, moved.sun_path) == 0 && link(moved.sun_path, linked.sun_path) == 0);
    hold();
    MUST(connects(&moved, moved_length, SOCK_STREAM) >= 0 && connects(&linked, linked_length, SOCK_STREAM) >= 0);
    MUST(FAILS(connects(&name, length, SOCK_STREAM), ENOENT) && accept(listener, 0, 0) >= 0 && accept(listener, 0, 0) >= 0);
    MUST(close(listener) == 0 && FAILS(connects(&moved, moved_length, SOCK_STREAM), ECONNREFUSED));
    MUST(unlink(moved.sun_path) == 0 && unlink(linked.sun_path) == 0);
    return 0;
}

static const char *abstract_names_go_with_their_socket(void)
{
    struct sockaddr_un name, got;
    socklen_t length = named(&name, 1, "abstract"), got_length = sizeof got;
    int one = socket(AF_UNIX, SOCK_DGRAM, 0), other = socket(AF_UNIX, SOCK_DGRAM, 0), stream = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(bind(one, (void *)&name, length) == 0 && FAILS(bind(other, (void *)&name, length), EADDRINUSE));
    MUST(FAILS(bind(one, (void *)&name, length), EINVAL) && bind(stream, (void *)&name, length) == 0);
    hold();
    MUST(getsockname(one, (void *)&got, &got_length) == 0 && got_length == length && !memcmp(&got, &name, length));
    MUST(sendto(other, "x", 1, 0, (void *)&name, length) == 1 && has(one, "x"));
    MUST(FAILS(sendto(other, "x", 1, 0, (void *)&name, length - 1), ECONNREFUSED));
    MUST(FAILS(bind(other, (void *)&name, length), EADDRINUSE) && close(one) == 0 && bind(other, (void *)&name, length) == 0);
    return 0;
}

static const char *a_name_is_given_to_who_asks_for_any(void)
{
    struct sockaddr_un got = {0}, none = {.sun_family = AF_UNIX};
    socklen_t length = sizeof got;
    int file = socket(AF_UNIX, SOCK_DGRAM, 0), asks = socket(AF_UNIX, SOCK_DGRAM, 0), on = 1, ends[2];
    MUST(getsockname(file, (void *)&got, &length) == 0 && length == FAMILY_BYTES && got.sun_family == AF_UNIX);
    MUST(bind(file, (void *)&none, FAMILY_BYTES) == 0);
    hold();
    length = sizeof got;
    MUST(getsockname(file, (void *)&got, &length) == 0 && length == FAMILY_BYTES + 6 && got.sun_path[0] == 0);
    MUST(strspn(got.sun_path + 1, "0123456789abcdef") == 5 && bind(file, (void *)&none, FAMILY_BYTES) == 0);
    MUST(setsockopt(asks, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 && sendto(asks, "x", 1, 0, (void *)&got, length) == 1);
    length = sizeof got;
    MUST(recvfrom(file, &on, 1, 0, (void *)&got, &length) == 1 && length == FAMILY_BYTES + 6);
    MUST(pair_of(SOCK_STREAM, ends) && getpeername(ends[0], (void *)&got, &length) == 0 && length == FAMILY_BYTES);
    return 0;
}

static const char *connections_wait_to_be_accepted(void)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, 1, "backlog");
    int listener = listens(&name, length, SOCK_STREAM, 2), clients[3], unaccepted = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), status;
    MUST(listener >= 0 && is_ready(listener, ALL_EVENTS) == 0 && option(listener, SO_ACCEPTCONN) == 1);
    for (int i = 0; i < 3; i++)
        MUST((clients[i] = connects(&name, length, SOCK_STREAM)) >= 0 && write(clients[i], &"abc"[i], 1) == 1);
    MUST(FAILS(connect(unaccepted, (void *)&name, length), EAGAIN));
    pid_t child = fork();
    if (child == 0)
        _exit(connects(&name, length, SOCK_STREAM) < 0);
    usleep(30000);
    MUST(close(clients[1]) == 0);
    hold();
    char byte;
    MUST(is_ready(listener, ALL_EVENTS) == (POLLIN | POLLRDNORM));
    for (int i = 0; i < 3; i++) {
        int server = accept(listener, 0, 0);
        MUST(server >= 0 && read(server, &byte, 1) == 1 && byte == "abc"[i]);
        MUST(i != 1 || read(server, &byte, 1) == 0);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0 && accept(listener, 0, 0) >= 0 && is_ready(listener, ALL_EVENTS) == 0);
    MUST(connect(unaccepted, (void *)&name, length) == 0 && FAILS(connect(unaccepted, (void *)&name, length), EISCONN));
    return 0;
}

static const char *an_accept_waits_and_knows_the_name(void)
{
    struct sockaddr_un name, own, got;
    socklen_t length = named(&name, 0, "waits"), own_length = named(&own, 1, "caller"), got_length = sizeof got;
    int listener = listens(&name, length, SOCK_STREAM, 5), status;
    MUST(listener >= 0);
    pid_t child = fork();
    if (child == 0) {
        int server = accept4(listener, (void *)&got, &got_length, SOCK_CLOEXEC | SOCK_NONBLOCK);
        _exit(!(server >= 0 && got_length == own_length && !memcmp(&got, &own, own_length) && fcntl(server, F_GETFD) == FD_CLOEXEC
            && (fcntl(server, F_GETFL) & O_NONBLOCK)));
    }
    usleep(30000);
    hold();
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    MUST(bind(client, (void *)&own, own_length) == 0 && connect(client, (void *)&name, length) == 0);
    MUST(waitpid(child, &status, 0) == child && status == 0 && unlink(name.sun_path) == 0);
    MUST(fcntl(listener, F_SETFL, O_NONBLOCK) == 0 && FAILS(accept(listener, 0, 0), EAGAIN));
    return 0;
}

static const char *who_is_never_accepted_is_reset(void)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, 1, "never");
    int listener = listens(&name, length, SOCK_STREAM, 5), client = connects(&name, length, SOCK_STREAM);
    char byte;
    MUST(client >= 0 && write(client, "lost", 4) == 4);
    hold();
    MUST(close(listener) == 0 && FAILS(read(client, &byte, 1), ECONNRESET) && read(client, &byte, 1) == 0);
    MUST(FAILS(connects(&name, length, SOCK_STREAM), ECONNREFUSED));
    return 0;
}

static const char *the_way_to_a_node_is_guarded(void)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, 0, "guarded");
    int listener = listens(&name, length, SOCK_STREAM, 5), status;
    MUST(listener >= 0 && chmod(name.sun_path, 0555) == 0 && FAILS(connects(&name, length, SOCK_DGRAM), EPROTOTYPE));
    hold();
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(12345) || setuid(12345)))
            _exit(2);
        _exit(!FAILS(connects(&name, length, SOCK_STREAM), EACCES));
    }
    MUST(waitpid(child, &status, 0) == child && status == 0 && unlink(name.sun_path) == 0);
    return 0;
}

static const char *addresses_are_checked(void)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, 0, "checked");
    struct sockaddr other = {.sa_family = AF_INET};
    int file = socket(AF_UNIX, SOCK_STREAM, 0), file2 = open("/tmp", O_RDONLY), got;
    MUST(FAILS(connect(file, (void *)&name, length), ENOENT) && FAILS(connect(file, &other, sizeof other), EINVAL));
    MUST(FAILS(bind(file, &other, sizeof other), EINVAL) && FAILS(bind(file, (void *)&name, 200), EINVAL));
    MUST(FAILS(bind(file, (void *)8, 20), EFAULT) && FAILS(bind(file2, (void *)&name, length), ENOTSOCK)
        && FAILS(bind(99, (void *)&name, length), EBADF));
    MUST(FAILS(listen(file, 5), EINVAL) && FAILS(accept(file, 0, 0), EINVAL)
        && FAILS(getpeername(file, &other, &(socklen_t){16}), ENOTCONN));
    MUST(FAILS(send(file, "x", 1, 0), ENOTCONN) && FAILS(recv(file, &got, 1, 0), EINVAL)
        && FAILS(listen(socket(AF_UNIX, SOCK_DGRAM, 0), 1), EOPNOTSUPP));
    MUST(FAILS(accept(socket(AF_UNIX, SOCK_DGRAM, 0), 0, 0), EOPNOTSUPP)
        && is_ready(file, ALL_EVENTS) == (POLLOUT | POLLWRNORM | POLLWRBAND | POLLHUP));
    strcpy(name.sun_path, "/etc/passwd");
    MUST(FAILS(connect(file, (void *)&name, sizeof name), ECONNREFUSED) && FAILS(bind(file, (void *)&name, sizeof name), EADDRINUSE));
    return 0;
}

static const char *makers_are_checked(void)
{
    int ends[2];
    MUST(FAILS(socket(AF_UNIX, 7, 0), ESOCKTNOSUPPORT)
        && FAILS(socket(AF_UNIX, SOCK_STREAM, 5), EPROTONOSUPPORT) && FAILS(socket(AF_UNIX, 99, 0), EINVAL));
    MUST(FAILS(socket(AF_UNIX, SOCK_STREAM | 0x100, 0), EINVAL) && FAILS(socket(99, SOCK_STREAM, 0), EAFNOSUPPORT));
    MUST(FAILS(socketpair(AF_UNIX, SOCK_STREAM, 0, nowhere), EFAULT));
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, AF_UNIX, ends) == 0);
    MUST(fcntl(ends[0], F_GETFD) == FD_CLOEXEC && fcntl(ends[1], F_GETFL) == (O_RDWR | O_NONBLOCK));
    int raw = socket(AF_UNIX, SOCK_RAW, 0);
    MUST(raw >= 0 && option(raw, SO_TYPE) == SOCK_DGRAM);
    return 0;
}

static const char *options_are_kept(void)
{
    int file = socket(AF_UNIX, SOCK_STREAM, 0);
    struct linger linger = {1, 7}, got = {0};
    socklen_t length = sizeof got;
    MUST(set(file, SO_SNDBUF, 10000) == 0 && set(file, SO_RCVBUF, 5) == 0
        && set(file, SO_REUSEADDR, 5) == 0 && set(file, SO_KEEPALIVE, 1) == 0);
    MUST(set(file, SO_BROADCAST, 1) == 0 && set(file, SO_RCVLOWAT, 3) == 0 && set(file, SO_PRIORITY, 5) == 0);
    MUST(setsockopt(file, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) == 0);
    hold();
    MUST(option(file, SO_SNDBUF) == 20000 && option(file, SO_RCVBUF) == 2304
        && option(file, SO_REUSEADDR) == 1 && option(file, SO_KEEPALIVE) == 1);
    MUST(option(file, SO_BROADCAST) == 1 && option(file, SO_RCVLOWAT) == 3
        && option(file, SO_PRIORITY) == 5 && option(file, SO_OOBINLINE) == 0);
    MUST(getsockopt(file, SOL_SOCKET, SO_LINGER, &got, &length) == 0 && length == 8 && got.l_onoff == 1 && got.l_linger == 7);
    MUST(option(file, SO_TYPE) == SOCK_STREAM && option(file, SO_DOMAIN) == AF_UNIX
        && option(file, SO_PROTOCOL) == 0 && option(file, SO_ACCEPTCONN) == 0);
    MUST(set(file, SO_SNDBUF, 1 << 30) == 0 && option(file, SO_SNDBUF) == 2 * setting("/proc/sys/net/core/wmem_max"));
    MUST(set(file, SO_SNDBUF, 1) == 0 && option(file, SO_SNDBUF) == 4608);
    return 0;
}

static const char *options_are_checked(void)
{
    int file = socket(AF_UNIX, SOCK_STREAM, 0), value = 1;
    char small = 9;
    socklen_t length = 1;
    MUST(FAILS(set(file, 9999, 1), ENOPROTOOPT) && FAILS(set(file, SO_TYPE, 1), ENOPROTOOPT)
        && FAILS(setsockopt(file, 6, 1, &value, 4), EOPNOTSUPP));
    MUST(FAILS(setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &value, 2), EINVAL)
        && FAILS(setsockopt(file, SOL_SOCKET, SO_REUSEADDR, (void *)8, 4), EFAULT));
    MUST(option(file, 9999) == -ENOPROTOOPT - 100000
        && getsockopt(file, SOL_SOCKET, SO_TYPE, &small, &length) == 0 && length == 1 && small == 1);
    length = -1;
    MUST(FAILS(getsockopt(file, SOL_SOCKET, SO_TYPE, &value, &length), EINVAL)
        && FAILS(getsockopt(0x7000, SOL_SOCKET, SO_TYPE, &value, &length), EBADF));
    MUST(FAILS(ioctl(file, TIOCGWINSZ, &value), ENOTTY));
    return 0;
}

static const char *stat_and_proc_know_them(void)
{
    struct stat status;
    char link[64], path[64], expected[200], line[256];
    int file = socket(AF_UNIX, SOCK_STREAM, 0), found = 0;
    struct sockaddr_un name;
    socklen_t length = named(&name, 1, "listed");
    MUST(fstat(file, &status) == 0 && status.st_mode == (S_IFSOCK | 0777)
        && status.st_size == 0 && status.st_uid == geteuid() && status.st_nlink == 1);
    MUST(bind(file, (void *)&name, length) == 0 && listen(file, 3) == 0);
    hold();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    snprintf(expected, sizeof expected, "socket:[%lu]", (unsigned long)status.st_ino);
    long bytes = readlink(path, link, sizeof link);
    MUST(bytes == (long)strlen(expected) && !memcmp(link, expected, bytes) && FAILS(open(path, O_RDWR), ENXIO));
    FILE *list = fopen("/proc/net/unix", "r");
    MUST(list && fgets(line, sizeof line, list) && !strcmp(line, "Num       RefCount Protocol Flags    Type St Inode Path\n"));
    snprintf(expected, sizeof expected, "%5lu @%s\n", (unsigned long)status.st_ino, name.sun_path + 1);
    while (fgets(line, sizeof line, list))
        found += strstr(line, expected) && strstr(line, ": 00000002 00000000 00010000 0001 01 ");
    MUST(found == 1);
    return 0;
}

static const char *a_bound_name_survives_its_directory(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX}, got;
    char directory[64];
    socklen_t length = sizeof got;
    snprintf(directory, sizeof directory, "/tmp/sock-dir-%d", (int)getpid());
    snprintf(name.sun_path, sizeof name.sun_path, "%s/s", directory);
    MUST(mkdir(directory, 0700) == 0);
    int listener = listens(&name, sizeof name, SOCK_STREAM, 5), client = connects(&name, sizeof name, SOCK_STREAM);
    MUST(client >= 0 && unlink(name.sun_path) == 0 && rmdir(directory) == 0);
    hold();
    MUST(getsockname(listener, (void *)&got, &length) == 0 && !strcmp(got.sun_path, name.sun_path) && accept(listener, 0, 0) >= 0);
    return 0;
}

static const char *a_listener_that_is_shut_takes_nobody(void)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, 1, "shut");
    int listener = listens(&name, length, SOCK_STREAM, 5), status;
    MUST(listener >= 0);
    pid_t child = fork();
    if (child == 0)
        _exit(!FAILS(accept(listener, 0, 0), EINVAL));
    usleep(30000);
    hold();
    MUST(shutdown(listener, SHUT_RD) == 0 && waitpid(child, &status, 0) == child && status == 0);
    MUST(FAILS(connects(&name, length, SOCK_STREAM), ECONNREFUSED));
    return 0;
}

static const char *a_second_listen_sets_the_backlog(void)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, 1, "again");
    int listener = listens(&name, length, SOCK_STREAM, 0), status;
    MUST(connects(&name, length, SOCK_STREAM) >= 0);
    pid_t child = fork();
    if (child == 0)
        _exit(connects(&name, length, SOCK_STREAM) < 0);
    usleep(30000);
    hold();
    MUST(listen(listener, 3) == 0 && waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

static const struct check checks[] = {
    ENTRY(a_path_is_a_node), ENTRY(a_node_is_found_after_it_was_renamed_and_linked), ENTRY(abstract_names_go_with_their_socket),
    ENTRY(a_name_is_given_to_who_asks_for_any), ENTRY(connections_wait_to_be_accepted), ENTRY(an_accept_waits_and_knows_the_name),
    ENTRY(who_is_never_accepted_is_reset), ENTRY(the_way_to_a_node_is_guarded), ENTRY(addresses_are_checked), ENTRY(makers_are_checked),
    ENTRY(options_are_kept), ENTRY(options_are_checked), ENTRY(stat_and_proc_know_them), ENTRY(a_bound_name_survives_its_directory),
    ENTRY(a_listener_that_is_shut_takes_nobody), ENTRY(a_second_listen_sets_the_backlog),
};

int main(int count, char **arguments)
{
    return RUN(checks);
}
