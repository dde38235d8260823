/* aurora.h - the Aurora system calls for C programs. Numbers lie far beyond Linux's; on Linux they fail with ENOSYS.
 * Times are nanoseconds, sizes bytes. Structures grow at the end only: the kernel fills as much as the caller's size admits. */
#ifndef AURORA_H
#define AURORA_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/syscall.h>

#define SYS_sls_checkpoint 0x5A000
#define SYS_sls_wait       0x5A001
#define SYS_sls_stat       0x5A002
#define SYS_sls_sample     0x5A003
#define SYS_sls_group      0x5A005
#define SYS_sls_unknown    0x5A006
#define SYS_sls_period     0x5A007
#define SYS_sls_drop       0x5A008
#define SYS_sls_rollback   0x5A009
#define SYS_sls_history    0x5A00A
#define SYS_sls_manage     0x5A00B
#define SYS_sls_log        0x5A00C
#define SYS_sls_input      0x5A00D
#define SYS_sls_of         0x5A00E
#define SYS_sls_exec_input  0x5A00F
#define SYS_sls_exec_output 0x5A010
#define SYS_sls_generation  0x5A011
#define SYS_sls_attach      0x5A012
#define SYS_sls_detach      0x5A013
#define SYS_sls_stream_read  0x5A018
#define SYS_sls_stream_write 0x5A019
#define SYS_sls_trace        0x5A01A
#define SYS_sls_memckpt      0x5A01B
#define SYS_msnap_open    0x5A020
#define SYS_msnap_persist 0x5A021
#define SYS_msnap_wait    0x5A022
#define SYS_msnap_abort   0x5A023
#define SYS_msnap_resize  0x5A024
#define SYS_msnap_delete  0x5A025
#define SYS_msnap_clone   0x5A026
#define SYS_msnap_list    0x5A027
#define SYS_msnap_notify  0x5A028
#define SYS_msnap_rollback 0x5A029
#define SYS_msnap_history  0x5A02A
#define SYS_msnap_send     0x5A02B
#define SYS_msnap_recv     0x5A02C

#define SLS_ASYNC 1 /* return the epoch without waiting until it is durable */

/* What a checkpoint's time goes into: threads are marked, dirty pages protected, changed objects recorded, until threads may run (together
 * the stop); until all pages are summed and on their way to the device, until all is written, and in FLUSHes. */
struct sls_phases { uint64_t quiesce_ns, freeze_ns, capture_ns, resume_ns, sum_ns, write_ns, flush_ns; };
struct sls_stat {
    uint64_t captured_epoch, durable_epoch, restored_epoch;
    uint64_t period_ns;
    uint64_t checkpoints, pages, records, bytes;
    uint64_t stop_median_ns, stop_p99_ns, durable_median_ns, durable_p99_ns;
    uint64_t restore_ns;      /* kernel entry to the first guest instruction of this boot */
    uint64_t system_calls, unknown_calls;
    uint64_t minor_faults, major_faults;
    uint64_t free_bytes, total_bytes;
    uint64_t store_free_bytes, store_total_bytes;
    uint64_t failed;          /* non-zero: the store refused a commit, nothing becomes durable any more */
    uint64_t violations;      /* checkpoints discarded because a kernel object contradicted itself */
    uint64_t longest_wait_ns; /* the longest time a thread had to wait for the kernel's own work (a flush, a cut) to give way */
    uint64_t idle_ns;         /* how long the processor has had nothing to do since the machine started */
    struct sls_phases phase_mean, phase_longest; /* of the latest checkpoints of all groups, at most 1024 */
};

struct sls_sample { uint64_t epoch, stop_ns, durable_ns, bytes; uint32_t pages, records; };
#define SLS_LEFT    1 /* the present state does not come from it: a rollback went back to before it */
#define SLS_PRESENT 2 /* what this machine continued from when it started */
struct sls_history { uint64_t epoch, realtime_ns, bytes; char name[64]; uint32_t flags, reserved; };
/* sls_group.state; suspended by somebody; its init has ended, as wait_status says; on its way into memory; could not be brought back */
enum { SLS_OK, SLS_EPHEMERAL, SLS_FAILED, SLS_FULL, SLS_PAUSED, SLS_SUSPENDED, SLS_ENDED, SLS_STARTING, SLS_BROKEN, SLS_SAVED };
struct sls_group {
    uint64_t id, captured_epoch, durable_epoch, period_ns;
    uint32_t processes, threads, state;
    int32_t wait_status;
    char name[32];
};

