namespace Aurora.Base;

/// <summary>The kinds of persistent kernel objects. The values are part of the on-disk format: never renumber.</summary>
public enum ObjectKind : byte
{
    None = 0,
    Group = 1,
    MemoryObject = 2,
    AddressSpace = 3,
    Mapping = 4,
    Process = 5,
    Thread = 6,
    SignalActions = 7,
    ProcessGroup = 8,
    Session = 9,
    DescriptorTable = 10,
    OpenFile = 11,
    Inode = 12,
    DirectoryEntry = 13,
    Pipe = 14,
    Terminal = 15,
    OutputHold = 16,
    Timer = 17,
    FileContext = 18,
    DescriptorChunk = 19,
    FileLock = 20,
    SymbolicLinkTail = 21,
    ExtendedAttributes = 22,
    SignalBacklog = 23,
    FormerName = 24,
    FileTree = 25,
    EventPoll = 29,
    EventWatch = 30,
    TerminalText = 32,
    MachineSettings = 33,

    /// <summary>The one object of a region's volume; never in a group.</summary>
    Region = 34,
    EventCounter = 40,
    TimerFile = 41,
    SignalFile = 42,
    Socket = 43,
    SocketMessage = 44,
    SocketRights = 45,
    IpcSpace = 48,
    SharedSegment = 49,
    SemaphoreSet = 50,
    SemaphoreBlock = 51,
    SemaphoreUndo = 52,
    IpcWaiter = 53,
    MessageQueue = 54,
    Message = 55,

    /// <summary>What the pidfds of a process share.</summary>
    ProcessHandle = 56,

    /// <summary>A POSIX message queue.</summary>
    NamedQueue = 57,

    Inotify = 60,
    InotifyWatch = 61,
    InotifyEvent = 62,
}
