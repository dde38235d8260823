/* check_opening.h - what may be opened, and by whom: regions that are something else, locks that were persisted, damaged stores,
 * children. */
#ifndef CHECK_OPENING_H
#define CHECK_OPENING_H

#include "../store.h"
#include "check_model.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define OPENED (1 << 20)

/* Shows a region as any program may, and hides it. */
static uint64_t *show_region(const char *name, uint64_t size, long *md)
{
    void *base = NULL;
    *md = msnap_open(name, &base, size, size ? MS_CREATE : 0);
    return *md < 0 ? NULL : base;
}

static void hide_region(long md, void *base)
{
    struct msnap_info info;
    for (unsigned i = 0; msnap_list(i, &info) == 0; i++)
        if (info.md == (uint64_t)md)
            munmap(base, info.span);
}

/* What a child comes to that runs with an argument; -1: it was ended. */
static int status_of(int (*run)(const void *), const void *argument)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(run(argument));
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The errno of opening a store with KV_CREATE, zero when it can be. */
static int opening(const void *name)
{
    struct kv *kv = kv_open(name, OPENED, KV_CREATE);
    return kv ? kv_close(kv) != 0 : errno;
}

/* What a region has that is no store, and whether it is persisted. */
static int refuses(uint64_t index, uint64_t value, int persists)
{
    long md;
    uint64_t *mine = show_region("kvcheck", OPENED, &md);
    mine[index] = value;
    if (persists && msnap_persist(md, 0) < 0)
        return 0;
    int is_refused = status_of(opening, "kvcheck") == EINVAL && mine[index] == value;
    hide_region(md, mine);
    mine = show_region("kvcheck", 0, &md);
    is_refused = is_refused && mine && mine[index] == (persists ? value : 0) && mine[0] == 0;
    hide_region(md, mine);
    return is_refused && msnap_delete("kvcheck") == 0;
}

static void check_regions(void)
{
    long md;
    CHECK(refuses(1, 12345, 1), "a region that is something else does not become a store, and stays as it is");
    CHECK(refuses(100000, 12345, 1), "nor one that begins with zeroes");
    CHECK(refuses(1, 12345, 0), "nor one in which something is not persisted");
    CHECK(!kv_open("kvcheck.lock", OPENED, KV_CREATE) && errno == EINVAL, "the name of a lock is no store's");
    uint64_t *mine = show_region("kvcheck", OPENED, &md);
    hide_region(md, mine);
    CHECK(status_of(opening, "kvcheck") == 0, "a new region becomes a store");
    CHECK(msnap_delete("kvcheck") == 0 && kv_destroy("kvcheck") == 0, "a lock that has lost its store is ended");
    CHECK_ERRNO(kv_destroy("kvcheck"), ENOENT, "then there is none");
    msnap_notify(SIGUSR1);
    CHECK(!kv_open("kvcheck", OPENED, KV_CREATE) && errno == EINVAL && msnap_notify(0) == SIGUSR1, "no store with msnap_notify");
}

static int count_keys(struct kv *kv)
{
    int count = 0;
    struct kv_iterator *iterator = kv_iterate(kv, NULL);
    for (int more = kv_first(iterator); more == 1; more = kv_next(iterator))
        count++;
    kv_iterator_free(iterator);
    return count;
}

static int put_number(struct kv *kv, int number, enum kv_when when)
{
    char key[16];
    return kv_put(kv, key, (size_t)sprintf(key, "%d", number), &number, sizeof number, when) > 0;
}

/* An iterator goes on when its snapshot is released, whatever becomes of what it shows. */
static void check_iterator_holds(void)
{
    static char value[100000], found[100000];
    struct kv *kv = kv_open("kvcheck", 4 << 20, KV_CREATE);
    memset(value, 'a', sizeof value);
    kv_put(kv, "k", 1, value, sizeof value, KV_LATER);
    struct kv_snapshot *snapshot = kv_snapshot(kv);
    struct kv_iterator *iterator = kv_iterate(kv, snapshot);
    CHECK(kv_first(iterator) == 1, "an iterator is at a value");
    kv_release(snapshot);
    memset(value, 'b', sizeof value);
    for (int i = 0; i < 40; i++)
        kv_put(kv, "k", 1, value, sizeof value, KV_LATER);
    memset(value, 'a', sizeof value);
    CHECK(kv_value(iterator, found, sizeof found) == sizeof found && memcmp(found, value, sizeof found) == 0,
        "the value stays when the snapshot is released");
    kv_iterator_free(iterator);
    CHECK(kv_close(kv) == 0 && kv_destroy("kvcheck") == 0, "the store of the iterator is ended");
}

