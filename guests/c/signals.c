/* signals.c - handlers, masks, restart semantics, alternate stacks, fault signals, and registers that survive a handler. */
#define _GNU_SOURCE
#include "tap.h"
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <time.h>

static volatile sig_atomic_t caught[65], order[8], depth;
static siginfo_t last_info;
static sigjmp_buf escape;
static void *fault_address;
static int on_alternate_stack;
static volatile char *volatile nowhere = (volatile char *)8; /* volatile itself: the compiler must not know where it points */

static void count(int number)
{
    if (depth < 8)
        order[depth++] = number;
    caught[number]++;
}

static void with_info(int number, siginfo_t *info, void *context)
{
    (void)context;
    caught[number]++;
    last_info = *info;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    int here;
    (void)context;
    caught[number]++;
    fault_address = info->si_addr;
    last_info = *info;
    stack_t stack;
    sigaltstack(NULL, &stack);
    on_alternate_stack = (stack.ss_flags & SS_ONSTACK) && (char *)&here >= (char *)stack.ss_sp && (char *)&here < (char *)stack.ss_sp + stack.ss_size;
    siglongjmp(escape, 1);
}

static void install(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(number, &action, NULL);
}

static void install_info(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};
    sigaction(number, &action, NULL);
}

static void basics(void)
{
    install(SIGUSR1, count, 0);
    CHECK(raise(SIGUSR1) == 0 && caught[SIGUSR1] == 1, "raise");
    CHECK(kill(getpid(), SIGUSR1) == 0 && caught[SIGUSR1] == 2, "kill oneself");
    install(SIGUSR1, count, SA_RESETHAND);
    struct sigaction action;
    CHECK(raise(SIGUSR1) == 0 && sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL, "SA_RESETHAND");
    install(SIGUSR1, SIG_IGN, 0);
    CHECK(raise(SIGUSR1) == 0 && caught[SIGUSR1] == 3, "ignored");
    CHECK(raise(SIGCHLD) == 0 && raise(SIGWINCH) == 0, "ignored by default");
    install_info(SIGUSR2, with_info, 0);
    CHECK(kill(getpid(), SIGUSR2) == 0 && last_info.si_signo == SIGUSR2 && last_info.si_pid == getpid() && last_info.si_code == SI_USER, "siginfo of kill");
    union sigval value = {.sival_int = 77};
    CHECK(sigqueue(getpid(), SIGUSR2, value) == 0 && last_info.si_value.sival_int == 77 && last_info.si_code == SI_QUEUE, "siginfo of sigqueue");
    CHECK_ERRNO(sigaction(SIGKILL, &action, NULL), EINVAL, "a handler for SIGKILL");
    CHECK_ERRNO(kill(getpid(), 65), EINVAL, "a signal that does not exist");
    CHECK_ERRNO(kill(999999, 0), ESRCH, "a process that does not exist");
}

static void masks(void)
{
    sigset_t set, old, pending;
    int before = caught[SIGUSR2];
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0 && !sigismember(&old, SIGUSR2), "block");
    raise(SIGUSR2);
    raise(SIGUSR2);
    CHECK(caught[SIGUSR2] == before && sigpending(&pending) == 0 && sigismember(&pending, SIGUSR2), "blocked and pending");
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0 && caught[SIGUSR2] == before + 1, "delivered once when unblocked");
}

static void suspended(void)
{
    sigset_t set, old;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR2);
    int before = caught[SIGUSR2];
    CHECK_ERRNO(sigsuspend(&old), EINTR, "sigsuspend lets the pending one in");
    sigset_t now;
    CHECK(caught[SIGUSR2] == before + 1 && sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGUSR2), "and puts the mask back");
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    union sigval value = {.sival_int = 5};
    siginfo_t info;
    struct timespec none = {0, 0};
    CHECK(sigqueue(getpid(), SIGRTMIN, value) == 0 && sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == 5, "sigwaitinfo");
    CHECK_ERRNO(sigtimedwait(&set, &info, &none), EAGAIN, "sigtimedwait without a signal");
    for (int i = 0; i < 3; i++) {
        value.sival_int = i;
        sigqueue(getpid(), SIGRTMIN, value);
    }
    int right = 1;
    for (int i = 0; i < 3; i++)
        right &= sigwaitinfo(&set, &info) == SIGRTMIN && info.si_value.sival_int == i;
    CHECK(right, "real-time signals queue in order");
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void nested(void)
{
    depth = 0;
    struct sigaction action = {.sa_handler = count};
    sigset_t set, old;
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, &old);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGHUP);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK(depth == 2 && caught[SIGHUP] == 1, "two pending signals both arrive");
}

/* Interrupted calls. A child sends the signal while the parent is blocked. */
static void interrupted(int flags, int restarts)
{
    int pair[2], status;
    char byte;
    install(SIGALRM, count, flags);
    CHECK(pipe(pair) == 0, "pipe");
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        struct timespec time = {0, 30000000};
        nanosleep(&time, NULL);
        kill(parent, SIGALRM);
        nanosleep(&time, NULL);
        (void)!write(pair[1], "x", 1);
        _exit(0);
    }
    int before = caught[SIGALRM];
    errno = 0;
    ssize_t got = read(pair[0], &byte, 1);
    int error = errno;
    CHECK(caught[SIGALRM] == before + 1 && (restarts ? got == 1 : got == -1 && error == EINTR), "read is %s", restarts ? "restarted" : "interrupted");
    waitpid(pid, &status, 0);
    close(pair[0]);
    close(pair[1]);
}

