/* commit.c - making changes durable, in groups.
 *
 * Persists of a region are one behind the other, so one at a time is on its way, and what is changed meanwhile goes with the next: the
 * more threads, the more changes share one. Nobody is appointed to do it. Who wants a change to be durable looks, with the lock: it is;
 * or it is in the persist on its way, whose number is in `epoch`, and is waited for (msnap_wait, without the lock); or nothing is on
 * its way, and he begins one with everything changed so far (MS_GLOBAL | MS_ASYNC: it returns when the pages are taken). All sleep in
 * the kernel, where it does not matter of which program they are, and who dies there leaves nothing that others would wait for.
 *
 * What is refused (ENOSPC, EIO) is dirty again and stays as it is in memory: whoever waited for it is told, and the next persist has it
 * too. */
#define _GNU_SOURCE
#include "store.h"
#include <sched.h>

/* Begins a persist. */
int take(struct kv *kv)
{
    struct shared *shared = kv->shared;
    shared->taking = shared->number;
    long epoch = msnap_persist(kv->md, MS_GLOBAL | MS_ASYNC);
    if (epoch < 0)
        return errno;
    shared->epoch = (uint64_t)epoch;
    shared->taken = shared->number;
    shared->dirty = 0;
    shared->persists++;
    return 0;
}

/* What is known once the persist `epoch`, with the changes up to `taken`, is durable or refused. */
static void learn(struct shared *shared, int error, uint64_t epoch, uint64_t taken)
{
    if (error == 0 && shared->durable < taken)
        shared->durable = taken;
    if (error != 0 && shared->epoch == epoch && shared->taken > shared->durable)
        shared->taken = shared->durable;
}

/* Waits for the persist on its way, with the lock held. */
int settle(struct kv *kv)
{
    struct shared *shared = kv->shared;
    if (shared->taken == shared->durable)
        return 0;
    int error = msnap_wait(kv->md, shared->epoch) == 0 ? 0 : errno;
    learn(shared, error, shared->epoch, shared->taken);
    return error;
}

/* Sees to it that so many more pages may become dirty: a store beyond the kernel's bound would end the program. */
int make_dirty(struct kv *kv, uint64_t pages)
{
    struct shared *shared = kv->shared;
    if (pages > kv->most_dirty)
        return E2BIG;
    if (shared->dirty + pages > kv->most_dirty) {
        int error = settle(kv);
        if (error == 0)
            error = take(kv);
        if (error != 0)
            return error;
    }
    shared->dirty += pages;
    return 0;
}

/* Before a persist is begun: those whose changes have just become durable are about to make more, and without them only half of the
 * threads would share each persist. */
static int let_others_change(struct kv *kv)
{
    unlock(kv);
    sched_yield();
    return lock(kv);
}

int commit(struct kv *kv, uint64_t number)
{
    struct shared *shared = kv->shared;
    int error = lock(kv);
    if (error != 0)
        return error;
    int has_yielded = 0;
    while ((error = is_lost(kv, number)) == 0 && shared->durable < number) {
        if (shared->taken == shared->durable) {
            if (!has_yielded) {
                has_yielded = 1;
                if ((error = let_others_change(kv)) != 0)
                    return error;
                continue;
            }
            if ((error = take(kv)) != 0)
                break;
        }
        uint64_t epoch = shared->epoch, taken = shared->taken;
        unlock(kv);
        int refused = msnap_wait(kv->md, epoch) == 0 ? 0 : errno;
        error = lock(kv);
        if (error != 0)
            return error;
        has_yielded = 0;
        learn(shared, refused, epoch, taken);
        if (refused != 0 && taken >= number && shared->durable < number) {
            error = refused;
            break;
        }
    }
    unlock(kv);
    return error;
}

int kv_wait(struct kv *kv, uint64_t change)
{
    int error = lock(kv);
    if (error != 0)
        return fails(error);
    int exists = change > 0 && change <= kv->shared->number;
    unlock(kv);
    return fails(exists ? commit(kv, change) : EINVAL);
}

int kv_flush(struct kv *kv)
{
    int error = lock(kv);
    if (error != 0)
        return fails(error);
    uint64_t last = kv->shared->number;
    unlock(kv);
    return fails(commit(kv, last));
}
