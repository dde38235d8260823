/* sls_journal.h - a journal in a region (docs/api.md): records are appended in memory, made durable with one persist of the pages they are
 * on, and read again from the beginning after a restart. Its threads share it; of several programs that show it one may append.
 *
 * The region: a page with the header, then the records one behind the other. A record is its length and the generation (8 bytes), then its
 * bytes, up to a multiple of 8. The journal ends before the first record that is of another generation, or has no length, or at the end of
 * the region. An append first clears the place of the next head, whatever lies there, and stores the record's own head last, as one: so
 * what was appended by half is no record. Truncating begins a new generation, so it writes one page whatever there was; what lies behind
 * is of an older one. An append does not change the header: a small sync is one page. No sums are needed, since a persist is durable as a
 * whole or not at all. What is not durable takes memory, of which a region has a part: before it is more than a sixteenth, an append makes
 * it durable itself, and is refused when the disk refuses that. */
#ifndef SLS_JOURNAL_H
#define SLS_JOURNAL_H

#include "aurora.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define SLS_JOURNAL_MAGIC 0x6C6E726A2D736C73ull /* sls-jrnl */
#define SLS_JOURNAL_PAGE 4096ull
#define SLS_JOURNAL_HEAD 8ull
#define SLS_JOURNAL_LOOKS 8
#define SLS_JOURNAL_FIRST 1ull /* the epoch of a region that has never been persisted */

struct sls_journal_header { uint64_t magic; uint32_t generation, reserved; };
struct sls_journal {
    long md;
    struct sls_journal_header *header;
    uint64_t bytes; /* the region's length */
    uint64_t span;  /* what it shows */
    uint64_t end;   /* of the records, from the region's beginning */
    uint64_t appended, durable; /* bytes appended since it was opened, and those of them that are known to be durable */
    uint64_t most;              /* that may be appended and not durable */
    pthread_mutex_t lock;
};

static inline uint64_t sls_journal_size(uint64_t count) { return SLS_JOURNAL_HEAD + ((count + 7) & ~7ull); }

/* The length and generation of what lies at a position; zero bytes: no record of this generation. */
static inline uint32_t sls_journal_at(const struct sls_journal *j, uint64_t position)
{
    uint32_t head[2];
    if (position + SLS_JOURNAL_HEAD > j->bytes)
        return 0;
    memcpy(head, (const char *)j->header + position, sizeof head);
    return head[1] == j->header->generation && sls_journal_size(head[0]) <= j->bytes - position ? head[0] : 0;
}

/* The region is as it was made: nothing was ever persisted (its states are the first one), and its first page holds nothing. */
static inline int sls_journal_is_blank(const struct sls_journal *j, const struct msnap_info *about)
{
    const uint64_t *words = (const uint64_t *)j->header;
    uint64_t all = about->dirty | (about->durable ^ SLS_JOURNAL_FIRST) | (about->taken ^ SLS_JOURNAL_FIRST);
    for (unsigned i = 0; i < SLS_JOURNAL_PAGE / sizeof *words; i++)
        all |= words[i];
    return all == 0;
}

/* Ends the use of a journal; what is not synced is lost when nobody else shows it. */
static inline void sls_journal_close(struct sls_journal *j)
{
    if (j->header)
        munmap(j->header, j->span);
    j->header = NULL;
}

/* What is known of the journal's region: zero, or -1. The end of another region may move it in the list meanwhile. */
static inline int sls_journal_about(const struct sls_journal *j, struct msnap_info *about)
{
    for (int attempt = 0; attempt < SLS_JOURNAL_LOOKS; attempt++)
        for (unsigned i = 0; msnap_list(i, about) == 0; i++)
            if (about->md == (uint64_t)j->md)
                return 0;
    return -1;
}

/* Reads the header, or makes it; an errno. */
static inline int sls_journal_begin(struct sls_journal *j)
{
    struct msnap_info about;
    if (sls_journal_about(j, &about) != 0)
        return errno;
    j->bytes = about.length;
    j->span = about.span;
    j->most = (uint64_t)sysconf(_SC_PHYS_PAGES) * SLS_JOURNAL_PAGE / 16;
    if (j->bytes < 2 * SLS_JOURNAL_PAGE)
        return EINVAL;
    if (sls_journal_is_blank(j, &about)) {
        *j->header = (struct sls_journal_header){.magic = SLS_JOURNAL_MAGIC, .generation = 1};
        if (msnap_sync(j->md, 0) < 0)
            return errno;
    }
    return j->header->magic == SLS_JOURNAL_MAGIC ? 0 : EINVAL;
}

/* Opens a journal, or makes one with room for so many bytes of records and their heads (at most 4 TiB). Zero, or -1 with an errno of
 * msnap_open or msnap_persist, or EINVAL: the region holds something else, or it cannot be so long. */
