/* changes.c - puts, deletes and batches: all of them are a batch, which gets one number and is made as one. What could go wrong is
 * asked for before anything is changed: whether there are pages enough for the worst case (each put splits a leaf, and large values
 * take pages of their own), and whether so many may be dirty. So a change that has begun ends, unless its program does. */
#define _GNU_SOURCE
#include "store.h"
#include <stdlib.h>
#include <string.h>

#define NUMBERS_AHEAD 65536
#define KEPT_FREE 64 /* pages that only deletions may take: a full store can be emptied although they may split leaves too */

/* Numbers in the region are never beyond the header's, which so changes once in many. */
static void next_number(struct kv *kv)
{
    uint64_t number = ++kv->shared->number;
    if (kv->header->numbers < number) {
        kv->header->numbers = number + NUMBERS_AHEAD;
        kv->shared->dirty++;
    }
}

static int has_room(const struct kv *kv, uint64_t pages, int deletes)
{
    return kv->shared->free_pages >= pages + (deletes ? 0 : KEPT_FREE);
}

/* Sees to free pages: what there is, what the region can grow by, what nobody needs any more. */
static int make_room(struct kv *kv, uint64_t pages, int deletes)
{
    if (pages == 0 || has_room(kv, pages, deletes))
        return 0;
    if (pages_grow(kv, pages + KEPT_FREE) == 0)
        return 0;
    int error = purge_all(kv);
    if (error != 0)
        return error;
    return has_room(kv, pages, deletes) ? 0 : ENOSPC;
}

static int prepare(struct kv *kv, const struct kv_batch *batch)
{
    uint64_t pages = 0, touched = 0;
    int deletes = 1, keeps = kv->shared->holders != 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct change *change = &batch->changes[i];
        uint32_t more = value_pages(change);
        pages += change->deletes ? (uint32_t)keeps : more + 1;
        touched += more + 3;
        deletes &= change->deletes;
    }
    int error = make_room(kv, pages, deletes);
    return error != 0 ? error : make_dirty(kv, touched < LEVELS ? LEVELS : touched);
}

static void make_all(struct kv *kv, const struct kv_batch *batch)
{
    struct shared *shared = kv->shared;
    shared->changing = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    next_number(kv);
    for (size_t i = 0; i < batch->count; i++)
        apply(kv, &batch->changes[i], shared->number);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    shared->changing = 0;
    shared->changes++;
}

/* `before` is the change that the handle's owner has not been told about when he began this one. Made again, it must not stay without
 * that one, whoever has been told of it meanwhile. */
static int make(struct kv *kv, const struct kv_batch *batch, enum kv_when when, uint64_t *number, uint64_t *before)
{
    int error = lock(kv);
    if (error != 0)
        return error;
    error = tell(kv);
    if (error == 0 && *before != 0 && is_lost(kv, *before) != 0)
        error = ECANCELED;
    if (error == 0)
        error = prepare(kv, batch);
    if (error == 0) {
        *before = *number == 0 ? kv->untold : *before;
        make_all(kv, batch);
        *number = kv->shared->number;
        if (when != KV_SYNC)
            kv->untold = *number;
        error = (int)kv->shared->failed;
    }
    unlock(kv);
    return error;
}

long kv_write(struct kv *kv, const struct kv_batch *batch, enum kv_when when)
{
    uint64_t number = 0, before = 0;
    int error;
    for (;;) {
        error = make(kv, batch, when, &number, &before);
        if (error != 0 || when != KV_SYNC)
            break;
        error = commit(kv, number);
        if (error != ECANCELED) /* given up before anybody was told that it is there: made again */
            break;
    }
    if (error != 0)
        return fails(error);
    if (when == KV_ASYNC)
        begin_commit(kv);
    return (long)number;
}

static int has_size(size_t key_size, size_t value_size)
{
    return key_size >= 1 && key_size <= KV_MAX_KEY && value_size <= KV_MAX_VALUE;
}

static long write_one(struct kv *kv, struct change change, enum kv_when when)
{
    struct kv_batch batch = {.changes = &change, .count = 1};
    return kv_write(kv, &batch, when);
}

long kv_put(struct kv *kv, const void *key, size_t key_size, const void *value, size_t value_size, enum kv_when when)
{
    if (!has_size(key_size, value_size))
        return fails(EINVAL);
    return write_one(kv, (struct change){key, value, (uint32_t)key_size, (uint32_t)value_size, 0}, when);
}

long kv_delete(struct kv *kv, const void *key, size_t key_size, enum kv_when when)
{
    if (!has_size(key_size, 0))
        return fails(EINVAL);
    return write_one(kv, (struct change){key, NULL, (uint32_t)key_size, 0, 1}, when);
}

long kv_get(struct kv *kv, const struct kv_snapshot *at, const void *key, size_t key_size, void *value, size_t room)
{
    if (!has_size(key_size, 0))
        return fails(EINVAL);
    int error = lock(kv);
    if (error != 0)
        return fails(error);
    long size = -1;
    error = at ? is_lost(kv, at->number) : 0;
    if (error == 0) {
        const struct entry *entry = visible(kv, (struct place){key, (uint32_t)key_size, at ? at->number : NEWEST});
        error = entry ? 0 : ENOENT;
        if (entry) {
            value_get(kv, entry, value, room);
            size = entry->value_size;
        }
        error = kv->shared->failed != 0 ? (int)kv->shared->failed : error;
    }
    unlock(kv);
    return error != 0 ? fails(error) : size;
}
