/* criu_dumps.c - memory dumped and restored by CRIU on the peer (dumps.h says in which order). The first image is whole, each further one
 * has what changed since the one before. CRIU does not flush: an image is durable when its file system has been flushed. How long the
 * program was stopped CRIU itself writes down beside the image. */
#define _GNU_SOURCE
#include "dumps.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PROGRAM "/usr/lib/aurora/saved"
#define IMAGES "images"

static pid_t process;
static int orders = -1, answers = -1, image;

static int run(char **words)
{
    int status;
    pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) {
        int log = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0644);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        execvp(words[0], words);
        _exit(127);
    }
    require(waitpid(child, &status, 0) == child, "waitpid");
    return status;
}

static void must_run(char **words)
{
    int status = run(words);
    if (status == 0)
        return;
    printf("bench: %s %s ended with status %x:\n", words[0], words[1], status);
    fflush(stdout);
    execlp("tail", "tail", "-n", "15", "log", IMAGES "/0/criu.log", "criu.log", (char *)NULL);
    exit(1);
}

static void start(unsigned long mebibytes)
{
    char size[16], line[64];
    snprintf(size, sizeof size, "%lu", mebibytes);
    must_run((char *[]){"rm", "-rf", IMAGES, NULL});
    mkdir(IMAGES, 0755);
    image = 0;
    unlink("/tmp/orders");
    unlink("/tmp/answers");
    require(mkfifo("/tmp/orders", 0600) == 0 && mkfifo("/tmp/answers", 0600) == 0, "mkfifo");
    orders = open("/tmp/orders", O_RDWR | O_CLOEXEC);
    answers = open("/tmp/answers", O_RDWR | O_CLOEXEC);
    process = fork();
    require(process >= 0, "fork");
    if (process == 0) { /* a session of its own without the console, and nothing open that CRIU would have to find again */
        setsid();
        require(chdir("/") == 0, "/");
        int null = open("/dev/null", O_RDWR);
        for (int fd = 0; fd < 3; fd++)
            dup2(null, fd);
        close(null);
        execl(PROGRAM, "saved", size, "/tmp/orders", "/tmp/answers", (char *)NULL);
        _exit(127);
    }
    await_answer(line, sizeof line);
    require(!strcmp(line, "ready"), line);
}

static void order(const char *text)
{
    require(write(orders, text, strlen(text)) == (ssize_t)strlen(text) && write(orders, "\n", 1) == 1, "order");
}

static void await_answer(char *line, size_t size)
{
    size_t length = 0;
    char byte;
    while (length < size - 1) {
        require(read(answers, &byte, 1) == 1, "answer");
        if (byte == '\n')
            break;
        line[length++] = byte;
    }
    line[length] = 0;
}

/* A number in the encoding of protocol buffers. */
static uint64_t number(const uint8_t **at)
{
    uint64_t value = 0;
    int shift = 0;
    do {
        value |= (uint64_t)(**at & 127) << shift;
        shift += 7;
    } while (*(*at)++ & 128);
    return value;
}

/* stats-dump: two magic numbers and a length, then a message whose field 1 is a message of numbers, of which 1 and 2 are the microseconds
 * of stopping the program and of having it stopped. */
static uint64_t stopped_ns(const char *folder)
{
    char path[64];
    uint8_t bytes[512];
    snprintf(path, sizeof path, "%s/stats-dump", folder);
    int file = open(path, O_RDONLY);
    ssize_t count = file < 0 ? 0 : read(file, bytes, sizeof bytes);
    close(file);
    require(count > 14, path);
    const uint8_t *at = bytes + 12;
    number(&at);
    uint64_t length = number(&at);
    const uint8_t *end_of_message = at + length;
    uint64_t microseconds = 0;
    while (at < end_of_message && at < bytes + count) {
        uint64_t field = number(&at) >> 3, value = number(&at);
        if (field == 1 || field == 2)
            microseconds += value;
    }
    return microseconds * 1000;
}

static struct dump_cost change_and_save(int first, unsigned long pages)
{
    struct dump_cost cost;
    char folder[32], before[32], pid[16];
    change_pages(pages);
    snprintf(folder, sizeof folder, IMAGES "/%d", image);
    snprintf(before, sizeof before, "../%d", image - 1);
    snprintf(pid, sizeof pid, "%d", process);
    mkdir(folder, 0755);
    sync();
    uint64_t began = now();
    char *whole[] = {"criu", "dump", "-t", pid, "-D", folder, "-o", "criu.log", "--leave-running", "--track-mem", NULL};
    char *changed[] = {"criu", "dump", "-t", pid, "-D", folder, "-o", "criu.log", "--leave-running", "--track-mem",
                       "--prev-images-dir", before, NULL};
    must_run(first ? whole : changed);
    int directory = open(folder, O_RDONLY);
    require(syncfs(directory) == 0, "syncfs");
    cost.durable_ns = now() - began;
    close(directory);
    cost.stop_ns = stopped_ns(folder);
    image++;
    return cost;
}

/* Who is not our child is gone when there is no such process any more. */
static void end(void)
{
    kill(process, SIGKILL);
    waitpid(process, NULL, 0);
    while (kill(process, 0) == 0)
        usleep(1000);
    sync();
    int caches = open("/proc/sys/vm/drop_caches", O_WRONLY);
    require(write(caches, "3", 1) == 1, "drop_caches");
    close(caches);
}

static void bring_back(void)
{
    must_run((char *[]){"criu", "restore", "-d", "-D", IMAGES "/0", "-o", "criu.log", NULL});
}

static void forget(void)
{
    end();
    close(orders);
    close(answers);
}

int main(int count, char **words)
{
    return measure_dumps(count, words);
}
