using System;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>The shape of /proc: each node's name and directory.</summary>
internal static class ProcNames
{
    /// <summary>The fixed name of a node; empty for those named by a number.</summary>
    public static ReadOnlySpan<byte> NameOf(ProcNode node) => IsOfSystem(node) ? SystemName(node) : ProcessName(node);

    /// <summary>True for a node that is of no process.</summary>
    public static bool IsOfSystem(ProcNode node) => node is < ProcNode.Process or >= ProcNode.FirstFurther;

    /// <summary>True for the files of /proc/sysvipc.</summary>
    public static bool IsOfIpc(ProcNode node) => DirectoryOf(node) == ProcNode.SysVIpc;

    /// <summary>True for a limit of System V objects below /proc/sys.</summary>
    public static bool IsIpcSetting(ProcNode node)
        => node is >= ProcNode.FirstIpcSetting and <= ProcNode.LastIpcSetting || IsQueueSetting(node);

    /// <summary>The limits of POSIX message queues.</summary>
    public static bool IsQueueSetting(ProcNode node) => node is >= ProcNode.QueueMessagesMax and <= ProcNode.QueueBytesDefault;

    /// <summary>True for a limit of inotify.</summary>
    public static bool IsInotifySetting(ProcNode node) => node is >= ProcNode.InotifyInstances and <= ProcNode.InotifyEvents;

    /// <summary>Which limit of inotify it is.</summary>
    public static InotifyLimit InotifyLimitOf(ProcNode node) => (InotifyLimit)(node - ProcNode.InotifyInstances);

    /// <summary>The directory a node is in. For /proc itself, None.</summary>
    public static ProcNode DirectoryOf(ProcNode node) => node switch
    {
        ProcNode.Root or ProcNode.None or ProcNode.Terminals or ProcNode.Queues => ProcNode.None,
        ProcNode.QueueEntry => ProcNode.Queues,
        ProcNode.SysFsQueues => ProcNode.SysFs,
        >= ProcNode.QueueMessagesMax and <= ProcNode.QueueBytesDefault => ProcNode.SysFsQueues,
        ProcNode.Multiplexer or ProcNode.PseudoTerminal => ProcNode.Terminals,
        ProcNode.SysKernelTerminals => ProcNode.SysKernel,
        ProcNode.TerminalsMax or ProcNode.TerminalsNumber or ProcNode.TerminalsReserve => ProcNode.SysKernelTerminals,
        ProcNode.Tty => ProcNode.Root,
        ProcNode.TtyDrivers => ProcNode.Tty,
        ProcNode.SysKernel or ProcNode.SysVm or ProcNode.SysFs => ProcNode.Sys,
        ProcNode.SysFsEpoll => ProcNode.SysFs,
        ProcNode.MaxUserWatches => ProcNode.SysFsEpoll,
        ProcNode.SysFsInotify => ProcNode.SysFs,
        ProcNode.InotifyInstances or ProcNode.InotifyWatches or ProcNode.InotifyEvents => ProcNode.SysFsInotify,
        ProcNode.NetUnix => ProcNode.ProcessNet,
        ProcNode.SysNet => ProcNode.Sys,
        ProcNode.SysNetUnix or ProcNode.SysNetCore => ProcNode.SysNet,
        ProcNode.MaxDatagrams => ProcNode.SysNetUnix,
        ProcNode.SendBufferDefault or ProcNode.SendBufferMost or ProcNode.MaxConnections => ProcNode.SysNetCore,
        ProcNode.OvercommitMemory or ProcNode.MinFreeKilobytes or ProcNode.MaxMapCount or ProcNode.MinimumAddress => ProcNode.SysVm,
        ProcNode.FileMax or ProcNode.NrOpen or ProcNode.PipeMaxSize or ProcNode.FileNumber or ProcNode.InodeNumber
            or ProcNode.ProtectedHardLinks or ProcNode.ProtectedSymbolicLinks or ProcNode.LeaseBreakTime => ProcNode.SysFs,
        ProcNode.ThreadsMax or ProcNode.DomainName or ProcNode.OverflowUid or ProcNode.OverflowGid or ProcNode.LastPid or ProcNode.Tainted
            or ProcNode.Architecture => ProcNode.SysKernel,
        ProcNode.SysVIpc or ProcNode.ThreadSelf => ProcNode.Root,
        >= ProcNode.SysVIpcSegments and <= ProcNode.SysVIpcMessages => ProcNode.SysVIpc,
        >= ProcNode.FirstIpcSetting and <= ProcNode.LastIpcSetting => ProcNode.SysKernel,
        ProcNode.BootId or ProcNode.Uuid or ProcNode.EntropyAvailable or ProcNode.PoolSize => ProcNode.RandomDirectory,
        >= ProcNode.HostName and <= ProcNode.RandomDirectory => ProcNode.SysKernel,
        < ProcNode.Process => ProcNode.Root,
        ProcNode.Process => ProcNode.Root,
        ProcNode.Descriptor => ProcNode.ProcessDescriptors,
        ProcNode.Task => ProcNode.ProcessTasks,
        ProcNode.DescriptorInformation => ProcNode.ProcessDescriptorInformation,
        ProcNode.Namespace or ProcNode.NamespaceFile => ProcNode.ProcessNamespaces,
        _ => ProcNode.Process,
    };

