// A set of semaphores: the set itself, and blocks of 64 with their values, so that an operation writes the records of what it changes. Undo
// values hang on the set by block as well, each in the list of who has made them (SemaphoreUndo.cs).
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>A set of System V semaphores. Persistent (<see cref="ObjectKind.SemaphoreSet"/>). Protected by the kernel lock.</summary>
public unsafe struct SemaphoreSet
{
    /// <summary>Semaphores there may be in a set, whatever a group's settings say.</summary>
    public const int MostSemaphores = 1 << 15;

    /// <summary>Of Aurora's own: it has no id any more, and what hangs on it is being ended.</summary>
    public const uint Removed = 0x200;

    public ObjectHeader Header;
    public IpcIdentity Ipc;

    /// <summary>How many semaphores it has.</summary>
    public int Count;

    /// <summary>Those who wait to change semaphores with more than one operation. Not captured.</summary>
    public int ComplexChangers;

    /// <summary>Seconds since 1970; zero for never.</summary>
    public ulong OperationSeconds, ChangeSeconds;

    internal SemaphoreBlock* First;

    /// <summary>The blocks by number, where there is more than one: a page.</summary>
    internal SemaphoreBlock** Table;
    internal SemaphoreUndo* FirstUndo;
    internal IpcWaitList Changers;
    internal IpcWaitList Observers;

    public readonly bool IsRemoved => (Ipc.Mode & Removed) != 0;

    internal readonly int BlockCount => (Count + SemaphoreBlock.Semaphores - 1) / SemaphoreBlock.Semaphores;

    /// <summary>The block of a semaphore of the set.</summary>
    internal readonly SemaphoreBlock* BlockOf(int semaphore)
        => Table == null ? First : Table[semaphore / SemaphoreBlock.Semaphores];
}

/// <summary>64 semaphores of a set. Persistent (<see cref="ObjectKind.SemaphoreBlock"/>).</summary>
public unsafe struct SemaphoreBlock
{
    public const int Semaphores = 64;

    /// <summary>The highest value (SEMVMX).</summary>
    public const int MostValue = 32767;

    public ObjectHeader Header;
    public SemaphoreSet* Set;

    /// <summary>Which 64 of the set.</summary>
    public int Number;
    public fixed short Values[Semaphores];

    /// <summary>The process that has changed or seen each last.</summary>
    public fixed int Processes[Semaphores];
}

/// <summary>One operation of semop. The flags are what counts of them.</summary>
public struct SemaphoreOperation
{
    public ushort Semaphore;
    public short Change;
    public SemaphoreFlags Flags;
}

/// <summary>Flags of an operation. The values are part of the record format.</summary>
[System.Flags]
public enum SemaphoreFlags : byte
{
    None = 0,
    NoWait = 1,
    Undo = 2,
}
