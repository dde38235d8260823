// The services behind the Linux system calls: what every call gets as its first argument. Made once at boot.
using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Linux.Elf;
using Aurora.Linux.Files;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Ipc;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;

namespace Aurora.Linux.Executive;

/// <summary>The Linux personality.</summary>
public sealed unsafe class LinuxKernel
{
    public LinuxKernel(in LinuxServices services)
    {
        Pages = services.Pages;
        Tracked = services.Tracked;
        Clocks = services.Clocks;
        Memory = services.Memory;
        User = services.User;
        Scheduler = services.Scheduler;
        Processes = services.Processes;
        Signals = services.Signals;
        Timers = services.Timers;
        ProcessFiles = services.ProcessFiles;
        Life = services.Life;
        Terminals = services.Terminals;
        Extended = services.Extended;
        Machine = services.Machine;
        Settings = services.Settings;
        OutOfMemory = new OutOfMemory(this);
        Files = services.Files;
        Ipc = services.Ipc;
        Checkpoints = services.Checkpoints;
        Groups = services.Groups;
        Execs = services.Execs;
        Streams = services.Streams;
        Trace = services.Trace;
        Regions = services.Regions;
        FirstProgram = services.FirstProgram;
        Futexes = services.Futexes;
        Programs = new ProgramLoader(this, services.HardwareCapabilities);
        FileCalls.Register(Calls);
        SystemCallSetup.Register(Calls);
    }

    public PageAllocator Pages { get; }
    public TrackedObjects Tracked { get; }
    public GroupClocks Clocks { get; }
    public MemoryManager Memory { get; }
    public UserMemory User { get; }
    public ThreadScheduler Scheduler { get; }
    public ProcessTable Processes { get; }
    public SignalService Signals { get; }
    public TimerService Timers { get; }
    public ProcessFiles ProcessFiles { get; }
    public ProcessLife Life { get; }
    public TerminalService Terminals { get; }
    public ExtendedStateUnit Extended { get; }
    public MachineControl Machine { get; }
    public MachineSettingsTable Settings { get; }
    public FutexTable Futexes { get; }

    /// <summary>The files behind the file calls.</summary>
    public FileServices Files { get; }

    /// <summary>System V IPC.</summary>
    public IpcServices Ipc { get; }

    /// <summary>What fsync and its kin wait for.</summary>
    public CheckpointService Checkpoints { get; }

    /// <summary>What is asked of groups as wholes.</summary>
    public GroupService Groups { get; }

    /// <summary>Programs that are run in groups from outside.</summary>
    public ExecService Execs { get; }

    /// <summary>Volumes that are sent and received.</summary>
    public StreamService Streams { get; }

    /// <summary>What is told of what the kernel does.</summary>
    public TraceLog Trace { get; }

    /// <summary>Memory that programs persist themselves.</summary>
    public RegionService Regions { get; }

    /// <summary>Loads programs.</summary>
    public ProgramLoader Programs { get; }

    /// <summary>What init runs, while it has not started.</summary>
    public FirstProgram? FirstProgram { get; }

    /// <summary>Page faults resolved at once, and those that had to wait for the store.</summary>
    public ulong FaultCount { get; internal set; }
    public ulong PageInCount { get; internal set; }
    public SystemCallTable Calls { get; } = new();

    /// <summary>Ends a program when memory is exhausted.</summary>
    public OutOfMemory OutOfMemory { get; }

    /// <summary>The group a thread is in.</summary>
    public ObjectTracker GroupOf(Thread* thread) => Tracked.Of(&thread->Header);

    /// <summary>The clock a thread sees.</summary>
    public GroupClock ClockOf(Thread* thread) => Clocks.Of(&thread->Header);

    /// <summary>The monotonic time a thread sees.</summary>
    public ulong Now(Thread* thread) => ClockOf(thread).MonotonicNanoseconds;

