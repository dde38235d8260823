/* versions.c - what a change does to the versions of its key. A version is the key's value from its own number up to that of the next newer
 * one; it is kept as long as a snapshot has a number in between. The newest is kept always, unless it says that the key was deleted and
 * there is nothing older that it would have to hide.
 *
 * What a put finds of its own key it drops at once; what becomes useless later, because a snapshot is released, goes when its leaf has no
 * room, or when all leaves are looked at since the store has none. */
#define _GNU_SOURCE
#include "store.h"
#include <string.h>

int is_needed(const struct kv *kv, uint64_t number, uint64_t newer)
{
    const struct shared *shared = kv->shared;
    for (uint32_t i = 0; i < shared->holders; i++)
        if (shared->table[i].used && shared->table[i].number >= number && shared->table[i].number < newer)
            return 1;
    return 0;
}

static void drop(struct kv *kv, struct leaf *leaf, uint32_t index)
{
    value_give(kv, entry_at(leaf, index));
    leaf_remove(leaf, index);
}

/* Drops the versions of a key that nobody needs when there is one with this number, beginning in the leaf where they would begin, which is
 * kept although it may become empty. How many stay. */
static uint32_t drop_older(struct kv *kv, uint32_t first, struct place place, uint64_t number)
{
    uint32_t page = first, kept = 0;
    uint32_t steps = 0, index = leaf_position(whole_leaf_at(kv, page), place);
    while (page != 0) {
        struct leaf *leaf = whole_leaf_at(kv, page);
        if (kv->shared->failed != 0)
            break;
        if (index >= leaf->count) {
            if (!goes_on(kv, &steps))
                break;
            page = leaf->next[0];
            index = 0;
            continue;
        }
        struct entry *entry = entry_at(leaf, index);
        if (!same_key(entry, place))
            break;
        if (is_needed(kv, entry->number, number)) {
            number = entry->number;
            kept++;
            index++;
            continue;
        }
        place.number = entry->number;
        drop(kv, leaf, index);
        if (leaf->count == 0 && page != first) {
            uint32_t next = leaf->next[0];
            list_unlink(kv, page, place);
            page = next;
        }
    }
    return kept;
}

/* The entry before an index, if it is known: of the first one of a leaf only when it is said. */
static const struct entry *before(const struct leaf *leaf, uint32_t index, const struct entry *last)
{
    return index > 0 ? entry_at(leaf, index - 1) : last;
}

static int is_garbage(const struct kv *kv, const struct leaf *leaf, uint32_t index, const struct entry *last)
{
    const struct entry *entry = entry_at(leaf, index), *newer = before(leaf, index, last);
    struct place place = place_of(entry);
    if (newer && same_key(newer, place) && !is_needed(kv, entry->number, newer->number))
        return 1;
    if (entry->kind != DELETED)
        return 0;
    if (index + 1u < leaf->count)
        return !same_key(entry_at(leaf, index + 1), place);
    return leaf->next[0] == 0 || !same_key(entry_at(leaf_at(kv, leaf->next[0]), 0), place);
}

/* From the end, so that a deletion is seen behind what it has hidden. */
static void purge_leaf(struct kv *kv, struct leaf *leaf, const struct entry *last)
{
    for (uint32_t index = leaf->count; index-- > 0;)
        if (is_garbage(kv, leaf, index, last))
            drop(kv, leaf, index);
}

static void fill(struct kv *kv, struct entry *entry, const struct change *change, uint64_t number)
{
    uint32_t pages = value_pages(change);
    entry->number = number;
    entry->key_size = (uint16_t)change->key_size;
    entry->kind = change->deletes ? DELETED : pages ? CHAINED : VALUE;
    entry->value_size = change->value_size;
    memcpy(entry->bytes, change->key, change->key_size);
    unsigned char *behind = entry->bytes + change->key_size;
    if (pages) {
        uint32_t first = value_put(kv, change->value, change->value_size);
        memcpy(behind, &first, sizeof first);
    } else if (change->value_size != 0) {
        memcpy(behind, change->value, change->value_size);
    }
}

