/* sequences.c - restartable sequences (rseq) and the barriers that go with them: counters without atomic instructions stay right
 * whoever runs in between, handlers return to the way out, and descriptions that are wrong are SIGSEGV. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include "tap.h"

#define SIGNATURE 0x53053053
#define THREADS 4
#define ROUNDS 300000

struct area { uint32_t start, processor; uint64_t sequence; uint32_t flags; uint32_t unused[3]; } __attribute__((aligned(32)));
struct sequence { uint32_t version, flags; uint64_t start, length, way_out; } __attribute__((aligned(32)));

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
static struct area *library_area(void) { return __rseq_size ? (void *)((char *)__builtin_thread_pointer() + __rseq_offset) : NULL; }
#else
static struct area *library_area(void) { return NULL; }
#endif

static __thread struct area own;
static long counter, aborted;
static uint32_t home; /* the one processor that all run on */

static long rseq(struct area *area, unsigned bytes, int flags, unsigned signature)
{
    return syscall(334, area, bytes, flags, signature);
}

/* This thread's area is from here on its own. */
static int take_area(void)
{
    struct area *library = library_area();
    if (library && library->processor < 0x7fffffff && rseq(library, 32, 1, SIGNATURE))
        return -1;
    return rseq(&own, 32, 0, SIGNATURE);
}

/* Adds one to the counter in three steps; 0 when somebody came between. The loop makes it long enough for that. */
static int add_one(struct area *area, long *sum)
{
    int done = 0;
    __asm__ volatile(
        ".pushsection .data.sequences, \"aw\"\n .balign 32\n 3: .long 0, 0\n .quad 1f, 2f - 1f, 4f\n .popsection\n"
        "lea 3b(%%rip), %%rax\n mov %%rax, 8(%[area])\n"
        "1: mov (%[sum]), %%rax\n mov $20, %%ecx\n 5: dec %%ecx\n jnz 5b\n inc %%rax\n mov %%rax, (%[sum])\n"
        "2: movl $1, %[done]\n jmp 6f\n"
        ".byte 0x0f, 0xb9, 0x3d\n .long 0x53053053\n"
        "4: movl $0, %[done]\n"
        "6:\n"
        : [done] "=m"(done) : [area] "r"(area), [sum] "r"(sum) : "rax", "rcx", "memory", "cc");
    return done;
}

static void *count(void *unused)
{
    if (take_area())
        return (void *)1;
    for (int i = 0; i < ROUNDS;) {
        if (add_one(&own, &counter))
            i++;
        else
            __atomic_fetch_add(&aborted, 1, __ATOMIC_RELAXED);
    }
    return own.processor == home && own.start == home ? unused : (void *)2;
}

static void check_counting(void)
{
    pthread_t threads[THREADS];
    int wrong = 0;
    for (int i = 0; i < THREADS; i++)
        wrong += pthread_create(&threads[i], NULL, count, NULL) != 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        wrong += pthread_join(threads[i], &result) != 0 || result != NULL;
    }
    CHECK(wrong == 0, "threads count in sequences");
    CHECK(counter == (long)THREADS * ROUNDS, "not one is lost");
}

static volatile int ticks;

static void tick(int signal) { (void)signal; ticks++; }

static void check_handlers(void)
{
    struct itimerval every = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
    long sum = 0, done = 0, left = 0;
    signal(SIGALRM, tick);
    setitimer(ITIMER_REAL, &every, NULL);
    while (ticks < 50 || left == 0) {
        if (add_one(&own, &sum))
            done++;
        else
            left++;
    }
    setitimer(ITIMER_REAL, &never, NULL);
    CHECK(sum == done && left > 0, "handlers return to the way out");
}

