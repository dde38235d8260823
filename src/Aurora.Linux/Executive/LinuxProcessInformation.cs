using System;
using Aurora.Base;
using Aurora.Linux.Calls;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Executive;

/// <summary>Answers /proc's questions about the processes of the one group there is.</summary>
public sealed unsafe class LinuxProcessInformation(LinuxKernel kernel) : ProcessInformation
{
    private const int NameBytes = 48;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    private readonly byte[] _processorName = new byte[NameBytes];
    private int _processorNameLength;

    /// <summary>The processor's brand string (CPUID 80000002h to 80000004h); set at boot.</summary>
    public void SetProcessorName(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<byte> trimmed = name.Trim((byte)' ').Trim((byte)0);
        _processorNameLength = Math.Min(trimmed.Length, NameBytes);
        trimmed[.._processorNameLength].CopyTo(_processorName);
    }

    public override ReadOnlySpan<byte> HostName => kernel.Settings.HostName;

    public override int LastProcess => kernel.Processes.Ids.Last;
    public override int SignalsOf(Process* process) => kernel.Signals.CountOf(process);

    public override Errno SetHostName(Thread* thread, ReadOnlySpan<byte> name)
    {
        Errno error = MaySetName(thread, name);
        return error != Errno.Ok ? error : kernel.Settings.SetHostName(name) ? Errno.Ok : Errno.ENOMEM;
    }

    public override ReadOnlySpan<byte> DomainName => kernel.Settings.DomainName;

    public override Errno SetDomainName(Thread* thread, ReadOnlySpan<byte> name)
    {
        Errno error = MaySetName(thread, name);
        return error != Errno.Ok ? error : kernel.Settings.SetDomainName(name) ? Errno.Ok : Errno.ENOMEM;
    }

    public override int LeaseBreakSeconds => kernel.Settings.LeaseBreakSeconds;

    public override bool SetLeaseBreakSeconds(int seconds) => kernel.Settings.SetLeaseBreakSeconds(seconds);

    private static Errno MaySetName(Thread* thread, ReadOnlySpan<byte> name)
        => !thread->Process->Credentials.Has(Capability.SysAdmin) ? Errno.EPERM
            : name.Length > MachineSettings.MaxNameBytes ? Errno.EINVAL : Errno.Ok;

    public override ReadOnlySpan<byte> Release => MachineCalls.Release;
    public override ReadOnlySpan<byte> Version => MachineCalls.VersionText;
    public override ReadOnlySpan<byte> ProcessorName
        => _processorNameLength == 0 ? "x86-64"u8 : new ReadOnlySpan<byte>(_processorName, 0, _processorNameLength);

    public override Process* Find(ushort group, int id) => kernel.Processes.FindProcess(id);

    public override Process* Next(ushort group, int id) => kernel.Processes.NextProcess(id);

    public override int ForegroundGroup(Session* session)
        => session == null || session->Terminal == null ? -1 : ((Terminal*)session->Terminal)->ForegroundGroup;

    public override void Describe(out SystemDescription description)
    {
        description = new SystemDescription
        {
            UptimeNanoseconds = kernel.Scheduler.NowNanoseconds,
            IdleNanoseconds = kernel.Scheduler.IdleNanoseconds,
            BootSeconds = (kernel.Clock.RealtimeNanoseconds - Math.Min(kernel.Scheduler.NowNanoseconds, kernel.Clock.RealtimeNanoseconds))
                / NanosecondsPerSecond,
            ContextSwitches = kernel.Scheduler.SwitchCount,
            Forks = kernel.Processes.ForkCount,
            TotalPages = (ulong)kernel.Memory.Frames.TotalFrames,
            FreePages = (ulong)kernel.Memory.Frames.FreeFrames,
            Processors = 1,
            RunnableThreads = kernel.Scheduler.RunnableCount,
            Threads = kernel.Processes.ThreadCount,
            LastProcess = kernel.Processes.Ids.Last,
        };
        for (Process* process = kernel.Processes.NextProcess(1); process != null; process = kernel.Processes.NextProcess(process->Id + 1))
        {
            description.UserNanoseconds += ProcessTimes.User(process) + process->ChildUserNanoseconds;
            description.SystemNanoseconds += ProcessTimes.System(process) + process->ChildSystemNanoseconds;
            for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
                if (thread->State == ThreadState.BlockedUninterruptible)
                    description.BlockedThreads++;
        }
    }
}
