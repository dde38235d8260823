using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Records;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Aurora.Store;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// A hostile image's session: every byte of the records of processes, threads, terminals and pipes changed in turn. Each is either refused,
/// or restored to something that can run, be captured and end. A panic would be an exception, a circle a test that never ends. A run takes
/// a sample of the bytes; with AURORA_EXHAUSTIVE=1 all of them.
/// </summary>
public sealed unsafe class MutatedSessionTests : IDisposable
{
    private const int BytesPerRecord = 24;

    private static readonly bool _isExhaustive = Environment.GetEnvironmentVariable("AURORA_EXHAUSTIVE") == "1";

    private static readonly ObjectKind[] _kinds =
    [
        ObjectKind.Process, ObjectKind.Thread, ObjectKind.SignalActions, ObjectKind.ProcessGroup, ObjectKind.Session,
        ObjectKind.Terminal, ObjectKind.TerminalText, ObjectKind.Timer, ObjectKind.Pipe,
        ObjectKind.EventCounter, ObjectKind.TimerFile, ObjectKind.SignalFile, ObjectKind.ProcessHandle,
    ];

    private readonly List<(ObjectId Id, byte[] Record)> _records = [];
    private readonly Aurora.Testing.MemoryBlockDevice _device;

    private readonly ITestOutputHelper _output;
    private int _cases;

    public MutatedSessionTests(ITestOutputHelper output)
    {
        _output = output;
        using ProcessMachine machine = ProcessMachine.Create();
        _device = machine.Session.Device;
        Fill(machine);
        byte[] room = new byte[ObjectStore.MaxRecordBytes];
        ObjectId id = default;
        while (machine.Session.Store.NextRecord(VolumeId.First, ref id, room, out int length) == StoreStatus.Ok)
            _records.Add((id, room[..length]));
    }

    public void Dispose() => _output.WriteLine($"attack: damaged records of a session: {_cases} cases");

    [Fact]
    public void TheUnchangedRecordsMakeASession() => Assert.Equal(RestoreStatus.Ok, RestoreAndUse(_records));

    [Theory]
    [InlineData(ObjectKind.Process)]
    [InlineData(ObjectKind.Thread)]
    [InlineData(ObjectKind.Terminal)]
    [InlineData(ObjectKind.Pipe)]
    [InlineData(ObjectKind.None)]
    public void EveryByteMayBeWrong(ObjectKind kind)
    {
        var random = new Random(4);
        IEnumerable<ObjectKind> kinds = kind != ObjectKind.None ? [kind] : _kinds.Except([ObjectKind.Process, ObjectKind.Thread, ObjectKind.Terminal, ObjectKind.Pipe]);
        foreach (int index in Enumerable.Range(0, _records.Count).Where(index => kinds.Contains((ObjectKind)_records[index].Record[0])))
        {
            byte[] original = _records[index].Record;
            int step = _isExhaustive ? 1 : Math.Max(1, original.Length / BytesPerRecord);
            for (int at = RecordHeader.Size + random.Next(step); at < original.Length; at += step)
            {
                byte[] record = [.. original];
                record[at] ^= (byte)random.Next(1, 256);
                RestoreAndUse(With(index, record));
            }
        }
    }

    [Fact]
    public void ParentsInACircleAreRefused()
    {
        int[] processes = [.. Enumerable.Range(0, _records.Count).Where(index => _records[index].Record[0] == (byte)ObjectKind.Process)];
        ProcessRecord layout;
        int field = RecordHeader.Size + (int)((byte*)&layout.Parent - (byte*)&layout);
        (int first, int second) = processes.SelectMany(parent => processes.Select(child => (parent, child)))
            .First(pair => pair.parent != processes[0] && BitConverter.ToUInt64(_records[pair.child].Record, field) == _records[pair.parent].Id.Value);
        List<(ObjectId Id, byte[] Record)> records = [.. _records];
        byte[] record = [.. records[first].Record];
        BitConverter.TryWriteBytes(record.AsSpan(field), records[second].Id.Value);
        records[first] = (records[first].Id, record);
        Assert.Equal(RestoreStatus.BadRecord, RestoreAndUse(records));
    }

    private static void Fill(ProcessMachine machine)
    {
        Thread* init = machine.StartInit();
        Terminal* terminal =
            machine.Terminals.Life.CreateConsole(machine.Session.Tracker, isPlain: false, new WindowSize { Rows = 24, Columns = 80 });
        Assert.Equal(Errno.Ok, machine.Terminals.Jobs.Acquire(init, terminal, steals: false, mayRead: true));
        machine.Terminals.Output.Write(terminal, "$ "u8);
        machine.Terminals.Input.Receive(terminal, "ls\nhalf"u8);
        machine.StartThread(init);
        Timer* timer = machine.Timers.Create(init->Process);
        timer->Signal = (int)Signal.SIGALRM;
        machine.Timers.Set(timer, machine.Session.Group.Clocks.Of(machine.Session.Group.Tracker).MonotonicNanoseconds + 5_000_000,
            1_000_000);
        machine.Timers.SetAlarm(init->Process,
            machine.Session.Group.Clocks.Of(machine.Session.Group.Tracker).MonotonicNanoseconds + 7_000_000, 0);
        Assert.Equal(Errno.Ok, machine.Session.Tree.Make("/fifo"u8, InodeMode.Fifo | 0x1B6));
        OpenFile* pipe = machine.Session.OpenFile("/fifo");
        var table = (DescriptorTable*)init->Process->Descriptors;
        Assert.Equal(Errno.Ok, machine.Session.Group.Files.Descriptors.InstallAt(table, pipe, 3, closeOnExec: false));
        FillEvents(machine, init);
        FillTerminals(machine, init);
        Thread* shell = machine.Fork(init);
        Assert.Equal(Errno.Ok, machine.Processes.SetGroup(shell->Process, shell->Process->Id));
        machine.Life.EndProcess(machine.Fork(shell)->Process, 7 << 8);
        machine.Signals.Send(shell->Process, new SignalInfo { Number = (int)Signal.SIGUSR1, Pid = 1 });
        machine.Fork(shell);
        machine.Session.Checkpoint();
    }

