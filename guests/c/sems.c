/* sems.c - System V semaphores, one behaviour a check, over power cuts too (ipc.h). */
#define _GNU_SOURCE
#include "ipc.h"
#include <sched.h>
#include <sys/sem.h>

union argument { int value; struct semid_ds *status; unsigned short *values; struct seminfo *limits; };

static struct semid_ds status;
static int the_set;

static int operates(int set, int semaphore, int change, int flags)
{
    struct sembuf operation = {(unsigned short)semaphore, (short)change, (short)flags};
    return semop(set, &operation, 1);
}

static int operates2(int set, int first, int change, int second, int other, int flags)
{
    struct sembuf operations[2] = {
        {(unsigned short)first, (short)change, (short)flags}, {(unsigned short)second, (short)other, (short)flags}};
    return semop(set, operations, 2);
}

static int value(int set, int semaphore) { return semctl(set, semaphore, GETVAL); }
static int sets(int set, int semaphore, int number) { return semctl(set, semaphore, SETVAL, (union argument){.value = number}); }
static int growing(int set, int semaphore) { return semctl(set, semaphore, GETNCNT); }
static int zeroing(int set, int semaphore) { return semctl(set, semaphore, GETZCNT); }
static const char *removes(int set) { return semctl(set, 0, IPC_RMID) ? failed("remove", __LINE__) : 0; }

/* A child that operates once, and ends with 0 or the errno. */
struct work { int semaphore, change, flags, other, other_change; };

static int works(void *argument)
{
    struct work *work = argument;
    int result = work->other < 0 ? operates(the_set, work->semaphore, work->change, work->flags)
        : operates2(the_set, work->semaphore, work->change, work->other, work->other_change, work->flags);
    return result == 0 ? 0 : errno;
}

static int worker(int semaphore, int change, int flags)
{
    struct work work = {semaphore, change, flags, -1, 0};
    return child(works, &work);
}

static int worker2(int semaphore, int change, int other, int other_change)
{
    struct work work = {semaphore, change, 0, other, other_change};
    return child(works, &work);
}

static const char *values_stay_without_anybody(void)
{
    key_t name = key();
    unsigned short values[100];
    int set = semget(name, 100, IPC_CREAT | 0600);
    for (int i = 0; i < 100; i++)
        MUST(operates(set, i, i * 3 + 1, 0) == 0);
    hold();
    MUST(semget(name, 0, 0) == set && semctl(set, 0, GETALL, (union argument){.values = values}) == 0);
    for (int i = 0; i < 100; i++)
        MUST(values[i] == i * 3 + 1 && semctl(set, i, GETPID) == getpid());
    return removes(set);
}

static const char *all_operations_or_none(void)
{
    int set = semget(IPC_PRIVATE, 3, 0600);
    MUST(sets(set, 0, 5) == 0 && sets(set, 1, 0) == 0);
    MUST(operates2(set, 0, -3, 1, -1, IPC_NOWAIT) == -1 && errno == EAGAIN && value(set, 0) == 5);
    MUST(operates2(set, 0, -3, 0, -2, IPC_NOWAIT) == 0 && value(set, 0) == 0);
    MUST(operates2(set, 2, 1, 2, 0, IPC_NOWAIT) == -1 && errno == EAGAIN && value(set, 2) == 0);
    MUST(operates2(set, 2, 1, 2, -1, 0) == 0 && value(set, 2) == 0);
    MUST(operates2(set, 1, 1, 2, 32767, 0) == 0 && operates2(set, 1, 1, 2, 1, 0) == -1 && errno == ERANGE && value(set, 1) == 1);
    return removes(set);
}

static const char *who_waits_to_take_is_served(void)
{
    the_set = semget(IPC_PRIVATE, 2, 0600);
    int process = worker(1, -2, 0);
    MUST(sleeps(process) && growing(the_set, 1) == 1 && zeroing(the_set, 1) == 0 && growing(the_set, 0) == 0);
    MUST(operates(the_set, 1, 1, 0) == 0);
    hold();
    MUST(growing(the_set, 1) == 1 && operates(the_set, 1, 1, 0) == 0 && value(the_set, 1) == 0 && ends(process) == 0);
    MUST(semctl(the_set, 1, GETPID) == process && growing(the_set, 1) == 0);
    return removes(the_set);
}

