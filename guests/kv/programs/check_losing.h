/* check_losing.h - what becomes of changes when a program certainly dies within one: it puts a value that it cannot read. */
#ifndef CHECK_LOSING_H
#define CHECK_LOSING_H

#include "check_opening.h"
#include <pthread.h>

static int has(struct kv *kv, const char *key) { return kv_get(kv, NULL, key, strlen(key), NULL, 0) >= 0; }

static long put(struct kv *kv, const char *key, enum kv_when when) { return kv_put(kv, key, strlen(key), key, strlen(key), when); }

static void lose(void)
{
    CHECK(status_of(killed_within, "kvcheck") == -1, "a program dies within a change");
}

static void check_told_once(struct kv *kv)
{
    CHECK(put(kv, "data", KV_LATER) > 0, "a change is not waited for");
    lose();
    CHECK_ERRNO(put(kv, "marker", KV_SYNC), ECANCELED, "the next change says that it was given up");
    CHECK(!has(kv, "data") && !has(kv, "marker") && !has(kv, "half"), "and none of them is there");
    CHECK(put(kv, "marker", KV_SYNC) > 0, "it is said once");
    put(kv, "data", KV_ASYNC);
    put(kv, "data", KV_LATER);
    lose();
    CHECK_ERRNO(kv_flush(kv), ECANCELED, "so does a flush");
    CHECK(kv_flush(kv) == 0, "once");
}

static void check_given_up(void)
{
    struct kv_stats before, after, opened;
    char value[16];
    struct kv *kv = kv_open("kvcheck", OPENED, KV_CREATE);
    CHECK(put(kv, "durable", KV_SYNC) > 0 && kv_stat(kv, &before) == 0, "something is durable");
    long change = put(kv, "later", KV_LATER);
    struct kv_snapshot *snapshot = kv_snapshot(kv);
    lose();
    CHECK_ERRNO(kv_wait(kv, (uint64_t)change), ECANCELED, "what was not durable is given up");
    CHECK_ERRNO(kv_get(kv, snapshot, "later", 5, value, sizeof value), ECANCELED, "so is what a snapshot of it shows");
    kv_release(snapshot);
    CHECK(has(kv, "durable") && !has(kv, "later") && !has(kv, "half"), "what was durable is there, and nothing else");
    CHECK(kv_stat(kv, &after) == 0 && after.aborts == before.aborts + 1 && after.free_pages == before.free_pages, "it is counted");
    CHECK(put(kv, "later", KV_SYNC) > 0, "the store goes on");
    check_told_once(kv);
    CHECK(kv_stat(kv, &after) == 0 && kv_close(kv) == 0 && (kv = kv_open("kvcheck", 0, 0)) != NULL, "it is opened again");
    CHECK(kv_stat(kv, &opened) == 0 && opened.free_pages == after.free_pages && opened.keys == after.keys, "and is as it was");
    CHECK(kv_close(kv) == 0, "the store of the dead is closed");
}

struct taker { struct kv *kv; long change; };

static void *put_and_wait(void *argument)
{
    struct taker *taker = argument;
    taker->change = put(taker->kv, "made again", KV_SYNC);
    return NULL;
}

/* KV_SYNC that waits while another program dies within a change is made again, and whatever it says is so. */
static void check_made_again(void)
{
    struct kv *kv = kv_open("kvcheck", 0, 0);
    int wrong = 0;
    for (int i = 0; i < 10; i++) {
        struct taker taker = {.kv = kv};
        pthread_t thread;
        put_number(kv, 1, KV_SYNC);
        pthread_create(&thread, NULL, put_and_wait, &taker);
        wrong += status_of(killed_within, "kvcheck") != -1;
        pthread_join(thread, NULL);
        wrong += taker.change < 0 || !has(kv, "made again") || kv_delete(kv, "made again", 10, KV_SYNC) < 0;
    }
    CHECK(wrong == 0, "what is waited for meanwhile is made again");
    CHECK(kv_close(kv) == 0 && kv_destroy("kvcheck") == 0, "the store of those made again is ended");
}

static void check_losing(void)
{
    check_given_up();
    check_made_again();
}

#endif
