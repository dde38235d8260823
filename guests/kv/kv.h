/* kv.h - an ordered key-value store in a region (docs/kv.md). Keys are 1 to 1,024 bytes and ordered as memcmp orders them, the shorter
 * first; values are up to 1 MiB. Any number of threads of a process and of processes of one group may use a store at the same time.
 *
 *   struct kv *kv = kv_open("accounts", 64 << 20, KV_CREATE);
 *   kv_put(kv, "anna", 4, "17", 2, KV_SYNC);              durable when it returns
 *   long size = kv_get(kv, NULL, "anna", 4, value, sizeof value);
 *   kv_close(kv);
 *
 * What fails returns -1 (or NULL) with errno. Any call: EIO (the store or the disk has failed), ENOMEM, ESTALE (once: what became of
 * an earlier change is not known, ask again; from every call: the machine has been restarted, or the group has gone back, and the program
 * goes on: the store is to be closed and opened). */
#ifndef KV_H
#define KV_H

#include <stddef.h>
#include <stdint.h>

#define KV_MAX_KEY 1024
#define KV_MAX_VALUE (1 << 20)
#define KV_MAX_SNAPSHOTS 240 /* of a store at a time, iterators too */

#define KV_CREATE 1 /* kv_open: make the store if there is none (CAP_SYS_ADMIN) */
#define KV_EXCL 2   /* with KV_CREATE: there must be none */

/* When a change becomes durable: before the call returns; soon, and kv_wait waits for it; or with the next that somebody waits for, at the
 * latest when much has been changed. What one program has changed is seen by all at once, durable or not. */
enum kv_when { KV_SYNC, KV_ASYNC, KV_LATER };

struct kv;
struct kv_batch;
struct kv_snapshot;
struct kv_iterator;

struct kv_stats {
    uint64_t keys, versions;     /* what is there now, and with what is kept for snapshots and what has been deleted for them */
    uint64_t leaves;             /* pages of keys and small values */
    uint64_t pages, free_pages;  /* of 4,096 bytes, that the region has now, and that are free of these */
    uint64_t span_pages;         /* that it can grow to */
    uint64_t sequence, durable;  /* numbers of the last change, and of the last that is known to be durable */
    uint64_t snapshots;          /* that are held now */
    uint64_t changes, persists;  /* batches since the store was opened first, and persists for them */
    uint64_t aborts;             /* how often a program died within a change, and what was not durable was given up */
};

/* Opens a store, and makes it with so many bytes if there is none; it grows to its span (docs/api.md) as it is filled. ENAMETOOLONG (1
 * to 58 bytes), EINVAL (flags, less than 64 KiB, a name that ends in .lock, msnap_notify is set, or the region is something else), ENOENT,
 * EEXIST, EBUSY (this process has it open, or somebody has, and has persisted NAME.lock), EXDEV (programs of another group have it open),
 * and what msnap_open says. After fork a child opens it anew. */
struct kv *kv_open(const char *name, uint64_t size, unsigned flags);
/* Makes everything durable and closes. When that fails it is closed nevertheless. Nobody uses it any more, nor its snapshots and
 * iterators. */
int kv_close(struct kv *kv);
/* Ends a store that nobody has open, as msnap_delete. */
int kv_destroy(const char *name);

/* The number of the change, or -1: EINVAL (the key's or the value's size), ENOSPC (the store is full, and nothing has changed; or the disk
 * is, and the change is there but not durable; so much is there already that the disk has refused, and nothing has changed), E2BIG
 * (kv_write: more than may be dirty at a time), ECANCELED (said once: an earlier change through this handle, which nobody has waited for,
 * was given up, and this one was not made), ESTALE (the same, but it is not known whether it was given up). Deleting what is not there is a
 * change like any other. */
long kv_put(struct kv *kv, const void *key, size_t key_size, const void *value, size_t value_size, enum kv_when when);
long kv_delete(struct kv *kv, const void *key, size_t key_size, enum kv_when when);
/* Waits until a change is durable, and with it all before it. ECANCELED: it was given up, since a program died within a later one. ESTALE:
 * so old that this is not known. EINVAL: there was none. */
int kv_wait(struct kv *kv, uint64_t change);
/* Waits until everything that has been changed is durable. ECANCELED: something was given up, as above. */
int kv_flush(struct kv *kv);

/* The size of a value, of which as much is copied as there is room for; -1: ENOENT. As of a snapshot or, with NULL, now. */
long kv_get(struct kv *kv, const struct kv_snapshot *at, const void *key, size_t key_size, void *value, size_t room);

/* Changes that are made as one, in the order they were put; the last one of a key counts. One batch is of one thread at a time. */
struct kv_batch *kv_batch_new(void);
int kv_batch_put(struct kv_batch *batch, const void *key, size_t key_size, const void *value, size_t value_size);
int kv_batch_delete(struct kv_batch *batch, const void *key, size_t key_size);
void kv_batch_clear(struct kv_batch *batch);
void kv_batch_free(struct kv_batch *batch);
long kv_write(struct kv *kv, const struct kv_batch *batch, enum kv_when when);

/* The store as it is now, until it is released. EAGAIN: KV_MAX_SNAPSHOTS are held. Reading from one: ECANCELED, what it shows was given
 * up. */
struct kv_snapshot *kv_snapshot(struct kv *kv);
void kv_release(struct kv_snapshot *snapshot);

/* Goes over a snapshot or, with NULL, over the store as it is now, which others may change meanwhile. At first it is nowhere. Moving
 * returns 1 when it is at a key, 0 when there is none further, -1. One iterator is of one thread at a time. */
struct kv_iterator *kv_iterate(struct kv *kv, const struct kv_snapshot *at);
void kv_iterator_free(struct kv_iterator *iterator);
int kv_first(struct kv_iterator *iterator);
int kv_last(struct kv_iterator *iterator);
int kv_seek(struct kv_iterator *iterator, const void *key, size_t key_size);        /* to the first that is not before the key */
int kv_seek_before(struct kv_iterator *iterator, const void *key, size_t key_size); /* to the last that is before the key */
int kv_next(struct kv_iterator *iterator);
int kv_previous(struct kv_iterator *iterator);
/* The key it is at, until it moves; NULL when at none. */
const void *kv_key(const struct kv_iterator *iterator, size_t *key_size);
long kv_value(struct kv_iterator *iterator, void *value, size_t room); /* as kv_get */

/* Gives back the room of everything that no snapshot needs, wherever it is; else that happens as pages are changed, or when room is
 * short. */
int kv_compact(struct kv *kv);
int kv_stat(struct kv *kv, struct kv_stats *stats);

#endif