/* What is to be done with a group: sls_manage.verb. */
enum { SLS_RUN = 1, SLS_FORK, SLS_RESTORE, SLS_REWIND, SLS_SUSPEND, SLS_RESUME, SLS_KILL, SLS_REMOVE, SLS_EXEC, SLS_SEND, SLS_RECEIVE,
       SLS_DUMP };
#define SLS_TERMINAL 1 /* sls_manage.flags, with SLS_RUN: the group's console is a terminal and not like a pipe */
#define SLS_DETACHED 2 /* with SLS_EXEC: the program has no input, and its output goes to the group's console */
#define SLS_KEEP_NOTHING 4 /* with SLS_RUN, SLS_FORK, SLS_RESTORE: the new group is ephemeral */
/* Groups are meant by name or by number; texts are zero-terminated. */
struct sls_manage {
    uint32_t verb, flags;
    char group[64];      /* the group concerned; not with SLS_RUN */
    char target[64];     /* the name of a new group: SLS_RUN, SLS_FORK, SLS_RESTORE; empty: one is made up. SLS_RECEIVE: the name of what
                            is received. SLS_SEND: a checkpoint, as below, that the receiver has already; empty for none. SLS_DUMP: the
                            process, in decimal */
    char checkpoint[64]; /* SLS_RESTORE, SLS_REWIND, SLS_SEND, SLS_DUMP: a name, an epoch in decimal, or "-SECONDS"; empty, but for
                            SLS_REWIND: now */
    char root[256];      /* SLS_RUN: the directory that becomes the root; empty for the whole tree. SLS_EXEC: where the program begins */
    uint64_t argv, envp; /* SLS_RUN, SLS_EXEC: addresses of the vectors; argv[0] is the path of the program (SLS_EXEC: or a name that is
                            looked for in the group, in the directories of the PATH in envp) */
    uint64_t reserved[2];
};
/* What is told of a program that runs in a group: bytes of its descriptor stream (1 or 2), or with 0 how it has come to its end: the wait
 * status; or, detached, that it has begun; or, with error (an errno), that it could not be started. */
struct sls_output { int32_t stream, pid, wait_status, error; };
/* A core file (SLS_DUMP) comes in pieces: this, and so many bytes after SLS_BYTES. The first one is its length. */
enum { SLS_LENGTH = 1, SLS_BYTES, SLS_ZEROES };
struct sls_piece { uint64_t kind, bytes; };
struct sls_unknown { uint64_t number, count; };

/* Takes a checkpoint (named unless name is NULL) and returns its epoch, by default once it is durable. ENOSPC: the disk is full, or as many
 * named ones are kept as may be. A second named one waits for the first (EAGAIN with SLS_ASYNC). EOPNOTSUPP, as for all calls about
 * checkpoints: the group is ephemeral. */
static inline long sls_checkpoint(const char *name, unsigned flags) { return syscall(SYS_sls_checkpoint, name, flags); }
/* Returns when all that the caller's group has done so far is durable: the epoch, or an error as above. */
static inline long sls_barrier(void) { return sls_checkpoint(NULL, 0); }
/* Makes the memory of one mapping durable, which begins at or contains an address (of a page), and nothing else of the group: after a power
 * cut the group goes on from its last checkpoint, but with that memory as it was at this call. Returns the epoch, by default once it is
 * durable. For anonymous memory, private or shared, that is there since the last checkpoint as it is; for what is newer, has been split or
 * changed by mmap and such, or is shared by a fork since, a checkpoint of the whole group is taken. EINVAL (no such flag, not the address
 * of a page), ENOMEM (nothing is mapped there), EOPNOTSUPP (a file's, a region's or a stack, or the group is ephemeral), ENOSPC and EIO as
 * for sls_checkpoint: the pages are as before, and not durable. */
