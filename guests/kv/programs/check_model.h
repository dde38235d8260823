/* check_model.h - a store beside a model of it: an array with what each key should have. Keys begin with their index, so that the array's
 * order is the store's; their length, and the values' lengths and bytes, follow from numbers. */
#ifndef CHECK_MODEL_H
#define CHECK_MODEL_H

#include "../../c/tap.h"
#include "../kv.h"

#define KEYS 600
#define MAX_MODEL_VALUE 20000

struct model { uint32_t seeds[KEYS]; }; /* of the values; 0: not there */

static unsigned char model_expected[MAX_MODEL_VALUE], model_found[MAX_MODEL_VALUE];

static inline uint32_t mixed(uint64_t x)
{
    x = (x ^ x >> 31) * 0x9E3779B97F4A7C15ull;
    return (uint32_t)(x >> 32);
}

static inline size_t model_key(int index, unsigned char *key)
{
    size_t size = 5 + (mixed((uint64_t)index) % 8 == 0 ? mixed((uint64_t)index + 1000) % (KV_MAX_KEY - 4) : (uint32_t)index % 30);
    memset(key, 'k', size);
    key[0] = 'm';
    for (int digit = 4; digit > 0; digit--, index /= 10)
        key[digit] = (unsigned char)('0' + index % 10);
    return size;
}

static inline size_t model_value(uint32_t seed, unsigned char *value)
{
    size_t size = seed % 16 == 0 ? mixed(seed) % MAX_MODEL_VALUE : mixed(seed) % 200;
    for (size_t i = 0; i < size; i++)
        value[i] = (unsigned char)(seed + i * 7 + (i >> 8));
    return size;
}

static inline int is_value(long size, uint32_t seed)
{
    size_t expected = model_value(seed, model_expected);
    return size == (long)expected && memcmp(model_expected, model_found, expected) == 0;
}

/* Whether each key has what it should. The first that has not, -1: all. */
static inline int model_gets(struct kv *kv, const struct kv_snapshot *at, const struct model *model)
{
    unsigned char key[KV_MAX_KEY];
    for (int i = 0; i < KEYS; i++) {
        errno = 0;
        long size = kv_get(kv, at, key, model_key(i, key), model_found, sizeof model_found);
        if (model->seeds[i] ? !is_value(size, model->seeds[i]) : size != -1 || errno != ENOENT)
            return i;
    }
    return -1;
}

static inline int is_at(struct kv_iterator *iterator, const struct model *model, int index)
{
    unsigned char key[KV_MAX_KEY];
    size_t expected = model_key(index, key), size;
    const void *found = kv_key(iterator, &size);
    return found && size == expected && memcmp(found, key, size) == 0
        && is_value(kv_value(iterator, model_found, sizeof model_found), model->seeds[index]);
}

/* Goes over all, forward or backward; the index where it goes wrong, -1: nowhere. */
static inline int model_walk(struct kv *kv, const struct kv_snapshot *at, const struct model *model, int step)
{
    struct kv_iterator *iterator = kv_iterate(kv, at);
    int more = step > 0 ? kv_first(iterator) : kv_last(iterator), wrong = -1;
    for (int i = step > 0 ? 0 : KEYS - 1; i >= 0 && i < KEYS && wrong < 0; i += step) {
        if (model->seeds[i] == 0)
            continue;
        if (more != 1 || !is_at(iterator, model, i))
            wrong = i;
        else
            more = step > 0 ? kv_next(iterator) : kv_previous(iterator);
    }
    if (wrong < 0 && more != 0)
        wrong = KEYS;
    kv_iterator_free(iterator);
    return wrong;
}

/* Seeks keys that are there and that are not, and goes to and fro from there. */
static inline int model_seeks(struct kv *kv, const struct kv_snapshot *at, const struct model *model)
{
    struct kv_iterator *iterator = kv_iterate(kv, at);
    unsigned char key[KV_MAX_KEY];
    int wrong = -1;
    for (int i = 0; i < KEYS && wrong < 0; i += 7) {
        int after = i, before = i - 1;
        while (after < KEYS && model->seeds[after] == 0)
            after++;
        while (before >= 0 && model->seeds[before] == 0)
            before--;
        size_t size = model_key(i, key);
        if (kv_seek(iterator, key, size) != (after < KEYS) || (after < KEYS && !is_at(iterator, model, after)))
            wrong = i;
        else if (after < KEYS && (kv_previous(iterator) != (before >= 0) || (before >= 0 && !is_at(iterator, model, before))))
            wrong = i;
        else if (kv_seek_before(iterator, key, size) != (before >= 0) || (before >= 0 && !is_at(iterator, model, before)))
            wrong = i;
        else if (before >= 0 && (kv_next(iterator) != (after < KEYS) || (after < KEYS && !is_at(iterator, model, after))))
            wrong = i;
    }
    kv_iterator_free(iterator);
    return wrong;
}

static inline void model_agrees(struct kv *kv, const struct kv_snapshot *at, const struct model *model, const char *what)
{
    int get = model_gets(kv, at, model), forward = model_walk(kv, at, model, 1), backward = model_walk(kv, at, model, -1);
    int seek = model_seeks(kv, at, model);
    char detail[128];
    snprintf(detail, sizeof detail, "keys that differ: get %d, forward %d, backward %d, seek %d", get, forward, backward, seek);
    tap_result(get < 0 && forward < 0 && backward < 0 && seek < 0, detail, "the model agrees: %s", what);
}

#endif
