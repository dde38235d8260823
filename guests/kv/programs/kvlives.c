/* kvlives.c - a store in which two programs with two threads each write batches, whatever happens to the power or to them (docs/kv.md).
 * What a thread has acknowledged ("ack WRITER ROUND") must be there when its program is started again ("found PROGRAM ROUND ROUND"),
 * and nobody may see half a batch.
 *
 *   kvlives [LIVES] [SECONDS]    so many times one of the two is ended by SIGKILL after so long (0: never, until the power is cut; 1)
 *
 * This program itself opens no store, so it goes on after a restart, and starts anew what has ended: what shows a region that has gone
 * on without it is ended then. */
#define _GNU_SOURCE
#include "accounts.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define PROGRAMS 2
#define THREADS (WRITERS / PROGRAMS)
#define ACK_EVERY 4

static void fail(const char *what, long detail)
{
    printf("FAIL %s: %ld, errno %d %s\n", what, detail, errno, strerror(errno));
    fflush(stdout);
    _exit(1);
}

/* Each writer's accounts are there, whole, or have never been. */
static void audit(struct kv *kv, int program)
{
    for (int i = 0; i < WRITERS; i++) {
        long sum = sum_of(kv, i);
        if (sum != ACCOUNTS * EACH && (sum != -1 || round_of(kv, i) != 0))
            fail("half a batch", i);
    }
    printf("found %d", program);
    for (int i = 0; i < THREADS; i++)
        printf(" %lu", round_of(kv, program * THREADS + i));
    printf("\n");
    fflush(stdout);
}

static void *serve(void *argument)
{
    struct writer *writer = argument;
    for (uint64_t round = round_of(writer->kv, writer->number) + 1;; round++) {
        writer->when = round % 3 == 0 ? KV_ASYNC : KV_SYNC;
        long change = shuffle(writer, round);
        if (change < 0 || (writer->when == KV_ASYNC && kv_wait(writer->kv, (uint64_t)change) != 0)) {
            if (errno != ECANCELED)
                fail("a batch is refused or not durable", writer->number);
            round--; /* the other program has died within a change, and this one, or the other thread's, was given up with that */
            continue;
        }
        int other = (writer->number + 1) % WRITERS;
        long sum = round % 8 == 0 ? sum_of(writer->kv, other) : -1;
        if (sum != -1 && sum != ACCOUNTS * EACH)
            fail("half a batch is seen", other);
        if (round % ACK_EVERY == 0) {
            printf("ack %d %lu\n", writer->number, round);
            fflush(stdout);
        }
    }
    return NULL;
}

static void live(int program)
{
    struct writer writers[THREADS];
    pthread_t threads[THREADS];
    struct kv *kv = kv_open("kvlives", 1 << 20, KV_CREATE);
    if (!kv)
        fail("open", program);
    audit(kv, program);
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){kv, program * THREADS + i, (uint32_t)getpid() + (uint32_t)i, KV_SYNC};
        if (pthread_create(&threads[i], NULL, serve, &writers[i]) != 0)
            fail("thread", i);
    }
    pthread_join(threads[0], NULL);
}

static pid_t start(int program)
{
    pid_t child = fork();
    if (child == 0) {
        live(program);
        _exit(0);
    }
    if (child < 0)
        fail("fork", child);
    return child;
}

/* Waits until a program has ended, and says how. */
static int end_of(pid_t *programs, int *status)
{
    pid_t ended = wait(status);
    for (int i = 0; i < PROGRAMS; i++)
        if (programs[i] == ended)
            return i;
    fail("wait", ended);
    return -1;
}

int main(int count, char **arguments)
{
    long lives = count > 1 ? atol(arguments[1]) : 0;
    double seconds = count > 2 ? atof(arguments[2]) : 1;
    struct timespec life = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (time_t)seconds) * 1e9)};
    pid_t programs[PROGRAMS];
    int status;
    for (int i = 0; i < PROGRAMS; i++)
        programs[i] = start(i);
    for (long i = 0; lives == 0 || i < lives; i++) {
        if (lives != 0) {
            nanosleep(&life, NULL);
            kill(programs[i % PROGRAMS], SIGKILL);
        }
        int ended = end_of(programs, &status);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) /* a restart ends them so, too */
            fail("a program has ended by itself", status);
        printf("program %d ended by %d\n", ended, WTERMSIG(status));
        fflush(stdout);
        programs[ended] = start(ended);
    }
    struct kv *kv = kv_open("kvlives", 0, 0);
    if (kv)
        audit(kv, 0);
    for (int i = 0; i < PROGRAMS; i++)
        kill(programs[i], SIGKILL);
    return kv == NULL;
}