static inline long sls_memckpt(const void *address, unsigned flags) { return syscall(SYS_sls_memckpt, address, flags); }
/* Waits until an epoch is durable. */
static inline long sls_wait(uint64_t epoch) { return syscall(SYS_sls_wait, epoch); }
static inline long sls_stat(struct sls_stat *s) { return syscall(SYS_sls_stat, s, sizeof *s); }
/* The index-th newest checkpoint's cost; ENOENT past the last. */
static inline long sls_sample(unsigned index, struct sls_sample *s) { return syscall(SYS_sls_sample, index, s); }
/* The index-th newest checkpoint in the store; ENOENT past the last. */
static inline long sls_history(unsigned index, struct sls_history *h) { return syscall(SYS_sls_history, index, h, sizeof *h); }
/* The index-th group; in a group other than the host only itself. */
static inline long sls_group(unsigned index, struct sls_group *g) { return syscall(SYS_sls_group, index, g); }
/* The index-th system call that was made and is not implemented. */
static inline long sls_unknown(unsigned index, struct sls_unknown *u) { return syscall(SYS_sls_unknown, index, u); }
/* Sets the checkpoint period of the caller's group, 1 ms to 60 s; root only. */
static inline long sls_period(uint64_t ns) { return syscall(SYS_sls_period, ns); }
/* Gives up a named checkpoint. */
static inline long sls_drop(const char *name) { return syscall(SYS_sls_drop, name); }
/* In the host: restarts the machine from a checkpoint, given by name or by its epoch in decimal. In another group: that group alone goes
 * back. Returns only when it cannot. Root only. */
static inline long sls_rollback(const char *target) { return syscall(SYS_sls_rollback, target); }

/* Has something done with a group and waits for it; root of the host only. The number of the group, or ENOENT (no such group, checkpoint or
 * program), EEXIST (the name is taken), EINVAL (no such name or verb, or the host), EBUSY (it runs), ENOMEM, ENOSPC (done for SLS_SUSPEND,
 * SLS_RESUME and SLS_KILL, but not durable), EIO (the store has failed, or the group is broken), EOPNOTSUPP (an ephemeral group
 * has no checkpoints, or the machine has none), ECANCELED (the caller is a copy of who asked, or the machine has restarted).
 * SLS_EXEC runs a further program in a group, with a process that has no parent there, and returns a number for the two calls below,
 * which only the process that asked may make: ENOENT (no such group), EINVAL (the host), ESRCH (it has ended), EBUSY (it is suspended),
 * ENOTDIR (the directory is not there), ENXIO (detached, and no /dev/console there), ENFILE (32 are run already, by anybody).
 * SLS_SEND, SLS_DUMP and SLS_RECEIVE return a number for sls_stream_read and sls_stream_write: EBUSY (one is sent or dumped, or
 * received, by anybody), EINVAL (the base is not before what is sent), ESRCH (there is no such process, or it has no memory). Everything
 * but SLS_REMOVE, SLS_RESTORE, SLS_SEND and SLS_DUMP gives ENODEV for a saved volume. */
static inline long sls_manage(const struct sls_manage *m) { return syscall(SYS_sls_manage, m, sizeof *m); }
/* Reads what a group has written to its console, as far as it is durable and kept, from *position on, which moves behind it; with wait
 * until there is some. The number of bytes; zero: there is no more, or with wait the group has ended. */
static inline long sls_log(const char *group, uint64_t *position, void *bytes, uint64_t size, int wait)
{
    return syscall(SYS_sls_log, group, position, bytes, size, wait ? 1 : 0);
}
/* Types on the console of a group; the number of bytes taken, EAGAIN when there is no room. No bytes: the console's input has ended. */
static inline long sls_input(const char *group, const void *bytes, uint64_t count) { return syscall(SYS_sls_input, group, bytes, count); }
/* One of the calls sls_checkpoint, sls_stat, sls_period, sls_drop, sls_history, sls_attach and sls_detach, by its number, as if somebody in
 * the group had made it. */
static inline long sls_of(const char *group, long number, uint64_t a, uint64_t b, uint64_t c)
{
    return syscall(SYS_sls_of, group, number, a, b, c);
}
/* Puts bytes into the standard input of a program started with SLS_EXEC; the number taken. No bytes: it has ended. EAGAIN: no room.
 * EPIPE: nobody reads it. ECANCELED: the number means nothing any more, because the machine has restarted, the group has gone or gone
 * back, or everything has been told; the program goes on without who asked, if it is there. */
