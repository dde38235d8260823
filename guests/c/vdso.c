/* vdso.c - reading clocks without system calls. The program finds the vDSO and its functions by itself, as C libraries do, and asks it and
 * the system call in turn: they agree, and time never goes back between them. With the argument "cut" threads and processes read clocks
 * without pause for some seconds ("holding"), in which the power may be cut: what they read never goes back either, and goes on from where
 * it was. The clock of a machine that is not Aurora is not set. */
#define _GNU_SOURCE
#include "tap.h"
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#define SECOND 1000000000L
#define PAGE 4096L

static long (*vdso_gettime)(clockid_t, struct timespec *);
static long (*vdso_getres)(clockid_t, struct timespec *);
static long (*vdso_gettimeofday)(struct timeval *, void *);
static long (*vdso_time)(time_t *);
static long (*vdso_getcpu)(unsigned *, unsigned *, void *);
static uintptr_t image;

/* What the raw call answers: a negative errno as the vDSO has it. */
static long call(long number, long first, long second, long third)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
    return result;
}

static long call_gettime(clockid_t clock, struct timespec *time) { return call(SYS_clock_gettime, clock, (long)time, 0); }
static long nanoseconds(const struct timespec *time) { return time->tv_sec * SECOND + time->tv_nsec; }

static long from_vdso(clockid_t clock)
{
    struct timespec time = {-1, -1};
    return vdso_gettime(clock, &time) == 0 ? nanoseconds(&time) : -1;
}

static long from_call(clockid_t clock)
{
    struct timespec time = {-1, -1};
    return call_gettime(clock, &time) == 0 ? nanoseconds(&time) : -1;
}

static int is_aurora(void)
{
    struct utsname name;
    return uname(&name) == 0 && strstr(name.release, "aurora") != 0;
}

/* The function of a name and version, by the object's hash table. */
static void *find(const char *wanted)
{
    const Elf64_Ehdr *header = (const void *)image;
    const Elf64_Phdr *segment = (const void *)(image + header->e_phoff);
    const Elf64_Dyn *entry = 0;
    uintptr_t base = 0;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD && !base)
            base = image + segment[i].p_offset - segment[i].p_vaddr;
        if (segment[i].p_type == PT_DYNAMIC)
            entry = (const void *)(image + segment[i].p_offset);
    }
    const char *names = 0;
    const Elf64_Sym *symbols = 0;
    const uint32_t *hash = 0;
    const Elf64_Half *versions = 0;
    const Elf64_Verdef *definition = 0;
    for (; entry && entry->d_tag != DT_NULL; entry++) {
        const void *at = (const void *)(base + entry->d_un.d_ptr);
        switch (entry->d_tag) {
        case DT_STRTAB: names = at; break;
        case DT_SYMTAB: symbols = at; break;
        case DT_HASH: hash = at; break;
        case DT_VERSYM: versions = at; break;
        case DT_VERDEF: definition = at; break;
        }
    }
    if (!names || !symbols || !hash || !versions || !definition)
        return 0;
    uint32_t number = 0;
    for (const char *next = wanted; *next; next++) {
        number = (number << 4) + (unsigned char)*next;
        uint32_t high = number & 0xf0000000;
        number = (number ^ high >> 24) & ~high;
    }
    for (uint32_t i = hash[2 + number % hash[0]]; i; i = hash[2 + hash[0] + i]) {
        if (strcmp(names + symbols[i].st_name, wanted) || !symbols[i].st_shndx)
            continue;
        const Elf64_Verdef *version = definition;
        while ((version->vd_ndx & 0x7fff) != (versions[i] & 0x7fff) && version->vd_next)
            version = (const void *)((uintptr_t)version + version->vd_next);
        const Elf64_Verdaux *name = (const void *)((uintptr_t)version + version->vd_aux);
        if ((version->vd_ndx & 0x7fff) == (versions[i] & 0x7fff) && !strcmp(names + name->vda_name, "LINUX_2.6"))
            return (void *)(base + symbols[i].st_value);
    }
    return 0;
}

static int find_all(void)
{
    image = getauxval(AT_SYSINFO_EHDR);
    if (!image || memcmp((void *)image, ELFMAG, SELFMAG))
        return 0;
    vdso_gettime = find("__vdso_clock_gettime");
    vdso_getres = find("__vdso_clock_getres");
    vdso_gettimeofday = find("__vdso_gettimeofday");
    vdso_time = find("__vdso_time");
    vdso_getcpu = find("__vdso_getcpu");
    return vdso_gettime && vdso_getres && vdso_gettimeofday && vdso_time && vdso_getcpu;
}

