// SEM_UNDO. A thread has a list of what is to be undone when it ends, which it may share with others (CLONE_SYSVSEM): the last of them
// undoes it. The list is a number that the threads' records have, and the values its undo blocks, one for each 64 semaphores of a set.
using Aurora.Base;

namespace Aurora.Posix.Ipc;

/// <summary>What some threads share. In memory only: the numbers lead to it.</summary>
public unsafe struct UndoList
{
    /// <summary>Undo blocks there may be in a list.</summary>
    public const int MostBlocks = 4096;

    public uint Number;

    /// <summary>The threads that have it.</summary>
    public int References;
    public int Count;
    internal SemaphoreUndo* First;
    internal UndoList* Next;
}

/// <summary>What is to be added to 64 semaphores of a set. Persistent (<see cref="ObjectKind.SemaphoreUndo"/>). Kernel lock.</summary>
public unsafe struct SemaphoreUndo
{
    public ObjectHeader Header;

    /// <summary>The number of its list.</summary>
    public uint ListNumber;
    public SemaphoreSet* Set;
    public int Number;
    public fixed short Changes[SemaphoreBlock.Semaphores];

    internal UndoList* List;
    internal SemaphoreUndo* NextOfList;
    internal SemaphoreUndo* PreviousOfList;
    internal SemaphoreUndo* NextOfSet;
    internal SemaphoreUndo* PreviousOfSet;
}
