/* sockets.c - sockets of AF_UNIX: streams, datagrams, what they are ready for, and waits; one behaviour a check, over power cuts too
 * (holds.h). Names and options are in names.c, what goes beside the bytes in passes.c. */
#define _GNU_SOURCE
#include "sockets.h"

/* ---- streams ---- */

static const char *bytes_go_both_ways_and_join(void)
{
    int ends[2];
    char bytes[8];
    MUST(pair_of(SOCK_STREAM, ends));
    MUST(write(ends[0], "abc", 3) == 3 && send(ends[0], "def", 3, 0) == 3 && write(ends[1], "back", 4) == 4);
    MUST(read(ends[1], bytes, 2) == 2 && !memcmp(bytes, "ab", 2));
    hold();
    MUST(has(ends[1], "cdef") && has(ends[0], "back"));
    MUST(FAILS(recv(ends[0], bytes, 1, MSG_DONTWAIT), EAGAIN) && FAILS(recv(ends[1], bytes, 1, MSG_DONTWAIT), EAGAIN));
    return 0;
}

static const char *a_large_write_is_kept_whole(void)
{
    static char bytes[150000], back[150000];
    int ends[2];
    MUST(pair_of(SOCK_STREAM, ends));
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7 + i / 4096);
    MUST(write(ends[0], bytes, sizeof bytes) == sizeof bytes && read(ends[1], back, 5000) == 5000 && !memcmp(bytes, back, 5000));
    hold();
    MUST(recv(ends[1], back, sizeof bytes - 5000, MSG_WAITALL) == sizeof bytes - 5000);
    MUST(!memcmp(bytes + 5000, back, sizeof bytes - 5000));
    return 0;
}

static const char *a_small_write_takes_as_much_of_the_buffer_as_on_linux(void)
{
    int ends[2], count = 0, queued = 0, unread = 0;
    MUST(pair_of(SOCK_STREAM | SOCK_NONBLOCK, ends) && option(ends[0], SO_SNDBUF) == setting("/proc/sys/net/core/wmem_default"));
    while (write(ends[0], "x", 1) == 1)
        count++;
    MUST(errno == EAGAIN && count == 278 && ioctl(ends[0], SIOCOUTQ, &queued) == 0 && queued == 278 * 768);
    hold();
    MUST(FAILS(write(ends[0], "x", 1), EAGAIN) && ioctl(ends[1], FIONREAD, &unread) == 0 && unread == 278);
    MUST(is_ready(ends[0], POLLOUT) == 0);
    char bytes[300];
    MUST(read(ends[1], bytes, 208) == 208 && is_ready(ends[0], POLLOUT) == 0 && read(ends[1], bytes, 1) == 1);
    MUST(is_ready(ends[0], POLLOUT) == POLLOUT);
    return 0;
}

