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
public sealed unsafe class LinuxProcessInformation : ProcessInformation
{
    private const int NameBytes = 48;
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    private readonly LinuxKernel _kernel;
    private readonly byte[] _processorName = new byte[NameBytes];
    private readonly int _processorNameLength;

    /// <summary>Answers for a kernel on a processor with this brand string (CPUID 80000002h to 80000004h).</summary>
    public LinuxProcessInformation(LinuxKernel kernel, ReadOnlySpan<byte> processorName)
    {
        _kernel = kernel;
        ReadOnlySpan<byte> trimmed = processorName.Trim((byte)' ').Trim((byte)0);
        _processorNameLength = Math.Min(trimmed.Length, NameBytes);
        trimmed[.._processorNameLength].CopyTo(_processorName);
    }

    public override ReadOnlySpan<byte> HostName => _kernel.Settings.HostName;

    public override int LastProcess => _kernel.Processes.Ids.Last;
    public override int SignalsOf(Process* process) => _kernel.Signals.CountOf(process);

    public override Errno SetHostName(Thread* thread, ReadOnlySpan<byte> name)
    {
        Errno error = MaySetName(thread, name);
        return error != Errno.Ok ? error : _kernel.Settings.SetHostName(name) ? Errno.Ok : Errno.ENOMEM;
    }

    public override ReadOnlySpan<byte> DomainName => _kernel.Settings.DomainName;

    public override Errno SetDomainName(Thread* thread, ReadOnlySpan<byte> name)
    {
        Errno error = MaySetName(thread, name);
        return error != Errno.Ok ? error : _kernel.Settings.SetDomainName(name) ? Errno.Ok : Errno.ENOMEM;
    }

    public override int LeaseBreakSeconds => _kernel.Settings.LeaseBreakSeconds;

    public override bool SetLeaseBreakSeconds(int seconds) => _kernel.Settings.SetLeaseBreakSeconds(seconds);

    private static Errno MaySetName(Thread* thread, ReadOnlySpan<byte> name)
        => !thread->Process->Credentials.Has(Capability.SysAdmin) ? Errno.EPERM
            : name.Length > MachineSettings.MaxNameBytes ? Errno.EINVAL : Errno.Ok;

    public override ReadOnlySpan<byte> Release => MachineCalls.Release;
    public override ReadOnlySpan<byte> Version => MachineCalls.VersionText;
    public override ReadOnlySpan<byte> ProcessorName
        => _processorNameLength == 0 ? "x86-64"u8 : new ReadOnlySpan<byte>(_processorName, 0, _processorNameLength);

    public override Process* Find(ushort group, int id) => _kernel.Processes.FindProcess(id);

    public override Process* Next(ushort group, int id) => _kernel.Processes.NextProcess(id);

    public override int ForegroundGroup(Session* session)
        => session == null || session->Terminal == null ? -1 : ((Terminal*)session->Terminal)->ForegroundGroup;

    public override void Describe(out SystemDescription description)
    {
        description = new SystemDescription
        {
            UptimeNanoseconds = _kernel.Scheduler.NowNanoseconds,
            IdleNanoseconds = _kernel.Scheduler.IdleNanoseconds,
            BootSeconds = (_kernel.Clock.RealtimeNanoseconds - Math.Min(_kernel.Scheduler.NowNanoseconds, _kernel.Clock.RealtimeNanoseconds))
                / NanosecondsPerSecond,
            ContextSwitches = _kernel.Scheduler.SwitchCount,
            Forks = _kernel.Processes.ForkCount,
            TotalPages = (ulong)_kernel.Memory.Frames.TotalFrames,
            FreePages = (ulong)_kernel.Memory.Frames.FreeFrames,
            Processors = 1,
            RunnableThreads = _kernel.Scheduler.RunnableCount,
            Threads = _kernel.Processes.ThreadCount,
            LastProcess = _kernel.Processes.Ids.Last,
        };
        for (Process* process = _kernel.Processes.NextProcess(1); process != null; process = _kernel.Processes.NextProcess(process->Id + 1))
        {
            description.UserNanoseconds += ProcessTimes.User(process) + process->ChildUserNanoseconds;
            description.SystemNanoseconds += ProcessTimes.System(process) + process->ChildSystemNanoseconds;
            for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
                if (thread->State == ThreadState.BlockedUninterruptible)
                    description.BlockedThreads++;
        }
    }
}
