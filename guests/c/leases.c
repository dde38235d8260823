/* leases.c - leases (F_SETLEASE): who gets one, whom it keeps waiting, who is told and how, and what happens when nobody answers. With
 * "cut" it holds waiting openers while the power is cut. The expectations are Linux's. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define NOBODY 65534
#define TELL (SIGRTMIN + 1)
#define BREAK_TIME "/proc/sys/fs/lease-break-time"

static char place[64], file[96];

static void nap(int milliseconds)
{
    poll(0, 0, milliseconds);
}

static int make(const char *text)
{
    int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0666);
    int bad = fd < 0 || write(fd, text, strlen(text)) < 0;
    close(fd);
    return !bad;
}

static int lease(int fd, int type)
{
    return fcntl(fd, F_SETLEASE, type);
}

static long size(void)
{
    struct stat status;
    return stat(file, &status) == 0 ? (long)status.st_size : -1;
}

/* The signal within the time, 0 if there is none. */
static int told(int milliseconds, siginfo_t *info)
{
    sigset_t all;
    sigemptyset(&all);
    sigaddset(&all, TELL), sigaddset(&all, SIGIO);
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    siginfo_t none;
    int signal = sigtimedwait(&all, info ? info : &none, &time);
    return signal < 0 ? 0 : signal;
}

static void noted(int signal)
{
    (void)signal;
}

/* A child that opens, truncates (-1) or runs (-2) the file and exits with errno. */
static pid_t opener(int flags)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    errno = 0;
    char *arguments[] = {file, 0};
    if (flags == -2)
        execv(file, arguments);
    int result = flags == -1 ? truncate(file, 1) : open(file, flags);
    _exit(result < 0 ? errno : 0);
}

static int waits(pid_t child)
{
    nap(100);
    return waitpid(child, 0, WNOHANG) == 0;
}