/* A child that reads all there is, slowly, and tells whether it was what was sent. */
static const char *a_writer_waits_for_room_and_loses_nothing(void)
{
    static char bytes[600000];
    int ends[2], status;
    MUST(pair_of(SOCK_STREAM, ends));
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31 + i / 5000);
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        _exit(write(ends[0], bytes, sizeof bytes) != sizeof bytes);
    }
    close(ends[0]);
    hold();
    char part[3000];
    size_t done = 0;
    for (long length; (length = read(ends[1], part, sizeof part)) > 0; done += length)
        MUST(!memcmp(bytes + done, part, length));
    MUST(done == sizeof bytes && waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

static const char *a_reader_waits_for_a_writer(void)
{
    int ends[2], status;
    MUST(pair_of(SOCK_STREAM, ends));
    pid_t child = fork();
    if (child == 0) {
        char bytes[8] = "";
        _exit(!(recv(ends[1], bytes, 6, MSG_WAITALL) == 6 && !memcmp(bytes, "abcdef", 6)));
    }
    MUST(write(ends[0], "abc", 3) == 3);
    usleep(50000);
    hold();
    MUST(write(ends[0], "def", 3) == 3 && waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

static const char *half_of_it_is_shut(void)
{
    int ends[2];
    char byte;
    signal(SIGPIPE, SIG_IGN);
    MUST(pair_of(SOCK_STREAM, ends) && write(ends[0], "last", 4) == 4 && shutdown(ends[0], SHUT_WR) == 0);
    hold();
    MUST(FAILS(write(ends[0], "x", 1), EPIPE) && has(ends[1], "last") && read(ends[1], &byte, 1) == 0);
    MUST(write(ends[1], "back", 4) == 4 && has(ends[0], "back"));
    MUST(is_ready(ends[1], ALL_EVENTS) == (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLWRBAND | POLLRDHUP));
    MUST(is_ready(ends[0], ALL_EVENTS) == (POLLOUT | POLLWRNORM | POLLWRBAND));
    MUST(shutdown(ends[0], SHUT_RD) == 0 && FAILS(write(ends[1], "x", 1), EPIPE) && read(ends[0], &byte, 1) == 0);
    MUST(is_ready(ends[0], ALL_EVENTS) == (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLWRBAND | POLLRDHUP | POLLHUP));
    MUST(FAILS(shutdown(ends[0], 3), EINVAL));
    return 0;
}

static const char *who_goes_with_unread_bytes_resets(void)
{
    int ends[2];
    char byte;
    signal(SIGPIPE, SIG_IGN);
    MUST(pair_of(SOCK_STREAM, ends) && write(ends[0], "x", 1) == 1 && write(ends[1], "y", 1) == 1 && close(ends[1]) == 0);
    hold();
    MUST(is_ready(ends[0], ALL_EVENTS)
        == (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLWRBAND | POLLRDHUP | POLLHUP | POLLERR));
    MUST(has(ends[0], "y") && FAILS(read(ends[0], &byte, 1), ECONNRESET) && read(ends[0], &byte, 1) == 0);
    MUST(FAILS(write(ends[0], "x", 1), EPIPE));
    return 0;
}

static const char *who_has_read_all_leaves_an_end(void)
{
    int ends[2];
    char byte;
    signal(SIGPIPE, SIG_IGN);
    MUST(pair_of(SOCK_STREAM, ends) && write(ends[1], "z", 1) == 1 && close(ends[1]) == 0);
    hold();
    MUST(option(ends[0], SO_ERROR) == 0 && has(ends[0], "z") && read(ends[0], &byte, 1) == 0);
    MUST(FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE));
    return 0;
}

static volatile sig_atomic_t pipe_signals;
static void count_pipe(int number) { pipe_signals += number == SIGPIPE; }

static const char *a_broken_stream_tells_by_a_signal(void)
{
    int ends[2];
    signal(SIGPIPE, count_pipe);
    MUST(pair_of(SOCK_STREAM, ends) && close(ends[1]) == 0);
    MUST(FAILS(write(ends[0], "x", 1), EPIPE) && pipe_signals == 1 && FAILS(send(ends[0], "x", 1, 0), EPIPE) && pipe_signals == 2);
    MUST(FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE) && pipe_signals == 2 && write(ends[0], "", 0) == -1 && pipe_signals == 3);
    MUST(pair_of(SOCK_SEQPACKET, ends) && close(ends[1]) == 0 && FAILS(write(ends[0], "x", 1), EPIPE) && pipe_signals == 3);
    MUST(pair_of(SOCK_DGRAM, ends) && close(ends[1]) == 0 && FAILS(write(ends[0], "x", 1), ECONNREFUSED) && pipe_signals == 3);
    return 0;
}

static const char *a_look_ahead_takes_nothing(void)
{
    int ends[2];
    char bytes[16];
    MUST(pair_of(SOCK_STREAM, ends) && write(ends[0], "abc", 3) == 3 && write(ends[0], "def", 3) == 3);
    MUST(recv(ends[1], bytes, sizeof bytes, MSG_PEEK) == 6 && !memcmp(bytes, "abcdef", 6));
    MUST(set(ends[1], SO_PEEK_OFF, 1) == 0 && recv(ends[1], bytes, 2, MSG_PEEK) == 2 && !memcmp(bytes, "bc", 2));
    hold();
    MUST(option(ends[1], SO_PEEK_OFF) == 3 && recv(ends[1], bytes, 2, MSG_PEEK) == 2 && !memcmp(bytes, "de", 2));
    MUST(read(ends[1], bytes, 2) == 2 && option(ends[1], SO_PEEK_OFF) == 3);
    MUST(recv(ends[1], bytes, 9, MSG_PEEK) == 1 && bytes[0] == 'f' && has(ends[1], "cdef") && option(ends[1], SO_PEEK_OFF) == 0);
    return 0;
}

static const char *vectors_and_files_are_moved(void)
{
    int ends[2], file = open("/tmp", O_TMPFILE | O_RDWR, 0600), pipes[2];
    char first[3], second[5];
    struct iovec out[] = {{"ab", 2}, {"", 0}, {"cdef", 4}}, in[] = {{first, 3}, {second, 5}};
    MUST(pair_of(SOCK_STREAM, ends) && writev(ends[0], out, 3) == 6 && readv(ends[1], in, 2) == 6);
    MUST(!memcmp(first, "abc", 3) && !memcmp(second, "def", 3)
        && FAILS(pread(ends[1], first, 1, 0), ESPIPE) && FAILS(lseek(ends[1], 0, 0), ESPIPE));
    MUST(write(file, "contents", 8) == 8 && sendfile(ends[0], file, &(off_t){0}, 100) == 8 && has(ends[1], "contents"));
    MUST(pipe(pipes) == 0 && write(pipes[1], "piped", 5) == 5 && splice(pipes[0], 0, ends[0], 0, 100, 0) == 5 && has(ends[1], "piped"));
    MUST(write(ends[0], "again", 5) == 5 && splice(ends[1], 0, pipes[1], 0, 100, 0) == 5 && read(pipes[0], second, 5) == 5);
    MUST(!memcmp(second, "again", 5) && read(ends[1], first, 0) == 0);
    return 0;
}

static const char *urgent_bytes_are_refused_of_datagrams(void)
{
    int ends[2];
    char byte;
    MUST(pair_of(SOCK_DGRAM, ends) && FAILS(send(ends[0], "x", 1, MSG_OOB), EOPNOTSUPP));
    MUST(FAILS(recv(ends[0], &byte, 1, MSG_OOB | MSG_DONTWAIT), EOPNOTSUPP));
    return 0;
}

/* ---- datagrams and packets ---- */

static const char *datagrams_have_ends(void)
{
    int ends[2];
    char bytes[16];
    struct iovec part = {bytes, 2};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    MUST(pair_of(SOCK_DGRAM, ends) && send(ends[0], "first", 5, 0) == 5 && send(ends[0], "", 0, 0) == 0);
    MUST(send(ends[0], "third", 5, 0) == 5 && write(ends[0], "4th", 3) == 3);
    hold();
    MUST(recv(ends[1], bytes, sizeof bytes, MSG_PEEK) == 5 && recv(ends[1], bytes, 2, 0) == 2 && !memcmp(bytes, "fi", 2));
    MUST(recv(ends[1], bytes, 16, 0) == 0 && recvmsg(ends[1], &header, MSG_TRUNC) == 5 && header.msg_flags == MSG_TRUNC);
    MUST(has(ends[1], "4th") && FAILS(recv(ends[1], bytes, 1, MSG_DONTWAIT), EAGAIN));
    return 0;
}

static const char *a_datagram_is_as_large_as_the_buffer(void)
{
    static char bytes[212992];
    int ends[2];
    MUST(pair_of(SOCK_DGRAM, ends) && FAILS(send(ends[0], bytes, 212992 - 31, 0), EMSGSIZE));
    memset(bytes, 'd', sizeof bytes);
    MUST(send(ends[0], bytes, 212992 - 32, 0) == 212992 - 32);
    hold();
    memset(bytes, 0, sizeof bytes);
    MUST(recv(ends[1], bytes, sizeof bytes, 0) == 212992 - 32 && bytes[0] == 'd' && bytes[212992 - 33] == 'd');
    return 0;
}

static const char *eleven_datagrams_fit_a_queue(void)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, 1, "eleven");
    int receiver = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), count = 0, status;
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
    int epoll = epoll_create1(0);
    MUST(bind(receiver, (void *)&name, length) == 0 && connect(sender, (void *)&name, length) == 0);
    while (send(sender, "x", 1, 0) == 1)
        count++;
    MUST(errno == EAGAIN && count == setting("/proc/sys/net/unix/max_dgram_qlen") + 1 && is_ready(sender, POLLOUT) == 0);
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, sender, &event) == 0 && epoll_wait(epoll, &event, 1, 0) == 0);
    pid_t child = fork();
    if (child == 0) {
        int other = socket(AF_UNIX, SOCK_DGRAM, 0);
        _exit(sendto(other, "waited", 6, 0, (void *)&name, length) != 6);
    }
    usleep(30000);
    hold();
    MUST(is_ready(sender, POLLOUT) == 0 && epoll_wait(epoll, &event, 1, 0) == 0 && has(receiver, "x"));
    MUST(waitpid(child, &status, 0) == child && status == 0 && has(receiver, "x") && is_ready(sender, POLLOUT) == POLLOUT);
    MUST(epoll_wait(epoll, &event, 1, 0) == 1 && event.events == EPOLLOUT && epoll_wait(epoll, &event, 1, 0) == 0);
    while (--count > 1)
        MUST(has(receiver, "x"));
    MUST(has(receiver, "waited"));
    return 0;
}

