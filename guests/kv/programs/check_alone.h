/* check_alone.h - what one thread sees: answers and errors, random changes beside the model, a full store. */
#ifndef CHECK_ALONE_H
#define CHECK_ALONE_H

#include "check_model.h"

#define MAX_NAME 59 /* one more than may be */

static void check_answers(void)
{
    char value[64], longest[KV_MAX_KEY + 1];
    memset(longest, 'x', sizeof longest);
    CHECK(!kv_open("kvcheck", 1 << 20, 0) && errno == ENOENT, "a store that is not there is not opened");
    CHECK(!kv_open("kvcheck", 4096, KV_CREATE) && errno == EINVAL, "a store is not made too small");
    CHECK(!kv_open("kvcheck", 1 << 20, 8) && errno == EINVAL, "unknown flags are refused");
    longest[MAX_NAME] = 0;
    CHECK(!kv_open(longest, 1 << 20, KV_CREATE) && errno == ENAMETOOLONG, "a name that is too long is refused");
    longest[MAX_NAME] = 'x';
    struct kv *kv = kv_open("kvcheck", 1 << 20, KV_CREATE | KV_EXCL);
    CHECK(kv != NULL, "a store is made");
    CHECK(!kv_open("kvcheck", 1 << 20, 0) && errno == EBUSY, "a process opens a store once");
    CHECK_ERRNO(kv_get(kv, NULL, "a", 1, value, sizeof value), ENOENT, "a key that is not there is not found");
    CHECK(kv_put(kv, "a", 1, "one", 3, KV_SYNC) > 0, "a key is put");
    CHECK(kv_get(kv, NULL, "a", 1, value, sizeof value) == 3 && memcmp(value, "one", 3) == 0, "it is found");
    CHECK(kv_get(kv, NULL, "a", 1, value, 1) == 3, "its size is said when there is no room");
    CHECK(kv_put(kv, "a", 1, NULL, 0, KV_SYNC) > 0 && kv_get(kv, NULL, "a", 1, value, 0) == 0, "a value may be empty");
    CHECK(kv_delete(kv, "a", 1, KV_SYNC) > 0, "it is deleted");
    CHECK_ERRNO(kv_get(kv, NULL, "a", 1, value, sizeof value), ENOENT, "it is not found then");
    CHECK(kv_delete(kv, "a", 1, KV_SYNC) > 0, "what is not there is deleted");
    CHECK_ERRNO(kv_put(kv, "", 0, "x", 1, KV_SYNC), EINVAL, "a key is not empty");
    CHECK_ERRNO(kv_put(kv, longest, sizeof longest, "x", 1, KV_SYNC), EINVAL, "a key is not too long");
    CHECK_ERRNO(kv_put(kv, "x", 1, longest, KV_MAX_VALUE + 1, KV_SYNC), EINVAL, "a value is not too long");
    long change = kv_put(kv, longest, KV_MAX_KEY, "y", 1, KV_ASYNC);
    CHECK(change > 0 && kv_wait(kv, (uint64_t)change) == 0, "a put is waited for");
    CHECK_ERRNO(kv_wait(kv, (uint64_t)change + 1), EINVAL, "a change that there was not is not waited for");
    CHECK(kv_close(kv) == 0 && (kv = kv_open("kvcheck", 0, 0)) != NULL, "a store is opened again");
    CHECK(kv_get(kv, NULL, longest, KV_MAX_KEY, value, sizeof value) == 1, "and has what was put");
    CHECK_ERRNO(kv_wait(kv, (uint64_t)change), ESTALE, "changes from before are not known");
    CHECK_ERRNO(kv_destroy("kvcheck"), EBUSY, "a store that is open is not ended");
    CHECK(kv_close(kv) == 0 && kv_destroy("kvcheck") == 0, "one that nobody has open is");
}

#define HELD 4

struct checked { struct kv *kv; struct model model, held_models[HELD]; struct kv_snapshot *held[HELD]; uint32_t random; };

static uint32_t roll(struct checked *checked, uint32_t below)
{
    checked->random = mixed(checked->random + 0x51ull);
    return checked->random % below;
}

static void change_one(struct checked *checked, struct kv_batch *batch)
{
    static unsigned char key[KV_MAX_KEY], value[MAX_MODEL_VALUE];
    int index = (int)roll(checked, KEYS), deletes = roll(checked, 3) == 0;
    uint32_t seed = deletes ? 0 : 1 + roll(checked, 1 << 30);
    size_t key_size = model_key(index, key), size = deletes ? 0 : model_value(seed, value);
    long done;
    if (batch)
        done = deletes ? kv_batch_delete(batch, key, key_size) + 1 : kv_batch_put(batch, key, key_size, value, size) + 1;
    else
        done = deletes ? kv_delete(checked->kv, key, key_size, KV_LATER) : kv_put(checked->kv, key, key_size, value, size, KV_LATER);
    if (done <= 0)
        tap_result(0, strerror(errno), "a change is made");
    checked->model.seeds[index] = seed;
}