static const char *who_waits_for_zero_is_served(void)
{
    the_set = semget(IPC_PRIVATE, 1, 0600);
    MUST(sets(the_set, 0, 2) == 0);
    int first = worker(0, 0, 0), second = worker(0, 0, 0);
    MUST(sleeps(first) && sleeps(second) && zeroing(the_set, 0) == 2);
    hold();
    MUST(operates(the_set, 0, -1, 0) == 0 && zeroing(the_set, 0) == 2);
    MUST(operates(the_set, 0, -1, 0) == 0 && ends(first) == 0 && ends(second) == 0 && zeroing(the_set, 0) == 0);
    return removes(the_set);
}

static const char *first_come_first_served(void)
{
    int processes[5];
    the_set = semget(IPC_PRIVATE, 1, 0600);
    for (int i = 0; i < 5; i++) {
        processes[i] = worker(0, -1, 0);
        MUST(sleeps(processes[i]));
    }
    hold();
    for (int i = 0; i < 5; i++)
        MUST(growing(the_set, 0) == 5 - i && operates(the_set, 0, 1, 0) == 0 && value(the_set, 0) == 0 && ends(processes[i]) == 0);
    return removes(the_set);
}

static const char *a_large_taker_keeps_no_small_one(void)
{
    the_set = semget(IPC_PRIVATE, 1, 0600);
    int large = worker(0, -5, 0);
    MUST(sleeps(large));
    int small = worker(0, -1, 0);
    MUST(sleeps(small));
    hold();
    MUST(operates(the_set, 0, 2, 0) == 0 && ends(small) == 0 && value(the_set, 0) == 1 && growing(the_set, 0) == 1);
    MUST(operates(the_set, 0, 4, 0) == 0 && ends(large) == 0 && value(the_set, 0) == 0);
    return removes(the_set);
}

static const char *several_semaphores_at_once(void)
{
    the_set = semget(IPC_PRIVATE, 2, 0600);
    int both = worker2(0, -1, 1, -1);
    MUST(sleeps(both) && growing(the_set, 0) == 1 && growing(the_set, 1) == 0);
    MUST(operates(the_set, 0, 1, 0) == 0 && growing(the_set, 0) == 0 && growing(the_set, 1) == 1 && value(the_set, 0) == 1);
    hold();
    MUST(value(the_set, 0) == 1 && growing(the_set, 1) == 1);
    MUST(operates(the_set, 1, 1, 0) == 0 && ends(both) == 0 && value(the_set, 0) == 0 && value(the_set, 1) == 0);
    return removes(the_set);
}

static const char *one_wakes_the_next(void)
{
    the_set = semget(IPC_PRIVATE, 3, 0600);
    int last = worker2(2, -1, 1, 1), first = worker2(0, -1, 2, 1);
    MUST(sleeps(last) && sleeps(first));
    int zero = worker(1, -1, 0);
    MUST(sleeps(zero));
    hold();
    MUST(operates(the_set, 0, 1, 0) == 0 && ends(first) == 0 && ends(last) == 0 && ends(zero) == 0);
    MUST(value(the_set, 0) == 0 && value(the_set, 1) == 0 && value(the_set, 2) == 0);
    return removes(the_set);
}

static const char *time_outs_come(void)
{
    int set = semget(IPC_PRIVATE, 1, 0600);
    struct sembuf operation = {0, -1, 0};
    struct timespec soon = {0, 50000000}, wrong = {0, 1000000000};
    double before = now();
    MUST(FAILS(semtimedop(set, &operation, 1, &soon), EAGAIN) && now() - before > 0.045);
    MUST(FAILS(semtimedop(set, &operation, 1, &wrong), EINVAL) && FAILS(semtimedop(set, &operation, 1, nowhere), EFAULT));
    MUST(growing(set, 0) == 0 && operates(set, 0, 1, 0) == 0 && semtimedop(set, &operation, 1, &soon) == 0);
    return removes(set);
}

static int times_out(void *argument)
{
    struct sembuf operation = {0, -1, 0};
    struct timespec *time = argument;
    return semtimedop(the_set, &operation, 1, time) == 0 ? 0 : errno;
}

static const char *a_time_out_goes_on(void)
{
    struct timespec time = {2, 0};
    the_set = semget(IPC_PRIVATE, 1, 0600);
    int process = child(times_out, &time);
    MUST(sleeps(process));
    hold();
    MUST(ends(process) == EAGAIN);
    return removes(the_set);
}

