using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Files;

/// <summary>Answers /proc's questions about the processes of the one group there is.</summary>
public sealed unsafe class GroupInformation(
    ProcessTable processes, MachineSettingsTable settings, SignalService signals, ThreadScheduler scheduler, Clock clock, FramePool frames,
    MachineNames names) : ProcessInformation
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public override ReadOnlySpan<byte> HostName => settings.HostName;

    public override int LastProcess => processes.Ids.Last;
    public override int SignalsOf(Process* process) => signals.CountOf(process);

    public override Errno SetHostName(Thread* thread, ReadOnlySpan<byte> name)
    {
        Errno error = MaySetName(thread, name);
        return error != Errno.Ok ? error : settings.SetHostName(name) ? Errno.Ok : Errno.ENOMEM;
    }

    public override ReadOnlySpan<byte> DomainName => settings.DomainName;

    public override Errno SetDomainName(Thread* thread, ReadOnlySpan<byte> name)
    {
        Errno error = MaySetName(thread, name);
        return error != Errno.Ok ? error : settings.SetDomainName(name) ? Errno.Ok : Errno.ENOMEM;
    }

    public override int LeaseBreakSeconds => settings.LeaseBreakSeconds;

    public override bool SetLeaseBreakSeconds(int seconds) => settings.SetLeaseBreakSeconds(seconds);

    private static Errno MaySetName(Thread* thread, ReadOnlySpan<byte> name)
        => !thread->Process->Credentials.Has(Capability.SysAdmin) ? Errno.EPERM
            : name.Length > MachineSettings.MaxNameBytes ? Errno.EINVAL : Errno.Ok;

    public override ReadOnlySpan<byte> Release => names.Release;
    public override ReadOnlySpan<byte> Version => names.Version;
    public override ReadOnlySpan<byte> ProcessorName => names.Processor;

    public override Process* Find(ushort group, int id) => processes.FindProcess(id);

    public override Process* Next(ushort group, int id) => processes.NextProcess(id);

    public override int ForegroundGroup(Session* session)
        => session == null || session->Terminal == null ? -1 : ((Terminal*)session->Terminal)->ForegroundGroup;

    public override void Describe(out SystemDescription description)
    {
        description = new SystemDescription
        {
            UptimeNanoseconds = scheduler.NowNanoseconds,
            IdleNanoseconds = scheduler.IdleNanoseconds,
            BootSeconds = (clock.RealtimeNanoseconds - Math.Min(scheduler.NowNanoseconds, clock.RealtimeNanoseconds))
                / NanosecondsPerSecond,
            ContextSwitches = scheduler.SwitchCount,
            Forks = processes.ForkCount,
            TotalPages = (ulong)frames.TotalFrames,
            FreePages = (ulong)frames.FreeFrames,
            Processors = 1,
            RunnableThreads = scheduler.RunnableCount,
            Threads = processes.ThreadCount,
            LastProcess = processes.Ids.Last,
        };
        for (Process* process = processes.NextProcess(1); process != null; process = processes.NextProcess(process->Id + 1))
        {
            description.UserNanoseconds += ProcessTimes.User(process) + process->ChildUserNanoseconds;
            description.SystemNanoseconds += ProcessTimes.System(process) + process->ChildSystemNanoseconds;
            for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
                if (thread->State == ThreadState.BlockedUninterruptible)
                    description.BlockedThreads++;
        }
    }
}
