using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Answers /proc's questions about the processes of each group.</summary>
public sealed unsafe class GroupInformation(
    TrackedObjects tracked, ProcessTable processes, MachineSettingsTable settings, SignalService signals, ThreadScheduler scheduler,
    GroupClocks clocks, FramePool frames, MachineNames names, IpcFiles ipc) : ProcessInformation
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public override ReadOnlySpan<byte> HostNameOf(ushort group) => settings.HostNameOf(tracked.OfGroup(group));

    public override int LastProcessOf(ushort group) => Processes(group).Ids.Last;

    public override WaitQueue* SignalArrivedIn(ushort group) => Processes(group).SignalArrived;

    public override int SignalsOf(Process* process) => signals.CountOf(process);

    public override Errno SetHostName(Thread* thread, ReadOnlySpan<byte> name)
    {
        Errno error = MaySetName(thread, name);
        return error != Errno.Ok ? error : settings.SetHostName(tracked.Of(&thread->Header), name) ? Errno.Ok : Errno.ENOMEM;
    }

    public override ReadOnlySpan<byte> DomainNameOf(ushort group) => settings.DomainNameOf(tracked.OfGroup(group));

    public override Errno SetDomainName(Thread* thread, ReadOnlySpan<byte> name)
    {
        Errno error = MaySetName(thread, name);
        return error != Errno.Ok ? error : settings.SetDomainName(tracked.Of(&thread->Header), name) ? Errno.Ok : Errno.ENOMEM;
    }

    public override int LeaseBreakSecondsOf(ushort group) => settings.LeaseBreakSecondsOf(tracked.OfGroup(group));

    public override bool SetLeaseBreakSeconds(ushort group, int seconds)
        => settings.SetLeaseBreakSeconds(tracked.OfGroup(group), seconds);

    public override uint MostPipeBytesOf(ushort group) => settings.MostPipeBytesOf(tracked.OfGroup(group));

    public override Errno SetMostPipeBytes(ushort group, uint bytes) => settings.SetMostPipeBytes(tracked.OfGroup(group), bytes);

    public override int InotifyLimitOf(ushort group, InotifyLimit limit) => settings.InotifyLimitOf(tracked.OfGroup(group), limit);

    public override bool SetInotifyLimit(ushort group, InotifyLimit limit, int most)
        => settings.SetInotifyLimit(tracked.OfGroup(group), limit, most);

    internal override void WriteIpc(ushort group, ProcNode node, ref ProcPart part, ref Utf8Writer writer)
        => ipc.Text.Write(tracked.OfGroup(group), node, ref part, ref writer);

    internal override void WriteIpcSetting(ushort group, ProcNode node, ref Utf8Writer writer)
        => ipc.Settings.Write(tracked.OfGroup(group), node, ref writer);

    internal override Errno SetIpcSetting(Thread* thread, ProcNode node, ReadOnlySpan<byte> text)
        => ipc.Settings.Set(thread, node, text);

    private static Errno MaySetName(Thread* thread, ReadOnlySpan<byte> name)
        => !thread->Process->Credentials.Has(Capability.SysAdmin) ? Errno.EPERM
            : name.Length > MachineSettings.MaxNameBytes ? Errno.EINVAL : Errno.Ok;

    public override ReadOnlySpan<byte> Release => names.Release;
    public override ReadOnlySpan<byte> Version => names.Version;
    public override ReadOnlySpan<byte> ProcessorName => names.Processor;

    public override Process* Find(ushort group, int id) => Processes(group).FindProcess(id);

    public override Process* Next(ushort group, int id) => Processes(group).NextProcess(id);

    private PidNamespace Processes(ushort group) => processes.Of(tracked.OfGroup(group));

    public override ulong TerminalOf(Session* session)
    {
        var terminal = session == null ? null : (Terminal*)session->Terminal;
        return terminal != null && terminal->IsPseudo ? terminal->Pseudo.Device : base.TerminalOf(session);
    }

    public override int ForegroundGroup(Session* session)
        => session == null || session->Terminal == null ? -1 : ((Terminal*)session->Terminal)->ForegroundGroup;

    public override void Describe(ushort group, out SystemDescription description)
    {
        PidNamespace space = Processes(group);
        GroupClock clock = clocks.Of(space.Group);
        ulong uptime = clock.MonotonicNanoseconds;
        description = new SystemDescription
        {
            UptimeNanoseconds = uptime,
            IdleNanoseconds = scheduler.IdleNanoseconds,
            BootSeconds = (clock.RealtimeNanoseconds - Math.Min(uptime, clock.RealtimeNanoseconds))
                / NanosecondsPerSecond,
            ContextSwitches = scheduler.SwitchCount,
            Forks = space.ForkCount,
            TotalPages = (ulong)frames.TotalFrames,
            FreePages = (ulong)frames.FreeFrames,
            Processors = 1,
            RunnableThreads = scheduler.RunnableCount,
            Threads = space.ThreadCount,
            LastProcess = space.Ids.Last,
        };
        for (Process* process = space.NextProcess(1); process != null; process = space.NextProcess(process->Id + 1))
        {
            description.UserNanoseconds += ProcessTimes.User(process) + process->ChildUserNanoseconds;
            description.SystemNanoseconds += ProcessTimes.System(process) + process->ChildSystemNanoseconds;
            for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
                if (thread->State == ThreadState.BlockedUninterruptible)
                    description.BlockedThreads++;
        }
    }
}
