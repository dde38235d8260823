/* dumps.h - the order in which memory is dumped and restored, the same with Aurora (sls_dumps.c) and with CRIU (criu_dumps.c). Each of the
 * two says how a program is started, spoken to, saved, ended and brought back; one of them runs at a time.
 *
 *   PROGRAM FOLDER ROUNDS MEBIBYTES…   each size in turn, in so many rounds; a size of 64 also with other numbers of changed pages
 *
 *   R dump_full MIB stop | durable       all of the memory is saved for the first time, and the program runs on
 *   R dump_changed MIB stop | durable    the same after 256 pages have changed
 *   R dump_pages PAGES stop | durable    the same, of 64 MiB, after so many pages have changed
 *   R restore MIB answers | read         from nothing in memory until the program answers; until it has read all of its memory
 *
 * All are medians of the rounds, in nanoseconds. "stop" is for how long the program could not run. */
#ifndef BENCH_DUMPS_H
#define BENCH_DUMPS_H

#include "guest.h"

enum { DUMP_ROUNDS = 16, CHANGED = 256, SWEPT_MEBIBYTES = 64, SWEPT = 6 };

struct dump_cost { uint64_t stop_ns, durable_ns; };

/* What each of the two programs provides. */
static void start(unsigned long mebibytes);
static void order(const char *text);
static void await_answer(char *line, size_t size);
static struct dump_cost change_and_save(int first, unsigned long pages);
static void end(void);
static void bring_back(void);
static void forget(void);

static inline void expect(const char *text, const char *expected)
{
    char line[64];
    order(text);
    await_answer(line, sizeof line);
    if (strcmp(line, expected)) {
        printf("bench: the program answered %s instead of %s\n", line, expected);
        exit(1);
    }
}

static inline void change_pages(unsigned long pages)
{
    char text[32];
    snprintf(text, sizeof text, "d %lu", pages);
    expect(text, "d");
}

static inline void tell_median(const char *measure, unsigned long parameter, const char *metric, uint64_t *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    tell(measure, parameter, metric, values[count / 2]);
}

static inline void tell_costs(const char *measure, unsigned long parameter, const struct dump_cost *costs, int rounds)
{
    uint64_t values[DUMP_ROUNDS];
    for (int round = 0; round < rounds; round++)
        values[round] = costs[round].stop_ns;
    tell_median(measure, parameter, "stop", values, rounds);
    for (int round = 0; round < rounds; round++)
        values[round] = costs[round].durable_ns;
    tell_median(measure, parameter, "durable", values, rounds);
}

/* What is brought back is the program as it was when it was first saved: its sum says so. */
static inline void measure_restore(const char *sum, uint64_t *answers, uint64_t *reads)
{
    end();
    uint64_t began = now();
    bring_back();
    expect("p", "p");
    *answers = now() - began;
    expect("s", sum);
    *reads = now() - began;
}

static inline void measure_size(unsigned long mebibytes, int rounds)
{
    static const unsigned long swept[SWEPT] = {1, 16, 64, 256, 1024, 4096};
    struct dump_cost full[DUMP_ROUNDS], changed[DUMP_ROUNDS], pages[SWEPT][DUMP_ROUNDS];
    uint64_t answers[DUMP_ROUNDS], reads[DUMP_ROUNDS];
    char sum[64];
    for (int round = 0; round < rounds; round++) {
        start(mebibytes);
        full[round] = change_and_save(1, mebibytes * (MEBIBYTE / PAGE));
        order("s");
        await_answer(sum, sizeof sum);
        changed[round] = change_and_save(0, CHANGED);
        for (int i = 0; mebibytes == SWEPT_MEBIBYTES && i < SWEPT; i++)
            pages[i][round] = change_and_save(0, swept[i]);
        measure_restore(sum, &answers[round], &reads[round]);
        forget();
    }
    tell_costs("dump_full", mebibytes, full, rounds);
    tell_costs("dump_changed", mebibytes, changed, rounds);
    for (int i = 0; mebibytes == SWEPT_MEBIBYTES && i < SWEPT; i++)
        tell_costs("dump_pages", swept[i], pages[i], rounds);
    tell_median("restore", mebibytes, "answers", answers, rounds);
    tell_median("restore", mebibytes, "read", reads, rounds);
}

static inline int measure_dumps(int count, char **words)
{
    int rounds = count >= 4 ? atoi(words[2]) : 0;
    if (rounds < 1 || rounds > DUMP_ROUNDS) {
        printf("usage: %s FOLDER ROUNDS MEBIBYTES...\n", words[0]);
        return 2;
    }
    require(chdir(words[1]) == 0, words[1]);
    for (int i = 3; i < count; i++)
        measure_size(strtoul(words[i], NULL, 10), rounds);
    return 0;
}

#endif
