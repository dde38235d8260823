/* leaf.c - a page with the entries of a stretch of keys. The slots, behind the links, say in the entries' order where they are; entries
 * fill the page from its end, each on a multiple of eight. What is removed leaves waste, and the page is written anew when there is no
 * other room. Everything here changes one page and nothing else. */
#define _GNU_SOURCE
#include "store.h"
#include <string.h>

int compare(struct place a, struct place b)
{
    int difference = memcmp(a.key, b.key, a.size < b.size ? a.size : b.size);
    if (difference != 0)
        return difference;
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    return a.number == b.number ? 0 : a.number > b.number ? -1 : 1;
}

int same_key(const struct entry *entry, struct place place)
{
    return entry->key_size == place.size && memcmp(entry->bytes, place.key, place.size) == 0;
}

void leaf_set_up(struct leaf *leaf, uint16_t levels)
{
    memset(leaf, 0, sizeof *leaf);
    leaf->magic = LEAF_MAGIC;
    leaf->levels = levels;
    leaf->heap = PAGE;
}

/* Its links, and where its entries are, can be of a leaf. */
int leaf_is_sound(const struct leaf *leaf)
{
    return leaf->magic == LEAF_MAGIC && leaf->levels >= 1 && leaf->levels <= LEVELS && leaf->heap <= PAGE
        && sizeof *leaf + 2u * leaf->count <= leaf->heap;
}

uint32_t entry_size(const struct entry *entry)
{
    uint32_t value = entry->kind == VALUE ? entry->value_size : entry->kind == CHAINED ? sizeof(uint32_t) : 0;
    return (uint32_t)sizeof *entry + entry->key_size + value;
}

uint32_t leaf_used(const struct leaf *leaf) { return PAGE - leaf->heap - leaf->waste + 2u * leaf->count; }

int leaf_fits(const struct leaf *leaf, uint32_t size) { return leaf_used(leaf) + rounded(size) + 2 <= LEAF_ROOM; }

/* The first entry that is not before a place. */
uint32_t leaf_position(const struct leaf *leaf, struct place place)
{
    uint32_t low = 0, high = leaf->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (compare(place_of(entry_at(leaf, middle)), place) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void write_anew(struct leaf *leaf)
{
    unsigned char old[PAGE];
    memcpy(old, leaf, PAGE);
    leaf->heap = PAGE;
    leaf->waste = 0;
    for (uint32_t i = 0; i < leaf->count; i++) {
        const struct entry *entry = (struct entry *)(old + leaf->slots[i]);
        leaf->heap = (uint16_t)(leaf->heap - rounded(entry_size(entry)));
        memcpy((unsigned char *)leaf + leaf->heap, entry, entry_size(entry));
        leaf->slots[i] = leaf->heap;
    }
}

/* Room for an entry at an index, which the caller fills; it must fit. */
struct entry *leaf_insert(struct leaf *leaf, uint32_t index, uint32_t size)
{
    uint32_t slots_end = (uint32_t)sizeof *leaf + 2u * (leaf->count + 1u);
    if (slots_end + rounded(size) > leaf->heap)
        write_anew(leaf);
    memmove(leaf->slots + index + 1, leaf->slots + index, 2 * (leaf->count - index));
    leaf->heap = (uint16_t)(leaf->heap - rounded(size));
    leaf->slots[index] = leaf->heap;
    leaf->count++;
    return entry_at(leaf, index);
}

void leaf_remove(struct leaf *leaf, uint32_t index)
{
    uint32_t size = rounded(entry_size(entry_at(leaf, index)));
    if (leaf->slots[index] == leaf->heap)
        leaf->heap = (uint16_t)(leaf->heap + size);
    else
        leaf->waste = (uint16_t)(leaf->waste + size);
    leaf->count--;
    memmove(leaf->slots + index, leaf->slots + index + 1, 2 * (leaf->count - index));
    if (leaf->count == 0) {
        leaf->heap = PAGE;
        leaf->waste = 0;
    }
}

/* Moves the entries from an index on to the end of another leaf. */
void leaf_move(struct leaf *from, uint32_t first, struct leaf *to)
{
    for (uint32_t i = first; i < from->count; i++) {
        const struct entry *entry = entry_at(from, i);
        memcpy(leaf_insert(to, to->count, entry_size(entry)), entry, entry_size(entry));
        from->waste = (uint16_t)(from->waste + rounded(entry_size(entry)));
    }
    from->count = (uint16_t)first;
    if (first == 0) {
        from->heap = PAGE;
        from->waste = 0;
    }
}
