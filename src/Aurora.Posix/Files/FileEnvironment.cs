using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>What files ask of those who know the machine and the store.</summary>
public sealed class FileEnvironment(StorageSpace space, Preemption preemption, FileRecords records, FiberScheduler fibers)
{
    /// <summary>Where statfs asks, and whoever wants more room.</summary>
    public StorageSpace Space { get; } = space;

    /// <summary>Tells long transfers when to let others run.</summary>
    public Preemption Preemption { get; } = preemption;

    /// <summary>What is stored of files and names.</summary>
    public FileRecords Records { get; } = records;

    /// <summary>Asked by long work whether it is time to let others run.</summary>
    public FiberScheduler Fibers { get; } = fibers;
}
