/* shms.c - System V shared memory, one behaviour a check, over power cuts too (ipc.h). */
#define _GNU_SOURCE
#include "ipc.h"
#include <sys/mman.h>
#include <sys/shm.h>

#define PAGE 4096
#define NONE ((void *)-1)

static struct shmid_ds status;

static long attaches(int id) { return shmctl(id, IPC_STAT, &status) ? -1 : (long)status.shm_nattch; }

static const char *contents_stay_without_anybody(void)
{
    key_t name = key();
    int id = shmget(name, 3 * PAGE, IPC_CREAT | 0600);
    char *at = shmat(id, 0, 0);
    MUST(at != NONE);
    strcpy(at + PAGE, "kept");
    MUST(shmdt(at) == 0 && attaches(id) == 0);
    hold();
    MUST(shmget(name, 0, 0) == id);
    at = shmat(id, 0, SHM_RDONLY);
    MUST(at != NONE && strcmp(at + PAGE, "kept") == 0 && at[0] == 0);
    MUST(shmctl(id, IPC_RMID, 0) == 0);
    return 0;
}

static const char *a_removed_one_stays_with_who_shows_it(void)
{
    key_t name = key();
    int id = shmget(name, PAGE, IPC_CREAT | 0640);
    int *at = shmat(id, 0, 0);
    *at = 42;
    MUST(shmctl(id, IPC_RMID, 0) == 0);
    MUST(FAILS(shmget(name, 0, 0), ENOENT));
    hold();
    MUST(*at == 42 && shmctl(id, IPC_STAT, &status) == 0);
    MUST((status.shm_perm.mode & SHM_DEST) && status.shm_perm.__key == IPC_PRIVATE && (status.shm_perm.mode & 0777) == 0640);
    int *again = shmat(id, 0, 0);
    MUST(again != NONE && *again == 42 && attaches(id) == 2);
    MUST(shmdt(at) == 0 && attaches(id) == 1 && shmdt(again) == 0);
    MUST(FAILS(shmctl(id, IPC_STAT, &status), EINVAL));
    MUST(FAILS(shmat(id, 0, 0), EINVAL));
    return 0;
}

static int writes_and_waits(void *argument)
{
    volatile int *at = argument;
    at[0] = 1;
    for (int tries = 0; at[1] != 2 && tries < 50000; tries++)
        usleep(1000);
    at[2] = at[1] == 2 ? 3 : -1;
    return 0;
}

