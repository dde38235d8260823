/* batch.c - changes that are collected to be made as one. A batch has copies of keys and values, a change's in one piece. */
#define _GNU_SOURCE
#include "store.h"
#include <stdlib.h>
#include <string.h>

struct kv_batch *kv_batch_new(void) { return calloc(1, sizeof(struct kv_batch)); }

static int add(struct kv_batch *batch, struct change change)
{
    if (change.key_size < 1 || change.key_size > KV_MAX_KEY || change.value_size > KV_MAX_VALUE)
        return fails(EINVAL);
    if (batch->count == batch->room) {
        size_t room = batch->room ? 2 * batch->room : 16;
        struct change *more = realloc(batch->changes, room * sizeof *more);
        if (!more)
            return -1;
        batch->changes = more;
        batch->room = room;
    }
    unsigned char *copy = malloc(change.key_size + change.value_size);
    if (!copy)
        return -1;
    memcpy(copy, change.key, change.key_size);
    if (change.value_size != 0)
        memcpy(copy + change.key_size, change.value, change.value_size);
    change.key = copy;
    change.value = copy + change.key_size;
    batch->changes[batch->count++] = change;
    return 0;
}

/* A size that does not fit into a change is none that a change may have. */
static uint32_t limited(size_t size) { return size > UINT32_MAX ? UINT32_MAX : (uint32_t)size; }

int kv_batch_put(struct kv_batch *batch, const void *key, size_t key_size, const void *value, size_t value_size)
{
    return add(batch, (struct change){key, value, limited(key_size), limited(value_size), 0});
}

int kv_batch_delete(struct kv_batch *batch, const void *key, size_t key_size)
{
    return add(batch, (struct change){key, NULL, limited(key_size), 0, 1});
}

void kv_batch_clear(struct kv_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        free((void *)batch->changes[i].key);
    batch->count = 0;
}

void kv_batch_free(struct kv_batch *batch)
{
    if (!batch)
        return;
    kv_batch_clear(batch);
    free(batch->changes);
    free(batch);
}