static void exchange_snapshot(struct checked *checked)
{
    uint32_t slot = roll(checked, HELD);
    kv_release(checked->held[slot]);
    checked->held[slot] = roll(checked, 3) ? kv_snapshot(checked->kv) : NULL;
    checked->held_models[slot] = checked->model;
}

static void change_many(struct checked *checked, int changes)
{
    struct kv_batch *batch = kv_batch_new();
    while (changes > 0) {
        uint32_t count = roll(checked, 4) == 0 ? roll(checked, 60) : 0;
        for (uint32_t i = 0; i < count; i++)
            change_one(checked, batch);
        if (count != 0 && kv_write(checked->kv, batch, roll(checked, 8) ? KV_LATER : KV_SYNC) < 0)
            tap_result(0, strerror(errno), "a batch is written");
        kv_batch_clear(batch);
        change_one(checked, NULL);
        changes -= (int)count + 1;
        if (roll(checked, 20) == 0)
            exchange_snapshot(checked);
    }
    kv_batch_free(batch);
}

static void check_model(int rounds)
{
    static struct checked checked;
    checked = (struct checked){.kv = kv_open("kvcheck", 4 << 20, KV_CREATE), .random = 7};
    for (int round = 0; round < rounds; round++) {
        change_many(&checked, 2000);
        model_agrees(checked.kv, NULL, &checked.model, "now");
        for (int i = 0; i < HELD; i++)
            if (checked.held[i])
                model_agrees(checked.kv, checked.held[i], &checked.held_models[i], "a snapshot");
        if (round % 2 == 0)
            CHECK(kv_compact(checked.kv) == 0, "useless versions are dropped");
    }
    for (int i = 0; i < HELD; i++) {
        kv_release(checked.held[i]);
        checked.held[i] = NULL;
    }
    struct kv_stats stats;
    CHECK(kv_compact(checked.kv) == 0 && kv_stat(checked.kv, &stats) == 0 && stats.versions == stats.keys,
        "without snapshots there is one version of each key");
    CHECK(kv_close(checked.kv) == 0 && (checked.kv = kv_open("kvcheck", 0, 0)) != NULL, "the store is opened again");
    model_agrees(checked.kv, NULL, &checked.model, "after opening again");
    unsigned char key[KV_MAX_KEY];
    for (int i = 0; i < KEYS; i++)
        kv_delete(checked.kv, key, model_key(i, key), KV_LATER);
    CHECK(kv_stat(checked.kv, &stats) == 0 && stats.versions == 0 && stats.leaves == 1 && stats.free_pages + 3 == stats.pages,
        "a store that has been emptied has all its pages free");
    CHECK(kv_close(checked.kv) == 0 && kv_destroy("kvcheck") == 0, "the store is ended");
}

/* Until there is no room: the key of the first that is refused. */
static int fill_store(struct kv *kv, const unsigned char *value, size_t size)
{
    char key[16];
    for (int i = 0;; i++)
        if (kv_put(kv, key, (size_t)sprintf(key, "full%d", i), value, size, KV_LATER) < 0)
            return i;
}

static void check_full(void)
{
    static unsigned char value[KV_MAX_VALUE];
    struct kv *kv = kv_open("kvcheck", 1 << 20, KV_CREATE);
    struct kv_stats stats;
    int count = fill_store(kv, value, sizeof value), error = errno;
    CHECK(error == ENOSPC && count > 10, "a store is full in the end");
    CHECK(kv_stat(kv, &stats) == 0 && stats.pages == stats.span_pages, "it has grown");
    CHECK(stats.keys == (uint64_t)count, "and has all of them");
    CHECK(kv_get(kv, NULL, "full0", 5, value, sizeof value) == sizeof value, "what was put is there");
    struct kv_snapshot *snapshot = kv_snapshot(kv);
    CHECK(kv_delete(kv, "full0", 5, KV_SYNC) > 0, "a full store lets delete");
    CHECK(kv_put(kv, "full", 4, value, sizeof value, KV_SYNC) == -1 && errno == ENOSPC, "what a snapshot sees is no room");
    CHECK(kv_get(kv, snapshot, "full0", 5, value, sizeof value) == sizeof value, "and the snapshot sees it");
    kv_release(snapshot);
    CHECK(kv_put(kv, "full", 4, value, sizeof value, KV_SYNC) > 0, "once it is released there is room");
    CHECK(kv_close(kv) == 0 && (kv = kv_open("kvcheck", 0, 0)) != NULL, "the full store is opened again");
    CHECK(kv_get(kv, NULL, "full", 4, value, 0) == sizeof value && kv_get(kv, NULL, "full0", 5, value, 0) == -1, "and is as it was");
    CHECK(kv_close(kv) == 0 && kv_destroy("kvcheck") == 0, "the full store is ended");
}

#endif
