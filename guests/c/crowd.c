/* crowd.c - many processes that each have much, and an end of all of them at once.
 *
 * crowd maps  PROCESSES EACH TICKS   each process has EACH mappings
 * crowd mixed PROCESSES EACH TICKS   each has EACH mappings, threads, record locks and pipes, or as many as it gets
 *
 * Every process builds what it is to have and sleeps. When all have, "built" is printed, then TICKS lines, ten a second; every process must still be
 * there: "crowd ok". Then the program ends, and when it is init everybody with it. Anything else prints FAIL and ends with status 1.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul

static void *sleeper(void *unused)
{
    for (;;)
        pause();
    return unused;
}

static void take_mappings(int count)
{
    for (int i = 0; i < count; i++)
        if (mmap(NULL, PAGE, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
            return;
}

static void take_threads(int count)
{
    pthread_attr_t small;
    pthread_t thread;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    while (count-- > 0 && pthread_create(&thread, &small, sleeper, NULL) == 0)
        ;
}

static void take_locks(int count)
{
    char path[] = "/tmp/crowdXXXXXX";
    int file = mkstemp(path);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    for (; count-- > 0 && file >= 0; lock.l_start += 2)
        if (fcntl(file, F_SETLK, &lock) != 0)
            return;
}

static void take_pipes(int count)
{
    int ends[2];
    while (count-- > 0 && pipe(ends) == 0)
        if (write(ends[1], "x", 1) != 1)
            return;
}

static pid_t start(int is_mixed, int each, int ready)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    take_mappings(each);
    if (is_mixed) {
        take_threads(each);
        take_locks(each);
        take_pipes(each);
    }
    if (write(ready, "r", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

int main(int count, char **arguments)
{
    if (count != 5 || (strcmp(arguments[1], "maps") && strcmp(arguments[1], "mixed"))) {
        fprintf(stderr, "usage: crowd maps|mixed PROCESSES EACH TICKS\n");
        return 2;
    }
    int is_mixed = !strcmp(arguments[1], "mixed"), wanted = atoi(arguments[2]), started = 0, ready[2];
    pid_t *children = calloc((size_t)wanted, sizeof *children);
    char byte;
    if (children == NULL || pipe(ready) != 0)
        return 2;
    for (; started < wanted; started++)
        if ((children[started] = start(is_mixed, atoi(arguments[3]), ready[1])) < 0)
            break;
    for (int i = 0; i < started; i++)
        if (read(ready[0], &byte, 1) != 1)
            return 1;
    printf("built %d\n", started);
    fflush(stdout);
    for (int tick = 0; tick < atoi(arguments[4]); tick++) {
        usleep(100000);
        printf("tick %d\n", tick);
        fflush(stdout);
    }
    for (int i = 0; i < started; i++)
        if (waitpid(children[i], NULL, WNOHANG) != 0 || kill(children[i], 0) != 0) {
            printf("FAIL: process %d of the crowd is gone\n", i);
            return 1;
        }
    printf("crowd ok\n");
    fflush(stdout);
    if (getpid() != 1)
        kill(0, SIGKILL);
    return 0;
}