static inline int sls_journal_open(struct sls_journal *j, const char *name, uint64_t capacity)
{
    uint64_t length = SLS_JOURNAL_PAGE + ((capacity + SLS_JOURNAL_PAGE - 1) & ~(SLS_JOURNAL_PAGE - 1));
    memset(j, 0, sizeof *j);
    j->end = SLS_JOURNAL_PAGE;
    j->md = msnap_open(name, (void **)&j->header, 0, 0);
    if (j->md < 0 && errno == ENOENT && capacity > 0 && capacity <= 1ull << 42)
        j->md = msnap_open(name, (void **)&j->header, length, MS_CREATE);
    else if (j->md < 0 && errno == ENOENT && capacity > 0)
        errno = EINVAL;
    if (j->md < 0)
        return -1;
    int error = sls_journal_begin(j);
    if (error != 0) {
        if (j->span)
            sls_journal_close(j);
        errno = error;
        return -1;
    }
    pthread_mutex_init(&j->lock, 0);
    for (uint32_t count; (count = sls_journal_at(j, j->end)) != 0;)
        j->end += sls_journal_size(count);
    return 0;
}

/* Begins to make durable what was appended, with the lock held: an epoch, or -1. No record is half appended when its pages are taken. */
static inline long sls_journal_persist(struct sls_journal *j)
{
    long epoch;
    do
        epoch = msnap_persist(j->md, MS_GLOBAL | MS_ASYNC);
    while (epoch < 0 && errno == EINTR);
    return epoch;
}

/* Makes durable what was appended, with the lock held: zero, or an errno, and all of it counts as before. */
static inline int sls_journal_settle(struct sls_journal *j)
{
    if (msnap_sync(j->md, MS_GLOBAL) < 0)
        return errno;
    j->durable = j->appended;
    return 0;
}

static inline void sls_journal_store(struct sls_journal *j, const void *bytes, uint64_t count)
{
    char *at = (char *)j->header + j->end;
    j->end += sls_journal_size(count);
    j->appended += sls_journal_size(count);
    if (j->bytes - j->end >= SLS_JOURNAL_HEAD)
        memset((char *)j->header + j->end, 0, SLS_JOURNAL_HEAD);
    memcpy(at + SLS_JOURNAL_HEAD, bytes, count);
    __atomic_store_n((uint64_t *)at, count | (uint64_t)j->header->generation << 32, __ATOMIC_RELEASE);
}

/* Appends a record, in memory. Zero, or -1: EINVAL (no bytes), EMSGSIZE (more than a sixteenth of the memory), ENOSPC (no room: truncate,
 * or msnap_resize and open again), or an errno of msnap_persist. */
static inline int sls_journal_append(struct sls_journal *j, const void *bytes, uint64_t count)
{
    int error = 0;
    pthread_mutex_lock(&j->lock);
    if (count == 0)
        error = EINVAL;
    else if (count >= j->most || count > UINT32_MAX)
        error = EMSGSIZE;
    else if (sls_journal_size(count) > j->bytes - j->end)
        error = ENOSPC;
    else if (j->appended - j->durable + sls_journal_size(count) > j->most)
        error = sls_journal_settle(j);
    if (error == 0)
        sls_journal_store(j, bytes, count);
    pthread_mutex_unlock(&j->lock);
    errno = error ? error : errno;
    return error ? -1 : 0;
}

/* Returns when all that was appended before, by whatever thread, is durable. Zero, or -1 with an errno of msnap_persist: nothing of it is
 * durable, and it may be tried again. Others append meanwhile. */
static inline int sls_journal_sync(struct sls_journal *j)
{
    long result;
    pthread_mutex_lock(&j->lock);
    uint64_t appended = j->appended;
    long epoch = sls_journal_persist(j);
    pthread_mutex_unlock(&j->lock);
    if (epoch < 0)
        return -1;
    do
        result = msnap_wait(j->md, (uint64_t)epoch);
    while (result < 0 && errno == EINTR);
    if (result < 0)
        return -1;
    pthread_mutex_lock(&j->lock);
    if (j->durable < appended)
        j->durable = appended;
    pthread_mutex_unlock(&j->lock);
    return 0;
}

/* Empties the journal, durably. Zero, or -1 with an errno of msnap_persist: it may or may not come back empty, and is as it was here. */
static inline int sls_journal_truncate(struct sls_journal *j)
{
    pthread_mutex_lock(&j->lock);
    j->header->generation++;
    int error = sls_journal_settle(j);
    if (error == 0)
        j->end = SLS_JOURNAL_PAGE;
    else
        j->header->generation--;
    pthread_mutex_unlock(&j->lock);
    errno = error ? error : errno;
    return error ? -1 : 0;
}

/* Has a function see each record, in order, until it returns something else than zero, which is returned. It may not use the journal. */
static inline int sls_journal_replay(struct sls_journal *j, int (*see)(const void *bytes, uint64_t count, void *argument), void *argument)
{
    int result = 0;
    pthread_mutex_lock(&j->lock);
    for (uint64_t at = SLS_JOURNAL_PAGE; at < j->end && result == 0;) {
        uint32_t count = sls_journal_at(j, at);
        if (count == 0) /* another program has emptied it meanwhile */
            break;
        result = see((const char *)j->header + at + SLS_JOURNAL_HEAD, count, argument);
        at += sls_journal_size(count);
    }
    pthread_mutex_unlock(&j->lock);
    return result;
}

#endif
