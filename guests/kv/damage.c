/* damage.c - following what is in the pages of a store. Its commits are summed by the kernel, so what cannot be in a store was stored
 * there by a program, by mistake. A number that cannot be followed leads to `nowhere`: a page outside the region that looks like an empty
 * leaf without a next one, so whatever is being done comes to its end, and may store there. The store has failed then (EIO), the lock is
 * not given to anybody any more, and so nothing that was changed since is ever persisted. */
#define _GNU_SOURCE
#include "store.h"
#include <string.h>

void *nowhere(const struct kv *kv)
{
    struct leaf *leaf = (struct leaf *)(uintptr_t)kv->nowhere;
    kv->shared->failed = EIO;
    memset(leaf, 0, PAGE);
    leaf_set_up(leaf, LEVELS);
    leaf->slots[0] = PAGE - sizeof(struct entry); /* for who looks at the first entry of any next leaf */
    return leaf;
}

static int is_entry(const struct leaf *leaf, uint32_t index)
{
    uint32_t at = leaf->slots[index];
    if (at % 8 != 0 || at < leaf->heap || at > PAGE - sizeof(struct entry))
        return 0;
    const struct entry *entry = entry_at(leaf, index);
    return entry->key_size <= KV_MAX_KEY && entry->value_size <= KV_MAX_VALUE && at + entry_size(entry) <= PAGE;
}

static int is_page(const struct kv *kv, uint32_t page) { return page >= kv->header->head && page < kv->header->pages; }

/* A leaf whose first entry is one. */
struct leaf *leaf_at(const struct kv *kv, uint32_t page)
{
    struct leaf *leaf = page_at(kv, page);
    if (!is_page(kv, page) || !leaf_is_sound(leaf))
        return nowhere(kv);
    int is_first_sound = leaf->count == 0 ? page == kv->header->head || kv->shared->changing : is_entry(leaf, 0);
    return is_first_sound ? leaf : nowhere(kv);
}

/* One of which all entries are looked at. */
struct leaf *whole_leaf_at(const struct kv *kv, uint32_t page)
{
    struct leaf *leaf = leaf_at(kv, page);
    for (uint32_t i = 1; i < leaf->count; i++)
        if (!is_entry(leaf, i))
            return nowhere(kv);
    return leaf;
}

/* A page of a value, or one that has just been taken. */
void *data_at(const struct kv *kv, uint32_t page) { return is_page(kv, page) ? page_at(kv, page) : nowhere(kv); }

/* Whether what is followed page by page can go on: there are not more than the store has. */
int goes_on(const struct kv *kv, uint32_t *steps)
{
    if ((*steps)++ < kv->header->pages)
        return 1;
    kv->shared->failed = EIO;
    return 0;
}