static inline long sls_exec_input(long number, const void *bytes, uint64_t count)
{
    return syscall(SYS_sls_exec_input, number, bytes, count);
}
/* What such a program has written, as far as it is durable in its group: the number of bytes (with about->stream), or zero with the rest of
 * about, once. EAGAIN: nothing yet; with wait it is waited for. ECANCELED as above. EIO: nothing of the group becomes durable any more. */
static inline long sls_exec_output(long number, void *bytes, uint64_t size, struct sls_output *about, int wait)
{
    return syscall(SYS_sls_exec_output, number, bytes, size, about, wait ? 1 : 0);
}
/* What comes next of a stream that is sent (SLS_SEND), once there is some: the number of bytes; zero at its end. ECANCELED: the machine has
 * restarted, or the number is not the caller's, or of a stream that has come to its end: what was read is not a whole stream. Any other
 * error says why the stream cannot go on: EIO, ENOENT (the checkpoint has gone), ENOSPC, ENOMEM. */
static inline long sls_stream_read(long number, void *bytes, uint64_t size) { return syscall(SYS_sls_stream_read, number, bytes, size); }
/* Gives bytes to a stream that is received (SLS_RECEIVE), once there is room: the number taken; EPIPE: no more are. No bytes: that was all.
 * Waits for what becomes of it: the number of the saved volume, or ENODATA (the stream ended before its end), EBADMSG (damaged, or no
 * stream), EPROTONOSUPPORT (another version), ENOENT (of the base nothing was received), EEXIST (the name has been taken meanwhile),
 * ENOSPC, ENOMEM, EIO; then nothing is left of it. ECANCELED as above. Who ends without having been told breaks it off. */
static inline long sls_stream_write(long number, const void *bytes, uint64_t count)
{
    return syscall(SYS_sls_stream_write, number, bytes, count);
}
/* How often what runs in the caller's group has become a copy of something (fork, restore) or gone back in time. With wait: returns when it
 * is another number than the expected one. Anybody may ask. */
static inline long sls_generation(uint64_t expected, int wait) { return syscall(SYS_sls_generation, expected, wait ? 1 : 0); }
/* A detached process runs on, but whatever continues from a checkpoint of its group (after a restart or a rewind, and every copy) ends it
 * first, as SIGKILL would; the children it makes meanwhile are detached too. Attached, it is kept again. 0 is the caller. Who may kill the
 * process may do so. ESRCH, EPERM, EINVAL (init), EOPNOTSUPP (the group is ephemeral). */
static inline long sls_attach(int pid) { return syscall(SYS_sls_attach, pid); }
static inline long sls_detach(int pid) { return syscall(SYS_sls_detach, pid); }

/* What the kernel does, for root of the host. Everything in an event is of one processor: when it began and how long it took, by the
 * machine's clock; what it was (SLS_TRACE_QUIESCE and so on) and what the argument then is; the number of the group for which it was
 * done, or SLS_NO_GROUP; and the fiber that did it, 0 for none. */
enum { SLS_TRACE_QUIESCE = 1, SLS_TRACE_FREEZE /* pages */, SLS_TRACE_CAPTURE /* records */, SLS_TRACE_RESUME /* epoch */,
       SLS_TRACE_SUM /* pages */, SLS_TRACE_WRITE /* blocks of a record */, SLS_TRACE_FLUSH, SLS_TRACE_TURN /* sequence number */,
       SLS_TRACE_APPEND /* blocks */, SLS_TRACE_APPLY /* operations */, SLS_TRACE_CUT /* its number */, SLS_TRACE_DISCARD,
       SLS_TRACE_PAGE_IN /* index of the page */, SLS_TRACE_FAULT /* address */, SLS_TRACE_CALL /* its number */,
       SLS_TRACE_RECLAIM /* free frames */, SLS_TRACE_RESTORE /* volume */, SLS_TRACE_RUN /* fiber */, SLS_TRACE_STRETCH /* fiber */,
       SLS_TRACE_BEGIN /* shortest_ns: the first event of a trace */ };
