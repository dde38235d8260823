/* iterators.c - going over the store as of a number. An iterator copies a leaf at a time, with the lock, and goes over the copy
 * without: what is seen as of a number that is held stays in the store, so a copy cannot become wrong, whatever is changed, split or
 * merged meanwhile. It finds the next leaf by the place where it is, not by a link. */
#define _GNU_SOURCE
#include "store.h"
#include <stdlib.h>
#include <string.h>

struct kv_iterator {
    struct kv *kv;
    uint64_t number;
    uint32_t slot, index; /* what it holds, of a snapshot too: it may be released before; the entry in the copy */
    int is_at;
    uint32_t key_size;
    unsigned char key[KV_MAX_KEY]; /* where it is */
    _Alignas(8) unsigned char copy[PAGE];
};

static struct leaf *copy_of(struct kv_iterator *iterator) { return (struct leaf *)iterator->copy; }

struct kv_iterator *kv_iterate(struct kv *kv, const struct kv_snapshot *at)
{
    struct kv_iterator *iterator = calloc(1, sizeof *iterator);
    if (!iterator)
        return NULL;
    iterator->kv = kv;
    iterator->number = at ? at->number : 0;
    int error = lock(kv);
    if (error == 0) {
        error = hold(kv, &iterator->number, &iterator->slot);
        unlock(kv);
    }
    if (error == 0)
        return iterator;
    free(iterator);
    errno = error;
    return NULL;
}

void kv_iterator_free(struct kv_iterator *iterator)
{
    if (!iterator)
        return;
    if (lock(iterator->kv) == 0) {
        let_go(iterator->kv, iterator->slot);
        unlock(iterator->kv);
    }
    free(iterator);
}

/* Copies the leaf with the first entry that is not before a place, or with the last one that is. 1, 0: there is none; -1. */
static int load(struct kv_iterator *iterator, struct place place, int forward)
{
    struct kv *kv = iterator->kv;
    int error = lock(kv);
    if (error != 0)
        return fails(error);
    error = is_lost(kv, iterator->number);
    const struct leaf *leaf = whole_leaf_at(kv, forward ? list_find(kv, place, NULL) : list_before(kv, place));
    uint32_t index = leaf_position(leaf, place);
    if (forward && index == leaf->count) {
        leaf = leaf->next[0] ? whole_leaf_at(kv, leaf->next[0]) : NULL;
        index = 0;
    } else if (!forward && index-- == 0) {
        leaf = NULL;
    }
    if (error == 0)
        error = (int)kv->shared->failed;
    if (error == 0 && leaf)
        memcpy(iterator->copy, leaf, PAGE);
    unlock(kv);
    iterator->index = index;
    return error != 0 ? fails(error) : leaf != NULL;
}

static int arrive(struct kv_iterator *iterator, const struct entry *entry)
{
    iterator->key_size = entry->key_size;
    memcpy(iterator->key, entry->bytes, entry->key_size);
    iterator->is_at = 1;
    return 1;
}

static int lose(struct kv_iterator *iterator, int result)
{
    iterator->is_at = 0;
    return result;
}

/* From an entry on, if it is at one: the first version of each key that is not too new is the one that counts. */
static int forward(struct kv_iterator *iterator, int result)
{
    unsigned char key[KV_MAX_KEY];
    while (result > 0) {
        struct leaf *leaf = copy_of(iterator);
        const struct entry *entry = entry_at(leaf, iterator->index);
        if (entry->number <= iterator->number && entry->kind != DELETED)
            return arrive(iterator, entry);
        /* Nothing of this key, or an older version of it. */
        uint64_t from = entry->number <= iterator->number ? 0 : iterator->number;
        struct place place = {memcpy(key, entry->bytes, entry->key_size), entry->key_size, from};
        iterator->index = leaf_position(leaf, place);
        if (iterator->index == leaf->count)
            result = load(iterator, place, 1);
    }
    return lose(iterator, result);
}