    /// <summary>Lets init begin with its first program. Its descriptors and file context must be in place.</summary>
    public static void StartInit(ThreadScheduler scheduler, Thread* init)
    {
        init->Call = default;
        init->Call.Active = true;
        init->Call.Number = ExecCalls.StartFirstProgram;
        scheduler.MakeRunnable(init);
    }

    /// <summary>The result of a call that could not touch the program's memory: an error, or a wait for the page.</summary>
    public SystemCallResult Stop(Thread* thread, in AccessResult access)
    {
        switch (access.Status)
        {
            case MemoryStatus.WouldBlock:
                Scheduler.BlockOn(thread, access.Wait);
                return SystemCallResult.BlockedUninterruptible;
            case MemoryStatus.OutOfMemory:
                return Errno.ENOMEM;
            case MemoryStatus.TooLong:
                return Errno.ENAMETOOLONG;
            default:
                return Errno.EFAULT;
        }
    }

    /// <summary>Reads a structure of the calling program; false with the call's result when that cannot be done now.</summary>
    public bool Read<T>(Thread* thread, ulong address, out T value, out SystemCallResult failure)
        where T : unmanaged
    {
        AccessResult access = User.Read(thread->Process->AddressSpace, new VirtualAddress(address), out value);
        failure = access.IsOk ? default : Stop(thread, in access);
        return access.IsOk;
    }

    /// <summary>
    /// True when the bytes from an address to an end are zero or there are none: the parts of a structure that this kernel does not know.
    /// Otherwise false with <paramref name="otherwise"/> or what stopped the reading.
    /// </summary>
    public bool IsZero(Thread* thread, ulong address, ulong end, Errno otherwise, out SystemCallResult failure)
    {
        Span<byte> piece = stackalloc byte[128];
        failure = otherwise;
        while (address < end)
        {
            Span<byte> part = piece[..(int)Math.Min((ulong)piece.Length, end - address)];
            AccessResult access = User.Read(thread->Process->AddressSpace, new VirtualAddress(address), part);
            if (!access.IsOk)
            {
                failure = Stop(thread, in access);
                return false;
            }
            if (part.ContainsAnyExcept((byte)0))
                return false;
            address += (ulong)part.Length;
        }
        return true;
    }

    /// <summary>Writes a structure of the calling program; false with the call's result when that cannot be done now.</summary>
    public bool Write<T>(Thread* thread, ulong address, in T value, out SystemCallResult failure)
        where T : unmanaged
    {
        AccessResult access = User.Write(thread->Process->AddressSpace, new VirtualAddress(address), in value);
        failure = access.IsOk ? default : Stop(thread, in access);
        return access.IsOk;
    }

    /// <summary>As <see cref="Write{T}"/>, but a null address is left alone: for results a program need not want.</summary>
    public bool WriteIfWanted<T>(Thread* thread, ulong address, in T value, out SystemCallResult failure)
        where T : unmanaged
    {
        failure = default;
        return address == 0 || Write(thread, address, in value, out failure);
    }

    /// <summary>
    /// The process with an id in the group of the caller, or the one of the thread with it: many calls take either. Null: there is none.
    /// </summary>
    public Process* FindProcess(Thread* caller, int id)
    {
        PidNamespace space = Processes.Of(caller);
        Process* process = space.FindProcess(id);
        if (process != null)
            return process;
        Thread* thread = space.FindThread(id);
        return thread == null ? null : thread->Process;
    }

    /// <summary>The errno of a memory operation that does not wait.</summary>
    public static Errno ErrorOf(MemoryStatus status) => status switch
    {
        MemoryStatus.Ok => Errno.Ok,
        MemoryStatus.AccessDenied => Errno.EACCES,
        MemoryStatus.InvalidArgument => Errno.EINVAL,
        MemoryStatus.AlreadyMapped => Errno.EEXIST,
        MemoryStatus.Fault => Errno.EFAULT,
        _ => Errno.ENOMEM,
    };
}