static void check_calls(void)
{
    struct area *library = library_area();
    static struct area other;
    if (library) {
        CHECK_ERRNO(rseq(library, 32, 0, SIGNATURE), EBUSY, "what is registered is so once");
        CHECK_ERRNO(rseq(library, 32, 0, 1), EPERM, "and with one signature");
        CHECK_ERRNO(rseq(&other, 32, 0, SIGNATURE), EINVAL, "and for one area");
        CHECK(library->processor == home, "the area tells the processor");
    }
    CHECK(take_area() == 0 && own.processor == home, "the area is another");
    CHECK_ERRNO(rseq(&own, 32, 1, 1), EPERM, "it is given up with its signature only");
    CHECK_ERRNO(rseq(&own, 32, 3, SIGNATURE), EINVAL, "and with a flag that is known");
    CHECK(rseq(&own, 32, 1, SIGNATURE) == 0 && own.processor == UINT32_MAX, "then it tells no processor");
    CHECK_ERRNO(rseq(&own, 32, 1, SIGNATURE), EINVAL, "it is given up once");
    CHECK_ERRNO(rseq(&own, 31, 0, SIGNATURE), EINVAL, "an area of another size");
    CHECK_ERRNO(rseq((void *)((char *)&own + 8), 32, 0, SIGNATURE), EINVAL, "an area that is not aligned");
    CHECK_ERRNO(rseq((void *)-4096L, 32, 0, SIGNATURE), EFAULT, "an area that is not the program's");
    CHECK(rseq(&own, 32, 0, SIGNATURE) == 0, "and again");
}

/* How a child ends that has such an area. */
static int end_with(const struct sequence *sequence, uint32_t flags)
{
    int status = 0, child = fork();
    if (child == 0) {
        own.flags = flags;
        own.sequence = (uintptr_t)sequence;
        struct timespec moment = { 0, 20000000 };
        for (int i = 0; i < 3; i++)
            nanosleep(&moment, NULL);
        raise(SIGALRM);
        _exit(own.sequence == 0 ? 7 : 8);
    }
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void check_wrong(void)
{
    static const uint32_t mark[2] = { SIGNATURE, 0 };
    uintptr_t way_out = (uintptr_t)&mark[1];
    struct sequence sequence = { 0, 0, 0x1000, 16, way_out };
    CHECK(end_with(&sequence, 0) == 7, "a sequence that a thread is not in is forgotten");
    sequence.way_out = way_out + 1;
    CHECK(end_with(&sequence, 0) == -SIGSEGV, "a way out without the signature");
    sequence.way_out = 0x1008;
    CHECK(end_with(&sequence, 0) == -SIGSEGV, "a way out within the sequence");
    sequence = (struct sequence){ 1, 0, 0x1000, 16, way_out };
    CHECK(end_with(&sequence, 0) == -SIGSEGV, "a version that is not known");
    sequence = (struct sequence){ 0, 0, 0x1000, UINT64_MAX, way_out };
    CHECK(end_with(&sequence, 0) == -SIGSEGV, "a sequence beyond all memory");
    CHECK(end_with((void *)-8192L, 0) == -SIGSEGV, "a sequence that is not the program's");
}

static void check_barriers(void)
{
    CHECK((syscall(SYS_membarrier, 0, 0, 0) & 511) == 511, "barriers that there are");
    CHECK_ERRNO(syscall(SYS_membarrier, 128, 0, 0), EPERM, "a barrier that nobody asked for");
    CHECK(syscall(SYS_membarrier, 256, 0, 0) == 0, "it is asked for");
    CHECK(syscall(SYS_membarrier, 128, 0, 0) == 0, "and had");
    CHECK(syscall(SYS_membarrier, 128, 1, 0) == 0, "also on one processor");
    CHECK_ERRNO(syscall(SYS_membarrier, 8, 1, 0), EINVAL, "others are not for one processor");
    CHECK_ERRNO(syscall(SYS_membarrier, 128, 2, 0), EINVAL, "a flag that is not known");
}

static void stay_here(void)
{
    cpu_set_t here;
    home = (uint32_t)sched_getcpu();
    CPU_ZERO(&here);
    CPU_SET(home, &here);
    CHECK(sched_setaffinity(0, sizeof here, &here) == 0, "all on one processor");
}

int main(void)
{
    stay_here();
    check_calls();
    check_counting();
    check_handlers();
    check_wrong();
    check_barriers();
    return tap_done();
}