    /// <summary>True for the files of /proc/sys.</summary>
    public static bool IsSetting(ProcNode node)
    {
        while (node is not (ProcNode.None or ProcNode.Root or ProcNode.Sys))
            node = DirectoryOf(node);
        return node == ProcNode.Sys;
    }

    /// <summary>The first node of a directory at or after one, by name or not; End when there is none.</summary>
    public static ProcNode NextIn(ProcNode directory, ProcNode from)
    {
        for (ProcNode node = from; node < ProcNode.End; node++)
            if (!NameOf(node).IsEmpty && DirectoryOf(node) == directory)
                return node;
        return ProcNode.End;
    }

    private static ReadOnlySpan<byte> SystemName(ProcNode node) => node switch
    {
        ProcNode.Self => "self"u8,
        ProcNode.Mounts => "mounts"u8,
        ProcNode.MemoryInfo => "meminfo"u8,
        ProcNode.Uptime => "uptime"u8,
        ProcNode.Stat => "stat"u8,
        ProcNode.LoadAverage => "loadavg"u8,
        ProcNode.Version => "version"u8,
        ProcNode.CpuInfo => "cpuinfo"u8,
        ProcNode.FileSystems => "filesystems"u8,
        ProcNode.KernelCommandLine => "cmdline"u8,
        ProcNode.Devices => "devices"u8,
        ProcNode.Partitions => "partitions"u8,
        ProcNode.Sys => "sys"u8,
        ProcNode.SysKernel => "kernel"u8,
        ProcNode.SysVm => "vm"u8,
        ProcNode.SysFs => "fs"u8,
        ProcNode.HostName => "hostname"u8,
        ProcNode.OsType => "ostype"u8,
        ProcNode.OsRelease => "osrelease"u8,
        ProcNode.OsVersion => "version"u8,
        ProcNode.PidMax => "pid_max"u8,
        ProcNode.NgroupsMax => "ngroups_max"u8,
        ProcNode.CapLastCap => "cap_last_cap"u8,
        ProcNode.OvercommitMemory => "overcommit_memory"u8,
        ProcNode.MinFreeKilobytes => "min_free_kbytes"u8,
        ProcNode.FileMax => "file-max"u8,
        ProcNode.NrOpen => "nr_open"u8,
        ProcNode.PipeMaxSize => "pipe-max-size"u8,
        ProcNode.RandomDirectory => "random"u8,
        ProcNode.BootId => "boot_id"u8,
        ProcNode.Uuid => "uuid"u8,
        ProcNode.EntropyAvailable => "entropy_avail"u8,
        ProcNode.ThreadsMax => "threads-max"u8,
        ProcNode.MaxMapCount => "max_map_count"u8,
        ProcNode.FileNumber => "file-nr"u8,
        ProcNode.PoolSize => "poolsize"u8,
        ProcNode.DomainName => "domainname"u8,
        ProcNode.InodeNumber => "inode-nr"u8,
        ProcNode.OverflowUid => "overflowuid"u8,
        ProcNode.OverflowGid => "overflowgid"u8,
        ProcNode.LastPid => "ns_last_pid"u8,
        ProcNode.Tainted => "tainted"u8,
        ProcNode.Architecture => "arch"u8,
        ProcNode.MinimumAddress => "mmap_min_addr"u8,
        ProcNode.Swaps => "swaps"u8,
        ProcNode.ProtectedHardLinks => "protected_hardlinks"u8,
        ProcNode.ProtectedSymbolicLinks => "protected_symlinks"u8,
        ProcNode.LeaseBreakTime => "lease-break-time"u8,
        ProcNode.SysFsEpoll => "epoll"u8,
        ProcNode.MaxUserWatches => "max_user_watches"u8,
        ProcNode.SysFsInotify => "inotify"u8,
        ProcNode.InotifyInstances => "max_user_instances"u8,
        ProcNode.InotifyWatches => "max_user_watches"u8,
        ProcNode.InotifyEvents => "max_queued_events"u8,
        ProcNode.SysVIpc => "sysvipc"u8,
        ProcNode.SysVIpcSegments => "shm"u8,
        ProcNode.SysVIpcMessages => "msg"u8,
        ProcNode.SysVIpcSemaphores => "sem"u8,
        ProcNode.SemaphoreLimits => "sem"u8,
        ProcNode.SemaphoreNextId => "sem_next_id"u8,
        ProcNode.LargestMessage => "msgmax"u8,
        ProcNode.MessageQueueBytes => "msgmnb"u8,
        ProcNode.MessageQueuesMax => "msgmni"u8,
        ProcNode.MessageQueueNextId => "msg_next_id"u8,
        ProcNode.SegmentBytesMax => "shmmax"u8,
        ProcNode.SegmentPagesMax => "shmall"u8,
        ProcNode.SegmentsMax => "shmmni"u8,
        ProcNode.SegmentNextId => "shm_next_id"u8,
        ProcNode.SegmentRemovalForced => "shm_rmid_forced"u8,
        ProcNode.NetUnix => "unix"u8,
        ProcNode.Net => "net"u8,
        ProcNode.SysNet => "net"u8,
        ProcNode.SysNetUnix => "unix"u8,
        ProcNode.MaxDatagrams => "max_dgram_qlen"u8,
        ProcNode.SysNetCore => "core"u8,
        ProcNode.SendBufferDefault => "wmem_default"u8,
        ProcNode.SendBufferMost => "wmem_max"u8,
        ProcNode.MaxConnections => "somaxconn"u8,
        ProcNode.Multiplexer => "ptmx"u8,
        ProcNode.SysKernelTerminals => "pty"u8,
        ProcNode.TerminalsMax => "max"u8,
        ProcNode.TerminalsNumber => "nr"u8,
        ProcNode.TerminalsReserve => "reserve"u8,
        ProcNode.Tty => "tty"u8,
        ProcNode.TtyDrivers => "drivers"u8,
        ProcNode.SysFsQueues => "mqueue"u8,
        ProcNode.ThreadSelf => "thread-self"u8,
        ProcNode.QueueMessagesMax => "msg_max"u8,
        ProcNode.QueueBytesMax => "msgsize_max"u8,
        ProcNode.QueuesMax => "queues_max"u8,
        ProcNode.QueueMessagesDefault => "msg_default"u8,
        ProcNode.QueueBytesDefault => "msgsize_default"u8,
        _ => default,
    };