static void handles(int number) { (void)number; }

static int is_interrupted(void *argument)
{
    struct sigaction action = {.sa_handler = handles, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, 0);
    return works(argument);
}

static const char *signals_end_waits_for_good(void)
{
    struct work work = {0, -1, 0, -1, 0};
    the_set = semget(IPC_PRIVATE, 1, 0600);
    int handled = child(is_interrupted, &work), killed = worker(0, -1, 0);
    MUST(sleeps(handled) && sleeps(killed));
    hold();
    MUST(kill(handled, SIGUSR1) == 0 && ends(handled) == EINTR && kill(killed, SIGKILL) == 0 && ends(killed) == -1);
    MUST(growing(the_set, 0) == 0 && operates(the_set, 0, 1, 0) == 0 && value(the_set, 0) == 1);
    return removes(the_set);
}

static const char *who_waits_hears_of_the_end(void)
{
    the_set = semget(IPC_PRIVATE, 2, 0600);
    MUST(sets(the_set, 1, 1) == 0);
    int taker = worker(0, -1, 0), watcher = worker(1, 0, 0), both = worker2(0, -1, 1, -1);
    MUST(sleeps(taker) && sleeps(watcher) && sleeps(both));
    hold();
    MUST(removes(the_set) == 0 && ends(taker) == EIDRM && ends(watcher) == EIDRM && ends(both) == EIDRM);
    MUST(FAILS(semctl(the_set, 0, GETVAL), EINVAL));
    return 0;
}

static int takes_and_waits(void *argument)
{
    int *files = argument;
    char byte = 0;
    if (operates(the_set, 0, -2, SEM_UNDO) || operates(the_set, 1, 3, SEM_UNDO) || operates(the_set, 70, 1, SEM_UNDO))
        return errno;
    return write(files[1], &byte, 1) != 1 || read(files[2], &byte, 1) != 1;
}

static const char *what_a_process_did_is_undone(void)
{
    int files[4];
    char byte;
    the_set = semget(IPC_PRIVATE, 80, 0600);
    MUST(sets(the_set, 0, 5) == 0 && pipe(files) == 0 && pipe(files + 2) == 0);
    int process = child(takes_and_waits, files);
    MUST(read(files[0], &byte, 1) == 1);
    hold();
    MUST(value(the_set, 0) == 3 && value(the_set, 1) == 3 && value(the_set, 70) == 1 && write(files[3], &byte, 1) == 1);
    MUST(ends(process) == 0 && value(the_set, 0) == 5 && value(the_set, 1) == 0 && value(the_set, 70) == 0);
    MUST(semctl(the_set, 0, GETPID) == process);
    return removes(the_set);
}

static const char *an_undo_serves_who_waits(void)
{
    int files[4];
    char byte;
    the_set = semget(IPC_PRIVATE, 80, 0600);
    MUST(sets(the_set, 0, 2) == 0 && pipe(files) == 0 && pipe(files + 2) == 0);
    int process = child(takes_and_waits, files);
    MUST(read(files[0], &byte, 1) == 1);
    int waiter = worker(0, -2, 0);
    MUST(sleeps(waiter));
    hold();
    MUST(kill(process, SIGKILL) == 0 && ends(process) == -1 && ends(waiter) == 0 && value(the_set, 0) == 0);
    return removes(the_set);
}

static const char *setting_forgets_what_was_to_be_undone(void)
{
    int files[4];
    char byte;
    the_set = semget(IPC_PRIVATE, 80, 0600);
    MUST(sets(the_set, 0, 5) == 0 && pipe(files) == 0 && pipe(files + 2) == 0);
    int process = child(takes_and_waits, files);
    MUST(read(files[0], &byte, 1) == 1 && sets(the_set, 0, 9) == 0);
    hold();
    MUST(write(files[3], &byte, 1) == 1 && ends(process) == 0 && value(the_set, 0) == 9 && value(the_set, 1) == 0);
    return removes(the_set);
}

static int shares_stack[16384];

static int shared_body(void *argument) { (void)argument; return operates(the_set, 0, 1, SEM_UNDO) ? 1 : 0; }

