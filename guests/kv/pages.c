/* pages.c - which pages are in use: a bit for each page of the span, in pages behind the header. Free pages are found from a hint on, below
 * which none is free; how many there are is counted when the store is opened first. Nothing is taken that has not been counted before
 * (pages_grow): a change that has begun never finds the store full. */
#define _GNU_SOURCE
#include "store.h"

static uint64_t *bits_of(const struct kv *kv) { return page_at(kv, 1); }

uint32_t pages_for_bits(uint32_t span_pages) { return (uint32_t)(((uint64_t)span_pages + BITS - 1) / BITS); }

static void mark(struct kv *kv, uint32_t page) { bits_of(kv)[page / 64] |= 1ull << page % 64; }

void pages_set_up(struct kv *kv)
{
    uint32_t bits = pages_for_bits(kv->header->span_pages);
    for (uint32_t page = 0; page <= bits; page++)
        mark(kv, page);
    mark(kv, kv->header->head);
}

/* What the format has marked is. */
int pages_are_sound(const struct kv *kv)
{
    for (uint32_t page = 0; page <= kv->header->head; page++)
        if ((bits_of(kv)[page / 64] >> page % 64 & 1) == 0)
            return 0;
    return 1;
}

uint32_t pages_count_free(const struct kv *kv)
{
    uint32_t used = 0, pages = kv->header->pages;
    for (uint32_t word = 0; word < pages / 64; word++)
        used += (uint32_t)__builtin_popcountll(bits_of(kv)[word]);
    if (pages % 64 != 0)
        used += (uint32_t)__builtin_popcountll(bits_of(kv)[pages / 64] & ((1ull << pages % 64) - 1));
    return pages - used;
}

uint32_t page_take(struct kv *kv)
{
    struct shared *shared = kv->shared;
    uint32_t word = shared->hint / 64;
    while (word * 64 < kv->header->pages && ~bits_of(kv)[word] == 0)
        word++;
    uint32_t page = word * 64 < kv->header->pages ? word * 64 + (uint32_t)__builtin_ctzll(~bits_of(kv)[word]) : UINT32_MAX;
    if (page >= kv->header->pages || shared->free_pages == 0) { /* was counted */
        shared->failed = EIO;
        return 0;
    }
    mark(kv, page);
    shared->hint = page;
    shared->free_pages--;
    return page;
}

void page_give(struct kv *kv, uint32_t page)
{
    struct shared *shared = kv->shared;
    if (page <= kv->header->head || page >= kv->header->pages || (bits_of(kv)[page / 64] >> page % 64 & 1) == 0) {
        shared->failed = EIO;
        return;
    }
    bits_of(kv)[page / 64] &= ~(1ull << page % 64);
    if (page < shared->hint)
        shared->hint = page;
    shared->free_pages++;
}

static int resize(long md, uint64_t length)
{
    int error;
    do
        error = msnap_resize(md, length) == 0 ? 0 : errno;
    while (error == EINTR);
    return error;
}

/* Makes the region longer until so many pages are free: twice as long, as long as there is a span. The length in the header may be behind
 * that of the region after a power cut; it is set again then. */
int pages_grow(struct kv *kv, uint64_t needed)
{
    struct header *header = kv->header;
    uint64_t least = header->pages + needed, pages = 2ull * header->pages;
    if (needed > header->span_pages || least > header->span_pages)
        return ENOSPC;
    if (pages < least)
        pages = least;
    if (pages > header->span_pages)
        pages = header->span_pages;
    if (resize(kv->md, pages * PAGE) != 0)
        return ENOSPC;
    kv->shared->changing = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    kv->shared->free_pages += (uint32_t)(pages - header->pages);
    kv->shared->dirty++;
    header->pages = (uint32_t)pages;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    kv->shared->changing = 0;
    return 0;
}
