/* sls_dumps.c - memory saved and restored by Aurora (dumps.h says in which order): the program is a group of its own, whose checkpoints
 * are taken when it has answered. A restore is a new group from the first, named checkpoint, when nothing of the group is in memory. */
#define _GNU_SOURCE
#include "../../guests/include/aurora.h"
#include "dumps.h"

#define PROGRAM "/usr/lib/aurora/saved"
#define NAME "first"
#define LONGEST_PERIOD_NS 10000000000ull
#define DEFAULT_PERIOD_NS 10000000ull

static const char *group;
static uint64_t position, first_position, period_ns = 50 * 1000000;

static void manage(unsigned verb, const char *of, const char *target, const char *checkpoint, char **words)
{
    static char *none;
    struct sls_manage request = {.verb = verb, .argv = (uint64_t)words, .envp = words ? (uint64_t)&none : 0};
    strcpy(request.group, of);
    strcpy(request.target, target);
    strcpy(request.checkpoint, checkpoint);
    require(sls_manage(&request) >= 0, "sls_manage");
}

static void start(unsigned long mebibytes)
{
    char size[16], line[64];
    char *words[] = {PROGRAM, size, NULL};
    snprintf(size, sizeof size, "%lu", mebibytes);
    group = "source";
    position = 0;
    manage(SLS_RUN, "", group, "", words);
    await_answer(line, sizeof line);
    require(!strcmp(line, "ready"), line);
}

static void order(const char *text)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%s\n", text);
    require(sls_input(group, line, (uint64_t)length) == length, "sls_input");
}

static void await_answer(char *line, size_t size)
{
    size_t length = 0;
    while (length < size - 1) {
        require(sls_log(group, &position, line + length, 1, 1) == 1, "sls_log");
        if (line[length] == '\n')
            break;
        length++;
    }
    line[length] = 0;
}

static uint64_t count_checkpoints(void)
{
    struct sls_stat stat;
    require(sls_stat(&stat) == 0, "sls_stat");
    return stat.checkpoints;
}

/* The cost of the newest checkpoint with so many pages since there were so many checkpoints; 0: there is none. This program's own group has
 * one when it has printed something, long before or after. */
static int find_cost(uint64_t before, unsigned long pages, struct dump_cost *cost)
{
    struct sls_sample sample;
    uint64_t taken = count_checkpoints() - before;
    for (unsigned index = 0; index < taken && sls_sample(index, &sample) == 0; index++)
        if (sample.pages >= pages) {
            *cost = (struct dump_cost){sample.stop_ns, sample.durable_ns};
            return 1;
        }
    return 0;
}

/* An answer is seen when it is durable, so it has a checkpoint, and that took along what was changed before. A change that took longer than
 * the period is in several: it is made again with a longer one. */
static struct dump_cost change_and_save(int first, unsigned long pages)
{
    struct dump_cost cost;
    for (;;) {
        require(sls_of(group, SYS_sls_period, period_ns, 0, 0) == 0, "sls_period");
        uint64_t before = count_checkpoints();
        change_pages(pages);
        if (find_cost(before, pages, &cost))
            break;
        period_ns *= 2;
        require(period_ns <= LONGEST_PERIOD_NS, "no checkpoint has so many pages: more memory is needed");
    }
    if (first) {
        require(sls_of(group, SYS_sls_checkpoint, (uint64_t)NAME, 0, 0) >= 0, "checkpoint");
        first_position = position;
    }
    return cost;
}

static void end(void)
{
    manage(SLS_KILL, group, "", "", NULL);
}

/* Its log is as it was at that checkpoint, and so is what has been read of it. Its period is the one that it would have without these
 * measurements: its answer is seen when a checkpoint has it. */
static void bring_back(void)
{
    group = "restored";
    position = first_position;
    manage(SLS_RESTORE, "source", group, NAME, NULL);
    require(sls_of(group, SYS_sls_period, DEFAULT_PERIOD_NS, 0, 0) == 0, "sls_period");
}

static void forget(void)
{
    end();
    manage(SLS_REMOVE, group, "", "", NULL);
    manage(SLS_REMOVE, "source", "", "", NULL);
}

/* This program's own group keeps still meanwhile. */
int main(int count, char **words)
{
    require(sls_period(60 * 1000000000ull) == 0, "sls_period");
    return measure_dumps(count, words);
}
