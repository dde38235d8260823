using System.Collections.Generic;
using System.Linq;

namespace Aurora.Bench.Instructions;

/// <summary>A measure of the guest program <c>prims</c>, in words.</summary>
/// <param name="Name">What the program calls it.</param>
/// <param name="Words">What is done once.</param>
public sealed record Primitive(string Name, string Words)
{
    private const string Disturbance = "compute";

    /// <summary>What it may cost at most; then the peer has nothing like it.</summary>
    public double? Most { get; init; }

    /// <summary>Whether Aurora is meant to be no slower than the peer. What shows how a kernel disturbs programs has no target.</summary>
    public bool IsCompared => Name != Disturbance && Most == null;

    /// <summary>All there are, in the order in which they are shown.</summary>
    public static IReadOnlyList<Primitive> All { get; } =
    [
        new("null_call", "getppid"),
        new("clock_read", "clock_gettime"),
        new("yield_pair", "sched_yield beside another that yields"),
        new("pipe_round_trip", "a byte to another process and back"),
        new("pipe_64k", "64 KiB into a pipe and out of it"),
        new("futex_pair", "waking a thread and being woken"),
        new("thread_create_join", "a thread made and joined"),
        new("signal_self", "a signal to oneself, handled"),
        new("socket_round_trip", "a byte through a socket pair to another process and back"),
        new("eventfd_pair", "an event counter written and read"),
        new("pty_round_trip", "a byte into a terminal, read, written back and read"),
        new("shm_attach_touch", "64 KiB of shared memory attached, touched, detached"),
        new("poll_100", "poll of 100 descriptors"),
        new("epoll_1", "epoll_wait of one descriptor, which is ready"),
        new("epoll_1000", "the same beside 999 that are not"),
        new("stat_5", "stat of a path of five names"),
        new("open_close_5", "open and close of it"),
        new("create_unlink", "a file made and removed"),
        new("create_write_unlink", "the same with 4 KiB in it"),
        new("rename_pair", "a file renamed and renamed back"),
        new("pread_4k", "4 KiB read from memory's copy of a file"),
        new("pwrite_4k", "4 KiB of a file overwritten"),
        new("append_4k", "4 KiB appended"),
        new("fstat", "fstat"),
        new("lseek", "lseek"),
        new("fault_fresh", "the first store to a page"),
        new("fault_copy", "a store to a page shared by a fork"),
        new("mmap_touch_munmap", "64 KiB mapped, touched, unmapped"),
        new("mprotect_pair", "16 pages protected and not, one stored to"),
        new("fork_exit_wait", "fork, exit, wait"),
        new("fork_exec_wait", "fork, exec, wait"),
        new("vfork_exec_wait", "vfork, exec, wait"),
        new("shell_pipeline", "a shell with four programs in a pipeline"),
        new("fork_64mib", "fork with 64 MiB, exit, wait"),
        new("persist_async_1", "msnap_persist of a page, not waited for") { Most = 5_000 },
        new("persist_async_1024", "the same of 1,024 pages") { Most = 150_000 },
        new("memckpt_async_1", "sls_memckpt of a page, not waited for") { Most = 12_000 },
        new("memckpt_async_1024", "the same of 1,024 pages") { Most = 220_000 },
        new(Disturbance, "no call: what the kernel does beside it"),
    ];

    /// <summary>The one with a name; null for none.</summary>
    public static Primitive? Find(string name) => All.FirstOrDefault(primitive => primitive.Name == name);

    /// <summary>Whether a figure is more than it may be whatever was recorded.</summary>
    public static bool IsMissed(string name, double each) => Find(name)?.Most is { } most && each > most;

    /// <summary>What a measure is called in a table.</summary>
    public static string WordsOf(string name) => Find(name)?.Words ?? name;
}