static void sleeps(void)
{
    struct timespec time = {5, 0}, rest = {0, 0};
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        struct timespec wait = {0, 30000000};
        nanosleep(&wait, NULL);
        kill(parent, SIGALRM);
        _exit(0);
    }
    CHECK_ERRNO(nanosleep(&time, &rest), EINTR, "a handler ends nanosleep even with SA_RESTART");
    CHECK(rest.tv_sec == 4 || (rest.tv_sec == 5 && rest.tv_nsec == 0), "and the rest is told");
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void faults(void)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = {.ss_sp = malloc(65536), .ss_size = 65536};
    CHECK(sigaltstack(&stack, NULL) == 0, "an alternate stack");
    install_info(SIGSEGV, on_fault, SA_ONSTACK);
    install_info(SIGFPE, on_fault, 0);
    install_info(SIGILL, on_fault, 0);
    install_info(SIGTRAP, on_fault, 0);
    install_info(SIGBUS, on_fault, 0);
    if (!sigsetjmp(escape, 1))
        *(volatile char *)page = 1;
    CHECK(caught[SIGSEGV] == 1 && fault_address == page && last_info.si_code == SEGV_ACCERR && on_alternate_stack, "write to a read-only page");
    if (!sigsetjmp(escape, 1))
        *nowhere = 1;
    CHECK(caught[SIGSEGV] == 2 && fault_address == (void *)8 && last_info.si_code == SEGV_MAPERR, "write to nowhere");
    if (!sigsetjmp(escape, 1))
        (void)*(volatile char *)0xffffffff80000000ul;
    CHECK(caught[SIGSEGV] == 3, "read of the kernel");
    if (!sigsetjmp(escape, 1))
        (void)*(volatile char *)0x8000000000000000ul;
    CHECK(caught[SIGSEGV] == 4, "a non-canonical address");
    if (!sigsetjmp(escape, 1))
        ((void (*)(void))page)();
    CHECK(caught[SIGSEGV] == 5, "execution of data");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("cli");
    CHECK(caught[SIGSEGV] == 6, "a privileged instruction");
    if (!sigsetjmp(escape, 1)) {
        int zero;
        __asm__ volatile("xor %0, %0; idiv %0" : "=&r"(zero) : : "eax", "edx");
    }
    CHECK(caught[SIGFPE] == 1 && last_info.si_code == FPE_INTDIV, "division by zero");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("ud2");
    CHECK(caught[SIGILL] == 1, "an undefined instruction");
    if (!sigsetjmp(escape, 1))
        __asm__ volatile("int3");
    CHECK(caught[SIGTRAP] == 1, "a breakpoint");
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        *nowhere = 1;
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a fault without a handler");
    if ((pid = fork()) == 0) {
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_SETMASK, &set, NULL);
        *nowhere = 1;
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a fault with the signal blocked");
}

/* The vector registers are the interrupted program's again after the handler has used them. */
static void scribble(int number)
{
    caught[number]++;
    __asm__ volatile("pxor %%xmm0, %%xmm0\n pxor %%xmm7, %%xmm7\n pxor %%xmm15, %%xmm15\n fninit" : : : "xmm0", "xmm7", "xmm15");
    if (__builtin_cpu_supports("avx2"))
        __asm__ volatile("vpxor %%ymm3, %%ymm3, %%ymm3" : : : "xmm3");
}

static void registers(void)
{
    uint64_t in[4] = {0x1111111111111111, 0x2222222222222222, 0x3333333333333333, 0x4444444444444444}, out[4] = {0}, low[2] = {0};
    long number = SYS_kill, pid = getpid(), flags_kept = 0;
    install(SIGUSR1, scribble, 0);
    if (__builtin_cpu_supports("avx2"))
        __asm__ volatile("vmovdqu %3, %%ymm3\n movdqu %3, %%xmm15\n syscall\n vmovdqu %%ymm3, %0\n movdqu %%xmm15, %1"
                         : "=m"(out), "=m"(low), "+a"(number) : "m"(in), "D"(pid), "S"(SIGUSR1) : "rcx", "r11", "xmm3", "xmm15", "memory");
    else
        memcpy(out, in, sizeof in), memcpy(low, in, sizeof low), raise(SIGUSR1);
    CHECK(memcmp(in, out, sizeof in) == 0 && memcmp(in, low, sizeof low) == 0, "vector registers survive a handler");
    number = SYS_kill;
    __asm__ volatile("mov $0x1234567, %%r12\n stc\n syscall\n setc %b1\n cmp $0x1234567, %%r12\n je 1f\n mov $0, %1\n1:"
                     : "+a"(number), "+r"(flags_kept) : "D"(pid), "S"((long)SIGUSR1) : "rcx", "r11", "r12", "memory", "cc");
    CHECK(flags_kept == 1, "flags and preserved registers survive a handler");
}

/* A frame a program made up must not give it more than it had. */
static void forged_frames(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        __asm__ volatile("mov $15, %%eax\n mov $0x1000, %%rsp\n syscall" : : : "memory");
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "sigreturn without a frame");
}

int main(void)
{
    basics();
    masks();
    suspended();
    nested();
    interrupted(SA_RESTART, 1);
    interrupted(0, 0);
    sleeps();
    faults();
    registers();
    forged_frames();
    return tap_done();
}
