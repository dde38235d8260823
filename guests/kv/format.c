/* format.c - what whoever opens finds, and makes of it. Under the lock, and nobody has set up what is shared: so nobody has the store open,
 * and what is dirty in the region is nobody's, perhaps half a change of who has just ended; it is given up. Where there is no store, one
 * is made only in a region that has never been persisted, with nothing dirty, and zeroes wherever the format writes: anything else is
 * somebody's. The format is one persist, so it is there whole or not at all. */
#define _GNU_SOURCE
#include "store.h"
#include <sys/random.h>

#define FIRST_STATE 1 /* the epoch of a region that has never been persisted */
#define ATTEMPTS 8

/* What is known of a region that is shown; another's end may move it in the list meanwhile. */
int region_info(long md, struct msnap_info *info)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++)
        for (unsigned i = 0; msnap_list(i, info) == 0; i++)
            if (info->md == (uint64_t)md)
                return info->span != 0 ? 0 : EIO;
    return EIO;
}

int was_persisted(const struct msnap_info *info) { return info->durable != FIRST_STATE || info->taken != FIRST_STATE; }

static int is_zero(const uint64_t *words, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes / sizeof *words; i++)
        if (words[i] != 0)
            return 0;
    return 1;
}

static void write_format(struct kv *kv, struct header header)
{
    kv->shared->changing = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    *kv->header = header;
    pages_set_up(kv);
    leaf_set_up(page_at(kv, header.head), LEVELS);
    kv->header->magic = MAGIC;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static int format(struct kv *kv)
{
    struct msnap_info info;
    int error = region_info(kv->md, &info);
    if (error != 0)
        return error;
    if (info.length < LEAST_SIZE || info.length / PAGE > UINT32_MAX || info.span / PAGE > UINT32_MAX)
        return EINVAL;
    struct header header = {.pages = (uint32_t)(info.length / PAGE), .span_pages = (uint32_t)(info.span / PAGE), .numbers = 1};
    header.head = pages_for_bits(header.span_pages) + 1;
    if (header.head >= header.pages || was_persisted(&info) || info.dirty != 0)
        return EINVAL;
    if (!is_zero(page_at(kv, 0), (header.head + 1ull) * PAGE))
        return EINVAL;
    write_format(kv, header);
    if (persist(kv->md, 0) < 0) {
        error = errno;
        give_pages_up(kv->md); /* and who tries next begins anew */
    }
    kv->shared->changing = 0;
    return error;
}

/* Whether the header can be of a store in this region. */
static int is_sound(const struct kv *kv)
{
    struct msnap_info info;
    const struct header *header = kv->header;
    if (header->magic != MAGIC || region_info(kv->md, &info) != 0)
        return 0;
    return header->pages <= info.length / PAGE && header->pages <= header->span_pages && header->span_pages <= info.span / PAGE
        && header->head == pages_for_bits(header->span_pages) + 1 && header->head < header->pages && pages_are_sound(kv)
        && leaf_is_sound(page_at(kv, header->head)) && header->numbers < UINT64_MAX / 2;
}

/* What is shared, as of a region that was persisted last when nobody had it open. */
static int set_up(struct kv *kv)
{
    struct shared *shared = kv->shared;
    uint64_t opening;
    if (!is_sound(kv))
        return EINVAL;
    if (getrandom(&opening, sizeof opening, 0) != sizeof opening)
        return EIO;
    shared->forgotten = kv->header->numbers;
    shared->number = shared->taking = shared->taken = shared->durable = kv->header->numbers + 1;
    shared->random = 0x9E3779B97F4A7C15ull ^ kv->header->numbers;
    shared->free_pages = pages_count_free(kv);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    shared->opening = opening | 1;
    return 0;
}

int join(struct kv *kv, unsigned flags)
{
    if (kv->shared->opening != 0)
        return 0;
    int error = kv->header->magic == MAGIC ? give_pages_up(kv->md) : 0;
    if (error != 0)
        return error;
    if (kv->header->magic == MAGIC)
        return set_up(kv);
    if (!(flags & KV_CREATE))
        return kv->header->magic == 0 ? ENOENT : EINVAL;
    error = format(kv);
    return error != 0 ? error : set_up(kv);
}
