/* ptys.c - pseudo-terminals, one behaviour a check, over power cuts too (holds.h). */
#define _GNU_SOURCE
#include "holds.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif
#define HELD 100000

struct pty { int master, slave, number; char name[32]; };

/* A terminal of which both ends are open; nobody's controlling terminal. */
static int opens(struct pty *pty)
{
    int unlocked = 0;
    *pty = (struct pty){.master = open("/dev/ptmx", O_RDWR | O_NOCTTY), .slave = -1};
    if (pty->master < 0 || ioctl(pty->master, TIOCSPTLCK, &unlocked) || ioctl(pty->master, TIOCGPTN, &pty->number))
        return 0;
    sprintf(pty->name, "/dev/pts/%d", pty->number);
    pty->slave = open(pty->name, O_RDWR | O_NOCTTY);
    return pty->slave >= 0;
}

static int is_raw(struct pty *pty)
{
    struct termios settings;
    if (tcgetattr(pty->slave, &settings))
        return 0;
    cfmakeraw(&settings);
    return tcsetattr(pty->slave, TCSANOW, &settings) == 0;
}

static int writes(int file, const char *text) { return write(file, text, strlen(text)) == (long)strlen(text); }

static int reads(int file, const char *wanted)
{
    char text[256] = "";
    long length = 0, wanted_length = (long)strlen(wanted);
    while (length < wanted_length) {
        struct pollfd entry = {.fd = file, .events = POLLIN};
        if (poll(&entry, 1, 5000) != 1)
            return 0;
        long got = read(file, text + length, sizeof text - 1 - length);
        if (got <= 0)
            return 0;
        length += got;
    }
    return length == wanted_length && !memcmp(text, wanted, length);
}

static int is_ready(int file, short events)
{
    struct pollfd entry = {.fd = file, .events = events};
    return poll(&entry, 1, 0) < 0 ? -1 : entry.revents;
}

/* Waits for readiness, which comes a moment later on Linux. */
static int becomes(int file, short events, short wanted)
{
    for (int tries = 0; tries < 500; tries++, usleep(10000))
        if ((is_ready(file, events) & wanted) == wanted)
            return 1;
    return 0;
}