static void insert(struct kv *kv, struct path *path, const struct change *change, uint64_t number)
{
    struct place place = {change->key, change->key_size, number};
    struct leaf *leaf = whole_leaf_at(kv, path->at[0]);
    uint32_t value = value_pages(change) ? sizeof(uint32_t) : change->value_size;
    uint32_t size = (uint32_t)sizeof(struct entry) + change->key_size + value;
    if (!leaf_fits(leaf, size))
        purge_leaf(kv, leaf, NULL);
    uint32_t index = leaf_position(leaf, place);
    if (!leaf_fits(leaf, size)) {
        int at_end = index == leaf->count;
        uint32_t point = list_split(kv, path, index);
        if (index > point || at_end) {
            leaf = leaf_at(kv, leaf->next[0]);
            index -= point;
        }
    }
    fill(kv, leaf_insert(leaf, index, size), change, number);
}

/* Makes one change. There are as many free pages as it may need. */
void apply(struct kv *kv, const struct change *change, uint64_t number)
{
    struct path path;
    struct place place = {change->key, change->key_size, NEWEST};
    uint32_t page = list_find(kv, place, &path);
    uint32_t kept = drop_older(kv, page, place, number);
    if (!change->deletes || kept != 0)
        insert(kv, &path, change, number);
    else if (leaf_at(kv, page)->count != 0 || page == kv->header->head)
        list_merge(kv, page);
    else
        list_unlink(kv, page, place);
}

/* Drops what nobody needs in a leaf, and the leaf when it becomes empty. */
static int purge_page(struct kv *kv, uint32_t page, const struct entry *last)
{
    struct leaf *leaf = whole_leaf_at(kv, page);
    unsigned char key[KV_MAX_KEY];
    struct place first = place_of(entry_at(leaf, 0));
    int error = make_dirty(kv, LEVELS);
    if (error != 0)
        return error;
    first.key = memcpy(key, first.key, first.size);
    kv->shared->changing = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    purge_leaf(kv, leaf, last);
    if (leaf->count == 0 && page != kv->header->head)
        list_unlink(kv, page, first);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    kv->shared->changing = 0;
    return 0;
}

/* Drops everything that nobody needs, a leaf after the other: between two the store is whole, so it may be persisted there. Again when a
 * leaf has lost its first entry, which a deletion in the leaf before may have hidden. */
int purge_all(struct kv *kv)
{
    const struct entry *last = NULL;
    int again = 0, error = 0;
    uint32_t steps = 0;
    let_go_of_the_dead(kv);
    for (uint32_t page = kv->header->head, next; page != 0 && error == 0; page = next) {
        struct leaf *leaf = whole_leaf_at(kv, page);
        goes_on(kv, &steps);
        if (kv->shared->failed != 0)
            return EIO;
        next = leaf->next[0];
        uint32_t index = 0;
        while (index < leaf->count && !is_garbage(kv, leaf, index, last))
            index++;
        if (index < leaf->count) {
            again |= index == 0;
            error = purge_page(kv, page, last);
        }
        if (leaf->count != 0)
            last = entry_at(leaf, leaf->count - 1u);
        if (next == 0 && again && error == 0) {
            next = kv->header->head;
            last = NULL;
            again = 0;
            steps = 0;
        }
    }
    return error;
}

/* The version of a key that is seen as of a number; NULL: none, or deleted. */
struct entry *visible(const struct kv *kv, struct place place)
{
    const struct leaf *leaf = whole_leaf_at(kv, list_find(kv, place, NULL));
    uint32_t index = leaf_position(leaf, place);
    if (index == leaf->count) {
        if (leaf->next[0] == 0)
            return NULL;
        leaf = leaf_at(kv, leaf->next[0]);
        index = 0;
    }
    struct entry *entry = entry_at(leaf, index);
    return same_key(entry, place) && entry->kind != DELETED ? entry : NULL;
}
