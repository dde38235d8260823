/* commit.c - making changes durable, in groups.
 *
 * Persists of a region are one behind the other, and what is changed while one is on its way goes with the next: the more threads, the
 * more changes share one. Nobody is appointed to do it. Who wants a change to be durable looks, with the lock: it is; or it is in the
 * persist that was begun last, whose number is in `epoch`, and is waited for (msnap_wait, without the lock); or nothing is on its way,
 * and he begins one with everything changed so far (MS_GLOBAL | MS_ASYNC: it returns when the pages are taken). All sleep in the kernel,
 * where it does not matter of which program they are, and who dies there leaves nothing that others would wait for. KV_ASYNC does not
 * wait, so it begins one behind those on their way; the kernel refuses it if it has refused one of those.
 *
 * What is refused (ENOSPC, EIO) is dirty again and stays as it is in memory, and counts as dirty: whoever waited for it is told, and the
 * next persist has it too. While persists are refused, a change beyond the bound of what may be dirty is refused with the same errno.
 *
 * A handle remembers its last change that nobody has waited for (`untold`). Is that given up, the next call that changes something or
 * waits says so once (tell). */
#define _GNU_SOURCE
#include "store.h"
#include <sched.h>

/* A signal handler ends no wait: what is asked for goes on. */
long persist(long md, unsigned flags)
{
    long epoch;
    do
        epoch = msnap_persist(md, flags);
    while (epoch < 0 && errno == EINTR);
    return epoch;
}

/* What is dirty becomes what was persisted last, whoever changed it; an errno. As above. */
int give_pages_up(long md)
{
    int error;
    do
        error = msnap_abort(md, MS_GLOBAL) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

static int wait_for(const struct kv *kv, uint64_t epoch)
{
    int error;
    do
        error = msnap_wait(kv->md, epoch) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

/* Begins a persist, unless there is in the store what cannot be. */
int take(struct kv *kv)
{
    struct shared *shared = kv->shared;
    if (shared->failed != 0)
        return (int)shared->failed;
    shared->taking = shared->number;
    long epoch = persist(kv->md, MS_GLOBAL | MS_ASYNC);
    if (epoch < 0)
        return errno;
    shared->epoch = (uint64_t)epoch;
    shared->taken = shared->number;
    shared->flying += shared->dirty;
    shared->dirty = 0;
    shared->persists++;
    return 0;
}

/* What is known once the persist `epoch`, with the changes up to `taken`, is durable or refused. */
static void learn(struct shared *shared, int error, uint64_t epoch, uint64_t taken)
{
    if (error == 0 && shared->durable < taken) {
        shared->durable = taken;
        shared->refused = 0;
    }
    if (error != 0 && shared->epoch == epoch && shared->taken > shared->durable) {
        shared->taken = shared->durable;
        shared->dirty += shared->flying;
        shared->refused = (uint32_t)error;
    }
    if (shared->taken == shared->durable)
        shared->flying = 0;
}

/* Waits for the persists on their way, with the lock held. */
int settle(struct kv *kv)
{
    struct shared *shared = kv->shared;
    if (shared->taken == shared->durable)
        return 0;
    int error = wait_for(kv, shared->epoch);
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
        if (error == 0 && shared->refused != 0)
            error = settle(kv); /* would be refused again, and be dirty beside what is changed meanwhile */
        if (error != 0)
            return error;
    }
    shared->dirty += pages;
    return 0;
}

/* Begins a persist of everything that is in none yet, if it can; who waits for it is told when it cannot. */
void begin_commit(struct kv *kv)
{
    struct shared *shared = kv->shared;
    if (lock(kv) != 0)
        return;
    if (shared->flying > kv->most_dirty)
        settle(kv);
    if (shared->number > shared->taken)
        take(kv);
    unlock(kv);
}

/* With the lock held. ECANCELED, once: a change of this handle that nobody has been told about was given up; ESTALE, once: it is not known
 * what became of it. */
int tell(struct kv *kv)
{
    if (kv->untold == 0)
        return 0;
    int error = is_lost(kv, kv->untold);
    if (error != 0 || kv->shared->durable >= kv->untold)
        kv->untold = 0;
    return error;
}

/* Before a persist is begun: those whose changes have just become durable are about to make more, and without them only half of the
 * threads would share each persist. */
static int let_others_change(struct kv *kv)
{
    unlock(kv);
    sched_yield();
    return lock(kv);
}

/* Waits, without the lock, for the persist that was begun last; `refused` is what became of it, when it has the change. */
static int await(struct kv *kv, uint64_t number, int *refused)
{
    struct shared *shared = kv->shared;
    uint64_t epoch = shared->epoch, taken = shared->taken;
    unlock(kv);
    int result = wait_for(kv, epoch), error = lock(kv);
    if (error != 0)
        return error;
    learn(shared, result, epoch, taken);
    *refused = taken >= number && shared->durable < number ? result : 0;
    return 0;
}

int commit(struct kv *kv, uint64_t number)
{
    struct shared *shared = kv->shared;
    int has_yielded = 0, refused = 0, error = lock(kv);
    if (error != 0)
        return error;
    while (refused == 0 && (error = is_lost(kv, number)) == 0 && shared->durable < number) {
        if (shared->taken == shared->durable && !has_yielded) {
            has_yielded = 1;
            if ((error = let_others_change(kv)) != 0)
                return error;
            continue;
        }
        if (shared->taken == shared->durable && (error = take(kv)) != 0)
            break;
        has_yielded = 0;
        if ((error = await(kv, number, &refused)) != 0)
            return error;
    }
    if (error == 0)
        error = refused;
    int is_known = error == 0 || error == ECANCELED || error == ESTALE, told;
    if (is_known && kv->untold <= number && (told = tell(kv)) != 0)
        error = told;
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
    error = tell(kv);
    unlock(kv);
    return fails(error != 0 ? error : commit(kv, last));
}