static void has_the_names_of_linux(void)
{
    CHECK(find("clock_gettime") == (void *)vdso_gettime && find("gettimeofday") == (void *)vdso_gettimeofday
        && find("time") == (void *)vdso_time && find("getcpu") == (void *)vdso_getcpu, "the names without a prefix are the same functions");
    CHECK(!find("__vdso_clock_settime") && !find("settimeofday"), "and no others are there");
}

/* The line of /proc/self/maps that ends with a name. */
static int map_line(const char *name, uintptr_t *start, uintptr_t *end, char *protection)
{
    char line[512];
    int found = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    while (file && fgets(line, sizeof line, file))
        if (strstr(line, name) && sscanf(line, "%lx-%lx %4s", start, end, protection) == 3)
            found++;
    if (file)
        fclose(file);
    return found;
}

static void shows_in_maps(void)
{
    uintptr_t start = 0, end = 0, data = 0, data_end = 0;
    char protection[8] = "", of_data[8] = "";
    CHECK(map_line("[vdso]\n", &start, &end, protection) == 1 && start == image && !strcmp(protection, "r-xp"), "maps shows [vdso]");
    CHECK(map_line("[vvar]\n", &data, &data_end, of_data) == 1 && data < start && !strcmp(of_data, "r--p"), "and [vvar] below it");
    if (is_aurora())
        CHECK(data_end == start && end == start + PAGE && data == start - PAGE, "a page each, side by side");
}

static const clockid_t clocks[] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 31, 32, 33, 63, 64, 1000, INT_MAX, INT_MIN, -1, -2, -6, -8,
};
#define CLOCKS (sizeof clocks / sizeof *clocks)

static void agrees_about_all_clocks(void)
{
    for (unsigned i = 0; i < CLOCKS; i++) {
        struct timespec first = {7, 7}, second = {7, 7}, third = {7, 7};
        long one = vdso_gettime(clocks[i], &first), two = call_gettime(clocks[i], &second), three = vdso_gettime(clocks[i], &third);
        CHECK(one == two && two == three, "clock %d: the vDSO and the call answer alike", clocks[i]);
        CHECK(nanoseconds(&first) <= nanoseconds(&second) && nanoseconds(&second) <= nanoseconds(&third)
            && nanoseconds(&third) - nanoseconds(&first) < SECOND && third.tv_nsec < SECOND, "clock %d: the call lies between", clocks[i]);
        struct timespec by_vdso = {7, 7}, by_call = {7, 7};
        CHECK(vdso_getres(clocks[i], &by_vdso) == call(SYS_clock_getres, clocks[i], (long)&by_call, 0)
            && nanoseconds(&by_vdso) == nanoseconds(&by_call), "clock %d: its resolution", clocks[i]);
        CHECK(vdso_getres(clocks[i], 0) == call(SYS_clock_getres, clocks[i], 0, 0), "clock %d: its resolution, told to nobody", clocks[i]);
    }
}

static void agrees_about_the_rest(void)
{
    struct timeval first, second, third;
    struct timezone zone = {1, 1}, by_call = {2, 2};
    CHECK(vdso_gettimeofday(&first, 0) == 0 && call(SYS_gettimeofday, (long)&second, 0, 0) == 0 && vdso_gettimeofday(&third, 0) == 0
        && timercmp(&first, &second, <=) && timercmp(&second, &third, <=) && third.tv_usec < 1000000, "gettimeofday");
    CHECK(vdso_gettimeofday(0, 0) == 0 && vdso_gettimeofday(0, &zone) == 0 && call(SYS_gettimeofday, 0, (long)&by_call, 0) == 0
        && !memcmp(&zone, &by_call, sizeof zone), "gettimeofday of nothing, and of the zone");
    CHECK(vdso_gettimeofday(&first, &zone) == 0 && vdso_gettimeofday(&third, 0) == 0 && timercmp(&first, &third, <=), "of both");
    time_t stored = 0, before = vdso_time(&stored), between = call(SYS_time, 0, 0, 0), after = vdso_time(0);
    CHECK(before == stored && before <= between && between <= after && after - before < 2, "time");
    unsigned processor = 77, node = 77, real_processor = 78, real_node = 78;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0 && vdso_getcpu(&processor, &node, 0) == 0
        && call(SYS_getcpu, (long)&real_processor, (long)&real_node, 0) == 0 && processor == real_processor && node == real_node, "getcpu");
    CHECK(vdso_getcpu(0, 0, 0) == 0 && vdso_getcpu(&node, 0, 0) == 0 && node == processor && vdso_getcpu(0, &processor, 0) == 0
        && processor == real_node, "getcpu, told in part");
}

