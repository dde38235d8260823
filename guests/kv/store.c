/* store.c - opening and closing. A store is two regions: NAME with what is kept, and NAME.lock with what is shared only while somebody has
 * it open (store.h).
 *
 * NAME is shown first and hidden last. So while NAME.lock is shown by anybody who has the store open, NAME is too, and the kernel gives up
 * nothing of it; and who finds zeroes in NAME.lock knows that nobody has the store open (format.c).
 *
 * NAME.lock must have come into memory as zeroes, so it must never have been persisted. One that was (by a program that persists whatever
 * it shows) is ended and made anew; while somebody has the store open that is not possible, and nobody else can open it. */
#define _GNU_SOURCE
#include "store.h"
#include <sched.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MOST_NAME 58
#define PART_OF_MEMORY 16 /* that may be dirty; as much may be on its way, and the kernel refuses a fifth */
#define ATTEMPTS 100

static const char lock_suffix[] = ".lock";
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct kv *open_stores; /* of this process, and of one that has forked it: a region is shown once in each */

static void lock_name(char *target, const char *name) { snprintf(target, 64, "%.*s%s", MOST_NAME, name, lock_suffix); }

static void hide_lock(struct kv *kv)
{
    if (kv->shared)
        munmap(kv->shared, kv->lock_span);
    kv->shared = NULL;
}

static void hide(struct kv *kv)
{
    hide_lock(kv);
    if (kv->base)
        munmap(kv->base, kv->span);
}

/* The group of this program; all groups of a machine share its regions, but a lock wakes those of its own only. */
static uint64_t own_group(void)
{
    struct sls_group group;
    return sls_group(0, &group) == 0 ? group.id + 1 : 1;
}

/* `info` is of the region's moment before its beginning was looked at: a format that is made between makes the magic first. */
static int show_data(struct kv *kv, uint64_t size, unsigned flags)
{
    void *base = NULL;
    struct msnap_info info;
    unsigned create = flags & KV_CREATE ? MS_CREATE | (flags & KV_EXCL ? MS_EXCL : 0) : 0;
    kv->md = msnap_open(kv->name, &base, create ? size : 0, create);
    if (kv->md < 0)
        return errno;
    int error = region_info(kv->md, &info);
    if (error != 0)
        return error;
    kv->base = base;
    kv->header = base;
    kv->span = info.span;
    return was_persisted(&info) && kv->header->magic != MAGIC ? EINVAL : 0;
}

/* Shows NAME.lock, and makes it if there may be a store. */
static int show_lock(struct kv *kv, const char *name, unsigned flags, int *was_used)
{
    void *shared = NULL;
    struct msnap_info info;
    unsigned create = flags & KV_CREATE || kv->header->magic == MAGIC ? MS_CREATE : 0;
    kv->lock_md = msnap_open(name, &shared, create ? sizeof(struct shared) : 0, create);
    if (kv->lock_md < 0)
        return errno;
    int error = region_info(kv->lock_md, &info);
    if (error != 0)
        return error;
    kv->shared = shared;
    kv->lock_span = info.span;
    *was_used = was_persisted(&info);
    return 0;
}

/* Shows both regions. What is in NAME is not trusted before the lock is taken, and both are shown before: who takes it may have to give up
 * a change. */
static int show(struct kv *kv, uint64_t size, unsigned flags)
{
    char name[64];
    int was_used = 0, error = show_data(kv, size, flags);
    lock_name(name, kv->name);
    for (int attempt = 0; error == 0 && attempt < ATTEMPTS; attempt++) {
        error = show_lock(kv, name, flags, &was_used);
        if (error != 0 || !was_used)
            return error;
        hide_lock(kv);
        if (msnap_delete(name) != 0 && errno != ENOENT && errno != EBUSY)
            return errno;
        sched_yield(); /* EBUSY: somebody has the store open, or has just come to the same */
    }
    return error != 0 ? error : EBUSY;
}

/* Before the lock: one that a thread of another group waits for would not be woken. */
static int claim(struct shared *shared)
{
    uint64_t group = own_group(), found = 0;
    int is_first = __atomic_compare_exchange_n(&shared->group, &found, group, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return is_first || found == group ? 0 : EXDEV;
}

static int open_both(struct kv *kv, uint64_t size, unsigned flags)
{
    int error = show(kv, size, flags);
    if (error == 0)
        error = claim(kv->shared);
    if (error != 0)
        return error;
    lock_set_up(kv->shared);
    error = lock(kv);
    if (error != 0)
        return error;
    error = join(kv, flags);
    kv->opening = error == 0 ? kv->shared->opening : 0;
    unlock(kv);
    return error;
}

static int is_open(const char *name)
{
    for (struct kv *kv = open_stores; kv; kv = kv->next)
        if (kv->pid == getpid() && strcmp(kv->name, name) == 0)
            return 1;
    return 0;
}

static int check_name(const char *name)
{
    size_t length = strlen(name), suffix = sizeof lock_suffix - 1;
    if (length < 1 || length > MOST_NAME)
        return ENAMETOOLONG;
    return length >= suffix && strcmp(name + length - suffix, lock_suffix) == 0 ? EINVAL : 0;
}

/* A program that goes on with a region that is not what it was would go on within a change, without the lock. */
static int check_signal(void)
{
    long signal = msnap_notify(0);
    if (signal > 0)
        msnap_notify((int)signal);
    return signal < 0 ? errno : signal > 0 ? EINVAL : 0;
}

static int check(const char *name, uint64_t size, unsigned flags)
{
    int error = check_name(name);
    if (error != 0)
        return error;
    if (flags & ~(unsigned)(KV_CREATE | KV_EXCL) || flags == KV_EXCL)
        return EINVAL;
    if (flags & KV_CREATE && (size < LEAST_SIZE || size > UINT32_MAX * 1024ull)) /* page numbers are of 32 bits, and the span four times */
        return EINVAL;
    return is_open(name) ? EBUSY : check_signal();
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
        kv->pid = getpid();
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
    int error = check_name(name);
    if (error != 0)
        return fails(error);
    lock_name(locks, name);
    error = msnap_delete(name) == 0 ? 0 : errno;
    if (error != 0 && error != ENOENT)
        return fails(error);
    /* What has no store any more is nobody's lock; it may have stayed when the machine ended between the two. */
    if (msnap_delete(locks) == 0 || error == 0)
        return 0;
    return fails(errno);
}
