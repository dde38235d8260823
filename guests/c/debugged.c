/* debugged.c - a program to look into with a debugger, whose state nobody can take for another one. A thread waits in waits_in_vain; the
 * first one goes round in goes_round, says "known is N" whenever the number has changed, and SIGUSR1 makes it the next one. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

struct record {
    int number;
    const char *word;
    double fraction;
};

volatile long known = 41;
struct record record = { 7, "aurora", 0.25 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void next(int signal)
{
    known += signal == SIGUSR1;
}

static __attribute__((noipa)) void *waits_in_vain(void *locked)
{
    pthread_mutex_lock(locked);
    return NULL;
}

static __attribute__((noipa)) long goes_round(long rounds)
{
    long seen = 0;
    for (;; rounds++) {
        if (seen != known) {
            seen = known;
            record.number = (int)seen * 2;
            printf("known is %ld\n", seen);
            fflush(stdout);
        }
        if (rounds < 0)
            return rounds;
    }
}

int main(void)
{
    pthread_t thread;
    signal(SIGUSR1, next);
    pthread_mutex_lock(&mutex);
    if (pthread_create(&thread, NULL, waits_in_vain, &mutex))
        return 1;
    return goes_round(0) < 0;
}