    private static ReadOnlySpan<byte> ProcessName(ProcNode node) => node switch
    {
        ProcNode.ProcessStat => "stat"u8,
        ProcNode.ProcessStatm => "statm"u8,
        ProcNode.ProcessStatus => "status"u8,
        ProcNode.ProcessName => "comm"u8,
        ProcNode.ProcessCommandLine => "cmdline"u8,
        ProcNode.ProcessEnvironment => "environ"u8,
        ProcNode.ProcessMaps => "maps"u8,
        ProcNode.ProcessMounts => "mounts"u8,
        ProcNode.ProcessExecutable => "exe"u8,
        ProcNode.ProcessCurrentDirectory => "cwd"u8,
        ProcNode.ProcessRoot => "root"u8,
        ProcNode.ProcessDescriptors => "fd"u8,
        ProcNode.ProcessLimits => "limits"u8,
        ProcNode.ProcessIo => "io"u8,
        ProcNode.ProcessWaitChannel => "wchan"u8,
        ProcNode.ProcessOomScore => "oom_score_adj"u8,
        ProcNode.ProcessTasks => "task"u8,
        ProcNode.ProcessMountInformation => "mountinfo"u8,
        ProcNode.ProcessMountStatistics => "mountstats"u8,
        ProcNode.ProcessSmaps => "smaps"u8,
        ProcNode.ProcessSmapsRollup => "smaps_rollup"u8,
        ProcNode.ProcessPageMap => "pagemap"u8,
        ProcNode.ProcessMemory => "mem"u8,
        ProcNode.ProcessAuxiliary => "auxv"u8,
        ProcNode.ProcessDescriptorInformation => "fdinfo"u8,
        ProcNode.ProcessNamespaces => "ns"u8,
        ProcNode.ProcessPersonality => "personality"u8,
        ProcNode.ProcessNet => "net"u8,
        _ => default,
    };
}
