/* pairs.c - work that makes something durable, and work that is disturbed by what does: the same calls on Aurora and on the peer.
 *
 *   pairs FOLDER SAMPLES PART…   with files in the folder and so many samples of each time; the parts are
 *     files    fsync of one overwritten page and of one appended, msync of 1, 16, 64 and 256 pages
 *     persists 1 to 1,024 random pages of 64 MiB made durable as one: msnap_persist of a region, or pwrite of each and fsync of a file
 *     sqlite   as many one-row transactions of Debian's sqlite3 with full synchronization, journals WAL and DELETE
 *     pace     a program that changes 64 pages again and again: its rounds, at several checkpoint periods where there are any */
#define _GNU_SOURCE
#include "../../guests/include/aurora.h"
#include "guest.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { LIMIT = 1000, MOST_PERSISTED = 1024 };
#define LENGTH (64 * MEBIBYTE)

static uint64_t times[LIMIT];
static char page[PAGE];

/* A file of 64 MiB that is on the disk, and none of whose blocks has still to be found. */
static int large_file(void)
{
    static char chunk[MEBIBYTE];
    int file = open("large", O_RDWR | O_CREAT | O_TRUNC, 0644);
    require(file >= 0, "large");
    for (size_t i = 0; i < MEBIBYTE; i += sizeof(uint64_t))
        *(uint64_t *)(chunk + i) = random64();
    for (size_t done = 0; done < LENGTH; done += MEBIBYTE)
        require(write(file, chunk, MEBIBYTE) == (ssize_t)MEBIBYTE, "write");
    require(fsync(file) == 0, "fsync");
    return file;
}

static void overwrites(int file, int samples)
{
    for (int i = 0; i < samples; i++) {
        off_t at = (off_t)(random64() % (LENGTH / PAGE) * PAGE);
        *(uint64_t *)page = random64();
        uint64_t start = now();
        require(pwrite(file, page, PAGE, at) == (ssize_t)PAGE && fsync(file) == 0, "fsync");
        times[i] = now() - start;
    }
    tell_distribution("fsync_overwrite", 1, times, samples);
}

static void appends(int samples)
{
    int file = open("appended", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0644);
    require(file >= 0, "appended");
    for (int i = 0; i < samples; i++) {
        *(uint64_t *)page = random64();
        uint64_t start = now();
        require(write(file, page, PAGE) == (ssize_t)PAGE && fsync(file) == 0, "fsync");
        times[i] = now() - start;
    }
    tell_distribution("fsync_append", 1, times, samples);
    close(file);
}

static void mapped(int file, int samples)
{
    static const unsigned long counts[] = {1, 16, 64, 256};
    char *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    require(memory != MAP_FAILED, "mmap");
    for (size_t at = 0; at < LENGTH; at += PAGE)
        (void)*(volatile char *)(memory + at);
    for (unsigned c = 0; c < sizeof counts / sizeof *counts; c++) {
        for (int i = 0; i < samples; i++) {
            for (unsigned long change = 0; change < counts[c]; change++)
                *(volatile uint64_t *)(memory + random64() % (LENGTH / PAGE) * PAGE) = random64();
            uint64_t start = now();
            require(msync(memory, LENGTH, MS_SYNC) == 0, "msync");
            times[i] = now() - start;
        }
        tell_distribution("msync", counts[c], times, samples);
    }
    munmap(memory, LENGTH);
}

static void files(int samples)
{
    int file = large_file();
    overwrites(file, samples);
    appends(samples);
    mapped(file, samples);
    close(file);
    unlink("large");
    unlink("appended");
}

/* So many different pages anywhere in a file or region of 64 MiB; marks has for each the last choice it was in. */
static const unsigned long *choose(unsigned long count)
{
    static unsigned long chosen[MOST_PERSISTED];
    static uint32_t marks[LENGTH / PAGE], choice;
    choice++;
    for (unsigned long i = 0; i < count;) {
        unsigned long at = random64() % (LENGTH / PAGE);
        if (marks[at] == choice)
            continue;
        marks[at] = choice;
        chosen[i++] = at;
    }
    return chosen;
}

/* Where there are regions the pages are stored to and persisted, elsewhere they are written to the file: changing them is one step, making
 * them durable another, which on the peer begins with the first pwrite, since only then the kernel knows of them. */
static uint64_t persist_once(char *region, long number, int file, unsigned long pages, uint64_t *whole)
{
    const unsigned long *chosen = choose(pages);
    uint64_t value = random64(), start = now();
    for (unsigned long i = 0; region && i < pages; i++)
        *(volatile uint64_t *)(region + chosen[i] * PAGE) = value + i;
    uint64_t stored = now();
    for (unsigned long i = 0; !region && i < pages; i++) {
        *(uint64_t *)page = value + i;
        require(pwrite(file, page, PAGE, (off_t)(chosen[i] * PAGE)) == (ssize_t)PAGE, "pwrite");
    }
    require((region ? msnap_persist(number, 0) > 0 : fsync(file) == 0), "persist");
    uint64_t end = now();
    *whole = end - start;
    return end - stored;
}

