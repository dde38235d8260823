/* store.c - opening and closing. A store is two regions: NAME with what is kept, and NAME.lock with what is shared only while somebody has
 * it open (store.h). Whoever opens takes the lock first; who finds that nobody has set up what is shared does, and makes the format when
 * the region is all zeroes: the format is one persist, so it is there whole or not at all. */
#define _GNU_SOURCE
#include "store.h"
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define LEAST_SIZE (16 * PAGE)
#define MOST_NAME 58
#define PART_OF_MEMORY 16 /* that may be dirty; as much may be on its way, and the kernel refuses a fifth */

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kv *open_stores; /* of this process: a region is shown once in each */

static void lock_name(char *target, const char *name) { snprintf(target, 64, "%.*s.lock", MOST_NAME, name); }

/* How many bytes a region that is shown may grow to; all of them are mapped. */
static uint64_t span_of(long md)
{
    struct msnap_info info;
    for (unsigned i = 0; msnap_list(i, &info) == 0; i++)
        if (info.md == (uint64_t)md)
            return info.span;
    return 0;
}

static void hide(struct kv *kv)
{
    if (kv->base)
        munmap(kv->base, kv->span);
    if (kv->shared)
        munmap(kv->shared, kv->lock_span);
}

/* The group of this program; all groups of a machine share its regions, but a lock wakes those of its own only. */
static uint64_t own_group(void)
{
    struct sls_group group;
    return sls_group(0, &group) == 0 ? group.id + 1 : 1;
}

static int format(struct kv *kv, uint64_t size)
{
    struct header *header = kv->header;
    if (size < LEAST_SIZE)
        return EINVAL;
    header->pages = (uint32_t)(size / PAGE);
    header->span_pages = (uint32_t)(kv->span / PAGE);
    header->head = pages_for_bits(header->span_pages) + 1;
    if (header->head >= header->pages)
        return EINVAL;
    kv->shared->changing = 1;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    pages_set_up(kv);
    uint64_t *bits = page_at(kv, 1);
    bits[header->head / 64] |= 1ull << header->head % 64;
    leaf_set_up(leaf_at(kv, header->head), LEVELS);
    header->numbers = 1;
    header->magic = MAGIC;
    if (msnap_persist(kv->md, MS_GLOBAL) < 0)
        return errno; /* and who tries next begins anew */
    kv->shared->changing = 0;
    return 0;
}

static int set_opening(struct shared *shared)
{
    uint64_t opening;
    if (getrandom(&opening, sizeof opening, 0) != sizeof opening)
        return EIO;
    shared->opening = opening | 1;
    return 0;
}

/* What is shared, as of a region that was persisted last when nobody had it open. */
static int set_up(struct kv *kv)
{
    struct shared *shared = kv->shared;
    if (kv->header->magic != MAGIC)
        return EINVAL;
    shared->group = own_group();
    shared->forgotten = kv->header->numbers;
    shared->number = shared->taking = shared->taken = shared->durable = kv->header->numbers + 1;
    shared->random = 0x9E3779B97F4A7C15ull ^ kv->header->numbers;
    shared->free_pages = pages_count_free(kv);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return set_opening(shared);
}

/* Shows both regions. Nothing is looked at before the lock is taken, and both are shown before: who takes it may have to give up a
 * change. */
static int show(struct kv *kv, uint64_t size, unsigned flags)
{
    char name[64];
    void *base = NULL, *shared = NULL;
    unsigned create = flags & KV_CREATE ? MS_CREATE : 0;
    lock_name(name, kv->name);
    kv->lock_md = msnap_open(name, &shared, create ? sizeof(struct shared) : 0, create);
    if (kv->lock_md < 0)
        return errno;
    kv->shared = shared;
    kv->lock_span = span_of(kv->lock_md);
    kv->md = msnap_open(kv->name, &base, create ? size : 0, create | (flags & KV_EXCL ? MS_EXCL : 0));
    if (kv->md < 0)
        return errno;
    kv->base = base;
    kv->header = base;
    kv->span = span_of(kv->md);
    return 0;
}

static int join(struct kv *kv, uint64_t size, unsigned flags)
{
    int error = 0;
    if (kv->header->magic == 0 || kv->shared->changing) /* or its format was refused */
        error = flags & KV_CREATE ? format(kv, size) : ENOENT;
    if (error != 0)
        return error;
    if (kv->shared->opening == 0)
        return set_up(kv);
    return kv->shared->group == own_group() ? 0 : EXDEV;
}

static int open_both(struct kv *kv, uint64_t size, unsigned flags)
{
    int error = show(kv, size, flags);
    if (error != 0)
        return error;
    lock_set_up(kv->shared);
    error = lock(kv);
    if (error != 0)
        return error;
    error = join(kv, size, flags);
    kv->opening = error == 0 ? kv->shared->opening : 0;
    unlock(kv);
    return error;
}

static int is_open(const char *name)
{
    for (struct kv *kv = open_stores; kv; kv = kv->next)
        if (strcmp(kv->name, name) == 0)
            return 1;
    return 0;
}

static int check(const char *name, uint64_t size, unsigned flags)
{
    if (strlen(name) < 1 || strlen(name) > MOST_NAME)
        return ENAMETOOLONG;
    if (flags & ~(unsigned)(KV_CREATE | KV_EXCL) || flags == KV_EXCL)
        return EINVAL;
    if (flags & KV_CREATE && (size < LEAST_SIZE || size > UINT32_MAX * 1024ull)) /* page numbers are of 32 bits, and the span four times */
        return EINVAL;
    return is_open(name) ? EBUSY : 0;
}

struct kv *kv_open(const char *name, uint64_t size, unsigned flags)
{
    struct kv *kv = NULL;
    size = (size + PAGE - 1) / PAGE * PAGE;
    pthread_mutex_lock(&open_lock);
    int error = check(name, size, flags);
    if (error == 0 && !(kv = calloc(1, sizeof *kv)))
        error = ENOMEM;
    if (error == 0) {
        strcpy(kv->name, name);
        kv->most_dirty = (uint32_t)(sysconf(_SC_PHYS_PAGES) / PART_OF_MEMORY);
        error = open_both(kv, size, flags);
    }
    if (error == 0) {
        kv->next = open_stores;
        open_stores = kv;
    } else if (kv) {
        hide(kv);
        free(kv);
        kv = NULL;
    }
    pthread_mutex_unlock(&open_lock);
    errno = error;
    return kv;
}

int kv_close(struct kv *kv)
{
    int error = kv_flush(kv) == 0 ? 0 : errno;
    pthread_mutex_lock(&open_lock);
    for (struct kv **link = &open_stores; *link; link = &(*link)->next)
        if (*link == kv) {
            *link = kv->next;
            break;
        }
    hide(kv);
    pthread_mutex_unlock(&open_lock);
    free(kv);
    return fails(error);
}

int kv_destroy(const char *name)
{
    char locks[64];
    if (strlen(name) < 1 || strlen(name) > MOST_NAME)
        return fails(ENAMETOOLONG);
    lock_name(locks, name);
    if (msnap_delete(name) != 0)
        return -1;
    return (int)msnap_delete(locks);
}