static int end(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int refused(int fd)
{
    return setgroups(0, 0) != 0 || setuid(NOBODY) != 0 ? 255 : lease(fd, F_RDLCK) < 0 ? errno : 0;
}

static void who_gets_one(void)
{
    int reader = open(file, O_RDONLY), pipes[2];
    CHECK(fcntl(reader, F_GETLEASE) == F_UNLCK, "at first there is none");
    CHECK_ERRNO(lease(reader, F_UNLCK), EAGAIN, "what is not there is not removed");
    CHECK_ERRNO(lease(reader, 7), EINVAL, "there is no such lease");
    CHECK(lease(reader, F_RDLCK) == 0 && fcntl(reader, F_GETLEASE) == F_RDLCK, "one for reading");
    CHECK(fcntl(reader, F_GETOWN) == getpid(), "who takes it is told");
    CHECK(lease(reader, F_WRLCK) == 0 && fcntl(reader, F_GETLEASE) == F_WRLCK, "one for writing of a file open for reading");
    int copy = dup(reader);
    CHECK(fcntl(copy, F_GETLEASE) == F_WRLCK && lease(copy, F_UNLCK) == 0, "it is the open file's, not the descriptor's");
    CHECK(fcntl(reader, F_GETLEASE) == F_UNLCK && fcntl(reader, F_GETOWN) == 0, "with it goes the owner");
    close(copy);
    int writer = open(file, O_RDWR);
    CHECK_ERRNO(lease(writer, F_RDLCK), EAGAIN, "none for reading of what one may write");
    CHECK_ERRNO(lease(reader, F_RDLCK), EAGAIN, "none for reading of what others may write");
    CHECK_ERRNO(lease(writer, F_WRLCK), EAGAIN, "none for writing of what others have open");
    close(reader);
    CHECK(lease(writer, F_WRLCK) == 0, "one for writing of what is open once");
    close(writer);
    reader = open(file, O_RDONLY);
    CHECK(fcntl(reader, F_GETLEASE) == F_UNLCK && lease(reader, F_RDLCK) == 0, "it went with the open file");
    int second = open(file, O_RDONLY);
    CHECK(lease(second, F_RDLCK) == 0, "several may have one for reading");
    CHECK_ERRNO(lease(second, F_WRLCK), EAGAIN, "but then nobody for writing");
    pid_t child = fork();
    if (child == 0)
        _exit(refused(reader));
    CHECK(end(child) == EACCES, "another's file gives none");
    close(reader), close(second);
    int folder = open(place, O_RDONLY);
    CHECK_ERRNO(lease(folder, F_RDLCK), EINVAL, "a directory has none");
    CHECK(pipe(pipes) == 0, "a pipe");
    CHECK_ERRNO(lease(pipes[0], F_RDLCK), EINVAL, "has none");
    close(folder), close(pipes[0]), close(pipes[1]);
}

static void who_does_not_wait(void)
{
    siginfo_t info;
    int fd = open(file, O_RDONLY);
    CHECK(lease(fd, F_WRLCK) == 0 && fcntl(fd, F_SETSIG, TELL) == 0, "a lease for writing");
    CHECK_ERRNO(open(file, O_RDONLY | O_NONBLOCK), EAGAIN, "a reader who does not wait");
    CHECK(told(1000, &info) == TELL, "the holder is told");
    CHECK(info.si_fd == fd && info.si_code == POLL_MSG, "by descriptor %d and code %d", info.si_fd, info.si_code);
    CHECK(info.si_band == (POLLIN | POLLRDNORM | POLLMSG), "and events: %lx", info.si_band);
    CHECK(fcntl(fd, F_GETLEASE) == F_RDLCK, "it should become one for reading");
    CHECK_ERRNO(open(file, O_RDONLY | O_NONBLOCK), EAGAIN, "another reader");
    CHECK(told(50, 0) == 0, "tells nothing new");
    CHECK_ERRNO(open(file, O_WRONLY | O_NONBLOCK), EAGAIN, "a writer");
    CHECK(told(1000, 0) == TELL && fcntl(fd, F_GETLEASE) == F_UNLCK, "wants it removed");
    CHECK(lease(fd, F_RDLCK) == 0 && fcntl(fd, F_GETLEASE) == F_UNLCK, "half of that is not enough");
    int reader = open(file, O_RDONLY | O_NONBLOCK);
    CHECK(reader >= 0, "but readers come in");
    CHECK_ERRNO(lease(reader, F_RDLCK), EAGAIN, "and get no lease");
    close(reader);
    CHECK_ERRNO(open(file, O_RDWR | O_TRUNC | O_NONBLOCK), EAGAIN, "a writer who does not wait");
    CHECK(size() == 5, "has cut nothing off");
    CHECK(open(file, O_PATH) >= 0, "who only names the file is not in the way");
    CHECK(lease(fd, F_UNLCK) == 0 && fcntl(fd, F_GETSIG) == 0, "with it goes the signal");
    close(fd);
}

static void who_waits(void)
{
    int fd = open(file, O_RDONLY);
    CHECK(lease(fd, F_WRLCK) == 0, "a lease for writing");
    pid_t child = opener(O_RDONLY);
    siginfo_t info;
    CHECK(told(2000, &info) == SIGIO && info.si_code == SI_KERNEL, "without F_SETSIG it is SIGIO");
    CHECK(waits(child), "a reader waits");
    CHECK_ERRNO(lease(fd, F_WRLCK), EAGAIN, "the holder does not get it again");
    CHECK(lease(fd, F_RDLCK) == 0 && end(child) == 0, "with one for reading the reader comes in");
    CHECK(fcntl(fd, F_GETLEASE) == F_RDLCK, "which stays");
    child = opener(O_WRONLY | O_TRUNC);
    CHECK(told(2000, 0) == SIGIO && waits(child) && size() == 5, "a writer waits, and has cut nothing off");
    CHECK_ERRNO(lease(fd, F_RDLCK), EAGAIN, "who is for writing in there");
    CHECK(lease(fd, F_UNLCK) == 0 && end(child) == 0 && size() == 0, "without the lease he comes in");
    make("12345");
    CHECK(lease(fd, F_RDLCK) == 0, "a lease for reading");
    child = opener(-1);
    CHECK(told(2000, 0) == SIGIO && waits(child) && size() == 5, "who truncates waits");
    CHECK(lease(fd, F_UNLCK) == 0 && end(child) == 0 && size() == 1, "and then does");
    make("12345");
    CHECK(lease(fd, F_RDLCK) == 0, "a lease for reading");
    child = opener(O_RDWR);
    CHECK(told(2000, 0) == SIGIO && waits(child), "a writer waits");
    close(fd);
    CHECK(end(child) == 0, "until the file is closed");
}

static void who_runs_it(void)
{
    char line[256];
    snprintf(line, sizeof line, "%s", "#!/proc/self/exe child\n");
    make(line);
    chmod(file, 0755);
    int fd = open(file, O_RDONLY);
    CHECK(lease(fd, F_WRLCK) == 0, "a lease of a program");
    pid_t child = opener(-2);
    CHECK(told(2000, 0) == SIGIO && waits(child), "who runs it waits");
    CHECK(lease(fd, F_UNLCK) == 0 && end(child) == 42, "and then does");
    close(fd);
    make("12345");
}

static void who_is_told(void)
{
    siginfo_t info;
    int fd = open(file, O_RDONLY), second = open(file, O_RDONLY);
    CHECK(lease(fd, F_RDLCK) == 0 && lease(second, F_RDLCK) == 0, "two leases");
    CHECK(fcntl(fd, F_SETSIG, TELL) == 0 && fcntl(second, F_SETSIG, TELL) == 0, "with signals");
    CHECK_ERRNO(open(file, O_WRONLY | O_NONBLOCK), EAGAIN, "a writer");
    CHECK(told(1000, &info) == TELL && (info.si_fd == fd || info.si_fd == second), "both are told");
    int other = info.si_fd == fd ? second : fd;
    CHECK(told(1000, &info) == TELL && info.si_fd == other, "each once");
    close(second);
    CHECK(lease(fd, F_UNLCK) == 0 && lease(fd, F_RDLCK) == 0, "a new lease");
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        _exit(told(5000, 0) == SIGIO ? 0 : 1);
    }
    setpgid(child, child);
    CHECK(fcntl(fd, F_SETOWN, -child) == 0 && fcntl(fd, F_GETOWN) == -child, "owned by a group");
    CHECK_ERRNO(open(file, O_WRONLY | O_NONBLOCK), EAGAIN, "a writer");
    CHECK(end(child) == 0 && told(50, 0) == 0, "the group is told and nobody else");
    CHECK(fcntl(fd, F_GETOWN) == 0, "it is gone");
    CHECK(lease(fd, F_UNLCK) == 0 && lease(fd, F_RDLCK) == 0, "a new lease");
    child = fork();
    if (child == 0)
        _exit(setuid(NOBODY) != 0 || told(1000, 0) != 0);
    nap(100);
    if (fork() == 0)
        _exit(setresuid(1000, 1000, 1000) != 0 || fcntl(fd, F_SETOWN, child) != 0);
    CHECK(end(-1) == 0, "a stranger is made the owner by a user");
    CHECK_ERRNO(open(file, O_WRONLY | O_NONBLOCK), EAGAIN, "a writer");
    CHECK(end(child) == 0, "and hears nothing");
    close(fd);
}

