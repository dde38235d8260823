/* list.c - the skip list of leaves. All entries of a leaf are before all of the next one; only the head may be empty. A leaf has one
 * level more than another in one of four cases, so finding one reads some four leaves a level, and splitting one changes 1.3 others'
 * links on average: its own neighbour's, mostly the page that is split itself.
 *
 * Links are followed while the first entry of a leaf is not behind what is looked for. That entry may have been removed: what lies
 * between the old and the new first one belongs to the leaf before then, which is as good. */
#define _GNU_SOURCE
#include "store.h"

/* The last leaf whose first entry is not behind a place, and for each level the last one that is linked there. */
uint32_t list_find(const struct kv *kv, struct place place, struct path *path)
{
    uint32_t at = kv->header->head, steps = 0;
    for (int level = LEVELS - 1; level >= 0; level--) {
        for (uint32_t next; (next = leaf_at(kv, at)->next[level]) != 0 && goes_on(kv, &steps); at = next)
            if (compare(place_of(entry_at(leaf_at(kv, next), 0)), place) > 0)
                break;
        if (path)
            path->at[level] = at;
    }
    return at;
}

/* The last leaf whose first entry is before a place. */
uint32_t list_before(const struct kv *kv, struct place place)
{
    uint32_t at = kv->header->head, steps = 0;
    for (int level = LEVELS - 1; level >= 0; level--)
        for (uint32_t next; (next = leaf_at(kv, at)->next[level]) != 0 && goes_on(kv, &steps); at = next)
            if (compare(place_of(entry_at(leaf_at(kv, next), 0)), place) >= 0)
                break;
    return at;
}

static uint16_t random_levels(struct kv *kv)
{
    uint64_t *random = &kv->shared->random;
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    uint16_t levels = 1;
    for (uint64_t bits = *random; levels < LEVELS && (bits & 3) == 0; bits >>= 2)
        levels++;
    return levels;
}

/* Where a leaf that is full is split for an entry at an index: at its end for keys that come in order, otherwise where the halves differ
 * least, so that there is room for the greatest entry in either. */
static uint32_t split_point(const struct leaf *leaf, uint32_t index)
{
    if (index == leaf->count)
        return index;
    uint32_t bytes = 0, last = 0, half = leaf_used(leaf) / 2, point = 0;
    while (bytes < half) {
        last = rounded(entry_size(entry_at(leaf, point++))) + 2;
        bytes += last;
    }
    return bytes - half > half - (bytes - last) ? point - 1 : point;
}

/* Splits the leaf that list_find has found, and says where the new half begins; which half has the index now is the caller's to see. The
 * path is left as it is: it leads to the old half. */
uint32_t list_split(struct kv *kv, struct path *path, uint32_t index)
{
    struct leaf *leaf = whole_leaf_at(kv, path->at[0]);
    uint32_t point = split_point(leaf, index), page = page_take(kv);
    struct leaf *half = data_at(kv, page);
    leaf_set_up(half, random_levels(kv));
    leaf_move(leaf, point, half);
    for (uint32_t level = 0; level < half->levels; level++) {
        struct leaf *before = leaf_at(kv, path->at[level]);
        half->next[level] = before->next[level];
        before->next[level] = page;
    }
    return point;
}

/* Takes a leaf out that has become empty; `first` was its first entry, or is between that and the next leaf. */
void list_unlink(struct kv *kv, uint32_t page, struct place first)
{
    struct leaf *leaf = leaf_at(kv, page);
    uint32_t at = kv->header->head, steps = 0;
    for (int level = LEVELS - 1; level >= 0; level--) {
        uint32_t next;
        for (; (next = leaf_at(kv, at)->next[level]) != 0 && next != page && goes_on(kv, &steps); at = next)
            if (compare(place_of(entry_at(leaf_at(kv, next), 0)), first) >= 0)
                break;
        if (level >= leaf->levels)
            continue;
        if (next != page) { /* it is linked on each of its levels */
            kv->shared->failed = EIO;
            return;
        }
        leaf_at(kv, at)->next[level] = leaf->next[level];
    }
    page_give(kv, page);
}

/* Takes the next leaf's entries into one that has become nearly empty, if there is room for more then. */
void list_merge(struct kv *kv, uint32_t page)
{
    struct leaf *leaf = leaf_at(kv, page);
    uint32_t next_page = leaf->next[0];
    if (next_page == 0 || leaf_used(leaf) > LEAF_ROOM / 4)
        return;
    struct leaf *next = whole_leaf_at(kv, next_page);
    if (leaf_used(leaf) + leaf_used(next) > LEAF_ROOM * 3 / 4)
        return;
    uint32_t moved = leaf->count;
    leaf_move(next, 0, leaf);
    list_unlink(kv, next_page, place_of(entry_at(leaf, moved)));
}
