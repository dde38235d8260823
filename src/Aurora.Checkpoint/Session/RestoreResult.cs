using Aurora.Base;
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

    public readonly bool IsOk => Store == StoreStatus.Ok && Fault.Status == RestoreStatus.Ok;
}