#define SLS_NO_GROUP 0xFFFFFFFFu
struct sls_event { uint64_t start_ns, duration_ns, argument; uint32_t group; uint16_t fiber, kind; };
#define SLS_TRACE_FAULTS 1
/* Begins a trace: SLS_TRACE_CALL, _RECLAIM, _RUN and _STRETCH are told when they are so long, and SLS_TRACE_FAULT with SLS_TRACE_FAULTS.
 * The position of its first event, which is SLS_TRACE_BEGIN. EBUSY: one is made already. It is made until sls_trace_stop, or until nobody
 * has called sls_trace_read with a position of it for 10 s (count may be 0), whoever ends before. EOPNOTSUPP: there can be none here. */
static inline long sls_trace_start(uint64_t shortest_ns, uint64_t flags) { return syscall(SYS_sls_trace, 1, shortest_ns, flags); }
/* Ends the trace that began at a position; what it told can still be read. ETIMEDOUT: it had ended before. ECANCELED: as below. */
static inline long sls_trace_stop(uint64_t first) { return syscall(SYS_sls_trace, 2, first); }
/* What a processor has told from *position on, or from the oldest on that is still there; *position moves behind it. How many, zero when
 * there is no more, ENOENT past the last processor. ECANCELED: the position is of no trace since the machine was started: it was started
 * anew, and what it had told before is lost. */
static inline long sls_trace_read(unsigned processor, uint64_t *position, struct sls_event *events, uint64_t count)
{
    return syscall(SYS_sls_trace, 3, processor, position, events, count);
}

/* Regions: memory that a program makes durable itself (docs/api.md). */
#define MS_CREATE 1   /* msnap_open: make the region if there is none */
#define MS_EXCL 2     /* with MS_CREATE: there must be none */
#define MS_RDONLY 4   /* msnap_open: it cannot be stored to through this mapping */
#define MS_ASYNC 1    /* msnap_persist: return the epoch without waiting until it is durable */
#define MS_GLOBAL 2   /* msnap_persist, msnap_abort: the pages of all threads of all programs */
#define MS_OPEN 1     /* msnap_info.flags: in memory */
#define MS_DAMAGED 2  /* its record is damaged: it can only be deleted */
struct msnap_info {
    uint64_t md, address, length, span; /* span: what it may grow to */
    uint64_t durable, taken;            /* the last persist that is durable, and the last begun and not refused; while in memory */
    uint64_t dirty;                     /* bytes that are not persisted */
    uint32_t owner, flags;
    char name[64];
};

/* Shows a region at its address, the same in every program and after every restart; its number, or EINVAL (flags, or no length with
 * MS_CREATE), ENOENT, EEXIST (there is one, with MS_EXCL; or something else is mapped there, or the region, otherwise than with this
 * MS_RDONLY), EACCES (another user's), EPERM (there is none, and making one takes CAP_SYS_ADMIN), ERANGE (it is shorter than length),
 * ENOMEM (also: no addresses are left), ENOSPC, EIO (damaged, or the store has failed), ECANCELED (the machine has restarted, and it may
 * have been made, with MS_EXCL). munmap ends it. */
static inline long msnap_open(const char *name, void **address, uint64_t length, unsigned flags)
{
    return syscall(SYS_msnap_open, name, address, length, flags);
}
/* Makes the caller's dirty pages of a region durable, all or none, and returns the epoch. md -1: of all regions in which it has some, as
 * one, with the epoch of the first of these by address, which stands for all: with MS_ASYNC wait for it with that one's md. Zero when there
 * is none; E2BIG: more than eight. ENOSPC, EIO, ENOMEM, EFBIG: nothing is durable, and the pages are dirty as before. EBADF (not shown by
 * the caller), ECANCELED (the machine has restarted, and it was lost; or the caller does not show the region any more). */
static inline long msnap_persist(long md, unsigned flags) { return syscall(SYS_msnap_persist, md, flags); }
/* Waits until an epoch is durable. As above; EINVAL (there was none), ESTALE (too old to know whether it was refused, or before the region
 * came into memory). */
