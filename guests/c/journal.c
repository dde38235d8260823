/* journal.c - a journal in a region (sls_journal.h).
 *
 *   journal [LIVES] [SECONDS]   four threads append numbered records and make them durable, together; so many lives of the program, each
 *                               ended by SIGKILL after so long (0: for ever; 1)
 *   journal check               what each call does, as TAP
 *
 * Whatever happens to the power or to the program, what is read from the journal later are the records of each thread from the first on,
 * none missing and each as it was written, at least up to the one that was acknowledged. It prints what bank.c does. */
#define _GNU_SOURCE
#include "../include/sls_journal.h"
#include "tap.h"
#include <stddef.h>

#define THREADS 4
#define LONGEST 3000
#define ACK_EVERY 8
#define CAPACITY (48ull << 20)

struct record { uint64_t thread, number; unsigned char rest[LONGEST]; };

static struct sls_journal journal;
static uint64_t done[THREADS];

static void fail(const char *what, long detail)
{
    printf("FAIL %s: %ld, errno %d %s\n", what, detail, errno, strerror(errno));
    fflush(stdout);
    exit(1);
}

/* Each has a length and content of its own. */
static uint64_t fill(struct record *record, uint64_t thread, uint64_t number)
{
    uint64_t rest = (thread * 977 + number * 31) % LONGEST;
    record->thread = thread;
    record->number = number;
    memset(record->rest, (int)(thread * 64 + number % 64), rest);
    return rest + offsetof(struct record, rest);
}

static int see(const void *bytes, uint64_t count, void *argument)
{
    struct record expected, record;
    memcpy(&record, bytes, count < sizeof record ? count : sizeof record);
    if (record.thread >= THREADS || record.number != done[record.thread] + 1)
        return 1;
    if (fill(&expected, record.thread, record.number) != count || memcmp(&expected, bytes, count) != 0)
        return 2;
    done[record.thread]++;
    return argument ? 3 : 0;
}

/* There is no room for the next record, now or in any later life: what was appended is made durable, and nothing more. */
static void stay_full(void)
{
    if (sls_journal_sync(&journal) != 0)
        fail("sync", 0);
    printf("full\n");
    fflush(stdout);
    for (;;)
        pause();
}

static void *serve(void *argument)
{
    uint64_t thread = (uint64_t)(long)argument;
    struct record *record = malloc(sizeof *record);
    for (uint64_t number = done[thread] + 1;; number++) {
        int is_full = sls_journal_append(&journal, record, fill(record, thread, number)) != 0;
        if (is_full && errno != ENOSPC)
            fail("append", (long)number);
        if (is_full)
            stay_full();
        if (number % ACK_EVERY != 0)
            continue;
        if (sls_journal_sync(&journal) != 0)
            fail("sync", (long)number);
        printf("ack %lu %lu\n", thread, number);
        fflush(stdout);
    }
    return 0;
}

static void live(void)
{
    pthread_t threads[THREADS];
    if (sls_journal_open(&journal, "journal", CAPACITY) != 0)
        fail("open", 0);
    int wrong = sls_journal_replay(&journal, see, 0);
    if (wrong != 0)
        fail("a record that is not the next one, or another", wrong);
    printf("books %lu %lu %lu %lu\n", done[0], done[1], done[2], done[3]);
    fflush(stdout);
    for (long thread = 0; thread < THREADS; thread++)
        if (pthread_create(&threads[thread], 0, serve, (void *)thread) != 0)
            fail("thread", thread);
    for (long thread = 0; thread < THREADS; thread++)
        pthread_join(threads[thread], 0);
}

#include "lives.h"

static int seen(void)
{
    memset(done, 0, sizeof done);
    return sls_journal_replay(&journal, see, 0) == 0 ? (int)done[0] : -1;
}

static int append(uint64_t number)
{
    static struct record record;
    return sls_journal_append(&journal, &record, fill(&record, 0, number));
}

/* Whoever has it mapped last gives up what is not durable. */
static int reopen(void)
{
    sls_journal_close(&journal);
    return sls_journal_open(&journal, "journal-check", 0);
}

/* Regions that are no journals stay as they are. */
static void check_regions(void)
{
    struct sls_journal other;
    uint64_t *mine;
    msnap_delete("journal-other");
    long md = msnap_open("journal-other", (void **)&mine, 1 << 16, MS_CREATE);
    mine[1000] = 7;
    CHECK(md > 0 && msnap_sync(md, 0) > 0 && sls_journal_open(&other, "journal-other", 0) == -1 && errno == EINVAL, "a region of others");
    CHECK_ERRNO(sls_journal_open(&other, "journal-none", 0), ENOENT, "no room is asked for");
    CHECK_ERRNO(sls_journal_open(&other, "journal-none", ~0ull), EINVAL, "more room than there can be");
    md = msnap_open("journal-other", (void **)&mine, 0, 0);
    CHECK(md > 0 && mine[0] == 0 && mine[1000] == 7, "it is as it was");
}

static void check(void)
{
    static char large[1 << 16];
    uint64_t number;
    msnap_delete("journal-check");
    CHECK(sls_journal_open(&journal, "journal-check", 1 << 16) == 0 && seen() == 0, "a new journal has no records");
    CHECK(append(1) == 0 && append(2) == 0 && seen() == 2, "records are read in the order in which they were appended");
    CHECK(sls_journal_sync(&journal) == 0 && append(3) == 0 && reopen() == 0 && seen() == 2, "what was made durable is there alone");
    CHECK(sls_journal_append(&journal, large, 0) == -1 && errno == EINVAL, "a record has at least one byte");
    CHECK(sls_journal_append(&journal, large, sizeof large) == -1 && errno == ENOSPC && seen() == 2, "one that does not fit is refused");
    for (number = 3; append(number) == 0;)
        number++;
    CHECK(sls_journal_sync(&journal) == 0 && reopen() == 0 && seen() == (int)number - 1, "a full journal is read to its end");
    CHECK(sls_journal_truncate(&journal) == 0 && seen() == 0 && reopen() == 0 && seen() == 0, "an emptied journal has no records");
    CHECK(append(1) == 0 && sls_journal_sync(&journal) == 0 && reopen() == 0 && seen() == 1, "nor those that lie behind a new one");
    uint32_t forged[2048];
    for (int i = 0; i < 2048; i += 2)
        forged[i] = 16, forged[i + 1] = 3;
    CHECK(sls_journal_append(&journal, forged, sizeof forged) == 0 && sls_journal_sync(&journal) == 0 && sls_journal_truncate(&journal) == 0
          && append(1) == 0 && sls_journal_sync(&journal) == 0 && reopen() == 0 && seen() == 1, "nor what an older record holds");
    memset(done, 0, sizeof done);
    CHECK(append(2) == 0 && sls_journal_replay(&journal, see, &number) == 3 && done[0] == 1, "who looks at the records may stop");
    check_regions();
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "check") == 0) {
        check();
        return tap_done();
    }
    return run_lives(count > 1 ? atol(arguments[1]) : 0, count > 2 ? atof(arguments[2]) : 1);
}
