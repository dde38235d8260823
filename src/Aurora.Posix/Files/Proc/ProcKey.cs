using System.Runtime.InteropServices;

namespace Aurora.Posix.Files;

/// <summary>The nodes of /proc. The values are part of the record format; those of one directory are consecutive where it helps.</summary>
public enum ProcNode : ushort
{
    None = 0,
    Root = 1,
    Self = 2,
    Mounts = 3,
    MemoryInfo = 4,
    Uptime = 5,
    Stat = 6,
    LoadAverage = 7,
    Version = 8,
    CpuInfo = 9,
    FileSystems = 10,
    KernelCommandLine = 11,
    Devices = 12,
    Partitions = 13,
    ThreadsMax = 14,
    MaxMapCount = 15,
    FileNumber = 16,
    PoolSize = 17,
    InodeNumber = 19,
    Sys = 20,
    SysKernel = 21,
    SysVm = 22,
    SysFs = 23,
    HostName = 24,
    OsType = 25,
    OsRelease = 26,
    OsVersion = 27,
    PidMax = 28,
    NgroupsMax = 29,
    CapLastCap = 30,
    OvercommitMemory = 31,
    MinFreeKilobytes = 32,
    FileMax = 33,
    NrOpen = 34,
    PipeMaxSize = 35,
    RandomDirectory = 36,
    BootId = 37,
    Uuid = 38,
    EntropyAvailable = 39,
    Tainted = 40,
    DomainName = 41,
    ProtectedHardLinks = 42,
    ProtectedSymbolicLinks = 43,
    OverflowUid = 44,
    OverflowGid = 45,
    LastPid = 46,
    Architecture = 47,
    MinimumAddress = 48,
    Swaps = 49,
    LeaseBreakTime = 50,

    /// <summary>Of a process, as all that follows from <see cref="ProcessNet"/>.</summary>
    NetUnix = 53,
    SysFsEpoll = 54,
    MaxUserWatches = 55,
    Net = 56,
    SysNet = 57,
    SysNetUnix = 58,
    MaxDatagrams = 59,
    SysNetCore = 60,
    SendBufferDefault = 61,
    SendBufferMost = 62,
    MaxConnections = 63,

    Process = 64,
    ProcessStat = 65,
    ProcessStatm = 66,
    ProcessStatus = 67,
    ProcessName = 68,
    ProcessCommandLine = 69,
    ProcessEnvironment = 70,
    ProcessMaps = 71,
    ProcessMounts = 72,
    ProcessExecutable = 73,
    ProcessCurrentDirectory = 74,
    ProcessRoot = 75,
    ProcessDescriptors = 76,
    ProcessLimits = 77,
    ProcessIo = 78,
    ProcessWaitChannel = 79,
    ProcessOomScore = 80,
    ProcessTasks = 81,
    ProcessSmaps = 82,
    ProcessSmapsRollup = 83,
    ProcessPageMap = 84,
    ProcessMemory = 85,
    ProcessAuxiliary = 86,
    ProcessDescriptorInformation = 87,
    ProcessNamespaces = 88,
    DescriptorInformation = 89,
    Namespace = 90,
    NamespaceFile = 91,
    ProcessPersonality = 92,
    ProcessNet = 93,
    ProcessMountInformation = 94,
    ProcessMountStatistics = 95,
    Descriptor = 96,
    Task = 97,

    /// <summary>From here on nodes of the system again.</summary>
    FirstFurther = 100,
    FirstIpcSetting = 100,
    SegmentBytesMax = 100,
    SegmentPagesMax = 101,
    SegmentsMax = 102,
    SegmentRemovalForced = 103,
    SegmentNextId = 104,
    LargestMessage = 105,
    MessageQueueBytes = 106,
    MessageQueuesMax = 107,
    MessageQueueNextId = 108,
    SemaphoreLimits = 109,
    SemaphoreNextId = 110,
    LastIpcSetting = 110,
    SysVIpc = 111,
    SysVIpcSegments = 112,
    SysVIpcSemaphores = 113,
    SysVIpcMessages = 114,

    /// <summary>/dev/pts, a file system of its own, found as those of /proc are; what makes terminals; one of them.</summary>
    Terminals = 120,
    Multiplexer = 121,
    PseudoTerminal = 122,
    SysKernelTerminals = 123,
    TerminalsMax = 124,
    TerminalsNumber = 125,
    TerminalsReserve = 126,
    Tty = 127,
    TtyDrivers = 128,

    /// <summary>/dev/mqueue, as above; a queue in it; and the directory of its limits.</summary>
    Queues = 130,
    QueueEntry = 131,
    SysFsQueues = 132,
    QueueMessagesMax = 133,
    QueueBytesMax = 134,
    QueuesMax = 135,
    QueueMessagesDefault = 136,
    QueueBytesDefault = 137,

    /// <summary>In /proc, beside <see cref="Self"/>.</summary>
    ThreadSelf = 138,