static int ends_with(int process, int status)
{
    int found = -1;
    while (waitpid(process, &found, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(found) && WEXITSTATUS(found) == status;
}

/* A session of its own with the terminal as its controlling one; runs what, and ends with what that returns. */
static int begins_session(struct pty *pty, int (*what)(struct pty *))
{
    int child = fork();
    if (child)
        return child;
    close(pty->master);
    if (setsid() < 0 || ioctl(pty->slave, TIOCSCTTY, 0))
        _exit(90);
    _exit(what(pty));
}

static volatile sig_atomic_t caught;
static void catches(int signal) { caught = signal; }
static void handles(int signal) { sigaction(signal, &(struct sigaction){.sa_handler = catches}, 0); }

static int waits_for(int signal)
{
    for (int tries = 0; tries < 3000 && caught != signal; tries++)
        usleep(10000);
    return caught == signal;
}

static const char *a_line_is_edited_and_read(void)
{
    struct pty pty;
    MUST(opens(&pty) && writes(pty.master, "ax\177bc"));
    hold();
    MUST(writes(pty.master, "d\n") && reads(pty.slave, "abcd\n") && reads(pty.master, "ax\b \bbcd\r\n"));
    return 0;
}

static const char *output_is_kept_until_the_master_reads_it(void)
{
    struct pty pty;
    MUST(opens(&pty) && writes(pty.slave, "one\n\ttwo\n"));
    hold();
    MUST(reads(pty.master, "one\r\n\ttwo\r\n") && is_ready(pty.master, POLLIN | POLLOUT) == POLLOUT);
    return 0;
}

static const char *raw_bytes_pass_both_ways(void)
{
    struct pty pty;
    int count = 0;
    MUST(opens(&pty) && is_raw(&pty) && writes(pty.master, "\003\004\r\n\177") && writes(pty.slave, "\n\001x"));
    hold();
    MUST(becomes(pty.slave, POLLIN, POLLIN) && ioctl(pty.slave, FIONREAD, &count) == 0 && count == 5);
    MUST(reads(pty.slave, "\003\004\r\n\177") && reads(pty.master, "\n\001x"));
    return 0;
}

static const char *an_end_of_file_is_read_once(void)
{
    struct pty pty;
    char byte;
    MUST(opens(&pty) && writes(pty.master, "ab\004\004"));
    hold();
    MUST(reads(pty.slave, "ab") && read(pty.slave, &byte, 1) == 0);
    MUST(writes(pty.master, "c\n") && reads(pty.slave, "c\n"));
    return 0;
}

static int waits_for_interrupt(struct pty *pty)
{
    handles(SIGINT);
    return writes(pty->slave, "ready") && waits_for(SIGINT) ? 7 : 8;
}

static const char *an_interrupt_reaches_the_foreground(void)
{
    struct pty pty;
    MUST(opens(&pty));
    int child = begins_session(&pty, waits_for_interrupt);
    MUST(child > 0 && reads(pty.master, "ready"));
    hold();
    MUST(writes(pty.master, "\003") && reads(pty.master, "^C") && ends_with(child, 7));
    return 0;
}

static int waits_for_window(struct pty *pty)
{
    struct winsize size;
    handles(SIGWINCH);
    if (!writes(pty->slave, "ready") || !waits_for(SIGWINCH) || ioctl(pty->slave, TIOCGWINSZ, &size))
        return 8;
    return size.ws_row == 33 && size.ws_col == 111 ? 7 : 9;
}

static const char *a_new_size_is_told_to_the_foreground(void)
{
    struct pty pty;
    struct winsize size = {.ws_row = 33, .ws_col = 111};
    MUST(opens(&pty));
    int child = begins_session(&pty, waits_for_window);
    MUST(child > 0 && reads(pty.master, "ready"));
    hold();
    MUST(ioctl(pty.master, TIOCSWINSZ, &size) == 0 && ends_with(child, 7));
    size = (struct winsize){0};
    MUST(ioctl(pty.slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 33 && size.ws_col == 111);
    return 0;
}

static const char *packets_say_what_has_happened(void)
{
    struct pty pty;
    struct termios settings;
    int on = 1;
    char bytes[8];
    MUST(opens(&pty) && ioctl(pty.master, TIOCPKT, &on) == 0 && writes(pty.slave, "abc"));
    MUST(becomes(pty.master, POLLIN, POLLIN) && read(pty.master, bytes, 8) == 4 && !memcmp(bytes, "\0abc", 4));
    MUST(tcflow(pty.slave, TCOOFF) == 0 && tcgetattr(pty.slave, &settings) == 0);
    settings.c_iflag &= ~IXON;
    MUST(tcsetattr(pty.slave, TCSANOW, &settings) == 0);
    hold();
    MUST(is_ready(pty.master, POLLIN | POLLPRI) == (POLLIN | POLLPRI) && read(pty.master, bytes, 8) == 1);
    MUST(bytes[0] & TIOCPKT_NOSTOP && !(bytes[0] & TIOCPKT_DOSTOP));
    MUST(tcflush(pty.slave, TCIOFLUSH) == 0 && read(pty.master, bytes, 8) == 1);
    MUST((bytes[0] & (TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE)) == (TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE));
    return 0;
}

static const char *a_closed_slave_ends_what_the_master_reads(void)
{
    struct pty pty;
    char byte;
    MUST(opens(&pty) && writes(pty.slave, "last"));
    close(pty.slave);
    hold();
    MUST(becomes(pty.master, POLLIN, POLLIN | POLLHUP) && reads(pty.master, "last"));
    MUST(FAILS(read(pty.master, &byte, 1), EIO) && is_ready(pty.master, POLLIN) == POLLHUP);
    pty.slave = open(pty.name, O_RDWR | O_NOCTTY);
    MUST(pty.slave >= 0 && is_ready(pty.master, POLLIN) == 0 && writes(pty.slave, "again") && reads(pty.master, "again"));
    return 0;
}

static const char *a_closed_master_ends_the_terminal(void)
{
    struct pty pty;
    struct termios settings;
    char byte;
    MUST(opens(&pty) && writes(pty.master, "lost\n"));
    close(pty.master);
    hold();
    MUST(read(pty.slave, &byte, 1) == 0 && FAILS(write(pty.slave, "x", 1), EIO) && FAILS(tcgetattr(pty.slave, &settings), EIO));
    MUST((is_ready(pty.slave, POLLIN | POLLOUT) & (POLLIN | POLLOUT | POLLHUP | POLLERR)) == (POLLIN | POLLOUT | POLLHUP | POLLERR));
    return 0;
}

static int waits_for_hang_up(struct pty *pty)
{
    handles(SIGHUP);
    return writes(pty->slave, "ready") && waits_for(SIGHUP) && FAILS(open("/dev/tty", O_RDWR), ENXIO) ? 7 : 8;
}

static const char *a_hang_up_is_told_to_the_session(void)
{
    struct pty pty;
    MUST(opens(&pty));
    int child = begins_session(&pty, waits_for_hang_up);
    MUST(child > 0 && reads(pty.master, "ready"));
    hold();
    close(pty.master);
    MUST(ends_with(child, 7));
    return 0;
}

static const char *a_full_terminal_lets_its_writer_wait(void)
{
    struct pty pty;
    static char bytes[HELD];
    MUST(opens(&pty) && is_raw(&pty));
    int child = fork();
    if (child == 0) {
        memset(bytes, 'y', HELD);
        _exit(write(pty.slave, bytes, HELD) == HELD ? 7 : 8);
    }
    MUST(sleeps(child));
    hold();
    for (int left = HELD; left > 0; ) {
        long got = read(pty.master, bytes, left);
        MUST(got > 0);
        left -= (int)got;
    }
    MUST(ends_with(child, 7));
    return 0;
}

static const char *a_full_input_lets_the_master_wait(void)
{
    struct pty pty;
    static char bytes[HELD];
    MUST(opens(&pty) && is_raw(&pty));
    int child = fork();
    if (child == 0) {
        memset(bytes, 'z', HELD);
        _exit(write(pty.master, bytes, HELD) == HELD ? 7 : 8);
    }
    MUST(sleeps(child));
    hold();
    for (int left = HELD; left > 0; ) {
        long got = read(pty.slave, bytes, left);
        MUST(got > 0);
        left -= (int)got;
    }
    MUST(ends_with(child, 7));
    return 0;
}

/* A shell's work: a group in the background reads and is stopped, comes to the foreground and reads. */
static int controls_jobs(struct pty *pty)
{
    int status = 0;
    char line[8];
    signal(SIGTTOU, SIG_IGN);
    int job = fork();
    if (job == 0) {
        signal(SIGTTOU, SIG_DFL);
        setpgid(0, 0);
        _exit(read(pty->slave, line, 8) == 3 ? 7 : 8);
    }
    setpgid(job, job);
    if (waitpid(job, &status, WUNTRACED) != job || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGTTIN)
        return 10;
    if (!writes(pty->slave, "stopped") || read(pty->slave, line, 8) != 3 || memcmp(line, "go\n", 3))
        return 11;
    if (tcsetpgrp(pty->slave, job) || tcgetpgrp(pty->slave) != job || kill(-job, SIGCONT))
        return 12;
    if (!writes(pty->slave, "moved") || !ends_with(job, 7))
        return 13;
    return tcsetpgrp(pty->slave, getpgrp()) || tcgetsid(pty->slave) != getsid(0) ? 14 : 7;
}

static const char *jobs_are_stopped_and_go_on(void)
{
    struct pty pty;
    struct termios settings;
    MUST(opens(&pty) && tcgetattr(pty.master, &settings) == 0);
    settings.c_lflag &= ~ECHO;
    MUST(tcsetattr(pty.master, TCSANOW, &settings) == 0);
    int child = begins_session(&pty, controls_jobs);
    MUST(child > 0 && reads(pty.master, "stopped"));
    hold();
    MUST(writes(pty.master, "go\n") && reads(pty.master, "moved") && writes(pty.master, "in\n") && ends_with(child, 7));
    return 0;
}

static const char *a_terminal_has_its_name(void)
{
    struct pty pty;
    struct stat by_name, by_file;
    char name[64];
    MUST(opens(&pty));
    hold();
    MUST(isatty(pty.slave) && isatty(pty.master) && ttyname_r(pty.slave, name, sizeof name) == 0 && !strcmp(name, pty.name));
    MUST(ptsname_r(pty.master, name, sizeof name) == 0 && !strcmp(name, pty.name));
    MUST(stat(pty.name, &by_name) == 0 && fstat(pty.slave, &by_file) == 0);
    MUST(by_name.st_dev == by_file.st_dev && by_name.st_ino == by_file.st_ino && by_name.st_rdev == by_file.st_rdev);
    MUST(S_ISCHR(by_name.st_mode) && by_name.st_rdev == makedev(136, pty.number) && by_name.st_uid == geteuid());
    return 0;
}

static int finds(const char *wanted)
{
    DIR *directory = opendir("/dev/pts");
    struct dirent *entry;
    int found = 0;
    while (directory && (entry = readdir(directory)))
        found |= !strcmp(entry->d_name, wanted) && entry->d_type == DT_CHR;
    if (directory)
        closedir(directory);
    return found;
}

static const char *a_directory_lists_terminals(void)
{
    struct pty pty;
    MUST(opens(&pty));
    hold();
    MUST(finds(pty.name + 9) && finds("ptmx") && access("/dev/pts/99999", F_OK) < 0);
    MUST(chdir("/dev/pts") == 0 && access(pty.name + 9, F_OK) == 0 && access("../null", F_OK) == 0);
    MUST(FAILS(open("new", O_CREAT | O_WRONLY, 0600), EACCES) || errno == EPERM || errno == ENOENT);
    return 0;
}

static const char *a_mode_is_kept(void)
{
    struct pty pty;
    struct stat state;
    struct timespec times[2] = {{1000, 0}, {2000, 0}};
    MUST(opens(&pty) && fchmod(pty.slave, 0600) == 0 && utimensat(AT_FDCWD, pty.name, times, 0) == 0);
    hold();
    MUST(stat(pty.name, &state) == 0 && (state.st_mode & 07777) == 0600 && state.st_mtim.tv_sec == 2000 && state.st_nlink == 1);
    return 0;
}

static int uses_tty(struct pty *pty)
{
    int file = open("/dev/tty", O_RDWR);
    char line[16], text[512] = "", *field;
    close(pty->slave);
    if (file < 0 || !writes(file, "ready") || read(file, line, 16) != 3 || memcmp(line, "hi\n", 3))
        return 8;
    int information = open("/proc/self/stat", O_RDONLY), number = 0;
    if (read(information, text, sizeof text - 1) <= 0 || !(field = strrchr(text, ')')))
        return 9;
    sscanf(field, ") %*c %*d %*d %*d %d", &number);
    return major(number) == 136 && (int)minor(number) == pty->number ? 7 : 10;
}

static const char *the_controlling_terminal_is_found(void)
{
    struct pty pty;
    MUST(opens(&pty));
    int child = begins_session(&pty, uses_tty);
    close(pty.slave);
    MUST(child > 0 && reads(pty.master, "ready"));
    hold();
    MUST(writes(pty.master, "hi\n") && ends_with(child, 7));
    return 0;
}

static const char *an_epoll_watches_both_ends(void)
{
    struct pty pty;
    struct epoll_event event = {.events = EPOLLIN | EPOLLET}, found[4];
    int watch = epoll_create1(0);
    MUST(opens(&pty) && is_raw(&pty));
    event.data.fd = pty.master;
    MUST(epoll_ctl(watch, EPOLL_CTL_ADD, pty.master, &event) == 0);
    event.data.fd = pty.slave;
    MUST(epoll_ctl(watch, EPOLL_CTL_ADD, pty.slave, &event) == 0 && epoll_wait(watch, found, 4, 0) == 0);
    hold();
    MUST(writes(pty.master, "x") && epoll_wait(watch, found, 4, 5000) == 1 && found[0].data.fd == pty.slave);
    MUST(writes(pty.slave, "y") && epoll_wait(watch, found, 4, 5000) == 1 && found[0].data.fd == pty.master);
    MUST(epoll_wait(watch, found, 4, 0) == 0);
    close(pty.slave);
    MUST(epoll_wait(watch, found, 4, 5000) == 1 && found[0].data.fd == pty.master && found[0].events & EPOLLHUP);
    return 0;
}

static const char *a_locked_terminal_is_not_opened(void)
{
    char name[32];
    int number, locked = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    MUST(master >= 0 && ioctl(master, TIOCGPTN, &number) == 0);
    sprintf(name, "/dev/pts/%d", number);
    hold();
    MUST(ioctl(master, TIOCGPTLCK, &locked) == 0 && locked == 1 && FAILS(open(name, O_RDWR | O_NOCTTY), EIO));
    locked = 0;
    MUST(ioctl(master, TIOCSPTLCK, &locked) == 0);
    int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    MUST(peer >= 0 && fcntl(peer, F_GETFD) == FD_CLOEXEC && writes(peer, "p") && reads(master, "p"));
    close(master);
    MUST(FAILS(open(name, O_RDWR | O_NOCTTY), ENOENT) || errno == EIO);
    return 0;
}

static const char *numbers_are_given_again(void)
{
    struct pty pty;
    hold();
    for (int i = 0; i < 5000; i++) {
        MUST(opens(&pty) && pty.number < 2000);
        close(pty.slave);
        close(pty.master);
    }
    return 0;
}

static const char *a_reader_waits_over_the_cut(void)
{
    struct pty pty;
    char line[8];
    MUST(opens(&pty));
    int child = fork();
    if (child == 0)
        _exit(read(pty.slave, line, 8) == 3 ? 7 : 8);
    int other = fork();
    if (other == 0) {
        close(pty.slave);
        _exit(read(pty.master, line, 4) == 4 && !memcmp(line, "go\r\n", 4) ? 7 : 8);
    }
    MUST(sleeps(child) && sleeps(other));
    hold();
    MUST(writes(pty.master, "go\n") && ends_with(child, 7) && ends_with(other, 7));
    return 0;
}

static const char *a_byte_ends_a_timed_read(void)
{
    struct pty pty;
    struct termios settings;
    char bytes[8];
    MUST(opens(&pty) && is_raw(&pty) && tcgetattr(pty.slave, &settings) == 0);
    settings.c_cc[VMIN] = 0;
    settings.c_cc[VTIME] = 1;
    MUST(tcsetattr(pty.slave, TCSANOW, &settings) == 0);
    hold();
    MUST(read(pty.slave, bytes, 8) == 0 && writes(pty.master, "ab") && becomes(pty.slave, POLLIN, POLLIN));
    MUST(read(pty.slave, bytes, 8) == 2);
    return 0;
}

static const char *old_settings_leave_what_they_do_not_have(void)
{
    struct pty pty;
    struct termios before, after;
    struct termio old;
    MUST(opens(&pty) && tcgetattr(pty.slave, &before) == 0 && ioctl(pty.slave, TCGETA, &old) == 0);
    MUST(old.c_lflag == (unsigned short)before.c_lflag && old.c_cc[VQUIT] == before.c_cc[VQUIT]);
    hold();
    old.c_lflag &= ~ECHO;
    old.c_cc[VINTR] = 1;
    MUST(ioctl(pty.master, TCSETAW, &old) == 0 && tcgetattr(pty.slave, &after) == 0);
    MUST(after.c_lflag == (before.c_lflag & ~ECHO) && after.c_cc[VINTR] == 1 && after.c_cc[VSUSP] == before.c_cc[VSUSP]);
    MUST(FAILS(ioctl(pty.slave, TCGETA, 8), EFAULT) && FAILS(ioctl(pty.slave, TCSETAF, 8), EFAULT));
    return 0;
}

static const struct check checks[] = {
    ENTRY(a_line_is_edited_and_read), ENTRY(output_is_kept_until_the_master_reads_it), ENTRY(raw_bytes_pass_both_ways),
    ENTRY(an_end_of_file_is_read_once), ENTRY(an_interrupt_reaches_the_foreground), ENTRY(a_new_size_is_told_to_the_foreground),
    ENTRY(packets_say_what_has_happened), ENTRY(a_closed_slave_ends_what_the_master_reads), ENTRY(a_closed_master_ends_the_terminal),
    ENTRY(a_hang_up_is_told_to_the_session), ENTRY(a_full_terminal_lets_its_writer_wait), ENTRY(a_full_input_lets_the_master_wait),
    ENTRY(jobs_are_stopped_and_go_on), ENTRY(a_terminal_has_its_name), ENTRY(a_directory_lists_terminals), ENTRY(a_mode_is_kept),
    ENTRY(the_controlling_terminal_is_found), ENTRY(an_epoll_watches_both_ends), ENTRY(a_locked_terminal_is_not_opened),
    ENTRY(numbers_are_given_again), ENTRY(a_reader_waits_over_the_cut), ENTRY(a_byte_ends_a_timed_read),
    ENTRY(old_settings_leave_what_they_do_not_have),
};

int main(int count, char **arguments)
{
    signal(SIGHUP, SIG_IGN);
    return RUN(checks);
}
