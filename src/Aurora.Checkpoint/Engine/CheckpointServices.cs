using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Threads;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>What a checkpoint engine works with; filled once at boot.</summary>
public struct CheckpointServices
{
    public PageAllocator Pages;
    public FiberScheduler Fibers;

    /// <summary>The machine's clock: the engine measures and paces itself by it.</summary>
    public Clock MachineClock;

    /// <summary>The groups' clocks, which continue across a restore.</summary>
    public GroupClocks Clocks;
    public ObjectTracker Tracker;
    public CodecTable Codecs;
    public GroupCodec Group;
    public MemoryManager Memory;
    public ThreadScheduler Scheduler;
    public OutputHold Output;
    public ObjectStore Store;

    /// <summary>The group's volume of the store.</summary>
    public VolumeId Volume;
}
