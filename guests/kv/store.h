/* store.h - what the files of the store share: the format of the region, what is shared but not kept, and who calls whom.
 *
 * THE REGION, in pages of 4,096 bytes, which are meant by their number:
 *
 *   0                 header
 *   1 ...             one bit for each page of the span: in use (pages.c)
 *   head              the first leaf; it has no keys before it and is never removed
 *   others            leaves, and pages of values that are too large for a leaf (values.c)
 *
 * A skip list whose nodes are pages (list.c): a leaf holds the entries of a stretch of keys, sorted, and one link for each of its
 * levels. So a put changes one page, its leaf; links change only when a leaf is split or has become empty. An entry is one version of
 * one key; those of a key are beside each other, the newest first (leaf.c). A version stays as long as a snapshot may see it
 * (versions.c).
 *
 * A second region, NAME.lock, is shared memory and no more: it is never persisted, so it is zeroes whenever nobody has had the store
 * open, after a power cut too. It has the lock, what is known of persists, and the snapshots. Nothing that is kept points to it.
 *
 * CHANGES are made under the lock, which is held shortly. A persist takes the pages of all threads of all programs (MS_GLOBAL) while
 * the lock is held, so no change is ever half in it, and nothing has to be recovered after a power cut (commit.c). When a program dies
 * within a change, the next one that takes the lock gives up what had not been taken (lock.c). */
#ifndef KV_STORE_H
#define KV_STORE_H

#include "../include/aurora.h"
#include "kv.h"
#include <errno.h>
#include <pthread.h>

#define PAGE 4096u
#define LEVELS 12
#define MAGIC 0x3130766B61727541ull /* "Aurakv01": format and version */
#define LEAF_MAGIC 0x6661656Cu
#define BITS (PAGE * 8)
#define LOST 64
#define LEAST_SIZE (16 * PAGE)

struct header {
    uint64_t magic;
    uint32_t pages, span_pages; /* the region's length, and what it can grow to */
    uint32_t head, reserved;
    uint64_t numbers;           /* no change that is in the region has a number beyond */
};

/* The value follows the key; the key is not there; the number of the value's first page follows. */
enum kind { VALUE = 0, DELETED = 1, CHAINED = 2 };

struct entry {
    uint64_t number; /* of the change */
    uint16_t key_size, kind;
    uint32_t value_size;
    unsigned char bytes[];
};

struct leaf {
    uint32_t magic;
    uint16_t levels, count; /* links it has; entries */
    uint16_t heap, waste;   /* entries begin here and lie up to the page's end; bytes there that belong to none */
    uint32_t next[LEVELS];  /* zero: it is the last of that level */
    uint16_t slots[];       /* where the entries are, in their order */
};
_Static_assert(sizeof(struct header) == 32 && sizeof(struct entry) == 16 && sizeof(struct leaf) == 60, "the format");

#define LEAF_ROOM (PAGE - (uint32_t)sizeof(struct leaf))
#define MAX_ENTRY 1280u /* three fit into a leaf, so a split makes room for any */

struct chain { uint32_t next; unsigned char bytes[PAGE - 4]; };

struct holder { uint64_t number; int32_t pid; uint32_t used; };

/* NAME.lock. All of it is read and changed under the lock. */
struct shared {
    pthread_mutex_t lock;
    uint64_t opening;         /* a number of its own, of who has set it up; zero: nobody has */
    uint32_t changing;        /* a change is half made */
    uint64_t group;           /* whose programs have it open, and 1 */
    uint64_t number;          /* of the last change */
    uint64_t taking, taken, durable; /* the last change of a persist that is asked for, that is begun, and that is known to be durable */
    uint64_t epoch;           /* the last persist's */
    uint64_t dirty, flying;   /* at most so many pages are in no persist, and in those on their way */
    uint64_t changes, persists, aborts, random;
    uint32_t free_pages, hint; /* free pages; none is free before this one */
    uint32_t holders, failed;  /* entries of the table of snapshots in use or before one; errno */
    uint32_t refused;          /* why the last persist was refused, of which is known what became of it */
    struct { uint64_t after, last; } lost[LOST]; /* changes that were given up, the latest at lost[(aborts - 1) % LOST] */
    uint64_t forgotten;        /* what has become of those up to here is not known */
    struct holder table[KV_MAX_SNAPSHOTS];
};

struct kv {
    char name[64];
    long md, lock_md;
    unsigned char *base;
    struct header *header;
    struct shared *shared;
    uint64_t span, lock_span; /* bytes that are mapped */
    uint32_t most_dirty; /* pages that may be dirty, and as many on their way */
    uint64_t opening;    /* that it has joined; is it another now, what it knew has gone with the machine, or back with the group */
    uint64_t untold;     /* the last change that was made through it, and that nobody has waited for; zero: none. Under the lock */
    int pid;             /* of the process that has opened it */
    _Alignas(8) unsigned char nowhere[PAGE]; /* what a number leads to that cannot be in a store (damage.c) */
    struct kv *next;     /* open in this process */
};