static const char *datagrams_say_whom_they_are_from(void)
{
    struct sockaddr_un name, from;
    socklen_t length = named(&name, 1, "from"), from_length = sizeof from;
    int receiver = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM, 0), unnamed = socket(AF_UNIX, SOCK_DGRAM, 0);
    char bytes[8];
    struct sockaddr_un own;
    socklen_t own_length = named(&own, 0, "sender");
    MUST(bind(receiver, (void *)&name, length) == 0 && bind(sender, (void *)&own, own_length) == 0);
    MUST(sendto(sender, "one", 3, 0, (void *)&name, length) == 3 && sendto(unnamed, "two", 3, 0, (void *)&name, length) == 3);
    MUST(close(sender) == 0 && unlink(own.sun_path) == 0);
    hold();
    MUST(recvfrom(receiver, bytes, 8, 0, (void *)&from, &from_length) == 3 && from_length == own_length);
    MUST(!strcmp(from.sun_path, own.sun_path));
    from_length = sizeof from;
    MUST(recvfrom(receiver, bytes, 8, 0, (void *)&from, &from_length) == 3 && from_length == 0);
    return 0;
}

static const char *who_is_connected_hears_his_peer_alone(void)
{
    struct sockaddr_un one, other;
    socklen_t one_length = named(&one, 1, "one"), other_length = named(&other, 1, "other");
    int first = socket(AF_UNIX, SOCK_DGRAM, 0), second = socket(AF_UNIX, SOCK_DGRAM, 0), third = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    MUST(bind(first, (void *)&one, one_length) == 0 && bind(second, (void *)&other, other_length) == 0);
    MUST(connect(first, (void *)&other, other_length) == 0 && FAILS(sendto(third, "x", 1, 0, (void *)&one, one_length), EPERM));
    MUST(FAILS(connect(third, (void *)&one, one_length), EPERM) && send(first, "to second", 9, 0) == 9);
    hold();
    MUST(has(second, "to second") && sendto(second, "answer", 6, 0, (void *)&one, one_length) == 6 && has(first, "answer"));
    MUST(connect(first, &nobody, sizeof nobody) == 0 && FAILS(send(first, "x", 1, 0), ENOTCONN));
    MUST(sendto(third, "y", 1, 0, (void *)&one, one_length) == 1 && has(first, "y"));
    MUST(connect(first, (void *)&other, other_length) == 0 && close(second) == 0 && FAILS(send(first, "x", 1, 0), ECONNREFUSED));
    MUST(FAILS(send(first, "x", 1, 0), ENOTCONN));
    return 0;
}

