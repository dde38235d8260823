/* accounts.h - what every writer of a store does: it has a hundred keys of its own and changes all of them by batches after which their
 * sum is what it was; so whoever sees another sum has seen half a batch. */
#ifndef ACCOUNTS_H
#define ACCOUNTS_H

#include "check_model.h"

#define ACCOUNTS 100
#define EACH 1000
#define WRITERS 4

struct writer { struct kv *kv; int number; uint32_t random; enum kv_when when; };

static inline size_t account_key(char *key, int writer, int account) { return (size_t)sprintf(key, "%d/account/%03d", writer, account); }

/* The sum of a writer's accounts, -1 when there are not a hundred, as of one moment. */
static inline long sum_of(struct kv *kv, int writer)
{
    struct kv_iterator *iterator = kv_iterate(kv, NULL);
    char key[32];
    int64_t value;
    long sum = 0;
    int count = 0;
    size_t size = account_key(key, writer, 0);
    for (int more = kv_seek(iterator, key, size); more == 1 && count < ACCOUNTS; more = kv_next(iterator), count++) {
        const char *found = kv_key(iterator, &size);
        if (found[0] != '0' + writer || kv_value(iterator, &value, sizeof value) != sizeof value)
            break;
        sum += value;
    }
    kv_iterator_free(iterator);
    return count == ACCOUNTS ? sum : -1;
}

/* A batch of all accounts, and beside them how often that has been done. */
static inline long shuffle(struct writer *writer, uint64_t round)
{
    struct kv_batch *batch = kv_batch_new();
    char key[32];
    int64_t rest = ACCOUNTS * EACH;
    for (int i = 0; i < ACCOUNTS; i++) {
        writer->random = mixed(writer->random + 0x77ull);
        int64_t value = i == ACCOUNTS - 1 ? rest : writer->random % (2 * EACH);
        rest -= value;
        kv_batch_put(batch, key, account_key(key, writer->number, i), &value, sizeof value);
    }
    kv_batch_put(batch, key, (size_t)sprintf(key, "%d/round", writer->number), &round, sizeof round);
    long change = kv_write(writer->kv, batch, writer->when);
    kv_batch_free(batch);
    return change;
}

static inline uint64_t round_of(struct kv *kv, int writer)
{
    char key[32];
    uint64_t round = 0;
    return kv_get(kv, NULL, key, (size_t)sprintf(key, "%d/round", writer), &round, sizeof round) == sizeof round ? round : 0;
}

#endif
