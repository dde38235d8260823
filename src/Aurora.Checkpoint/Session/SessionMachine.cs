using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>What a group needs from below: the kernel's machine, or a host tool's imitation of the few parts it uses.</summary>
public struct SessionMachine
{
    public PageAllocator Pages;

    /// <summary>For what a checkpoint needs to get done; may be the same as <see cref="Pages"/>.</summary>
    public PageAllocator UrgentPages;
    public FramePool Frames;
    public TlbControl Tlb;
    public FiberScheduler Fibers;
    public Clock Clock;

    /// <summary>What programs read the clock with by themselves; null where none runs.</summary>
    public ClockSource? ClockSource;

    /// <summary>The page table whose kernel half every address space shares.</summary>
    public FrameNumber TemplateRoot;
    public MemoryOptions Memory;
    public FileLimits Files;

    /// <summary>Tells long transfers when to let others run; null where nothing else waits.</summary>
    public Preemption? Preemption;

    /// <summary>What programs are told; null where none runs.</summary>
    public MachineNames? Names;

    /// <summary>Where names are read from instead of the store; null to read the store.</summary>
    public FileRecords? Records;

    /// <summary>True when writes are refused before the store is full. A host tool hears of it when it takes a checkpoint.</summary>
    public bool IsStoreBounded;

    internal SeededRegionFaults SeededRegions;
}
