/* sls_journal.h - a journal in a region (docs/api.md): records are appended in memory, made durable with one persist of the pages they are
 * on, and read again from the beginning after a restart. Its threads share it; of several programs that show it one may append.
 *
 * The region: a page with the header, then the records one behind the other. A record is its length and the generation (8 bytes), then its
 * bytes, up to a multiple of 8. The journal ends before the first record that is of another generation, or has no length, or at the end of
 * the region. An append first clears the place of the next head, whatever lies there, and stores the record's own head last, as one: so
 * what was appended by half is no record. Truncating begins a new generation, so it writes one page whatever there was; what lies behind is of an older one. An append
 * does not change the header: a small sync is one page. No sums are needed, since a persist is durable as a whole or not at all. */
#ifndef SLS_JOURNAL_H
#define SLS_JOURNAL_H

#include "aurora.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#define SLS_JOURNAL_MAGIC 0x6C6E726A2D736C73ull /* sls-jrnl */
#define SLS_JOURNAL_PAGE 4096ull
#define SLS_JOURNAL_HEAD 8ull

struct sls_journal_header { uint64_t magic; uint32_t generation, reserved; };
struct sls_journal {
    long md;
    struct sls_journal_header *header;
    uint64_t bytes; /* the region's length */
    uint64_t end;   /* of the records, from the region's beginning */
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

/* Opens a journal, or makes one with room for so many bytes of records and their heads. Zero, or -1 with an errno of msnap_open, or EINVAL:
 * the region holds something else. Nothing of the journal may be in use by others. */
static inline int sls_journal_open(struct sls_journal *j, const char *name, uint64_t capacity)
{
    struct msnap_info about;
    memset(j, 0, sizeof *j);
    uint64_t length = SLS_JOURNAL_PAGE + ((capacity + SLS_JOURNAL_PAGE - 1) & ~(SLS_JOURNAL_PAGE - 1));
    j->md = msnap_open(name, (void **)&j->header, 0, 0);
    if (j->md < 0 && errno == ENOENT)
        j->md = msnap_open(name, (void **)&j->header, length, MS_CREATE);
    if (j->md < 0)
        return -1;
    for (unsigned i = 0; j->bytes == 0; i++) {
        if (msnap_list(i, &about) != 0)
            return -1;
        if (about.md == (uint64_t)j->md)
            j->bytes = about.length;
    }
    if (j->header->magic == 0) {
        *j->header = (struct sls_journal_header){.magic = SLS_JOURNAL_MAGIC, .generation = 1};
        if (msnap_persist(j->md, 0) < 0)
            return -1;
    }
    if (j->header->magic != SLS_JOURNAL_MAGIC || j->bytes < SLS_JOURNAL_PAGE) {
        errno = EINVAL;
        return -1;
    }
    pthread_mutex_init(&j->lock, 0);
    j->end = SLS_JOURNAL_PAGE;
    for (uint32_t count; (count = sls_journal_at(j, j->end)) != 0;)
        j->end += sls_journal_size(count);
    return 0;
}

/* Appends a record of 1 byte to 1 GiB, in memory. Zero, or -1: ENOSPC (no room: truncate, or msnap_resize and open again), EINVAL. What is
 * not synced takes memory, of which a region has a part: behind that the store is a SIGBUS, so sync before it is a tenth of it. */
static inline int sls_journal_append(struct sls_journal *j, const void *bytes, uint64_t count)
{
    int status = -1;
    pthread_mutex_lock(&j->lock);
    if (count == 0 || count > 1ull << 30) {
        errno = EINVAL;
    } else if (sls_journal_size(count) > j->bytes - j->end) {
        errno = ENOSPC;
    } else {
        char *at = (char *)j->header + j->end;
        j->end += sls_journal_size(count);
        if (j->bytes - j->end >= SLS_JOURNAL_HEAD)
            memset((char *)j->header + j->end, 0, SLS_JOURNAL_HEAD);
        memcpy(at + SLS_JOURNAL_HEAD, bytes, count);
        __atomic_store_n((uint64_t *)at, count | (uint64_t)j->header->generation << 32, __ATOMIC_RELEASE);
        status = 0;
    }
    pthread_mutex_unlock(&j->lock);
    return status;
}

/* Returns when all that was appended before, by whatever thread, is durable. Zero, or -1 with an errno of msnap_persist: nothing of it is
 * durable, and it may be tried again. */
static inline int sls_journal_sync(struct sls_journal *j)
{
    /* No record is half appended when its pages are taken. */
    pthread_mutex_lock(&j->lock);
    long epoch = msnap_persist(j->md, MS_GLOBAL | MS_ASYNC);
    pthread_mutex_unlock(&j->lock);
    return epoch < 0 ? -1 : msnap_wait(j->md, (uint64_t)epoch) == 0 ? 0 : -1;
}

/* Empties the journal, durably. Zero, or -1 with an errno of msnap_persist: it may or may not come back empty, and is as it was here. */
static inline int sls_journal_truncate(struct sls_journal *j)
{
    pthread_mutex_lock(&j->lock);
    j->header->generation++;
    int status = msnap_persist(j->md, MS_GLOBAL) < 0 ? -1 : 0;
    if (status == 0)
        j->end = SLS_JOURNAL_PAGE;
    else
        j->header->generation--;
    pthread_mutex_unlock(&j->lock);
    return status;
}

/* Has a function see each record, in order, until it returns something else than zero, which is returned. It may not append. */
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
