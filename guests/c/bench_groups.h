/* bench_groups.h - what bench.c measures of groups: forks and rewinds of a large one, copies of idle ones, kept and ephemeral. Included
 * behind its helpers. The groups run the same program. */
/* For how long the processor has had nothing to do since the machine started. */
static uint64_t idle_time(void)
{
    struct sls_stat stat;
    if (sls_stat(&stat) != 0)
        fail("sls_stat");
    return stat.idle_ns;
}

/* What the processor has done since the machine started, without its waits: with the instruction counter as clock a tick is a nanosecond
 * and an instruction. Not by the clock of the group, which a copy has its own of. */
static uint64_t worked(void)
{
    uint64_t idle = idle_time();
    return __builtin_ia32_rdtsc() - idle;
}

/* The first thing that a copy does, as soon as it runs: it writes down what had been done by then. */
static void image(unsigned long mebibytes)
{
    dirty(pages_of(mebibytes * 256), mebibytes * 256);
    printf("ready\n");
    fflush(stdout);
    for (long generation = sls_generation(0, 0);;) {
        generation = sls_generation((uint64_t)generation, 1);
        uint64_t at = __builtin_ia32_rdtsc();
        printf("%llu\n", (unsigned long long)(at - idle_time()));
        fflush(stdout);
    }
}

/* The processor's clock, which all groups share; nanoseconds for so many of its ticks. */
static uint64_t nanoseconds_of(uint64_t ticks)
{
    static double rate;
    if (rate == 0) {
        uint64_t start = now(), first = __builtin_ia32_rdtsc();
        rest(200000);
        uint64_t last = __builtin_ia32_rdtsc();
        rate = (double)(now() - start) / (double)(last - first);
    }
    return (uint64_t)((double)ticks * rate);
}

/* Memory of which so many pages change all the time, beside a program that writes down when the group has gone back. */
static void past(unsigned long mebibytes, unsigned long pages)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child > 0)
        churn(mebibytes, pages);
    for (long generation = sls_generation(0, 0);;) {
        generation = sls_generation((uint64_t)generation, 1);
        printf("%llu\n", (unsigned long long)__builtin_ia32_rdtsc());
        fflush(stdout);
    }
}

static uint64_t manage_with(unsigned flags, unsigned verb, const char *group, const char *target, const char *checkpoint, char **words)
{
    struct sls_manage m = {.verb = verb, .flags = flags, .argv = (uint64_t)words};
    char *none = NULL;
    m.envp = words ? (uint64_t)&none : 0;
    strcpy(m.group, group);
    strcpy(m.target, target);
    strcpy(m.checkpoint, checkpoint);
    uint64_t start = now();
    if (sls_manage(&m) < 0)
        fail("sls_manage");
    return now() - start;
}

static uint64_t manage(unsigned verb, const char *group, const char *target, const char *checkpoint, char **words)
{
    return manage_with(0, verb, group, target, checkpoint, words);
}

static void end_group(const char *name)
{
    manage(SLS_KILL, name, "", "", NULL);
    manage(SLS_REMOVE, name, "", "", NULL);
}

static void checkpoint_of(const char *group)
{
    if (sls_of(group, SYS_sls_checkpoint, 0, 0, 0) < 0)
        fail("checkpoint of a group");
}

/* The cost of the newest checkpoint that has so many pages. */
static uint64_t stop_with(unsigned long pages)
{
    struct sls_sample sample;
    for (unsigned index = 0; sls_sample(index, &sample) == 0; index++)
        if (sample.pages >= pages)
            return sample.stop_ns;
    fail("no checkpoint has so many pages");
    return 0;
}

/* Both a checkpoint and a fork find the pages dirty that have changed since the one before. */
static void fork_group(char *self)
{
    enum { ROUNDS = 9, PAGES = 1000 };
    uint64_t stops[ROUNDS], fork_stops[ROUNDS], forks[ROUNDS];
    char *words[] = {self, "churn", "64", "1000", NULL};
    manage(SLS_RUN, "", "source", "", words);
    sls_of("source", SYS_sls_period, NEVER_NS, 0, 0);
    rest(1000000);
    checkpoint_of("source");
    for (int round = 0; round < ROUNDS; round++) {
        rest(50000);
        checkpoint_of("source");
        stops[round] = stop_with(PAGES);
        rest(50000);
        forks[round] = manage(SLS_FORK, "source", "copy", "", NULL);
        fork_stops[round] = stop_with(PAGES);
        end_group("copy");
    }
    end_group("source");
    report("groups", 64, "stop_ns", stops, ROUNDS);
    report("groups", 64, "fork_stop_ns", fork_stops, ROUNDS);
    report("groups", 64, "fork_ns", forks, ROUNDS);
}

