using System;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>A session with processes, as the kernel puts it together.</summary>
internal sealed unsafe class ProcessMachine : IDisposable
{
    public const ulong Arena = 0x4000_0000;

    private sealed class NoControl : MachineControl
    {
        public override void SessionEnded(ObjectTracker group, int waitStatus)
        {
        }

        public override void ProcessEnded(Process* process, int waitStatus)
        {
        }

        public override void PowerOff()
        {
        }

        public override void Restart()
        {
        }
    }

    private readonly GroupProcesses _processes;

    private ProcessMachine(TestSession session)
    {
        Session = session;
        _processes = new GroupProcesses(session.Group, session.Pages, Extended, new NoControl(), waits: null);
    }

    public TestSession Session { get; }
    public ProcessTable Processes => _processes.Table;
    public PidNamespace Pids => _processes.Table.Of(Tracker);
    public SignalService Signals => _processes.Signals;
    public TimerService Timers => _processes.Timers;
    public Deadlines Deadlines => _processes.Deadlines;
    public TerminalService Terminals => _processes.Terminals;
    public ProcessFileTables Files => _processes.Files;
    public ProcessLife Life => _processes.Life;
    public FakeExtendedState Extended { get; } = new();
    public ThreadScheduler Scheduler => Session.Group.Scheduler;
    public ObjectTracker Tracker => Session.Tracker;

    public static ProcessMachine Create() => new(TestSession.Create());

    /// <summary>A machine that has neither been started nor restored.</summary>
    public static ProcessMachine Open(Aurora.Testing.MemoryBlockDevice device, Aurora.Posix.Files.FileRecords? records = null)
        => new(TestSession.Open(device, records: records));

    public ProcessMachine Reboot()
    {
        var restored = new ProcessMachine(TestSession.Open(Session.Device));
        RestoreResult result = restored.Session.Group.Restore(skipUnknownKinds: false);
        Assert.True(result.IsOk, TestSession.Words(result));
        Dispose();
        return restored;
    }

    public void Dispose() => Session.Dispose();

    /// <summary>Process 1 with a little memory, an empty descriptor table and a runnable thread.</summary>
    public Thread* StartInit()
    {
        Thread* thread = Life.CreateInit(Session.Tracker);
        thread->Process->AddressSpace = Session.NewSpace(Arena, 16);
        thread->Context->PageTableRoot = thread->Process->AddressSpace->Root.Address.Value;
        Assert.Equal(Errno.Ok, Files.Start(thread->Process, Session.Group.Names, 0x12));
        Tracker.MarkChanged(&thread->Process->Header);
        Life.Start(thread);
        return thread;
    }

    public Thread* Fork(Thread* maker)
    {
        Assert.Equal(Errno.Ok, Life.Clone(maker, new CloneRequest { ExitSignal = (int)Signal.SIGCHLD }, out Thread* child));
        Life.Start(child);
        return child;
    }

    public Thread* StartThread(Thread* maker)
    {
        var request = new CloneRequest
        {
            IsThread = true, SharesMemory = true, SharesDescriptors = true, SharesFileContext = true, SharesSignalActions = true,
        };
        Assert.Equal(Errno.Ok, Life.Clone(maker, in request, out Thread* thread));
        Life.Start(thread);
        return thread;
    }

    public ulong Load(Process* process, ulong offset) => Session.Load(process->AddressSpace, Arena + offset);

    public void Store(Process* process, ulong offset, ulong value) => Session.Store64(process->AddressSpace, Arena + offset, value);
}