/* Reads a clock many times, from the vDSO and the call in turn: how often it went back. */
static long times_back(clockid_t clock, int reads)
{
    long back = 0;
    for (long i = 0, last = from_call(clock); i < reads; i++) {
        long now = i % 3 == 2 ? from_call(clock) : from_vdso(clock);
        back += now < last;
        last = now;
    }
    return back;
}

static void never_goes_back(void)
{
    const clockid_t read[] = {CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_REALTIME, CLOCK_TAI};
    for (unsigned i = 0; i < sizeof read / sizeof *read; i++)
        CHECK(times_back(read[i], 30000) == 0, "clock %d does not go back from one to the other", read[i]);
}

/* A function in a child: its exit status. */
static int in_child(int (*run)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(run());
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static long parents;
static int reads_later(void) { return from_vdso(CLOCK_MONOTONIC) < parents; }
static int reads_without(void)
{
    uintptr_t start = 0, end = 0;
    char protection[8];
    if (!map_line("[vdso]\n", &start, &end, protection) || munmap((void *)start, end - start)
        || !map_line("[vvar]\n", &start, &end, protection) || munmap((void *)start, end - start))
        return 1;
    return from_call(CLOCK_MONOTONIC) < parents || map_line("[vdso]\n", &start, &end, protection)
        || map_line("[vvar]\n", &start, &end, protection);
}

static int reads_moved(void)
{
    uintptr_t start = 0, end = 0;
    char protection[8];
    if (!map_line("[vvar]\n", &start, &end, protection))
        return 1;
    char *room = mmap(0, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mremap((void *)start, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room) == MAP_FAILED
        || mremap((void *)image, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room + PAGE) == MAP_FAILED)
        return 2;
    vdso_gettime = (void *)((char *)vdso_gettime + ((uintptr_t)room + PAGE - image));
    return from_vdso(CLOCK_MONOTONIC) < parents || times_back(CLOCK_MONOTONIC, 100) != 0;
}

static const char *self;
static int begins_anew(void)
{
    char before[32];
    sprintf(before, "%ld", from_vdso(CLOCK_MONOTONIC));
    execl(self, self, "again", before, (char *)0);
    return 1;
}

static void is_every_programs(void)
{
    parents = from_vdso(CLOCK_MONOTONIC);
    CHECK(in_child(reads_later) == 0, "a child reads on");
    CHECK(in_child(reads_without) == 0, "a child unmaps it, and goes on without");
    CHECK(times_back(CLOCK_MONOTONIC, 100) == 0, "its parent has it still");
    CHECK(in_child(begins_anew) == 0, "the next program has it too");
    if (!is_aurora())
        return;
    CHECK(in_child(reads_moved) == 0, "both pages may be moved together");
    CHECK_ERRNO((long)mremap((void *)image, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT, "it does not grow");
    CHECK_ERRNO((long)mremap((void *)image, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP), EINVAL, "and is not doubled");
}

static void stays_what_it_is(void)
{
    uintptr_t data = 0, end = 0, start = 0;
    char protection[8];
    unsigned char resident[8] = {0};
    map_line("[vdso]\n", &start, &end, protection);
    long size = end - start;
    map_line("[vvar]\n", &data, &end, protection);
    CHECK_ERRNO(mprotect((void *)data, PAGE, PROT_READ | PROT_WRITE), EACCES, "the data cannot be made writable");
    if (is_aurora())
        CHECK_ERRNO(mprotect((void *)image, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC), EACCES, "and the code neither");
    CHECK(mprotect((void *)image, size, PROT_READ) == 0 && mprotect((void *)image, size, PROT_READ | PROT_EXEC) == 0
        && times_back(CLOCK_MONOTONIC, 100) == 0, "rights taken and given again");
    CHECK(madvise((void *)image, PAGE, MADV_DONTNEED) == 0 && times_back(CLOCK_MONOTONIC, 100) == 0, "the code not needed");
    CHECK((madvise((void *)data, PAGE, MADV_DONTNEED) == 0 || errno == EINVAL) && times_back(CLOCK_MONOTONIC, 100) == 0, "the data");
    CHECK_ERRNO(madvise((void *)image, PAGE, MADV_WIPEONFORK), EINVAL, "it is not wiped for children");
    CHECK(mincore((void *)image, PAGE, resident) == 0 && (resident[0] & 1), "mincore: the code is in memory");
    CHECK(mlockall(MCL_CURRENT) == 0 && munlockall() == 0 && times_back(CLOCK_MONOTONIC, 100) == 0, "locked and unlocked");
    char copy[PAGE], line[256];
    struct iovec here = {copy, PAGE}, there = {(void *)image, PAGE};
    CHECK(process_vm_readv(getpid(), &here, 1, &there, 1, 0) == PAGE && !memcmp(copy, (void *)image, PAGE), "read from outside");
    if (is_aurora())
        CHECK_ERRNO(process_vm_writev(getpid(), &here, 1, &there, 1, 0), EFAULT, "not written from outside");
    CHECK_ERRNO(syscall(SYS_futex, image, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0), EAGAIN, "a futex in it: nobody waits");
    CHECK(syscall(SYS_futex, image, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0) == 0, "and nobody is woken");
    CHECK_ERRNO(read(open("/dev/zero", 0), (void *)data, 8), EFAULT, "the kernel does not write to it either");
    FILE *file = fopen("/proc/self/smaps", "r");
    int is_there = 0, kilobytes = 0;
    while (file && fgets(line, sizeof line, file)) {
        if (strstr(line, "[vdso]\n"))
            is_there = 1;
        else if (is_there == 1 && sscanf(line, "Size: %d kB", &kilobytes) == 1)
            is_there = 2;
        else if (is_there == 2 && !strncmp(line, "Private_Dirty:", 14))
            is_there = atoi(line + 14) == 0 ? 3 : 4;
    }
    fclose(file);
    CHECK(is_there == 3 && kilobytes >= 4, "smaps: nothing of it is dirty");
    uint64_t entry = 0;
    int pages = open("/proc/self/pagemap", 0);
    CHECK(pread(pages, &entry, 8, image / PAGE * 8) == 8 && entry >> 63, "pagemap: it is there");
    close(pages);
}

/* The clock is set to and fro by so much while somebody reads it. */
#define STEP 5000L
static volatile int is_over;
static long wrong, reads;

static void *looks(void *argument)
{
    long lead = *(long *)argument;
    while (!is_over) {
        long before = from_vdso(CLOCK_MONOTONIC), real = from_vdso(CLOCK_REALTIME), after = from_vdso(CLOCK_MONOTONIC);
        /* Whoever was interrupted between two reads says nothing. */
        if (after - before < SECOND / 100)
            wrong += labs(real - before - lead) > SECOND && labs(real - before - lead - STEP * SECOND) > SECOND;
        reads++;
    }
    return 0;
}

static int is_set(long seconds)
{
    struct timespec real, target;
    call_gettime(CLOCK_REALTIME, &real);
    target = real;
    target.tv_sec += seconds;
    if (clock_settime(CLOCK_REALTIME, &target))
        return 0;
    long by_vdso = from_vdso(CLOCK_REALTIME), by_call = from_call(CLOCK_REALTIME);
    struct timeval day;
    vdso_gettimeofday(&day, 0);
    return by_vdso >= nanoseconds(&target) && by_vdso <= by_call && by_call - nanoseconds(&target) < SECOND
        && vdso_time(0) - target.tv_sec < 2 && day.tv_sec - target.tv_sec < 2;
}

static void follows_the_clock_when_it_is_set(void)
{
    if (!is_aurora())
        return;
    pthread_t thread;
    long lead = from_call(CLOCK_REALTIME) - from_call(CLOCK_MONOTONIC);
    int good = 0;
    CHECK(pthread_create(&thread, 0, looks, &lead) == 0, "a thread reads the clock");
    for (int i = 0; i < 100; i++) {
        good += is_set(i % 2 ? -STEP : STEP);
        sched_yield();
    }
    while (__atomic_load_n(&reads, __ATOMIC_RELAXED) < 1000)
        sched_yield();
    is_over = 1;
    CHECK(pthread_join(thread, 0) == 0 && good == 100, "the clock is set a hundred times, and the vDSO has it at once (%d)", good);
    CHECK(wrong == 0, "its reader saw the one time or the other, and none between (%ld of %ld)", wrong, reads);
    CHECK(times_back(CLOCK_MONOTONIC, 1000) == 0, "monotonic time was not set");
    struct timespec last = {LONG_MAX / 2 / SECOND - 1000, 0};
    parents = from_call(CLOCK_MONOTONIC);
    CHECK(clock_settime(CLOCK_REALTIME, &last) == 0 && from_vdso(CLOCK_REALTIME) >= nanoseconds(&last)
        && times_back(CLOCK_REALTIME, 1000) == 0, "as late as it may be");
    last.tv_sec = (from_call(CLOCK_MONOTONIC) + lead) / SECOND;
    CHECK(clock_settime(CLOCK_REALTIME, &last) == 0 && times_back(CLOCK_REALTIME, 1000) == 0, "and what it was");
}

/* Reads without pause. A clock goes on over a restore from where it was, and a restored thread waits for its pages at most. */
#define LONGEST (10 * SECOND)
struct reader { clockid_t clock; int turns; long reads, back, jumps, apart; pthread_t thread; };

static void *reads_on(void *argument)
{
    struct reader *reader = argument;
    long last = from_call(reader->clock);
    for (; !is_over; reader->reads++) {
        long now = reader->turns && reader->reads % reader->turns == 0 ? from_call(reader->clock) : from_vdso(reader->clock);
        reader->back += now < last;
        reader->jumps += now - last > LONGEST;
        last = now;
    }
    reader->apart = from_call(reader->clock) - last;
    return 0;
}

static int read_for(double seconds)
{
    struct reader readers[] = {{.clock = CLOCK_MONOTONIC}, {.clock = CLOCK_MONOTONIC, .turns = 2}, {.clock = CLOCK_BOOTTIME, .turns = 1000},
        {.clock = CLOCK_MONOTONIC_RAW}};
    int count = sizeof readers / sizeof *readers, wrongs = 0;
    is_over = 0;
    for (int i = 0; i < count; i++)
        if (pthread_create(&readers[i].thread, 0, reads_on, &readers[i]))
            return 1;
    for (long end = from_call(CLOCK_MONOTONIC) + (long)(seconds * SECOND); from_call(CLOCK_MONOTONIC) < end;)
        usleep(50000);
    is_over = 1;
    for (int i = 0; i < count; i++) {
        pthread_join(readers[i].thread, 0);
        if (readers[i].back || readers[i].jumps || readers[i].apart < 0 || readers[i].reads < 1000) {
            printf("# clock %d: %ld reads, back %ld, jumps %ld, behind %ld\n", readers[i].clock, readers[i].reads, readers[i].back,
                readers[i].jumps, readers[i].apart);
            wrongs++;
        }
    }
    return wrongs;
}

static double held;
static int reads_in_child(void) { return read_for(held); }

static void goes_on_over_restores(double seconds)
{
    held = seconds;
    parents = from_vdso(CLOCK_MONOTONIC);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(reads_in_child());
    printf("# holding\n");
    fflush(stdout);
    CHECK(read_for(seconds) == 0, "four threads read clocks that never go back or jump");
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0, "and four in another process");
    /* Real time may have gone on by itself while there was no machine. */
    for (int i = 0; i < 100; i++) {
        long before = from_vdso(CLOCK_REALTIME), between = from_call(CLOCK_REALTIME), after = from_vdso(CLOCK_REALTIME);
        if (before > between || between > after)
            parents = LONG_MAX;
    }
    CHECK(from_vdso(CLOCK_MONOTONIC) > parents, "the vDSO and the call agree afterwards");
}

int main(int count, char **arguments)
{
    self = arguments[0];
    if (count > 2 && !strcmp(arguments[1], "again"))
        return !find_all() || from_vdso(CLOCK_MONOTONIC) < atol(arguments[2]) || times_back(CLOCK_MONOTONIC, 100);
    CHECK(find_all(), "the vDSO is there, and has its functions in version LINUX_2.6");
    if (tap_failed)
        return tap_done();
    if (count > 2 && !strcmp(arguments[1], "dump"))
        return fwrite((void *)image, PAGE, 1, fopen(arguments[2], "w")) != 1;
    has_the_names_of_linux();
    shows_in_maps();
    agrees_about_all_clocks();
    agrees_about_the_rest();
    never_goes_back();
    is_every_programs();
    stays_what_it_is();
    follows_the_clock_when_it_is_set();
    goes_on_over_restores(count > 1 && !strcmp(arguments[1], "cut") ? 8 : 0.5);
    return tap_done();
}
