using System;
using System.Text;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// A machine with groups, as the kernel puts it together. Whenever the fiber that manages groups waits, the rest of the machine takes a
/// turn:
/// checkpoints are taken and written, and what ends takes its steps. Programs are what a test does to their memory.
/// </summary>
internal sealed unsafe class GroupMachine : IDisposable
{
    public const ulong Arena = 0x4000_0000;
    private const int MostTurns = 2000;

    private int _turns;

    private GroupMachine(TestSession session)
    {
        Session = session;
        var execs = new GroupExecTable(session.Group, session.Pages);
        Execs = new GroupExecs(session.Group, execs);
        Streams = new VolumeStreams(session.Group, session.Fibers);
        var control = new Control(session.Group, execs, StreamTable);
        Processes = new GroupProcesses(session.Group, session.Pages, new FakeExtendedState(), control, waits: null);
        Programs = new GroupPrograms(session.Pages, session.Group.Tracked);
        Starter = new TestStarter(this);
        Manager = new GroupManager(
            session.Group, Processes, Programs, execs, Starter, session.Pages, session.Clock, session.Fibers);
        session.Fibers.Turn = Turn;
    }

    public TestSession Session { get; }
    public GroupProcesses Processes { get; }
    public GroupPrograms Programs { get; }
    public TestStarter Starter { get; }
    public GroupManager Manager { get; }
    public GroupExecs Execs { get; }
    public VolumeStreamTable StreamTable => Session.Group.Streams;
    public VolumeStreams Streams { get; }
    public ObjectTracker Host => Session.Tracker;

    /// <summary>Called before every turn of the machine while the fiber that manages groups waits.</summary>
    public Action? BeforeTurn { get; set; }

    /// <summary>A machine whose host has an init with memory, and a file /f.</summary>
    public static GroupMachine Create(MemoryBlockDevice device)
    {
        var machine = new GroupMachine(TestSession.CreateOn(device));
        machine.Session.MakeFile("/f", "of the host"u8);
        machine.StartInit(machine.Host);
        machine.Processes.Terminals.Life.CreateConsole(machine.Host, isPlain: true, new WindowSize { Rows = 24, Columns = 80 });
        machine.Settle();
        return machine;
    }

    /// <summary>A machine that starts from what a device holds, with all groups.</summary>
    public static GroupMachine Start(MemoryBlockDevice device)
    {
        var machine = new GroupMachine(TestSession.Open(device));
        RestoreResult result = machine.Session.Group.Restore(skipUnknownKinds: false, endUnreferenced: true);
        Assert.True(result.IsOk, TestSession.Words(result));
        machine.Processes.EndDetached(machine.Host, GroupManager.HostName);
        machine.Manager.StartAll();
        return machine;
    }

    public void Dispose() => Session.Dispose();

    /// <summary>Asks for something, and has it done; the number of the group, or a negated errno.</summary>
    public long Do(GroupVerb verb, string group = "", string target = "", string checkpoint = "", string root = "", uint flags = 0)
    {
        Errno refusal = Ask(Host, verb, out ulong ticket, group, target, checkpoint, root, flags);
        if (refusal != Errno.Ok)
            return -(long)refusal;
        Assert.False(Manager.IsDone(ticket, out _));
        WorkOff();
        Assert.True(Manager.IsDone(ticket, out long result));
        return result;
    }

    /// <summary>What is on its way of regions is done, and nothing else.</summary>
    public void RunRegions()
    {
        Action? turn = Session.Fibers.Turn;
        Session.Fibers.Turn = null;
        SteppedFibers.Run(Session.Group.Regions.RunPersistFiber);
        SteppedFibers.Run(Session.Group.Regions.RunOrderFiber);
        Session.Fibers.Turn = turn;
    }

    /// <summary>Has all done that has been asked for.</summary>
    public void WorkOff()
    {
        _turns = 0;
        Manager.WorkOff();
    }

    /// <summary>Has the fiber of a direction do what is asked for; a program does something whenever the fiber waits for it.</summary>
    public void Serve(bool isIncoming, Action program)
    {
        _turns = 0;
        Action? before = BeforeTurn;
        BeforeTurn = program;
        Manager.ServeStreams(isIncoming);
        BeforeTurn = before;
    }

    /// <summary>Asks for something on behalf of a group.</summary>
    public Errno Ask(
        ObjectTracker asker, GroupVerb verb, out ulong ticket,
        string group = "", string target = "", string checkpoint = "", string root = "", uint flags = 0)
    {
        var request = new GroupRequest { Verb = verb, Flags = flags };
        Write(request.Group, group);
        Write(request.Target, target);
        Write(request.Checkpoint, checkpoint);
        Write(request.Root, root);
        bool runs = verb is GroupVerb.Run or GroupVerb.Exec;
        var program = new ProgramStrings(runs ? "/program\0"u8 : default, runs ? 1 : 0, 0);
        return AskAs(asker, in request, in program, out ticket);
    }

    /// <summary>The process of the host that asks; its init when null.</summary>
    public Process* Asker { get; set; }

    /// <summary>What the newest that was asked for has been given.</summary>
    public ulong LastTicket { get; private set; }

    private Errno AskAs(ObjectTracker group, in GroupRequest request, in ProgramStrings program, out ulong ticket)
    {
        Process* asker = Asker == null ? Init(Host) : Asker;
        Errno error = Manager.Ask(group, asker->Header.Id, in request, in program, out ticket);
        LastTicket = error == Errno.Ok ? ticket : LastTicket;
        return error;
    }

