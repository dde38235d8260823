/* privilege.c - what privilege is: capabilities, what keeps and takes them, who may look into whom, what is kept of what is written to
 * /proc. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include "tap.h"

static uint64_t sets(int which)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = { 0 };
    syscall(SYS_capget, &header, data);
    uint32_t *low = which ? &data[0].permitted : &data[0].effective, *high = which ? &data[1].permitted : &data[1].effective;
    return *low | (uint64_t)*high << 32;
}

static int set(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = {
        { (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
        { (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32) },
    };
    return syscall(SYS_capset, &header, data);
}

static const uint64_t all = (1ULL << (CAP_LAST_CAP + 1)) - 1;

/* Each part runs in a child, and gives back how many of its checks failed. */
static void part(void (*run)(void), const char *name)
{
    int status, child = fork();
    if (child == 0) {
        run();
        _exit(tap_failed);
    }
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", name);
}

#define MUST(condition) do { \
    errno = 0; \
    if (!(condition)) { \
        tap_failed++; \
        printf("# %d: %s: %s\n", __LINE__, #condition, strerror(errno)); \
    } \
} while (0)

static void drops(void)
{
    MUST((sets(0) & all) == all);
    MUST(set(all & ~1ULL, all, 0) == 0 && chown("/tmp", 1, 1) == -1 && errno == EPERM);
    MUST(set(all, all, 0) == 0 && chown("/tmp", 0, 0) == 0);
    MUST(set(all & ~1ULL, all & ~1ULL, 0) == 0);
    MUST(set(all, all, 0) == -1 && errno == EPERM);
    MUST(prctl(PR_CAPBSET_READ, CAP_SYS_TIME) == 1 && prctl(PR_CAPBSET_DROP, CAP_SYS_TIME) == 0);
    MUST(prctl(PR_CAPBSET_READ, CAP_SYS_TIME) == 0);
}

static void leaves(void)
{
    MUST(setresuid(1000, 1000, 1000) == 0 && sets(0) == 0 && sets(1) == 0);
    MUST(setuid(0) == -1 && errno == EPERM);
    MUST(prctl(PR_GET_DUMPABLE) == 0);
    MUST(open("/proc/1/environ", O_RDONLY) == -1 && errno == EACCES);
    MUST(open("/proc/1/maps", O_RDONLY) == -1 && errno == EACCES);
    MUST(open("/proc/self/maps", O_RDONLY) >= 0);
    char byte;
    struct iovec mine = { &byte, 1 }, its = { &byte, 1 };
    MUST(process_vm_readv(1, &mine, 1, &its, 1, 0) == -1 && errno == EPERM);
    MUST(process_vm_readv(getpid(), &mine, 1, &its, 1, 0) == 1);
    struct rlimit limit = { 10, 10 };
    MUST(prlimit(1, RLIMIT_NOFILE, &limit, 0) == -1 && errno == EPERM);
    MUST(setpriority(PRIO_PROCESS, 1, 5) == -1 && errno == EPERM);
    struct sched_param param = { 1 };
    MUST(sched_setscheduler(0, SCHED_FIFO, &param) == -1 && errno == EPERM);
    MUST(sethostname("x", 1) == -1 && errno == EPERM);
    struct timespec now = { .tv_sec = 1000000000 };
    MUST(clock_settime(CLOCK_REALTIME, &now) == -1 && errno == EPERM);
    MUST(syscall(SYS_clone, 0x4000000 | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EPERM);
}

static void keeps(void)
{
    MUST(prctl(PR_SET_KEEPCAPS, 1) == 0 && setresuid(1000, 1000, 1000) == 0);
    MUST(sets(0) == 0 && (sets(1) & all) == all);
    MUST(set(1ULL << CAP_SETGID, all, 1ULL << CAP_SETGID) == 0 && setresgid(1000, 1000, 1000) == 0);
    MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETGID, 0, 0) == 0);
    execl("/proc/self/exe", "privilege", "ambient", (char *)0);
    MUST(!"executed");
}

static void writes(void)
{
    char text[16] = { 0 };
    int file = open("/proc/self/oom_score_adj", O_RDWR);
    MUST(file >= 0 && write(file, "500", 3) == 3 && pread(file, text, 15, 0) == 4 && !strcmp(text, "500\n"));
    MUST(write(file, "1001", 4) == -1 && errno == EINVAL);
    MUST(setuid(1000) == 0 && write(file, "400", 3) == -1 && errno == EACCES);
    prctl(PR_SET_NAME, "0123456789abcdefXYZ");
    MUST(prctl(PR_GET_NAME, text) == 0 && !strcmp(text, "0123456789abcde"));
}

static void runs_out(void)
{
    struct rlimit limit = { 1, 2 };
    setrlimit(RLIMIT_CPU, &limit);
    signal(SIGXCPU, SIG_IGN);
    alarm(60);
    for (;;)
        ;
}

int main(int count, char **words)
{
    if (count > 1 && !strcmp(words[1], "ambient"))
        return sets(0) == 1ULL << CAP_SETGID && sets(1) == 1ULL << CAP_SETGID ? 0 : 1;
    part(drops, "what is dropped is gone");
    part(leaves, "who leaves user 0 has nothing left, and looks into nobody");
    part(keeps, "what is kept is there, and what is ambient outlives a program");
    part(writes, "what is written to /proc is kept or refused");
    int status, child = fork();
    if (child == 0)
        runs_out();
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "processor time is limited");
    return tap_done();
}