struct kv_snapshot { struct kv *kv; uint64_t number; uint32_t slot; };

/* Where something is in the order: a key and the number of a change; greater numbers come first. */
struct place { const unsigned char *key; uint32_t size; uint64_t number; };
#define NEWEST UINT64_MAX

/* One change of a batch. */
struct change { const void *key, *value; uint32_t key_size, value_size; int deletes; };
struct kv_batch { struct change *changes; size_t count, room; };

static inline void *page_at(const struct kv *kv, uint32_t page) { return kv->base + (uint64_t)page * PAGE; }
static inline struct entry *entry_at(const struct leaf *leaf, uint32_t index)
{
    return (struct entry *)((unsigned char *)leaf + leaf->slots[index]);
}
static inline struct place place_of(const struct entry *entry)
{
    return (struct place){entry->bytes, entry->key_size, entry->number};
}
static inline uint32_t rounded(uint32_t size) { return (size + 7) & ~7u; }
static inline int fails(int error)
{
    if (error != 0)
        errno = error;
    return error ? -1 : 0;
}

/* lock.c: an errno, or zero and the lock is held. */
int lock(struct kv *kv);
void unlock(struct kv *kv);
void lock_set_up(struct shared *shared);
int is_lost(const struct kv *kv, uint64_t number);

/* format.c; join with the lock held. */
int region_info(long md, struct msnap_info *info);
int was_persisted(const struct msnap_info *info);
int join(struct kv *kv, unsigned flags);

/* commit.c; give_pages_up, take, settle, make_dirty and tell with the lock held, begin_commit and commit without. */
long persist(long md, unsigned flags);
int give_pages_up(long md);
int take(struct kv *kv);
int settle(struct kv *kv);
int make_dirty(struct kv *kv, uint64_t pages);
int tell(struct kv *kv);
void begin_commit(struct kv *kv);
int commit(struct kv *kv, uint64_t number);

/* pages.c */
uint32_t page_take(struct kv *kv);
void page_give(struct kv *kv, uint32_t page);
uint32_t pages_for_bits(uint32_t span_pages);
void pages_set_up(struct kv *kv);
int pages_are_sound(const struct kv *kv);
uint32_t pages_count_free(const struct kv *kv);
int pages_grow(struct kv *kv, uint64_t needed);

/* leaf.c */
int compare(struct place a, struct place b);
int same_key(const struct entry *entry, struct place place);
void leaf_set_up(struct leaf *leaf, uint16_t levels);
int leaf_is_sound(const struct leaf *leaf);
uint32_t leaf_used(const struct leaf *leaf);
uint32_t entry_size(const struct entry *entry);
uint32_t leaf_position(const struct leaf *leaf, struct place place);
int leaf_fits(const struct leaf *leaf, uint32_t size);
struct entry *leaf_insert(struct leaf *leaf, uint32_t index, uint32_t size);
void leaf_remove(struct leaf *leaf, uint32_t index);
void leaf_move(struct leaf *from, uint32_t first, struct leaf *to);

/* damage.c */
struct leaf *leaf_at(const struct kv *kv, uint32_t page);
struct leaf *whole_leaf_at(const struct kv *kv, uint32_t page);
void *data_at(const struct kv *kv, uint32_t page);
void *nowhere(const struct kv *kv);
int goes_on(const struct kv *kv, uint32_t *steps);

/* list.c */
struct path { uint32_t at[LEVELS]; };
uint32_t list_find(const struct kv *kv, struct place place, struct path *path);
uint32_t list_before(const struct kv *kv, struct place place);
uint32_t list_split(struct kv *kv, struct path *path, uint32_t index);
void list_unlink(struct kv *kv, uint32_t page, struct place first);
void list_merge(struct kv *kv, uint32_t page);

/* values.c */
uint32_t value_pages(const struct change *change);
uint32_t value_put(struct kv *kv, const void *value, uint32_t size);
void value_give(struct kv *kv, const struct entry *entry);
void value_get(const struct kv *kv, const struct entry *entry, void *value, size_t room);

/* versions.c: with the lock held, within a change. */
int is_needed(const struct kv *kv, uint64_t number, uint64_t newer);
void apply(struct kv *kv, const struct change *change, uint64_t number);
int purge_all(struct kv *kv);
struct entry *visible(const struct kv *kv, struct place place);

/* snapshots.c: with the lock held. */
int hold(struct kv *kv, uint64_t *number, uint32_t *slot);
void let_go(struct kv *kv, uint32_t slot);
void let_go_of_the_dead(struct kv *kv);

#endif