/* A lock that was persisted says what was so then. */
static void check_used_lock(void)
{
    long md;
    struct kv *kv = kv_open("kvcheck", OPENED, KV_CREATE);
    struct kv_stats before, after;
    put_number(kv, 0, KV_SYNC);
    CHECK(show_region("kvcheck.lock", 0, &md) && msnap_persist(md, MS_GLOBAL) > 0, "somebody persists the lock");
    CHECK(status_of(opening, "kvcheck") == EBUSY, "nobody else opens the store then");
    for (int i = 1; i < 20; i++)
        put_number(kv, i, KV_LATER);
    CHECK(kv_stat(kv, &before) == 0 && kv_close(kv) == 0, "who has it open goes on");
    kv = kv_open("kvcheck", 0, 0);
    CHECK(kv && kv_stat(kv, &after) == 0 && after.sequence >= before.sequence, "the lock is made anew");
    CHECK(count_keys(kv) == 20, "and nothing is missing");
    kv_close(kv);
}

static int opening_as_child(const void *unused)
{
    (void)unused;
    struct kv *kv = kv_open("kvcheck", 0, 0);
    return !kv ? errno : put_number(kv, 100, KV_SYNC) && kv_close(kv) == 0 ? 0 : 1;
}

static int killed_within(const void *name)
{
    struct kv *kv = kv_open(name, 0, 0);
    void *bad = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (kv)
        kv_put(kv, "half", 4, bad, 1000, KV_LATER);
    return 1;
}

static void check_children(void)
{
    long md;
    struct kv *kv = kv_open("kvcheck", 0, 0);
    CHECK(status_of(opening_as_child, NULL) == 0, "a child opens a store that its parent has open");
    CHECK(kv_get(kv, NULL, "100", 3, NULL, 0) == sizeof(int) && kv_close(kv) == 0, "and the parent sees what it has put");
    uint64_t *shown = show_region("kvcheck", 0, &md);
    CHECK(status_of(killed_within, "kvcheck") == -1, "the last user dies within a change while another opens");
    CHECK(shown && (kv = kv_open("kvcheck", 0, 0)) != NULL, "the other has opened");
    CHECK(kv_get(kv, NULL, "half", 4, NULL, 0) == -1 && errno == ENOENT && count_keys(kv) == 21, "and sees nothing of the change");
    uint64_t group = __atomic_exchange_n(&kv->shared->group, UINT64_MAX, __ATOMIC_SEQ_CST);
    CHECK(status_of(opening_as_child, NULL) == EXDEV, "programs of another group are refused");
    kv->shared->group = group;
    CHECK(kv_close(kv) == 0 && kv_destroy("kvcheck") == 0, "the store of the children is ended");
}

static int damages(uint32_t offset, uint32_t value, int is_of_head)
{
    struct kv *kv = kv_open("kvcheck", OPENED, KV_CREATE);
    static char large[8000];
    int number = 0;
    char found[8000];
    for (; number < 300; number++)
        put_number(kv, number, KV_LATER);
    int wrong = kv_put(kv, "large", 5, large, sizeof large, KV_SYNC) < 0;
    unsigned char *page = kv->base + (is_of_head ? kv->header->head * PAGE : 0);
    *(uint32_t *)(page + offset) = value;
    if (is_of_head) {
        kv_get(kv, NULL, "0", 1, found, sizeof found);
        kv_get(kv, NULL, "large", 5, found, sizeof found);
        kv_put(kv, "large", 5, large, 10, KV_LATER);
        wrong += put_number(kv, 1000, KV_SYNC) || errno != EIO;
    } else {
        wrong += msnap_persist(kv->md, MS_GLOBAL) < 0;
    }
    kv_close(kv);
    wrong += status_of(opening, "kvcheck") != (is_of_head ? 0 : EINVAL);
    return wrong == 0 && kv_destroy("kvcheck") == 0;
}

static void check_damage(void)
{
    CHECK(damages(offsetof(struct leaf, magic), 1, 1), "a leaf that is none is not followed, and nothing of it becomes durable");
    CHECK(damages(offsetof(struct leaf, next), 1 << 30, 1), "nor a link out of the region");
    CHECK(damages(offsetof(struct leaf, next), 2, 1), "nor one that leads back");
    CHECK(damages(offsetof(struct leaf, slots), 0xFFF8FFF8, 1), "nor an entry out of its page");
    CHECK(damages(offsetof(struct header, pages), 1 << 30, 0), "a store that says it is longer than its region is refused");
    CHECK(damages(offsetof(struct header, head), 1, 0), "and one whose first leaf cannot be there");
}

static void check_opening(void)
{
    check_damage();
    check_regions();
    check_iterator_holds();
    check_used_lock();
    check_children();
}

#endif