static const char *a_child_shares_it(void)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    volatile int *at = shmat(id, 0, 0);
    int process = child(writes_and_waits, (void *)at);
    while (at[0] != 1)
        usleep(1000);
    MUST(attaches(id) == 2);
    hold();
    MUST(attaches(id) == 2);
    at[1] = 2;
    MUST(ends(process) == 0 && at[2] == 3 && attaches(id) == 1);
    MUST(status.shm_lpid == process && status.shm_cpid == getpid());
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *every_piece_counts(void)
{
    int id = shmget(IPC_PRIVATE, 8 * PAGE, 0600);
    char *at = shmat(id, 0, 0);
    MUST(mprotect(at + 2 * PAGE, PAGE, PROT_READ) == 0 && attaches(id) == 3);
    MUST(mprotect(at + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0 && attaches(id) == 3);
    MUST(munmap(at + 5 * PAGE, PAGE) == 0 && attaches(id) == 4);
    hold();
    MUST(attaches(id) == 4);
    MUST(FAILS(shmdt(at + PAGE), EINVAL) && attaches(id) == 4);
    MUST(shmdt(at) == 0 && attaches(id) == 0);
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *a_piece_without_its_beginning_is_found(void)
{
    int id = shmget(IPC_PRIVATE, 4 * PAGE, 0600);
    char *at = shmat(id, 0, 0);
    MUST(munmap(at, PAGE) == 0 && attaches(id) == 1);
    hold();
    MUST(shmdt(at) == 0 && attaches(id) == 0 && FAILS(shmdt(at), EINVAL));
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *a_moved_one_is_shown_still(void)
{
    int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
    int *at = shmat(id, 0, 0);
    int *room = mmap(0, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *at = 9;
    MUST(mremap(at, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, room) == room);
    MUST(*room == 9 && attaches(id) == 1);
    hold();
    MUST(*room == 9 && attaches(id) == 1 && shmdt(room) == 0 && attaches(id) == 0);
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *addresses_are_taken_as_asked(void)
{
    int id = shmget(IPC_PRIVATE, 2 * PAGE, 0600);
    char *room = mmap(0, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(munmap(room + 2 * PAGE, 6 * PAGE) == 0);
    MUST(FAILS(shmat(id, room + 2 * PAGE + 8, 0), EINVAL));
    MUST(shmat(id, room + 2 * PAGE + 8, SHM_RND) == room + 2 * PAGE);
    MUST(FAILS(shmat(id, room + PAGE, 0), EINVAL));
    MUST(shmat(id, room + PAGE, SHM_REMAP) == room + PAGE && attaches(id) == 2);
    MUST(FAILS(shmat(id, 0, SHM_REMAP), EINVAL) && FAILS(shmat(id, (void *)100, SHM_REMAP | SHM_RND), EINVAL));
    MUST(FAILS(shmat(id ^ 0x40000000, 0, 0), EINVAL) && FAILS(shmat(-1, 0, 0), EINVAL));
    MUST(FAILS(shmdt(room + 9), EINVAL));
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *what_is_read_cannot_be_written(void)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    char *at = shmat(id, 0, SHM_RDONLY);
    MUST(at != NONE && FAILS(mprotect(at, PAGE, PROT_READ | PROT_WRITE), EACCES));
    MUST(FAILS(syscall(0, -1, at, 1), EBADF));
    int files[2];
    MUST(pipe(files) == 0 && write(files[1], "x", 1) == 1 && FAILS(read(files[0], at, 1), EFAULT));
    char *code = shmat(id, 0, SHM_EXEC);
    MUST(code != NONE);
    *(volatile char *)code = (char)0xC3;
    ((void (*)(void))code)();
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *sizes_and_keys_are_checked(void)
{
    key_t name = key();
    MUST(FAILS(shmget(name, PAGE, 0), ENOENT) && FAILS(shmget(name, 0, IPC_CREAT), EINVAL));
    int id = shmget(name, 100, IPC_CREAT | IPC_EXCL | 0600);
    MUST(id >= 0 && FAILS(shmget(name, 100, IPC_CREAT | IPC_EXCL), EEXIST) && FAILS(shmget(name, 101, 0), EINVAL));
    MUST(shmget(name, 100, IPC_CREAT) == id && shmget(name, 0, 0) == id);
    MUST(shmctl(id, IPC_STAT, &status) == 0 && status.shm_segsz == 100);
    MUST(FAILS(shmctl(id, 99, 0), EINVAL) && FAILS(shmctl(-1, IPC_STAT, &status), EINVAL));
    MUST(FAILS(shmctl(id, IPC_STAT, nowhere), EFAULT) && FAILS(shmctl(id, IPC_SET, nowhere), EFAULT));
    MUST(shmctl(id, IPC_RMID, 0) == 0 && FAILS(shmctl(id, IPC_RMID, 0), EINVAL));
    int next = shmget(name, 100, IPC_CREAT | 0600);
    MUST(next >= 0 && next != id && shmctl(next, IPC_RMID, 0) == 0);
    return 0;
}

static int id_of_other, what_other_may;

static int looks(void *argument)
{
    (void)argument;
    if (!be(12345))
        return 77;
    int mask = 0;
    void *at;
    mask |= shmctl(id_of_other, IPC_STAT, &status) == 0 ? 1 : errno == EACCES ? 0 : 64;
    mask |= (at = shmat(id_of_other, 0, SHM_RDONLY)) != NONE ? 2 : errno == EACCES ? 0 : 64;
    mask |= (at = shmat(id_of_other, 0, 0)) != NONE ? 4 : errno == EACCES ? 0 : 64;
    mask |= shmctl(id_of_other, IPC_SET, &status) == 0 ? 8 : errno == EPERM ? 0 : 64;
    mask |= shmctl(id_of_other, IPC_RMID, 0) == 0 ? 16 : errno == EPERM ? 0 : 64;
    mask |= shmctl(id_of_other & 0x7FFF, SHM_STAT_ANY, (struct shmid_ds *)&status) == id_of_other ? 0 : 32;
    (void)at;
    return mask;
}

static const char *rights_are_the_owners(void)
{
    id_of_other = shmget(IPC_PRIVATE, PAGE, 0600);
    what_other_may = ends(child(looks, 0));
    if (what_other_may == 77)
        return 0;
    MUST(what_other_may == 0);
    MUST(shmctl(id_of_other, IPC_STAT, &status) == 0);
    status.shm_perm.mode = 0644;
    MUST(shmctl(id_of_other, IPC_SET, &status) == 0 && shmctl(id_of_other, IPC_STAT, &status) == 0);
    MUST((status.shm_perm.mode & 0777) == 0644);
    hold();
    MUST(ends(child(looks, 0)) == 3);
    status.shm_perm.uid = 12345;
    MUST(shmctl(id_of_other, IPC_SET, &status) == 0);
    MUST(ends(child(looks, 0)) == 31 && FAILS(shmctl(id_of_other, IPC_STAT, &status), EINVAL));
    return 0;
}

static const char *times_and_processes_are_noted(void)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    MUST(shmctl(id, IPC_STAT, &status) == 0 && status.shm_atime == 0 && status.shm_dtime == 0 && status.shm_lpid == 0);
    MUST(status.shm_ctime >= time(0) - 60 && status.shm_cpid == getpid());
    void *at = shmat(id, 0, 0);
    MUST(shmctl(id, IPC_STAT, &status) == 0 && status.shm_atime >= time(0) - 60 && status.shm_dtime == 0);
    MUST(shmdt(at) == 0);
    struct shmid_ds before;
    MUST(shmctl(id, IPC_STAT, &before) == 0 && before.shm_dtime >= time(0) - 60 && before.shm_lpid == getpid());
    hold();
    MUST(shmctl(id, IPC_STAT, &status) == 0 && memcmp(&before, &status, sizeof before) == 0);
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *proc_knows_them(void)
{
    char line[512], text[65536];
    key_t name = key();
    int id = shmget(name, 5000, IPC_CREAT | 0620);
    char *at = shmat(id, 0, 0);
    unsigned mode;
    unsigned long size;
    int cpid, lpid, count, its_key, its_id;
    hold();
    MUST(has_line("/proc/sysvipc/shm", id, line, sizeof line));
    MUST(sscanf(line, "%d %d %o %lu %d %d %d", &its_key, &its_id, &mode, &size, &cpid, &lpid, &count) == 7);
    MUST(its_key == name && mode == 0620 && size == 5000 && cpid == getpid() && lpid == getpid() && count == 1);
    FILE *file = fopen("/proc/self/maps", "r");
    long length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    char want[64];
    sprintf(want, "/SYSV%08x (deleted)", (unsigned)name);
    MUST(strstr(text, want));
    MUST(shmctl(id, IPC_RMID, 0) == 0 && shmdt(at) == 0 && !has_line("/proc/sysvipc/shm", id, line, sizeof line));
    return 0;
}

static const char *limits_and_totals_are_told(void)
{
    struct shminfo limits;
    struct shm_info totals;
    int id = shmget(IPC_PRIVATE, 3 * PAGE, 0600);
    char *at = shmat(id, 0, 0);
    at[0] = at[PAGE] = 1;
    MUST(shmctl(0, IPC_INFO, (struct shmid_ds *)&limits) >= 0 && limits.shmmin == 1
        && limits.shmmni == (unsigned long)setting("/proc/sys/kernel/shmmni"));
    MUST(shmctl(0, SHM_INFO, (struct shmid_ds *)&totals) >= 0 && totals.used_ids >= 1 && totals.shm_tot >= 3 && totals.shm_rss >= 2);
    int highest = shmctl(0, SHM_INFO, (struct shmid_ds *)&totals), found = 0;
    for (int index = 0; index <= highest; index++)
        found |= shmctl(index, SHM_STAT, &status) == id;
    MUST(found);
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *locking_is_remembered(void)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    MUST(shmctl(id, SHM_LOCK, 0) == 0 && shmctl(id, SHM_LOCK, 0) == 0);
    hold();
    MUST(shmctl(id, IPC_STAT, &status) == 0 && (status.shm_perm.mode & SHM_LOCKED));
    MUST(shmctl(id, SHM_UNLOCK, 0) == 0 && shmctl(id, IPC_STAT, &status) == 0 && !(status.shm_perm.mode & SHM_LOCKED));
    MUST(FAILS(shmctl(id ^ 0x40000000, SHM_LOCK, 0), EINVAL));
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static int executes(void *argument)
{
    char *arguments[] = {"true", "after-exec", argument, 0};
    execv("/proc/self/exe", arguments);
    return 9;
}

static const char *an_execve_leaves_it(void)
{
    char text[16];
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    void *at = shmat(id, 0, 0);
    sprintf(text, "%d", id);
    MUST(ends(child(executes, text)) == 1);
    MUST(attaches(id) == 1 && shmdt(at) == 0);
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const char *large_ones_cost_what_is_used(void)
{
    int id = shmget(IPC_PRIVATE, 1UL << 33, 0600);
    char *at = shmat(id, 0, 0);
    MUST(id >= 0 && at != NONE);
    at[1UL << 32] = 5;
    hold();
    MUST(at[1UL << 32] == 5 && at[0] == 0);
    MUST(shmctl(id, IPC_RMID, 0) == 0 && shmdt(at) == 0);
    return 0;
}

static const char *a_futex_in_it_is_everybodys(void)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0600);
    volatile int *at = shmat(id, 0, 0);
    volatile int *same = shmat(id, 0, 0);
    int process = fork();
    if (process == 0) {
        while (same[0] == 0)
            if (syscall(202, same, 0, 0, 0, 0, 0) < 0 && errno != EAGAIN && errno != EINTR)
                _exit(1);
        _exit(same[0]);
    }
    MUST(sleeps(process));
    hold();
    at[0] = 7;
    for (int tries = 0; tries < 1000 && syscall(202, at, 1, 1, 0, 0, 0) == 0; tries++)
        usleep(1000);
    MUST(ends(process) == 7);
    return shmctl(id, IPC_RMID, 0) ? failed("remove", __LINE__) : 0;
}

static const struct check checks[] = {
    ENTRY(contents_stay_without_anybody), ENTRY(a_removed_one_stays_with_who_shows_it), ENTRY(a_child_shares_it), ENTRY(every_piece_counts),
    ENTRY(a_piece_without_its_beginning_is_found), ENTRY(a_moved_one_is_shown_still), ENTRY(addresses_are_taken_as_asked),
    ENTRY(what_is_read_cannot_be_written), ENTRY(sizes_and_keys_are_checked), ENTRY(rights_are_the_owners),
    ENTRY(times_and_processes_are_noted), ENTRY(proc_knows_them), ENTRY(limits_and_totals_are_told), ENTRY(locking_is_remembered),
    ENTRY(an_execve_leaves_it), ENTRY(large_ones_cost_what_is_used), ENTRY(a_futex_in_it_is_everybodys),
};

int main(int count, char **arguments)
{
    if (count == 3 && !strcmp(arguments[1], "after-exec"))
        return (int)attaches(atoi(arguments[2]));
    return RUN(checks);
}