/* To the version that counts of the key of an entry, of which nothing newer is in the copy before the place. 1: it is there; 0: there
 * is none. */
static int settle_on(struct kv_iterator *iterator, struct place place)
{
    uint32_t index = leaf_position(copy_of(iterator), place);
    if (index == 0) { /* it may be in the leaf before */
        int result = load(iterator, place, 1);
        if (result <= 0)
            return result;
        index = iterator->index;
    }
    if (index == copy_of(iterator)->count)
        return 0;
    const struct entry *entry = entry_at(copy_of(iterator), index);
    iterator->index = index;
    return same_key(entry, place) && entry->kind != DELETED;
}

/* From an entry back, if it is at one, which is the oldest of its key. */
static int backward(struct kv_iterator *iterator, int result)
{
    unsigned char key[KV_MAX_KEY];
    while (result > 0) {
        const struct entry *entry = entry_at(copy_of(iterator), iterator->index);
        struct place place = {memcpy(key, entry->bytes, entry->key_size), entry->key_size, iterator->number};
        result = settle_on(iterator, place);
        if (result > 0)
            return arrive(iterator, entry_at(copy_of(iterator), iterator->index));
        place.number = NEWEST;
        if (result == 0)
            result = load(iterator, place, 0);
    }
    return lose(iterator, result);
}

int kv_first(struct kv_iterator *iterator) { return kv_seek(iterator, NULL, 0); }

/* Behind every key: no key is so long. */
int kv_last(struct kv_iterator *iterator)
{
    static const unsigned char last[KV_MAX_KEY + 1] = {[0 ... KV_MAX_KEY] = 0xFF};
    return backward(iterator, load(iterator, (struct place){last, sizeof last, NEWEST}, 0));
}

int kv_seek(struct kv_iterator *iterator, const void *key, size_t key_size)
{
    if (key_size > KV_MAX_KEY)
        return fails(EINVAL);
    return forward(iterator, load(iterator, (struct place){key ? key : "", (uint32_t)key_size, NEWEST}, 1));
}

int kv_seek_before(struct kv_iterator *iterator, const void *key, size_t key_size)
{
    if (key_size > KV_MAX_KEY)
        return fails(EINVAL);
    return backward(iterator, load(iterator, (struct place){key ? key : "", (uint32_t)key_size, NEWEST}, 0));
}

int kv_next(struct kv_iterator *iterator)
{
    if (!iterator->is_at)
        return fails(EINVAL);
    struct place place = {iterator->key, iterator->key_size, 0};
    iterator->index = leaf_position(copy_of(iterator), place);
    return forward(iterator, iterator->index < copy_of(iterator)->count ? 1 : load(iterator, place, 1));
}

int kv_previous(struct kv_iterator *iterator)
{
    if (!iterator->is_at)
        return fails(EINVAL);
    struct place place = {iterator->key, iterator->key_size, NEWEST};
    uint32_t index = leaf_position(copy_of(iterator), place);
    iterator->index = index - 1;
    return backward(iterator, index > 0 ? 1 : load(iterator, place, 0));
}

const void *kv_key(const struct kv_iterator *iterator, size_t *key_size)
{
    *key_size = iterator->key_size;
    return iterator->is_at ? iterator->key : NULL;
}

long kv_value(struct kv_iterator *iterator, void *value, size_t room)
{
    if (!iterator->is_at)
        return fails(EINVAL);
    const struct entry *entry = entry_at(copy_of(iterator), iterator->index);
    int chained = entry->kind == CHAINED, error = chained ? lock(iterator->kv) : 0;
    if (error != 0)
        return fails(error);
    if (chained)
        error = is_lost(iterator->kv, iterator->number);
    if (error == 0)
        value_get(iterator->kv, entry, value, room);
    if (chained && error == 0)
        error = (int)iterator->kv->shared->failed;
    if (chained)
        unlock(iterator->kv);
    return error != 0 ? fails(error) : (long)entry->value_size;
}
