using System;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Figures of the whole system, for /proc.</summary>
public struct SystemDescription
{
    public ulong UptimeNanoseconds;
    public ulong IdleNanoseconds;
    public ulong UserNanoseconds;
    public ulong SystemNanoseconds;

    /// <summary>Seconds since 1970 at which the session began.</summary>
    public ulong BootSeconds;
    public ulong ContextSwitches;
    public ulong Forks;
    public ulong TotalPages;
    public ulong FreePages;
    public int Processors;
    public int RunnableThreads;
    public int BlockedThreads;
    public int Threads;
    public int LastProcess;

    /// <summary>Load averages over 1, 5 and 15 minutes, in hundredths.</summary>
    public uint Load1, Load5, Load15;
}

/// <summary>What /proc needs to know about processes and the machine.</summary>
public abstract unsafe class ProcessInformation
{
    /// <summary>The process with this id in the group, or null.</summary>
    public abstract Process* Find(ushort group, int id);

    /// <summary>The process with the lowest id of at least <paramref name="id"/>, or null.</summary>
    public abstract Process* Next(ushort group, int id);

    /// <summary>Figures of the machine as a group sees it.</summary>
    public abstract void Describe(ushort group, out SystemDescription description);

    /// <summary>The host name that programs of a group see.</summary>
    public abstract ReadOnlySpan<byte> HostNameOf(ushort group);

    /// <summary>The number that was given out last.</summary>
    public virtual int LastProcessOf(ushort group) => 0;

    /// <summary>How many signals and timers the real user of a process has waiting.</summary>
    public virtual int SignalsOf(Process* process) => 0;

    /// <summary>Woken when a signal is pending for some process of a group.</summary>
    public abstract WaitQueue* SignalArrivedIn(ushort group);

    /// <summary>Sets the host name on behalf of a thread: Ok, EPERM or EINVAL.</summary>
    public virtual Errno SetHostName(Threads.Thread* thread, ReadOnlySpan<byte> name) => Errno.EPERM;

    /// <summary>The domain name that programs of a group see.</summary>
    public virtual ReadOnlySpan<byte> DomainNameOf(ushort group) => default;

    /// <summary>Sets the domain name on behalf of a thread: Ok, EPERM or EINVAL.</summary>
    public virtual Errno SetDomainName(Threads.Thread* thread, ReadOnlySpan<byte> name) => Errno.EPERM;

    /// <summary>How long the holder of a lease has when it is broken.</summary>
    public virtual int LeaseBreakSecondsOf(ushort group) => 0;

    /// <summary>Sets that; false when memory is short.</summary>
    public virtual bool SetLeaseBreakSeconds(ushort group, int seconds) => false;

    /// <summary>How large who lacks CAP_SYS_RESOURCE may make a pipe.</summary>
    public virtual uint MostPipeBytesOf(ushort group) => Pipe.MaxCapacity;

    /// <summary>Sets that: Ok, EINVAL or ENOMEM.</summary>
    public virtual Errno SetMostPipeBytes(ushort group, uint bytes) => Errno.EPERM;

    /// <summary>What one user of a group may have of inotify.</summary>
    public virtual int InotifyLimitOf(ushort group, InotifyLimit limit) => InotifyLimits.LeastOf(limit);

    /// <summary>Sets that; false when memory is short.</summary>
    public virtual bool SetInotifyLimit(ushort group, InotifyLimit limit, int most) => false;

    /// <summary>Writes a part of a file of /proc/sysvipc.</summary>
    internal virtual void WriteIpc(ushort group, ProcNode node, ref ProcPart part, ref Utf8Writer writer) => part.IsLast = true;

    /// <summary>Writes what a file below /proc/sys says of the limits of System V objects.</summary>
    internal virtual void WriteIpcSetting(ushort group, ProcNode node, ref Utf8Writer writer)
    {
    }

    /// <summary>Sets that on behalf of a thread: Ok, EPERM, EINVAL or ENOMEM.</summary>
    internal virtual Errno SetIpcSetting(Threads.Thread* thread, ProcNode node, ReadOnlySpan<byte> text) => Errno.EPERM;

    /// <summary>The model name of the processor.</summary>
    public abstract ReadOnlySpan<byte> ProcessorName { get; }

    /// <summary>uname's release and version.</summary>
    public abstract ReadOnlySpan<byte> Release { get; }
    public abstract ReadOnlySpan<byte> Version { get; }

    /// <summary>The device number of a session's terminal, or zero.</summary>
    public virtual ulong TerminalOf(Session* session)
        => session == null || session->Terminal == null ? 0 : DeviceNumber.Console;

    /// <summary>The foreground process group of a session's terminal, or -1.</summary>
    public virtual int ForegroundGroup(Session* session) => -1;
}
