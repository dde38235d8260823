namespace Aurora.Posix.Processes;

/// <summary>What a new thread or process shares with its maker, and how it starts (clone(2) without its pointers).</summary>
public struct CloneRequest
{
    /// <summary>A thread of the same process; memory, files and signal actions are then shared too.</summary>
    public bool IsThread;
    public bool SharesMemory;
    public bool SharesDescriptors;
    public bool SharesFileContext;
    public bool SharesSignalActions;

    /// <summary>Back to default actions instead of copies of the parent's (CLONE_CLEAR_SIGHAND).</summary>
    public bool ClearsSignalActions;

    /// <summary>The maker's parent becomes the parent (CLONE_PARENT).</summary>
    public bool IsSibling;

    /// <summary>The maker waits until the child has its own memory (vfork).</summary>
    public bool BorrowsMemory;
    public int ExitSignal;

    /// <summary>The new stack pointer; zero keeps the maker's.</summary>
    public ulong StackPointer;
    public bool SetsThreadPointer;
    public ulong ThreadPointer;
    public ulong ClearChildTid;
}
