using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>How a restore ended: the store could not be read, or an object could not be rebuilt.</summary>
public struct RestoreResult
{
    public StoreStatus Store;
    public RestoreFault Fault;

    /// <summary>The memory of the machine the session last ran on, in MiB; zero when it is not known.</summary>
    public uint MemoryMebibytes;

    /// <summary>It has failed before anything was made.</summary>
    public bool IsUntouched;

    /// <summary>What a call says that has failed for it: ENOMEM when memory did not do, EIO otherwise.</summary>
    public readonly Errno Errno
        => Fault.Status == RestoreStatus.OutOfMemory || Store == StoreStatus.OutOfMemory ? Errno.ENOMEM : Errno.EIO;

    public readonly bool IsOk => Store == StoreStatus.Ok && Fault.Status == RestoreStatus.Ok;
}
