using Aurora.Base;

namespace Aurora.Memory;

/// <summary>An object's page as the kernel may touch it until it next sleeps.</summary>
public unsafe struct PageAccess
{
    public MemoryStatus Status;

    /// <summary>4096 bytes when Status is Ok. A page got for reading must not be written: it may be the shared zero page.</summary>
    public byte* Address;

    /// <summary>What to wait on when Status is WouldBlock.</summary>
    public WaitQueue* Wait;

    public readonly bool IsOk => Status == MemoryStatus.Ok;
}

/// <summary>The outcome of a page fault.</summary>
public unsafe struct FaultResult
{
    public MemoryStatus Status;
    public WaitQueue* Wait;
}

/// <summary>What a fault or a kernel access wants to do.</summary>
public enum FaultAccess : byte
{
    Read,
    Write,
    Execute,
}