    SysFsInotify = 140,
    InotifyInstances = 141,
    InotifyWatches = 142,
    InotifyEvents = 143,

    /// <summary>One more than the last.</summary>
    End = 144,
}

/// <summary>Names a node of /proc: what it is, of which process, and which descriptor or thread.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ProcKey
{
    public ProcNode Node;
    public ushort Padding;

    /// <summary>The process id; zero for the nodes of the system.</summary>
    public int Process;

    /// <summary>The descriptor, thread id or kind of namespace; of a file of a thread, the thread.</summary>
    public int Item;

    public ProcKey(ProcNode node, int process = 0, int item = 0)
    {
        Node = node;
        Process = process;
        Item = item;
    }

    /// <summary>st_ino: unique among /proc's nodes and above all stored object ids, but for namespaces: programs know theirs.</summary>
    public readonly ulong InodeNumber => IsOfTerminals ? TerminalNodes.NumberOf(this) : Node == ProcNode.NamespaceFile
        ? ProcNamespaces.NumberOf(Item) : Node == ProcNode.Queues ? 1
        : (1UL << 62) | ((ulong)(uint)Process << 32) | ((ulong)Node << 20) | (uint)(Item & 0xFFFFF);

    /// <summary>What is in /dev/pts, which has numbers of its own, or that directory.</summary>
    public readonly bool IsOfTerminals => Node is >= ProcNode.Terminals and <= ProcNode.PseudoTerminal;

    /// <summary>What shows a process's memory or doings: only for those who may look into it.</summary>
    public readonly bool IsGuarded => Node is ProcNode.ProcessEnvironment or ProcNode.ProcessMaps or ProcNode.ProcessIo
        or ProcNode.ProcessSmaps or ProcNode.ProcessSmapsRollup or ProcNode.ProcessPageMap or ProcNode.ProcessMemory
        or ProcNode.ProcessAuxiliary or ProcNode.DescriptorInformation or ProcNode.ProcessPersonality;

    /// <summary>One of those there are: some numbers in between are nothing.</summary>
    public readonly bool IsKnown => Node is > ProcNode.None and < ProcNode.End
        && (int)Node is not (18 or 51 or 52 or 98 or 99 or (>= 115 and <= 119) or 129 or 139);

    /// <summary>What is read by position, not as text.</summary>
    public readonly bool IsMemory => Node is ProcNode.ProcessPageMap or ProcNode.ProcessMemory;

    /// <summary>What can be set by writing.</summary>
    public readonly bool IsWritable => Node is ProcNode.ProcessName or ProcNode.ProcessOomScore or ProcNode.HostName
        or ProcNode.DomainName or ProcNode.LeaseBreakTime or ProcNode.PipeMaxSize || ProcNames.IsInotifySetting(Node)
        || (ProcNames.IsIpcSetting(Node) && Node != ProcNode.SegmentRemovalForced);

    /// <summary>The permission bits and type.</summary>
    public readonly uint Mode => Node switch
    {
        ProcNode.Self or ProcNode.ThreadSelf or ProcNode.Mounts or ProcNode.Net or ProcNode.ProcessExecutable
            or ProcNode.ProcessCurrentDirectory or ProcNode.ProcessRoot or ProcNode.Descriptor or ProcNode.Namespace
            => InodeMode.SymbolicLink | InodeMode.AccessMask,
        ProcNode.ProcessDescriptors => InodeMode.Directory | 0x140,
        ProcNode.ProcessNamespaces => InodeMode.Directory | 0x149,
        ProcNode.Root or ProcNode.ProcessDescriptorInformation or ProcNode.Sys or ProcNode.SysKernel or ProcNode.SysVm or ProcNode.SysFs
            or ProcNode.SysFsEpoll or ProcNode.SysVIpc or ProcNode.SysNet or ProcNode.SysNetUnix or ProcNode.SysNetCore
            or ProcNode.ProcessNet or ProcNode.Terminals or ProcNode.SysKernelTerminals or ProcNode.Tty or ProcNode.RandomDirectory
            or ProcNode.Process or ProcNode.ProcessTasks or ProcNode.SysFsQueues or ProcNode.SysFsInotify
            or ProcNode.Task => InodeMode.Directory | 0x16D,
        ProcNode.Queues => InodeMode.Directory | InodeMode.Sticky | InodeMode.AccessMask,
        ProcNode.ProcessEnvironment or ProcNode.ProcessIo or ProcNode.ProcessPageMap or ProcNode.ProcessAuxiliary
            or ProcNode.ProcessPersonality => InodeMode.Regular | 0x100,
        ProcNode.ProcessMemory => InodeMode.Regular | 0x180,
        ProcNode.Multiplexer => InodeMode.CharacterDevice | 0x1B6,
        ProcNode.PseudoTerminal => InodeMode.CharacterDevice | TerminalNodes.Permissions,
        _ when IsWritable => InodeMode.Regular | 0x1A4,
        _ => InodeMode.Regular | 0x124,
    };
}
