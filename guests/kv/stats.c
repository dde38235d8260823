/* stats.c - what goes over the whole store: counting, and giving back what nobody needs. */
#define _GNU_SOURCE
#include "store.h"

int kv_compact(struct kv *kv)
{
    int error = lock(kv);
    if (error != 0)
        return fails(error);
    error = purge_all(kv);
    error = kv->shared->failed != 0 ? (int)kv->shared->failed : error;
    unlock(kv);
    return fails(error);
}

static void count(const struct kv *kv, struct kv_stats *stats)
{
    const struct entry *before = NULL;
    uint32_t steps = 0;
    for (uint32_t page = kv->header->head; page != 0 && goes_on(kv, &steps); page = leaf_at(kv, page)->next[0]) {
        const struct leaf *leaf = whole_leaf_at(kv, page);
        stats->leaves++;
        for (uint32_t i = 0; i < leaf->count; i++) {
            const struct entry *entry = entry_at(leaf, i);
            stats->versions++;
            stats->keys += entry->kind != DELETED && !(before && same_key(before, place_of(entry)));
            before = entry;
        }
    }
}

int kv_stat(struct kv *kv, struct kv_stats *stats)
{
    int error = lock(kv);
    if (error != 0)
        return fails(error);
    const struct shared *shared = kv->shared;
    *stats = (struct kv_stats){.pages = kv->header->pages, .free_pages = shared->free_pages, .span_pages = kv->header->span_pages,
        .sequence = shared->number, .durable = shared->durable, .changes = shared->changes, .persists = shared->persists,
        .aborts = shared->aborts};
    for (uint32_t i = 0; i < shared->holders; i++)
        stats->snapshots += shared->table[i].used != 0;
    count(kv, stats);
    error = (int)shared->failed;
    unlock(kv);
    return fails(error);
}