static void who_is_interrupted(void)
{
    int fd = open(file, O_RDONLY);
    CHECK(lease(fd, F_WRLCK) == 0, "a lease");
    pid_t child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_handler = noted};
        sigaction(SIGALRM, &action, 0);
        ualarm(200000, 0);
        _exit(open(file, O_WRONLY) < 0 ? errno : 0);
    }
    CHECK(end(child) == EINTR, "a signal ends the wait");
    CHECK(told(1000, 0) == SIGIO && fcntl(fd, F_GETLEASE) == F_UNLCK, "the holder has been told for good");
    CHECK(lease(fd, F_UNLCK) == 0, "he removes it");
    struct sigaction action = {.sa_handler = noted};
    sigset_t io;
    sigemptyset(&io), sigaddset(&io, SIGIO);
    sigaction(SIGIO, &action, 0);
    sigprocmask(SIG_UNBLOCK, &io, 0);
    CHECK(lease(fd, F_WRLCK) == 0, "a lease");
    CHECK_ERRNO(open(file, O_RDONLY), EINTR, "who is in his own way is told, and that ends his wait");
    sigprocmask(SIG_BLOCK, &io, 0);
    close(fd);
}

static int set_break_time(int seconds)
{
    FILE *setting = fopen(BREAK_TIME, "w");
    int bad = setting == 0 || fprintf(setting, "%d\n", seconds) < 0;
    return (setting == 0 || fclose(setting) == 0) && !bad;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void who_does_not_answer(void)
{
    long usual = setting(BREAK_TIME);
    CHECK(usual > 0, "there is a time to answer: %ld", usual);
    if (!set_break_time(1))
        return;
    int fd = open(file, O_RDONLY);
    CHECK(lease(fd, F_WRLCK) == 0 && fcntl(fd, F_SETSIG, TELL) == 0, "a lease");
    double begin = now();
    pid_t child = opener(O_RDONLY);
    CHECK(end(child) == 0 && now() - begin > 0.9, "who does not answer loses it for writing");
    CHECK(fcntl(fd, F_GETLEASE) == F_RDLCK && fcntl(fd, F_GETOWN) == getpid(), "it is one for reading now");
    begin = now();
    child = opener(O_WRONLY);
    CHECK(end(child) == 0 && now() - begin > 0.9, "and then altogether");
    CHECK(fcntl(fd, F_GETLEASE) == F_UNLCK && fcntl(fd, F_GETOWN) == 0 && fcntl(fd, F_GETSIG) == 0, "nothing of it is left");
    CHECK_ERRNO(lease(fd, F_UNLCK), EAGAIN, "to be removed");
    CHECK(set_break_time(usual) && setting(BREAK_TIME) == usual, "the time is set back");
    while (told(10, 0) != 0)
        ;
    close(fd);
}

/* Two leases with an opener each: one is given up after the cuts, the other's time runs out meanwhile or after them. */
static void cut(int seconds)
{
    char second[96];
    int slow = seconds + 4;
    CHECK(set_break_time(slow), "a time to answer of %d seconds", slow);
    int first = open(file, O_RDONLY);
    CHECK(lease(first, F_WRLCK) == 0 && fcntl(first, F_SETSIG, TELL) == 0, "a lease");
    pid_t opens = opener(O_WRONLY | O_TRUNC);
    CHECK(waits(opens), "one waits");
    snprintf(second, sizeof second, "%s", file);
    snprintf(file, sizeof file, "%s/second", place);
    make("12345");
    int fd = open(file, O_RDONLY);
    CHECK(lease(fd, F_RDLCK) == 0 && fcntl(fd, F_SETSIG, TELL) == 0, "a second one");
    double begin = now();
    pid_t truncates = opener(-1);
    siginfo_t info;
    CHECK(waits(opens) && waits(truncates), "two wait");
    printf("# holding\n");
    fflush(stdout);
    while (now() - begin < seconds)
        nap(200);
    CHECK(waits(opens) && waits(truncates) && size() == 5, "they still do");
    CHECK(fcntl(first, F_GETLEASE) == F_UNLCK && fcntl(fd, F_GETLEASE) == F_UNLCK, "for leases that should be removed");
    CHECK_ERRNO(lease(fd, F_RDLCK), EAGAIN, "which nobody gets again");
    CHECK(told(1000, &info) == TELL && info.si_fd == first, "the first holder was told");
    CHECK(told(1000, &info) == TELL && info.si_fd == fd && told(50, 0) == 0, "the second too, and nobody twice");
    CHECK(lease(first, F_UNLCK) == 0 && end(opens) == 0, "without its lease the first file is opened");
    CHECK(end(truncates) == 0 && now() - begin > slow - 1 && size() == 1, "when its time is over the second is cut off");
    CHECK(fcntl(fd, F_GETLEASE) == F_UNLCK && fcntl(fd, F_GETSIG) == 0, "nothing is left of the lease");
    unlink(second);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "child") == 0)
        return 42;
    sigset_t all;
    sigemptyset(&all), sigaddset(&all, TELL), sigaddset(&all, SIGIO);
    sigprocmask(SIG_BLOCK, &all, 0);
    snprintf(place, sizeof place, "/tmp/leases-XXXXXX");
    CHECK(mkdtemp(place) != 0 && chmod(place, 0777) == 0, "a place");
    snprintf(file, sizeof file, "%s/file", place);
    CHECK(make("12345"), "a file");
    if (count > 1) {
        cut(8);
        unlink(file), rmdir(place);
        return tap_done();
    }
    who_gets_one();
    who_does_not_wait();
    who_waits();
    who_runs_it();
    who_is_told();
    who_is_interrupted();
    who_does_not_answer();
    unlink(file), rmdir(place);
    return tap_done();
}