static const char *packets_come_over_a_connection(void)
{
    struct sockaddr_un name;
    socklen_t length = named(&name, 1, "packets");
    int listener = listens(&name, length, SOCK_SEQPACKET, 5), client = connects(&name, length, SOCK_SEQPACKET), server;
    char bytes[8];
    MUST(listener >= 0 && client >= 0 && (server = accept(listener, 0, 0)) >= 0);
    MUST(send(client, "one", 3, MSG_EOR) == 3 && send(client, "two", 3, 0) == 3);
    MUST(FAILS(connects(&name, length, SOCK_STREAM), ECONNREFUSED));
    hold();
    MUST(has(server, "one") && has(server, "two") && close(client) == 0 && recv(server, bytes, 8, 0) == 0);
    MUST(FAILS(send(server, "x", 1, MSG_NOSIGNAL), EPIPE) && FAILS(recv(socket(AF_UNIX, SOCK_SEQPACKET, 0), bytes, 8, 0), ENOTCONN));
    return 0;
}

static const char *many_messages_go_in_one_call(void)
{
    int ends[2];
    char bytes[4][8];
    struct iovec out[3] = {{"one", 3}, {"three", 5}, {"", 0}}, in[4];
    struct mmsghdr sent[3] = {0}, got[4] = {0};
    struct timespec time = {1, 0};
    MUST(pair_of(SOCK_DGRAM, ends));
    for (int i = 0; i < 4; i++) {
        in[i] = (struct iovec){bytes[i], 8};
        got[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
        if (i < 3)
            sent[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
    }
    MUST(sendmmsg(ends[0], sent, 3, 0) == 3 && sent[0].msg_len == 3 && sent[1].msg_len == 5 && sent[2].msg_len == 0);
    hold();
    MUST(recvmmsg(ends[1], got, 4, MSG_WAITFORONE, &time) == 3 && got[0].msg_len == 3 && got[1].msg_len == 5 && got[2].msg_len == 0);
    MUST(!memcmp(bytes[1], "three", 5) && FAILS(recvmmsg(ends[1], got, 4, MSG_DONTWAIT, 0), EAGAIN));
    return 0;
}

/* ---- waits and edges ---- */

static const char *times_run_out(void)
{
    int ends[2];
    char byte;
    struct timeval time = {0, 60000}, got;
    socklen_t length = sizeof got;
    MUST(pair_of(SOCK_STREAM, ends) && setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0);
    MUST(setsockopt(ends[0], SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0);
    hold();
    double begin = now();
    MUST(getsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &got, &length) == 0 && length == 16 && got.tv_sec == 0 && got.tv_usec == 60000);
    MUST(FAILS(read(ends[0], &byte, 1), EAGAIN) && now() - begin > 0.05);
    static char bytes[500000];
    MUST(write(ends[0], bytes, sizeof bytes) > 100000 && FAILS(write(ends[0], bytes, 1), EAGAIN));
    time.tv_usec = 1000000;
    MUST(FAILS(setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time), EDOM));
    return 0;
}

static const char *edges_are_told_once(void)
{
    int ends[2], epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    MUST(pair_of(SOCK_STREAM, ends) && epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
    MUST(epoll_wait(epoll, &event, 1, 0) == 1 && event.events == EPOLLOUT && write(ends[1], "x", 1) == 1);
    hold();
    MUST(epoll_wait(epoll, &event, 1, 0) == 1 && event.events == (EPOLLIN | EPOLLOUT) && epoll_wait(epoll, &event, 1, 0) == 0);
    MUST(write(ends[1], "y", 1) == 1 && epoll_wait(epoll, &event, 1, 0) == 1 && has(ends[0], "xy") && epoll_wait(epoll, &event, 1, 0) == 0);
    MUST(shutdown(ends[1], SHUT_WR) == 0 && epoll_wait(epoll, &event, 1, 0) == 1 && event.events == (EPOLLIN | EPOLLOUT | EPOLLRDHUP));
    MUST(close(ends[1]) == 0 && epoll_wait(epoll, &event, 1, 0) == 1 && event.events == (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP));
    return 0;
}

static const char *a_poll_waits_for_a_peer_that_goes(void)
{
    int ends[2], status;
    MUST(pair_of(SOCK_STREAM, ends));
    pid_t child = fork();
    if (child == 0) {
        close(ends[1]);
        struct pollfd entry = {.fd = ends[0], .events = POLLIN};
        _exit(!(poll(&entry, 1, -1) == 1 && entry.revents == (POLLIN | POLLHUP)));
    }
    usleep(30000);
    hold();
    MUST(close(ends[1]) == 0 && waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

static volatile sig_atomic_t io_signals;
static void count_io(int number) { io_signals += number == SIGIO; }

static const char *an_owner_is_told_of_what_arrives(void)
{
    int ends[2];
    signal(SIGIO, count_io);
    MUST(pair_of(SOCK_STREAM, ends) && fcntl(ends[0], F_SETOWN, getpid()) == 0 && fcntl(ends[0], F_SETFL, O_ASYNC) == 0);
    hold();
    MUST(io_signals == 0 && write(ends[1], "x", 1) == 1 && io_signals == 1 && fcntl(ends[0], F_GETOWN) == getpid());
    int off = 0;
    MUST(ioctl(ends[0], FIOASYNC, &off) == 0 && write(ends[1], "x", 1) == 1 && io_signals == 1);
    return 0;
}

static const char *a_call_keeps_a_socket_that_is_closed(void)
{
    int ends[2], status;
    MUST(pair_of(SOCK_DGRAM, ends));
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(ends[1]);
        _exit(!(read(ends[0], &byte, 1) == 1 && byte == 'w'));
    }
    close(ends[0]);
    usleep(30000);
    hold();
    MUST(write(ends[1], "w", 1) == 1 && waitpid(child, &status, 0) == child && status == 0 && FAILS(write(ends[1], "w", 1), ECONNREFUSED));
    return 0;
}


static const char *a_thread_that_waits_is_woken_by_a_shutdown(void)
{
    int ends[2], status;
    MUST(pair_of(SOCK_DGRAM, ends));
    pid_t child = fork();
    if (child == 0) {
        char byte;
        _exit(read(ends[0], &byte, 1) != 0);
    }
    usleep(30000);
    hold();
    MUST(shutdown(ends[0], SHUT_RD) == 0 && waitpid(child, &status, 0) == child && status == 0);
    MUST(FAILS(send(ends[1], "x", 1, 0), EPIPE));
    return 0;
}

static const char *a_low_mark_waits_for_more(void)
{
    int ends[2], status;
    MUST(pair_of(SOCK_STREAM, ends) && set(ends[1], SO_RCVLOWAT, 4) == 0 && write(ends[0], "ab", 2) == 2);
    pid_t child = fork();
    if (child == 0) {
        char bytes[8];
        _exit(read(ends[1], bytes, 8) != 5);
    }
    usleep(30000);
    hold();
    MUST(write(ends[0], "cde", 3) == 3 && waitpid(child, &status, 0) == child && status == 0);
    return 0;
}

static const char *a_signal_ends_a_wait_with_a_time(void)
{
    int ends[2];
    char byte;
    struct timeval time = {20, 0};
    struct sigaction action = {.sa_handler = count_pipe, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, 0);
    MUST(pair_of(SOCK_STREAM, ends) && setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0);
    hold();
    alarm(1);
    MUST(FAILS(read(ends[0], &byte, 1), EINTR));
    return 0;
}

static const struct check checks[] = {
    ENTRY(bytes_go_both_ways_and_join), ENTRY(a_large_write_is_kept_whole), ENTRY(a_small_write_takes_as_much_of_the_buffer_as_on_linux),
    ENTRY(a_writer_waits_for_room_and_loses_nothing), ENTRY(a_reader_waits_for_a_writer), ENTRY(half_of_it_is_shut),
    ENTRY(who_goes_with_unread_bytes_resets), ENTRY(who_has_read_all_leaves_an_end), ENTRY(a_broken_stream_tells_by_a_signal),
    ENTRY(a_look_ahead_takes_nothing), ENTRY(vectors_and_files_are_moved), ENTRY(urgent_bytes_are_refused_of_datagrams),
    ENTRY(datagrams_have_ends), ENTRY(a_datagram_is_as_large_as_the_buffer), ENTRY(eleven_datagrams_fit_a_queue),
    ENTRY(datagrams_say_whom_they_are_from), ENTRY(who_is_connected_hears_his_peer_alone), ENTRY(packets_come_over_a_connection),
    ENTRY(many_messages_go_in_one_call), ENTRY(times_run_out), ENTRY(edges_are_told_once), ENTRY(a_poll_waits_for_a_peer_that_goes),
    ENTRY(an_owner_is_told_of_what_arrives), ENTRY(a_call_keeps_a_socket_that_is_closed),
    ENTRY(a_thread_that_waits_is_woken_by_a_shutdown), ENTRY(a_low_mark_waits_for_more), ENTRY(a_signal_ends_a_wait_with_a_time),
};

int main(int count, char **arguments)
{
    return RUN(checks);
}
