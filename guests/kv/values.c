/* values.c - values that are too large for a leaf: a chain of pages of their own, each with the number of the next and 4,092 bytes.
 * They are written once and never changed, so a version that a snapshot sees keeps its pages. */
#define _GNU_SOURCE
#include "store.h"
#include <string.h>

#define PART (PAGE - 4u)

static uint32_t parts(uint32_t size) { return (size + PART - 1) / PART; }

/* How many pages a change needs beside its leaf. */
uint32_t value_pages(const struct change *change)
{
    int small = change->deletes || sizeof(struct entry) + change->key_size + change->value_size <= MAX_ENTRY;
    return small ? 0 : parts(change->value_size);
}

uint32_t value_put(struct kv *kv, const void *value, uint32_t size)
{
    uint32_t first = page_take(kv), page = first;
    for (uint32_t done = 0; done < size;) {
        struct chain *chain = data_at(kv, page);
        uint32_t part = size - done < PART ? size - done : PART;
        memcpy(chain->bytes, (const unsigned char *)value + done, part);
        done += part;
        chain->next = done < size ? page_take(kv) : 0;
        page = chain->next;
    }
    return first;
}

static uint32_t first_page(const struct entry *entry)
{
    uint32_t page;
    memcpy(&page, entry->bytes + entry->key_size, sizeof page);
    return page;
}

void value_give(struct kv *kv, const struct entry *entry)
{
    if (entry->kind != CHAINED)
        return;
    uint32_t page = first_page(entry), next;
    for (uint32_t left = parts(entry->value_size); left > 0; left--, page = next) {
        next = ((struct chain *)data_at(kv, page))->next;
        page_give(kv, page);
    }
}

/* Copies as much of a value as there is room for. */
void value_get(const struct kv *kv, const struct entry *entry, void *value, size_t room)
{
    size_t size = entry->value_size < room ? entry->value_size : room;
    if (size == 0)
        return;
    if (entry->kind == VALUE) {
        memcpy(value, entry->bytes + entry->key_size, size);
        return;
    }
    uint32_t page = first_page(entry);
    for (size_t done = 0; done < size;) {
        const struct chain *chain = data_at(kv, page);
        size_t part = size - done < PART ? size - done : PART;
        memcpy((unsigned char *)value + done, chain->bytes, part);
        done += part;
        page = chain->next;
    }
}