/* Of many pages fewer samples: what is measured is as long. */
static void persists(int samples)
{
    static const unsigned long counts[] = {1, 16, 64, 256, MOST_PERSISTED};
    static uint64_t whole[LIMIT];
    char *region = NULL;
    long number = msnap_open("pairs", (void **)&region, LENGTH, MS_CREATE);
    require(number > 0 || errno == ENOSYS, "msnap_open");
    int file = number > 0 ? -1 : large_file();
    for (size_t at = 0; number > 0 && at < LENGTH; at += PAGE)
        *(uint64_t *)(region + at) = random64();
    require(number <= 0 || msnap_persist(number, 0) > 0, "msnap_persist");
    for (unsigned c = 0; c < sizeof counts / sizeof *counts; c++) {
        int taken = counts[c] > 64 ? (samples + 3) / 4 : samples;
        for (int i = 0; i < taken; i++)
            times[i] = persist_once(number > 0 ? region : NULL, number, file, counts[c], &whole[i]);
        tell_distribution("persist", counts[c], times, taken);
        tell_distribution("persist_stored", counts[c], whole, taken);
    }
    if (number > 0) {
        require(munmap(region, LENGTH * 4) == 0 && msnap_delete("pairs") == 0, "msnap_delete");
        return;
    }
    close(file);
    unlink("large");
}

/* Runs sqlite3 with a file as its standard input; what it prints is dropped, what it complains of is not. */
static void sqlite(const char *database, const char *script)
{
    int status;
    pid_t process = fork();
    require(process >= 0, "fork");
    if (process == 0) {
        dup2(open(script, O_RDONLY), STDIN_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
        execl("/usr/bin/sqlite3", "sqlite3", "-bail", database, (char *)NULL);
        _exit(127);
    }
    require(waitpid(process, &status, 0) == process, "waitpid");
    if (status != 0) {
        printf("bench: sqlite3 ended with status %x\n", status);
        exit(1);
    }
}

static void transactions(const char *measure, const char *journal, int rows)
{
    unlink("db");
    unlink("db-wal");
    unlink("db-shm");
    FILE *script = fopen("script", "w");
    require(script != NULL, "script");
    fprintf(script, "PRAGMA journal_mode=%s; CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT);\n", journal);
    fclose(script);
    sqlite("db", "script");
    script = fopen("script", "w");
    require(script != NULL, "script");
    fprintf(script, "PRAGMA synchronous=FULL;\n");
    for (int row = 0; row < rows; row++)
        fprintf(script, "INSERT INTO t(v) VALUES('row %d with about forty bytes of text');\n", row);
    fclose(script);
    uint64_t start = now();
    sqlite("db", "script");
    tell(measure, 1, "each", (now() - start) / (uint64_t)rows);
}

/* A unit is about a millisecond of this program's own work: 64 pages changed, and arithmetic. */
static volatile uint64_t sink;

static void work(char *memory)
{
    uint64_t state = sink + 1;
    for (int change = 0; change < 64; change++)
        *(uint64_t *)(memory + change * PAGE + random64() % 500 * 8) = random64();
    for (int i = 0; i < 100000; i++)
        state = state * 6364136223846793005ull + 1442695040888963407ull;
    sink = state;
}

static void rounds_at(char *memory, unsigned long microseconds)
{
    enum { ROUNDS_MS = 400, PERIODS = 2 };
    uint64_t least = ROUNDS_MS * 1000000ull, periods = microseconds * 1000 * PERIODS;
    uint64_t rounds = 0, start = now(), end = start + (periods > least ? periods : least);
    while (now() < end) {
        work(memory);
        rounds++;
    }
    tell("pace", microseconds, "rounds_per_s", rounds * 1000000000ull / (now() - start));
}

/* Where nothing takes checkpoints there is one figure, with no period. */
static void pace(void)
{
    static const unsigned long milliseconds[] = {1, 2, 5, 10, 20, 50, 100, 1000};
    char *memory = memory_of(64 * PAGE);
    work(memory);
    struct sls_stat before;
    if (sls_stat(&before) != 0) {
        require(errno == ENOSYS, "sls_stat");
        rounds_at(memory, 0);
        return;
    }
    for (unsigned i = 0; i < sizeof milliseconds / sizeof *milliseconds; i++) {
        require(sls_period(milliseconds[i] * 1000000) == 0, "sls_period");
        require(sls_checkpoint(NULL, 0) >= 0, "sls_checkpoint");
        rounds_at(memory, milliseconds[i] * 1000);
    }
    require(sls_period(60000000000ull) == 0 && sls_checkpoint(NULL, 0) >= 0, "sls_period");
    rounds_at(memory, 0);
    require(sls_period(before.period_ns) == 0, "sls_period");
}

int main(int count, char **words)
{
    int samples = count >= 4 ? atoi(words[2]) : 0;
    if (samples < 1 || samples > LIMIT) {
        printf("usage: pairs FOLDER SAMPLES PART...\n");
        return 2;
    }
    mkdir(words[1], 0755);
    require(chdir(words[1]) == 0, words[1]);
    for (int i = 3; i < count; i++) {
        if (!strcmp(words[i], "files"))
            files(samples);
        else if (!strcmp(words[i], "persists"))
            persists(samples);
        else if (!strcmp(words[i], "sqlite")) {
            transactions("sqlite_wal", "WAL", samples);
            transactions("sqlite_delete", "DELETE", samples);
        } else if (!strcmp(words[i], "pace"))
            pace();
        else {
            printf("bench: no part %s\n", words[i]);
            return 2;
        }
    }
    return 0;
}
