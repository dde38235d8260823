/* bank.c - a bank in two regions (docs/api.md): accounts, and what each teller has done. Threads move money between accounts, each transfer
 * one persist of both regions, wait for some of them only later, and give others up. Whatever happens to the power or to the program, the
 * books must balance when they are opened again, every transfer be there whole or not at all, and none be missing that has been
 * acknowledged ("ack THREAD TRANSFER").
 *
 *   bank [LIVES] [SECONDS]    so many lives of the teller, each ended by SIGKILL after so long (0: for ever; 1)
 *   bank alone                the program itself is the teller, for ever: as process 1 it is started again when its region has gone on
 *
 * Otherwise the teller is a child (lives.h). A page has one account, which one thread has at a time, since a page is whose changed it
 * first. Every account says how many transfers of each thread it has seen, and every thread's own page which one was its last: so it is
 * seen when a page is missing from a persist, and when one is there that should not be. */
#define _GNU_SOURCE
#include "../include/aurora.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGE 4096
#define ACCOUNTS 200
#define TELLERS 4
#define EACH 1000
#define MAGIC 0x6B6E6162
#define ACK_EVERY 8

struct account { uint64_t magic, balance, seen[TELLERS]; char rest[PAGE - 16 - 8 * TELLERS]; };
struct teller { uint64_t done, from, to; char rest[PAGE - 24]; };

static struct account *accounts;
static struct teller *tellers;
static long accounts_md, tellers_md, first_md; /* epochs of both are the first's, by address */
static pthread_mutex_t locks[ACCOUNTS];

static void fail(const char *what, long detail)
{
    printf("FAIL %s: %ld, errno %d %s\n", what, detail, errno, strerror(errno));
    fflush(stdout);
    exit(1);
}

static void open_books(void)
{
    accounts_md = msnap_open("bank", (void **)&accounts, ACCOUNTS * sizeof *accounts, MS_CREATE);
    tellers_md = msnap_open("tellers", (void **)&tellers, TELLERS * sizeof *tellers, MS_CREATE);
    if (accounts_md < 0 || tellers_md < 0)
        fail("open", accounts_md);
    first_md = (void *)accounts < (void *)tellers ? accounts_md : tellers_md;
    if (accounts[0].magic != MAGIC) {
        for (int i = 0; i < ACCOUNTS; i++)
            accounts[i] = (struct account){.magic = MAGIC, .balance = EACH};
        if (msnap_persist(-1, 0) <= 0)
            fail("persist", 0);
    }
}

/* The books are as after one transfer of each thread, whole. */
static void audit(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < ACCOUNTS; i++) {
        struct account *account = &accounts[i];
        if (account->magic != MAGIC)
            fail("no account", i);
        sum += account->balance;
        for (int t = 0; t < TELLERS; t++)
            if (account->seen[t] > tellers[t].done)
                fail("an account has seen what has not been", i);
    }
    if (sum != (uint64_t)ACCOUNTS * EACH)
        fail("the sum", (long)sum);
    for (int t = 0; t < TELLERS; t++) {
        struct teller *teller = &tellers[t];
        if (teller->done && (accounts[teller->from].seen[t] != teller->done || accounts[teller->to].seen[t] != teller->done))
            fail("half a transfer", t);
    }
    printf("books");
    for (int t = 0; t < TELLERS; t++)
        printf(" %lu", tellers[t].done);
    printf("\n");
    fflush(stdout);
}

static void transfer(int t, int from, int to, uint64_t amount)
{
    struct teller *teller = &tellers[t];
    teller->from = (uint64_t)from;
    teller->to = (uint64_t)to;
    teller->done++;
    accounts[from].balance -= amount;
    accounts[to].balance += amount;
    accounts[from].seen[t] = accounts[to].seen[t] = teller->done;
}

/* One that is given up leaves everything as it was. */
static void give_up(int t, int from, int to)
{
    uint64_t balances[] = {accounts[from].balance, accounts[to].balance, tellers[t].done};
    transfer(t, from, to, balances[0]);
    if (msnap_abort(accounts_md, 0) != 0 || msnap_abort(tellers_md, 0) != 0)
        fail("abort", t);
    if (balances[0] != accounts[from].balance || balances[1] != accounts[to].balance || balances[2] != tellers[t].done)
        fail("an abort left something", t);
}

static void *serve(void *argument)
{
    int t = (int)(long)argument;
    unsigned seed = (unsigned)(time(0) * TELLERS + t);
    for (uint64_t count = 1;; count++) {
        int from = rand_r(&seed) % ACCOUNTS, to = (from + 1 + rand_r(&seed) % (ACCOUNTS - 1)) % ACCOUNTS;
        pthread_mutex_lock(&locks[from < to ? from : to]);
        pthread_mutex_lock(&locks[from < to ? to : from]);
        if (count % 16 == 0) {
            give_up(t, from, to);
        } else {
            transfer(t, from, to, accounts[from].balance ? rand_r(&seed) % (accounts[from].balance + 1) : 0);
            long epoch = msnap_persist(-1, count % 4 == 0 ? MS_ASYNC : 0);
            if (epoch <= 0 || (count % 4 == 0 && msnap_wait(first_md, (uint64_t)epoch) != 0))
                fail("persist", epoch);
        }
        uint64_t done = tellers[t].done;
        pthread_mutex_unlock(&locks[from]);
        pthread_mutex_unlock(&locks[to]);
        if (done % ACK_EVERY == 0 && count % 16 != 0) {
            printf("ack %d %lu\n", t, done);
            fflush(stdout);
        }
    }
    return 0;
}

static void live(void)
{
    pthread_t threads[TELLERS];
    open_books();
    audit();
    for (int i = 0; i < ACCOUNTS; i++)
        pthread_mutex_init(&locks[i], 0);
    for (long t = 0; t < TELLERS; t++)
        if (pthread_create(&threads[t], 0, serve, (void *)t) != 0)
            fail("thread", t);
    pthread_join(threads[0], 0);
}

#include "lives.h"

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "alone") == 0) {
        live();
        return 1;
    }
    return run_lives(count > 1 ? atol(arguments[1]) : 0, count > 2 ? atof(arguments[2]) : 1);
}