static inline long msnap_wait(long md, uint64_t epoch) { return syscall(SYS_msnap_wait, md, epoch); }
/* As msnap_persist without MS_ASYNC, of one region, and goes on waiting when a signal comes: EINTR would not tell what becomes of it. */
static inline long msnap_sync(long md, unsigned flags)
{
    long epoch, result;
    do
        epoch = msnap_persist(md, flags | MS_ASYNC);
    while (epoch < 0 && errno == EINTR);
    if (epoch < 0)
        return epoch;
    do
        result = msnap_wait(md, (uint64_t)epoch);
    while (result < 0 && errno == EINTR);
    return result < 0 ? result : epoch;
}
/* What the caller (MS_GLOBAL: anybody) has changed since its last persist becomes what was persisted last, for all who show the region. */
static inline long msnap_abort(long md, unsigned flags) { return syscall(SYS_msnap_abort, md, flags); }
/* Sets the length, durably; what is behind it is gone. ENOMEM: beyond the span. EPERM, here and below: takes CAP_SYS_ADMIN. */
static inline long msnap_resize(long md, uint64_t length) { return syscall(SYS_msnap_resize, md, length); }
/* Ends a region. EBUSY: somebody shows it. ECANCELED: the machine has restarted, and it may be done. */
static inline long msnap_delete(const char *name) { return syscall(SYS_msnap_delete, name); }
/* Makes a region with what another has as of a persist (0: the last), at the same address: a program shows one of them. ENOENT: no such
 * region, or the epoch is not known any more; EEXIST, ECANCELED as above. */
static inline long msnap_clone(const char *name, uint64_t epoch, const char *target)
{
    return syscall(SYS_msnap_clone, name, epoch, target);
}
/* A region that nobody shows (EBUSY) becomes what it was after a persist, durably; what came after that stays in its history, and numbers
 * go on behind all there were. Programs restored later that knew another state are told (msnap_notify). ENOENT, ECANCELED as above; ENOSPC,
 * ENOMEM and EIO: it may have been done. */
static inline long msnap_rollback(const char *name, uint64_t epoch) { return syscall(SYS_msnap_rollback, name, epoch); }
struct msnap_epoch { uint64_t epoch, time_ns; };
/* The next states of a region that can be cloned and gone back to, behind an epoch (0: from the first): how many, at most count and 8, with
 * the time (CLOCK_REALTIME) when they were persisted; 0 when there are no more. ENOENT, EACCES. */
static inline long msnap_history(const char *name, uint64_t after, struct msnap_epoch *epochs, uint64_t count)
{
    return syscall(SYS_msnap_history, name, after, epochs, count);
}
/* The number of a stream (sls_stream_read) with the state of a region as of an epoch (0: of the last persist), or with what differs from
 * another epoch before (since; 0: all). Whoever uses the region goes on. EPERM (not root of the host), ENOENT (no such region, or an epoch
 * is not known any more), EINVAL (since is not before epoch), EACCES, EBUSY (something is being sent), EIO (damaged), ENOMEM, ENOSPC,
 * ECANCELED as above. */
static inline long msnap_send(const char *name, uint64_t epoch, uint64_t since)
{
    return syscall(SYS_msnap_send, name, epoch, since);
}
/* The number of a stream (sls_stream_write) of which a new region of that name is made, which belongs to the caller: with the address,
 * length and contents that were sent, and numbers of its own. It is there when all of it is durable, or not at all. EPERM, EEXIST, EBUSY,
 * ENOMEM, ECANCELED; the end of the stream also says ENODATA (it ended before its end), EBADMSG (damaged, or none), EPROTOTYPE (it is of a
 * group), EPROTONOSUPPORT, ENOENT (what it differs from was never received here), EEXIST (the name was taken meanwhile), ENOSPC, EIO. */
static inline long msnap_recv(const char *name) { return syscall(SYS_msnap_recv, name); }
/* The index-th region of the caller, or with CAP_DAC_OVERRIDE of all; ENOENT past the last. Index 0 first. */
static inline long msnap_list(unsigned index, struct msnap_info *i) { return syscall(SYS_msnap_list, index, i, sizeof *i); }
/* The signal (0: none) that tells this program, when it continues from a checkpoint, that a region it shows is not what it was; without one
 * it is ended then, as by SIGKILL, or, as process 1 of its group, begins again. The one before. exec forgets it. */
static inline long msnap_notify(int signal) { return syscall(SYS_msnap_notify, signal); }

#endif