static int shares(void *argument)
{
    int *files = argument;
    char byte = 0;
    int process;
    if (operates(the_set, 1, 1, SEM_UNDO))
        return 1;
    process = clone(shared_body, shares_stack + 16384, CLONE_SYSVSEM | SIGCHLD, 0);
    if (process < 0 || ends(process) != 0 || value(the_set, 0) != 1)
        return 2;
    process = clone(shared_body, shares_stack + 16384, SIGCHLD, 0);
    if (process < 0 || ends(process) != 0 || value(the_set, 0) != 1)
        return 3;
    return write(files[1], &byte, 1) != 1 || read(files[2], &byte, 1) != 1 || value(the_set, 0) != 1;
}

static const char *the_last_who_shares_undoes(void)
{
    int files[4];
    char byte;
    the_set = semget(IPC_PRIVATE, 2, 0600);
    MUST(pipe(files) == 0 && pipe(files + 2) == 0);
    int process = child(shares, files);
    MUST(read(files[0], &byte, 1) == 1);
    hold();
    MUST(value(the_set, 0) == 1 && value(the_set, 1) == 1 && write(files[3], &byte, 1) == 1);
    MUST(ends(process) == 0 && value(the_set, 0) == 0 && value(the_set, 1) == 0);
    return removes(the_set);
}

static int unshares(void *argument)
{
    (void)argument;
    if (operates(the_set, 0, 1, SEM_UNDO) || unshare(CLONE_SYSVSEM))
        return errno;
    return value(the_set, 0) == 0 ? 0 : 99;
}

static const char *an_unshare_undoes(void)
{
    the_set = semget(IPC_PRIVATE, 1, 0600);
    MUST(ends(child(unshares, 0)) == 0);
    return removes(the_set);
}

static const char *setting_serves_who_waits(void)
{
    unsigned short values[3] = {1, 0, 2};
    the_set = semget(IPC_PRIVATE, 3, 0600);
    MUST(sets(the_set, 1, 5) == 0);
    int zero = worker(1, 0, 0), taker = worker(2, -2, 0);
    MUST(sleeps(zero) && sleeps(taker));
    hold();
    MUST(semctl(the_set, 0, SETALL, (union argument){.values = values}) == 0 && ends(zero) == 0 && ends(taker) == 0);
    MUST(value(the_set, 0) == 1 && value(the_set, 1) == 0 && value(the_set, 2) == 0);
    values[1] = 40000;
    MUST(FAILS(semctl(the_set, 0, SETALL, (union argument){.values = values}), ERANGE) && value(the_set, 0) == 1);
    MUST(FAILS(sets(the_set, 0, -1), ERANGE) && FAILS(sets(the_set, 0, 32768), ERANGE) && FAILS(sets(the_set, 3, 1), EINVAL));
    return removes(the_set);
}

static const char *many_operations_at_once(void)
{
    struct sembuf operations[501];
    int set = semget(IPC_PRIVATE, 250, 0600);
    for (int i = 0; i < 501; i++)
        operations[i] = (struct sembuf){(unsigned short)(i % 250), 1, 0};
    MUST(FAILS(semop(set, operations, 501), E2BIG) && FAILS(semop(set, operations, 0), EINVAL));
    MUST(semop(set, operations, 500) == 0 && value(set, 0) == 2 && value(set, 249) == 2);
    operations[0].sem_num = 250;
    MUST(FAILS(semop(set, operations, 1), EFBIG));
    return removes(set);
}

static const char *proc_and_limits_tell(void)
{
    char line[512];
    struct seminfo limits;
    int numbers[4], its_key, its_id, count;
    unsigned mode;
    key_t name = key();
    int set = semget(name, 7, IPC_CREAT | 0640);
    MUST(operates(set, 0, 1, 0) == 0 && semctl(set, 0, IPC_STAT, (union argument){.status = &status}) == 0);
    MUST(status.sem_otime >= time(0) - 60 && status.sem_nsems == 7);
    struct semid_ds before = status;
    hold();
    MUST(semctl(set, 0, IPC_STAT, (union argument){.status = &status}) == 0 && memcmp(&before, &status, sizeof status) == 0);
    MUST(has_line("/proc/sysvipc/sem", set, line, sizeof line));
    MUST(sscanf(line, "%d %d %o %d", &its_key, &its_id, &mode, &count) == 4 && its_key == name && mode == 0640 && count == 7);
    FILE *file = fopen("/proc/sys/kernel/sem", "r");
    MUST(file && fscanf(file, "%d %d %d %d", numbers, numbers + 1, numbers + 2, numbers + 3) == 4);
    MUST(semctl(0, 0, IPC_INFO, (union argument){.limits = &limits}) >= 0 && limits.semmsl == numbers[0] && limits.semmns == numbers[1]);
    MUST(limits.semopm == numbers[2] && limits.semmni == numbers[3] && limits.semvmx == 32767 && limits.semaem == 32767);
    MUST(semctl(0, 0, SEM_INFO, (union argument){.limits = &limits}) >= 0 && limits.semusz >= 1 && limits.semaem >= 7);
    MUST(semctl(set & 0x7FFF, 0, SEM_STAT, (union argument){.status = &status}) == set);
    return removes(set);
}

