namespace Aurora.Base;

/// <summary>
/// The kernel objects that are charged to the user who makes them, a share of each kind's number (<see cref="UserAccounts"/>).
/// </summary>
public enum ChargeKind : byte
{
    /// <summary>Charged to nobody: what the kernel makes for its own use, or for a moment.</summary>
    None,
    MemoryObject,
    Mapping,
    AddressSpace,
    Process,
    Thread,
    ProcessGroup,
    Session,
    SignalActions,
    WaitEntry,
    QueuedSignal,
    SignalBacklog,
    Timer,
    Inode,
    SymbolicLinkTail,
    ExtendedAttributes,
    FileContext,
    ShortName,
    LongName,
    OpenFile,
    DescriptorTable,
    DescriptorChunk,
    Pipe,
    FileLock,
    EventCounter,
    TimerFile,
    SignalFile,
    ProcessHandle,
    EventPoll,
    EventWatch,
    Inotify,
    InotifyWatch,
    InotifyEvent,
    SharedSegment,
    MessageQueue,
    Message,
    NamedQueue,
    SemaphoreSet,
    SemaphoreBlock,
    SemaphoreUndo,
    Socket,
    SocketMessage,
    SocketRights,

    /// <summary>With its input and what has been written to it.</summary>
    PseudoTerminal,

    /// <summary>Open files in messages, each for each place.</summary>
    FileInFlight,

    /// <summary>Numbers, not objects: ids of processes, threads, groups and sessions.</summary>
    ProcessId,

    /// <summary>How many there are.</summary>
    Count,
}
