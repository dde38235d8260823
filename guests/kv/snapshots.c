/* snapshots.c - who holds which number. A snapshot is a number in a table of the shared memory and changes nothing in the region: it says
 * that versions that are seen as of it are to be kept. What a program held that has died is let go when the table is full or room is
 * short. A snapshot does not outlive the programs: nobody holds one when the store is opened first. */
#define _GNU_SOURCE
#include "store.h"
#include <signal.h>
#include <stdlib.h>

void let_go_of_the_dead(struct kv *kv)
{
    struct shared *shared = kv->shared;
    for (uint32_t i = 0; i < shared->holders; i++)
        if (shared->table[i].used && kill(shared->table[i].pid, 0) != 0 && errno == ESRCH)
            shared->table[i].used = 0;
    while (shared->holders > 0 && !shared->table[shared->holders - 1].used)
        shared->holders--;
}

/* Holds what is now (zero), or as of a number that is held already. */
int hold(struct kv *kv, uint64_t *number, uint32_t *slot)
{
    struct shared *shared = kv->shared;
    if (shared->holders == KV_MAX_SNAPSHOTS)
        let_go_of_the_dead(kv);
    uint32_t free = 0;
    while (free < shared->holders && shared->table[free].used)
        free++;
    if (free == KV_MAX_SNAPSHOTS)
        return EAGAIN;
    if (*number == 0)
        *number = shared->number;
    shared->table[free] = (struct holder){.number = *number, .pid = getpid(), .used = 1};
    if (free == shared->holders)
        shared->holders++;
    *slot = free;
    return 0;
}

void let_go(struct kv *kv, uint32_t slot)
{
    struct shared *shared = kv->shared;
    shared->table[slot].used = 0;
    while (shared->holders > 0 && !shared->table[shared->holders - 1].used)
        shared->holders--;
}

struct kv_snapshot *kv_snapshot(struct kv *kv)
{
    struct kv_snapshot *snapshot = malloc(sizeof *snapshot);
    if (!snapshot)
        return NULL;
    *snapshot = (struct kv_snapshot){.kv = kv};
    int error = lock(kv);
    if (error == 0) {
        error = hold(kv, &snapshot->number, &snapshot->slot);
        unlock(kv);
    }
    if (error == 0)
        return snapshot;
    free(snapshot);
    errno = error;
    return NULL;
}

void kv_release(struct kv_snapshot *snapshot)
{
    if (!snapshot)
        return;
    if (lock(snapshot->kv) == 0) {
        let_go(snapshot->kv, snapshot->slot);
        unlock(snapshot->kv);
    }
    free(snapshot);
}
