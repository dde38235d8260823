/* lock.c - the lock of a store, and what becomes of a change whose program has died.
 *
 * The lock is a robust mutex that processes share, in NAME.lock. A thread that ends while it has it leaves it to the next, who is told.
 * Had it begun a change (`changing`), pages of the region are half changed, in memory only: the next one waits for the persist that is
 * on its way and brings back what was persisted last. So everything that was changed after that and not taken is given up too; it had
 * been acknowledged to nobody as durable. Numbers go on behind those that are lost, so whoever waits for one is told that it is.
 *
 * A mutex of zeroes becomes ours when the bytes that say its kind are stored: they are the same for everybody and nobody changes them
 * later, so it does not matter who is first, nor whether somebody dies or has it meanwhile. */
#define _GNU_SOURCE
#include "store.h"

void lock_set_up(struct shared *shared)
{
    union { pthread_mutex_t mutex; unsigned char bytes[sizeof(pthread_mutex_t)]; } fresh = {.bytes = {0}};
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&fresh.mutex, &attributes);
    for (size_t i = 0; i < sizeof fresh; i++)
        if (fresh.bytes[i] != 0)
            __atomic_store_n((unsigned char *)&shared->lock + i, fresh.bytes[i], __ATOMIC_RELEASE);
}

int is_lost(const struct kv *kv, uint64_t number)
{
    const struct shared *shared = kv->shared;
    if (number <= shared->forgotten)
        return ESTALE;
    uint64_t known = shared->aborts < LOST ? shared->aborts : LOST;
    for (uint64_t i = 0; i < known; i++)
        if (number > shared->lost[i].after && number <= shared->lost[i].last)
            return ECANCELED;
    return 0;
}

static int give_up(struct kv *kv)
{
    struct shared *shared = kv->shared;
    settle(kv); /* a refused persist is given up with the rest */
    int error = give_pages_up(kv->md);
    if (error != 0)
        return error;
    if (shared->opening == 0) { /* the format, of which nobody knows anything */
        shared->changing = 0;
        return 0;
    }
    uint64_t slot = shared->aborts % LOST;
    if (shared->aborts >= LOST)
        shared->forgotten = shared->lost[slot].last;
    shared->lost[slot].after = shared->durable;
    shared->lost[slot].last = shared->number++; /* what is there now has a number behind them */
    shared->aborts++;
    shared->taking = shared->taken = shared->durable = shared->number;
    shared->dirty = shared->flying = 0;
    shared->free_pages = pages_count_free(kv);
    shared->hint = 0;
    shared->changing = 0;
    return 0;
}

/* The owner has died. When it was about to persist, it is not known whether it has: it is done again, so that it is. */
static int recover(struct kv *kv)
{
    struct shared *shared = kv->shared;
    if (shared->changing)
        return give_up(kv);
    if (shared->failed == 0 && shared->opening != 0 && shared->taking > shared->taken)
        take(kv); /* refused: the changes are dirty as before, and who waits for them asks again */
    return 0;
}

int lock(struct kv *kv)
{
    int error = pthread_mutex_lock(&kv->shared->lock);
    if (error == EOWNERDEAD) {
        error = recover(kv);
        if (error != 0)
            kv->shared->failed = (uint32_t)error;
        pthread_mutex_consistent(&kv->shared->lock);
        error = 0;
    }
    if (error != 0)
        return error;
    error = kv->opening != 0 && kv->opening != kv->shared->opening ? ESTALE : (int)kv->shared->failed;
    if (error != 0)
        unlock(kv);
    return error;
}

void unlock(struct kv *kv)
{
    pthread_mutex_unlock(&kv->shared->lock);
}