    public ObjectTracker Find(string name)
    {
        Assert.Equal(Errno.Ok, Manager.Find(Encoding.UTF8.GetBytes(name), out ObjectTracker group));
        return group;
    }

    public bool Exists(string name) => Manager.Find(Encoding.UTF8.GetBytes(name), out _) == Errno.Ok;

    /// <summary>Has everything that changed become durable, of all groups.</summary>
    public void Settle()
    {
        _turns = 0;
        for (int i = 0; i < 4; i++)
            Session.Fibers.TakesTurn();
    }

    public Process* Init(ObjectTracker group) => Processes.Table.Of(group).Init;

    public ulong Load(ObjectTracker group, ulong offset) => Session.Load(Init(group)->AddressSpace, Arena + offset);

    public void Store(ObjectTracker group, ulong offset, ulong value) => Session.Store64(Init(group)->AddressSpace, Arena + offset, value);

    /// <summary>Makes process 1 of a group, with a little memory and no files.</summary>
    public Thread* StartInit(ObjectTracker group)
    {
        Thread* thread = Processes.Life.CreateInit(group);
        if (thread == null)
            return null;
        AddressSpace* space = Session.Memory.Spaces.Create(group, SpaceLimits.Default);
        if (space == null)
            return null;
        thread->Process->AddressSpace = space;
        var request = new MapRequest
        {
            Address = new VirtualAddress(Arena), Length = 16 * PageSize.Bytes, Protection = Protection.Read | Protection.Write,
            Placement = MapPlacement.Fixed,
        };
        if (Session.Memory.Mappings.Map(space, request, out _) != MemoryStatus.Ok)
            return null;
        thread->Context->PageTableRoot = space->Root.Address.Value;
        if (Processes.Files.Start(thread->Process, Session.Group.Files.NamespaceOf(&thread->Header), 0x12) != Errno.Ok)
            return null;
        Processes.Life.Start(thread);
        return thread;
    }

    private static void Write(byte* field, string text)
        => Encoding.UTF8.GetBytes(text).CopyTo(new Span<byte>(field, text.Length));

    private void Turn()
    {
        Assert.True(++_turns < MostTurns, "the fiber waits for ever");
        BeforeTurn?.Invoke();
        Session.Clock.Advance(10_000_000);
        Processes.Deadlines.Expire();
        Session.Engine.Poll();
        Session.Flush();
        Session.Commit();
        Session.RunErrands();
        SteppedFibers.Run(Session.Group.Regions.RunPersistFiber);
        SteppedFibers.Run(Session.Group.Regions.RunOrderFiber);
        Session.ServePager();
        Session.Memory.Spaces.EndStep();
        Session.Group.Files.Closing.Step();
        Session.Group.Ipc.Step();
        for (int group = Session.Group.Tracked.NextGroup(0); group >= 0; group = Session.Group.Tracked.NextGroup(group + 1))
            EndIfMust(Session.Group.Tracked.OfGroup((ushort)group));
    }

    // What threads of a process that ends do when they run; those of held groups do not. Init comes last.
    private void EndIfMust(ObjectTracker group)
    {
        if (Session.Group.Scheduler.IsHeld(group))
            return;
        PidNamespace space = Processes.Table.Of(group);
        for (Process* process = space.NextProcess(2); process != null; process = space.NextProcess(process->Id + 1))
        {
            if (!process->IsEnding)
                continue;
            Processes.Life.EndProcess(process, process->ExitStatus);
            process = space.Init;
        }
        if (space.Init != null && space.Init->IsEnding)
            Processes.Life.EndProcess(space.Init, space.Init->ExitStatus);
    }

    private sealed class Control(GroupSession session, GroupExecTable execs, VolumeStreamTable streams) : MachineControl
    {
        private readonly GroupEnds _ends = new(session);

        public override void SessionEnded(ObjectTracker group, int waitStatus) => _ends.Note(group, waitStatus);

        public override void ProcessEnded(Process* process, int waitStatus)
        {
            execs.NoteEnd(process, waitStatus);
            streams.NoteEnd(process);
        }

        public override void PowerOff()
        {
        }

        public override void Restart()
        {
        }
    }
}

/// <summary>Makes the first process of a group, unless a test says that it cannot.</summary>
internal sealed unsafe class TestStarter(GroupMachine machine) : GroupStarter
{
    public Errno Answer { get; set; }

    /// <summary>The program cannot be run.</summary>
    public Errno Failure { get; set; }

    public string Root { get; private set; } = "";

    public override Errno Start(ObjectTracker group, ReadOnlySpan<byte> root, bool hasTerminal)
    {
        Root = Encoding.UTF8.GetString(root);
        if (machine.Processes.Terminals.Life.CreateConsole(group, !hasTerminal, new WindowSize { Rows = 24, Columns = 80 }) == null)
            return Errno.ENOMEM;
        if (Answer != Errno.Ok)
            return Answer;
        if (machine.StartInit(group) == null)
            return Errno.ENOMEM;
        if (Failure != Errno.Ok)
            machine.Programs.Fail(group, Failure);
        return Errno.Ok;
    }

    public override bool HasStarted(ObjectTracker group) => Failure == Errno.Ok;
}