static int tries(void *argument)
{
    (void)argument;
    if (!be(12345))
        return 77;
    return (operates(the_set, 0, 1, IPC_NOWAIT) == 0 ? 1 : errno == EACCES ? 0 : 64)
        | (operates(the_set, 1, 0, IPC_NOWAIT) == 0 ? 2 : errno == EACCES ? 0 : 64)
        | (value(the_set, 0) >= 0 ? 4 : errno == EACCES ? 0 : 64)
        | (sets(the_set, 0, 0) == 0 ? 8 : errno == EACCES ? 0 : 64) | (semctl(the_set, 0, IPC_RMID) == 0 ? 16 : errno == EPERM ? 0 : 64);
}

static const char *rights_are_the_owners(void)
{
    the_set = semget(IPC_PRIVATE, 2, 0604);
    int can = ends(child(tries, 0));
    hold();
    if (can == 77)
        return 0;
    MUST(can == 6 && semctl(the_set, 0, IPC_STAT, (union argument){.status = &status}) == 0);
    status.sem_perm.mode = 0602;
    MUST(semctl(the_set, 0, IPC_SET, (union argument){.status = &status}) == 0 && ends(child(tries, 0)) == 9);
    return removes(the_set);
}

static const char *arguments_are_checked(void)
{
    key_t name = key();
    MUST(FAILS(semget(name, 1, 0), ENOENT) && FAILS(semget(name, 0, IPC_CREAT), EINVAL) && FAILS(semget(name, -1, IPC_CREAT), EINVAL));
    int set = semget(name, 2, IPC_CREAT | IPC_EXCL | 0600);
    MUST(set >= 0 && FAILS(semget(name, 2, IPC_CREAT | IPC_EXCL), EEXIST)
        && FAILS(semget(name, 3, 0), EINVAL) && semget(name, 1, 0) == set);
    MUST(FAILS(semop(set, nowhere, 1), EFAULT) && FAILS(operates(-1, 0, 1, 0), EINVAL)
        && FAILS(operates(set ^ 0x40000000, 0, 1, 0), EINVAL));
    MUST(FAILS(semctl(set, 2, GETVAL), EINVAL) && FAILS(semctl(set, 0, 99), EINVAL) && FAILS(semctl(-1, 0, GETVAL), EINVAL));
    MUST(FAILS(semctl(set, 0, GETALL, (union argument){.values = nowhere}), EFAULT));
    return removes(set);
}

static const struct check checks[] = {
    ENTRY(values_stay_without_anybody), ENTRY(all_operations_or_none), ENTRY(who_waits_to_take_is_served),
    ENTRY(who_waits_for_zero_is_served), ENTRY(first_come_first_served), ENTRY(a_large_taker_keeps_no_small_one),
    ENTRY(several_semaphores_at_once), ENTRY(one_wakes_the_next), ENTRY(time_outs_come), ENTRY(a_time_out_goes_on),
    ENTRY(signals_end_waits_for_good), ENTRY(who_waits_hears_of_the_end), ENTRY(what_a_process_did_is_undone),
    ENTRY(an_undo_serves_who_waits), ENTRY(setting_forgets_what_was_to_be_undone), ENTRY(the_last_who_shares_undoes),
    ENTRY(an_unshare_undoes), ENTRY(setting_serves_who_waits), ENTRY(many_operations_at_once), ENTRY(proc_and_limits_tell),
    ENTRY(rights_are_the_owners), ENTRY(arguments_are_checked),
};

int main(int count, char **arguments) { return RUN(checks); }
