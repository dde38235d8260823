using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Executive;

/// <summary>What a <see cref="LinuxKernel"/> is made of; filled in at boot.</summary>
public struct LinuxServices
{
    public PageAllocator Pages;
    public TrackedObjects Tracked;
    public GroupClocks Clocks;
    public MemoryManager Memory;
    public UserMemory User;
    public ThreadScheduler Scheduler;
    public ProcessTable Processes;
    public SignalService Signals;
    public TimerService Timers;
    public ProcessFiles ProcessFiles;
    public ProcessLife Life;
    public TerminalService Terminals;
    public ExtendedStateUnit Extended;
    public MachineControl Machine;
    public MachineSettingsTable Settings;
    public FutexTable Futexes;

    /// <summary>CPUID leaf 1 EDX and the kernel's additions, as AT_HWCAP and AT_HWCAP2 tell programs.</summary>
    public ulong HardwareCapabilities;

    /// <summary>The files behind the file calls.</summary>
    public FileServices Files;

    /// <summary>System V IPC and POSIX message queues.</summary>
    public IpcServices Ipc;

    /// <summary>What fsync and its kin wait for.</summary>
    public CheckpointService Checkpoints;

    /// <summary>What is asked of groups as wholes.</summary>
    public GroupService Groups;

    /// <summary>Programs that are run in groups from outside.</summary>
    public ExecService Execs;

    /// <summary>Volumes that are sent and received.</summary>
    public StreamService Streams;

    /// <summary>What is told of what the kernel does.</summary>
    public TraceLog Trace;

    /// <summary>Memory that programs persist themselves.</summary>
    public RegionService Regions;

    /// <summary>What init runs, while it has not started; null when it has.</summary>
    public FirstProgram? FirstProgram;
}