/* What a group wrote down last. */
static uint64_t last_word(const char *group)
{
    char line[4096];
    uint64_t position = 0, word = 0;
    for (long count; (count = sls_log(group, &position, line, sizeof line - 1, 0)) > 0;) {
        line[count] = 0;
        char *end = strrchr(line, '\n');
        if (end)
            *end = 0;
        char *start = strrchr(line, '\n');
        word = strtoull(start ? start + 1 : line, NULL, 10);
    }
    return word;
}

/* A group goes back by a second: until a program of it runs, and until it is durable that it did. */
static void rewind_group(char *self)
{
    enum { ROUNDS = 9, TRIES = 1000 };
    uint64_t begun[ROUNDS], rewinds[ROUNDS];
    char *words[] = {self, "past", "64", "1000", NULL};
    manage(SLS_RUN, "", "source", "", words);
    for (int round = 0; round < ROUNDS; round++) {
        sls_of("source", SYS_sls_period, 100 * 1000000, 0, 0);
        rest(2500000);
        uint64_t start = __builtin_ia32_rdtsc(), first = 0;
        rewinds[round] = manage(SLS_REWIND, "source", "", "-1", NULL);
        for (int tries = 0; tries < TRIES && first < start; tries++) {
            rest(10000);
            first = last_word("source");
        }
        if (first < start)
            fail("the group did not tell that it has gone back");
        begun[round] = nanoseconds_of(first - start);
    }
    end_group("source");
    report("groups", 64, "rewind_ns", begun, ROUNDS);
    report("groups", 64, "rewind_durable_ns", rewinds, ROUNDS);
}

static void idle_copies(char *self, unsigned long copies)
{
    struct sls_stat before, after;
    uint64_t *forks = calloc(copies, sizeof *forks);
    char *words[] = {self, "idle", "16", NULL};
    manage(SLS_RUN, "", "image", "", words);
    rest(500000);
    checkpoint_of("image");
    if (sls_stat(&before) != 0)
        fail("sls_stat");
    uint64_t busy = worked();
    for (unsigned long copy = 0; copy < copies; copy++)
        forks[copy] = manage(SLS_FORK, "image", "", "", NULL);
    busy = worked() - busy;
    rest(1000000);
    if (sls_stat(&after) != 0)
        fail("sls_stat");
    report("copies", copies, "fork_ns", forks, (int)copies);
    printf("R copies %lu bytes %llu\n", copies, (unsigned long long)((before.free_bytes - after.free_bytes) / copies));
    printf("R copies %lu busy_ns %llu\n", copies, (unsigned long long)(busy / copies));
    fflush(stdout);
}

/* Waits until a group has written something behind a position, and reads it. */
static void read_log(const char *group, uint64_t *position, char *line, size_t size)
{
    long count = sls_log(group, position, line, size - 1, 1);
    if (count <= 0)
        fail("the group has written nothing");
    line[count] = 0;
}

/* Copies of what a group was at one moment, ephemeral ones (SLS_KEEP_NOTHING) or kept ones, each made when the one before runs, or is
 * there; the group runs on, or has ended: nothing of it is in memory. */
static void copies_of(const char *measure, char **words, unsigned long copies, unsigned flags, int ends, int tells)
{
    char line[4096], name[32];
    uint64_t *made = calloc(copies, sizeof *made), *begun = calloc(copies, sizeof *begun), position = 0;
    manage(SLS_RUN, "", "image", "", words);
    read_log("image", &position, line, sizeof line);
    rest(500000);
    if (sls_of("image", SYS_sls_checkpoint, (uint64_t)"image", 0, 0) < 0)
        fail("checkpoint of a group");
    if (ends)
        manage(SLS_KILL, "image", "", "", NULL);
    rest(500000);
    uint64_t busy = worked();
    for (unsigned long copy = 0; copy < copies; copy++) {
        snprintf(name, sizeof name, "%s-%lu", measure, copy);
        uint64_t start = worked();
        made[copy] = manage_with(flags, SLS_RESTORE, "image", name, "image", NULL);
        if (!tells)
            continue;
        uint64_t at = position;
        read_log(name, &at, line, sizeof line);
        begun[copy] = strtoull(line, NULL, 10) - start;
    }
    busy = worked() - busy;
    for (unsigned long copy = 0; copy < copies; copy++) {
        snprintf(name, sizeof name, "%s-%lu", measure, copy);
        end_group(name);
    }
    if (!ends)
        manage(SLS_KILL, "image", "", "", NULL);
    manage(SLS_REMOVE, "image", "", "", NULL);
    if (tells)
        report(measure, copies, "first_ns", begun, (int)copies);
    report(measure, copies, "made_ns", made, (int)copies);
    printf("R %s %lu busy_ns %llu\n", measure, copies, (unsigned long long)(busy / copies));
    fflush(stdout);
}