    private static void FillEvents(ProcessMachine machine, Thread* init)
    {
        FileServices files = machine.Session.Group.Files;
        var table = (DescriptorTable*)init->Process->Descriptors;
        var caller = new FileCaller(init);
        Assert.Equal(Errno.Ok, files.Anonymous.MakeCounter(in caller, 5, isSemaphore: true, 0, out OpenFile* counter));
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt(table, counter, 4, closeOnExec: false));
        Assert.Equal(Errno.Ok, files.Anonymous.MakeTimer(in caller, TimerFileClock.Realtime, 0, out OpenFile* timer));
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt(table, timer, 5, closeOnExec: false));
        Assert.Equal(Errno.Ok, files.TimerFiles.Set((TimerFile*)timer->Attachment, TimerFileFlags.None, 5_000_000, 1_000_000));
        Assert.Equal(Errno.Ok, files.Anonymous.MakeSignals(in caller, new SignalSet(0xFF), 0, out OpenFile* signals));
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt(table, signals, 6, closeOnExec: false));
        for (int descriptor = 7; descriptor < 9; descriptor++)
        {
            Assert.Equal(Errno.Ok, files.Anonymous.MakeProcessHandle(in caller, init->Process, 0, out OpenFile* handle));
            Assert.Equal(Errno.Ok, files.Descriptors.InstallAt(table, handle, descriptor, closeOnExec: false));
        }
    }

    // A pseudo-terminal with both ends open.
    private static void FillTerminals(ProcessMachine machine, Thread* init)
    {
        FileServices files = machine.Session.Group.Files;
        var table = (DescriptorTable*)init->Process->Descriptors;
        var caller = new FileCaller(init);
        Assert.Equal(Errno.Ok, machine.Session.Tree.Make("/ptmx"u8, InodeMode.CharacterDevice | 0x1B6, DeviceNumber.Multiplexer));
        OpenFile* master = machine.Session.OpenFile("/ptmx");
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt(table, master, 9, closeOnExec: false));
        var terminal = (Terminal*)master->Attachment;
        terminal->Pseudo.Flags = PseudoTerminalFlags.None;
        const uint flags = OpenFlags.ReadWrite | OpenFlags.NoControllingTerminal;
        Assert.Equal(Errno.Ok, files.OpenFiles.Open(in caller, terminal->Pseudo.Node, flags, out OpenFile* slave));
        Assert.Equal(Errno.Ok, files.Descriptors.InstallAt(table, slave, 10, closeOnExec: false));
        machine.Terminals.Output.Write(terminal, "shown"u8);
        machine.Terminals.Input.Receive(terminal, "typed"u8);
    }

    private List<(ObjectId Id, byte[] Record)> With(int index, byte[] record)
    {
        List<(ObjectId Id, byte[] Record)> records = [.. _records];
        records[index] = (_records[index].Id, record);
        return records;
    }

    private RestoreStatus RestoreAndUse(List<(ObjectId Id, byte[] Record)> records)
    {
        _cases++;
        using ProcessMachine machine = ProcessMachine.Open(_device, new ListedFileRecords(records));
        TestSession session = machine.Session;
        RestoreStatus status = new ObjectRestorer(session.Group.Codecs, session.Pages.Accounts, session.Fibers, session.Group.Files.Loader)
            .Restore(machine.Tracker, new ListedRecords(records), RestoreScope.Whole).Fault.Status;
        if (status == RestoreStatus.Ok)
            Use(machine);
        return status;
    }

    // What a kernel does next: signals, timers and input arrive, a checkpoint is taken, and in the end everything ends.
    private static void Use(ProcessMachine machine)
    {
        machine.Session.Clock.Advance(20_000_000);
        machine.Deadlines.Expire();
        machine.Scheduler.PickNext();
        if (machine.Terminals.ConsoleOf(machine.Tracker) != null)
            machine.Terminals.Input.Receive(machine.Terminals.ConsoleOf(machine.Tracker), "x\n\x03"u8);
        machine.Session.Engine.CheckpointAndWait();
        for (Process* process = machine.Pids.NextProcess(2); process != null; process = machine.Pids.NextProcess(process->Id + 1))
        {
            if (process->State == ProcessState.Alive && process != machine.Pids.Init)
            {
                int id = process->Id;
                machine.Life.EndProcess(process, 0);
                process = machine.Pids.NextProcess(id);
                if (process == null)
                    break;
            }
        }
        if (machine.Pids.Init != null && machine.Pids.Init->State == ProcessState.Alive)
            machine.Life.EndProcess(machine.Pids.Init, 0);
        Assert.Equal(0, machine.Pids.ProcessCount);
    }
}
