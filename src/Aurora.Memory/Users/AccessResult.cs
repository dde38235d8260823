using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The outcome of touching user memory: Ok, Fault, TooLong, WouldBlock or OutOfMemory.</summary>
public unsafe struct AccessResult
{
    public MemoryStatus Status;

    /// <summary>What to wait on when Status is WouldBlock; then the system call is dispatched again.</summary>
    public WaitQueue* Wait;

    /// <summary>Bytes transferred before it ended, even when it failed.</summary>
    public ulong Bytes;

    public readonly bool IsOk => Status == MemoryStatus.Ok;
}

/// <summary>A piece of user memory: Linux's struct iovec.</summary>
public struct UserVector
{
    public VirtualAddress Address;
    public ulong Length;
}
