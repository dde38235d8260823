/* check_together.h - several threads, several programs, and one that dies, all of them writers of accounts.h. */
#ifndef CHECK_TOGETHER_H
#define CHECK_TOGETHER_H

#include "accounts.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#define ROUNDS 25

static void *write_rounds(void *argument)
{
    struct writer *writer = argument;
    for (uint64_t round = 1; round <= ROUNDS; round++)
        if (shuffle(writer, round) < 0)
            return writer;
    return NULL;
}

static void check_threads(void)
{
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    struct kv *kv = kv_open("kvcheck", 4 << 20, KV_CREATE);
    struct kv_stats before, after;
    void *failed;
    int wrong = 0, refused = 0;
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){kv, i, (uint32_t)i, KV_SYNC};
        wrong += shuffle(&writers[i], 0) < 0;
    }
    kv_stat(kv, &before);
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&threads[i], NULL, write_rounds, &writers[i]);
    for (int i = 0; i < 10 * WRITERS; i++)
        wrong += sum_of(kv, i % WRITERS) != ACCOUNTS * EACH;
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], &failed);
        refused += failed != NULL;
    }
    CHECK(refused == 0, "threads write batches");
    CHECK(wrong == 0, "and nobody sees half of one");
    kv_stat(kv, &after);
    CHECK(after.changes - before.changes == WRITERS * ROUNDS && after.persists - before.persists < WRITERS * ROUNDS,
        "several share a persist");
    CHECK(after.durable == after.sequence && after.snapshots == 0, "all is durable, and iterators hold nothing any more");
    kv_close(kv);
    kv = kv_open("kvcheck", 0, 0);
    for (int i = 0; i < WRITERS; i++)
        wrong += sum_of(kv, i) != ACCOUNTS * EACH || round_of(kv, i) != ROUNDS;
    CHECK(wrong == 0, "opened again, each has its last batch");
    CHECK(kv_close(kv) == 0, "the store of the threads is closed");
}

/* A child that opens the store anew and writes; it ends by itself after the rounds, or when it is killed. */
static pid_t start_writer(int number, enum kv_when when, uint64_t rounds, int acknowledges)
{
    pid_t child = fork();
    if (child != 0)
        return child;
    struct writer writer = {kv_open("kvcheck", 4 << 20, KV_CREATE), number, (uint32_t)getpid(), when};
    if (!writer.kv)
        _exit(2);
    uint64_t first = round_of(writer.kv, number);
    for (uint64_t round = first + 1; rounds == 0 || round <= first + rounds; round++) {
        if (shuffle(&writer, round) < 0)
            _exit(3);
        if (acknowledges >= 0 && write(acknowledges, &round, sizeof round) != sizeof round)
            _exit(4);
    }
    _exit(kv_close(writer.kv) == 0 ? 0 : 5);
}

static void check_processes(void)
{
    pid_t children[WRITERS];
    int status, wrong = 0;
    uint64_t before[WRITERS];
    struct kv *kv = kv_open("kvcheck", 0, 0);
    for (int i = 0; i < WRITERS; i++)
        before[i] = round_of(kv, i);
    kv_close(kv);
    for (int i = 0; i < WRITERS; i++)
        children[i] = start_writer(i, KV_SYNC, ROUNDS, -1);
    kv = kv_open("kvcheck", 0, 0);
    for (int i = 0; i < 10 * WRITERS; i++)
        wrong += sum_of(kv, i % WRITERS) != ACCOUNTS * EACH;
    for (int i = 0; i < WRITERS; i++)
        wrong += waitpid(children[i], &status, 0) != children[i] || status != 0;
    CHECK(wrong == 0, "several programs write, and nobody sees half a batch");
    for (int i = 0; i < WRITERS; i++)
        wrong += sum_of(kv, i) != ACCOUNTS * EACH || round_of(kv, i) != before[i] + ROUNDS;
    CHECK(wrong == 0, "each has its last batch");
    CHECK(kv_close(kv) == 0, "the store of the programs is closed");
}

/* Kills one of two writers again and again: what it has acknowledged is there, nothing half, and the other goes on. */
static void check_kills(int kills)
{
    int pipes[2], wrong = 0, status;
    struct kv_stats stats = {0};
    struct kv *kv = NULL;
    pid_t other = start_writer(1, KV_SYNC, 0, -1);
    for (int i = 0; i < kills; i++) {
        uint64_t round = 0, acknowledged = 0;
        if (pipe(pipes) != 0)
            break;
        if (kv)
            kv_close(kv); /* a child inherits no store */
        pid_t child = start_writer(0, i % 2 ? KV_SYNC : KV_LATER, 0, pipes[1]);
        kv = kv_open("kvcheck", 0, 0);
        close(pipes[1]);
        for (int count = 0; count < 2 + i % 5 && read(pipes[0], &round, sizeof round) == sizeof round; count++)
            acknowledged = round;
        usleep((useconds_t)mixed((uint64_t)i) % 3000); /* the moment of the kill, not a wait for anything */
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        while (read(pipes[0], &round, sizeof round) == sizeof round)
            acknowledged = round;
        close(pipes[0]);
        long sums[] = {sum_of(kv, 0), sum_of(kv, 1)};
        uint64_t found = round_of(kv, 0);
        int is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
        int bad = !is_killed || sums[0] != ACCOUNTS * EACH || sums[1] != ACCOUNTS * EACH || (i % 2 && found < acknowledged);
        if (bad)
            printf("# kill %d: status %d, sums %ld %ld, round %lu of %lu\n", i, status, sums[0], sums[1], found, acknowledged);
        wrong += bad;
    }
    CHECK(wrong == 0, "programs are killed, and what they have acknowledged is there, and nothing half");
    uint64_t before = round_of(kv, 1);
    for (int i = 0; i < 1000 && round_of(kv, 1) == before; i++)
        usleep(10000);
    CHECK(round_of(kv, 1) > before, "the other has gone on");
    kill(other, SIGKILL);
    waitpid(other, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && kv_stat(kv, &stats) == 0, "and is killed itself");
    printf("# %lu of the kills were within a change\n", stats.aborts);
    CHECK(kv_compact(kv) == 0 && kv_stat(kv, &stats) == 0 && stats.snapshots == 0, "nothing is held for the dead");
    CHECK(kv_close(kv) == 0 && kv_destroy("kvcheck") == 0, "the store of the killed is ended");
}

#endif
