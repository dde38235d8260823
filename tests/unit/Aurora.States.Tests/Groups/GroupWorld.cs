// A machine with groups and the whole kernel above the hardware, put together as the kernel's composition root does, over a store on a
// device in memory. A test is the programs: it makes system calls for their threads. Whenever the fiber that manages groups waits, the
// rest of the machine takes a turn: time passes, threads that are in the kernel go on, checkpoints are taken and written.
using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Checkpoint.Tests;
using Aurora.Linux.Calls;
using Aurora.Linux.Executive;
using Aurora.Linux.Tests;
using Aurora.Posix.Files;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Posix.Threads;
using Aurora.Store;
using Aurora.Testing;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>All of one machine.</summary>
internal sealed unsafe class GroupWorld : IDisposable
{
    private const int MostTurns = 2000;

    // So often what is in the log is taken into the trees.
    private const int TurnsPerCut = 6;

    private int _turns;
    private int _allTurns;
    private Action? _program;

    private GroupWorld(TestSession session)
    {
        Session = session;
        GroupSession group = session.Group;
        var extended = new TestExtendedState();
        var execs = new GroupExecTable(group, session.Pages);
        var control = new Control(group, execs, group.Streams);
        var futexes = new FutexTable(session.Pages, group.Scheduler, group.Tracked, group.Clocks);
        Processes = new GroupProcesses(group, session.Pages, extended, control, futexes);
        var programs = new GroupPrograms(session.Pages, group.Tracked);
        Manager = new GroupManager(
            group, Processes, programs, execs, new Starter(this), session.Pages, session.Clock, session.Fibers);
        var linux = new LinuxKernel(new LinuxServices
        {
            Pages = session.Pages, Tracked = group.Tracked, Clocks = group.Clocks, Memory = group.Memory, User = group.User,
            Scheduler = group.Scheduler, Processes = Processes.Table, Settings = Processes.Settings, Signals = Processes.Signals,
            Timers = Processes.Timers, ProcessFiles = Processes.Files, Life = Processes.Life, Terminals = Processes.Terminals,
            Extended = extended, Machine = control, Files = group.Files, Ipc = group.Ipc, Checkpoints = group.Engine, Groups = Manager,
            Futexes = futexes, Execs = new GroupExecs(group, execs), Streams = new VolumeStreams(group, session.Fibers),
            Trace = session.Fibers.Trace,
            Regions = group.Regions,
        });
        group.Random.Reseed("test"u8);
        Programs = new ProgramDriver(session, Processes, new SystemCallExecutive(linux));
        session.Fibers.Turn = Turn;
    }

    public TestSession Session { get; }
    public GroupProcesses Processes { get; }
    public GroupManager Manager { get; }
    public ProgramDriver Programs { get; }
    public ObjectTracker Host => Session.Tracker;

    /// <summary>Called right after checkpoints may have been captured, and when those may have become durable.</summary>
    public Action? Captured { get; set; }
    public Action? Written { get; set; }

    /// <summary>Neither does time pass nor is anything captured: everything stays as it was restored.</summary>
    public bool StandsStill { get; set; }

    /// <summary>A machine whose host has the standard files, an init, a terminal and a file /f.</summary>
    public static GroupWorld Create(MemoryBlockDevice device)
    {
        var world = new GroupWorld(TestSession.CreateOn(device));
        Assert.Equal(Errno.Ok, StandardTree.Populate(world.Session.Group.Files, world.Session.Group.Names));
        world.Session.MakeFile("/f", Encoding.ASCII.GetBytes(new string('f', 9000)));
        Assert.Equal(Errno.Ok, world.StartInit(world.Host));
        world.Settle();
        return world;
    }

    /// <summary>A machine that goes on from what a device holds, and stands still.</summary>
    public static GroupWorld Start(MemoryBlockDevice device)
    {
        var world = new GroupWorld(TestSession.Open(device)) { StandsStill = true };
        RestoreResult result = world.Session.Group.Restore(skipUnknownKinds: false, endUnreferenced: true);
        Assert.True(result.IsOk, TestSession.Words(result));
        world.Manager.StartAll();
        return world;
    }

    public void Dispose() => Session.Dispose();

    private ObjectId AskerId => Processes.Table.Of(Host).Init == null ? default : Processes.Table.Of(Host).Init->Header.Id;

    /// <summary>Asks for something, and has it done; the number of the group.</summary>
    public long Do(GroupVerb verb, string group = "", string target = "", string checkpoint = "")
    {
        var request = new GroupRequest { Verb = verb, Flags = GroupRequest.HasTerminal };
        Write(request.Group, group);
        Write(request.Target, target);
        Write(request.Checkpoint, checkpoint);
        bool runs = verb == GroupVerb.Run;
        var program = new ProgramStrings(runs ? "/program\0"u8 : default, runs ? 1 : 0, 0);
        Assert.Equal(Errno.Ok, Manager.Ask(Host, AskerId, in request, in program, out ulong ticket));
        _turns = 0;
        Manager.WorkOff();
        Assert.True(Manager.IsDone(ticket, out long result));
        Assert.True(result >= 0, $"{verb} {group} {target}: error {result}");
        return result;
    }

    /// <summary>Has the fiber of a direction do what is asked for; a program does something whenever the fiber waits for it.</summary>
    public void Serve(bool isIncoming, Action program)
    {
        _turns = 0;
        _program = program;
        Manager.ServeStreams(isIncoming);
        _program = null;
    }

    /// <summary>The group with a name; it must be there.</summary>
    public ObjectTracker Find(string name)
    {
        Assert.Equal(Errno.Ok, Manager.Find(Encoding.UTF8.GetBytes(name), out ObjectTracker group));
        return group;
    }

    public bool Exists(string name) => Manager.Find(Encoding.UTF8.GetBytes(name), out _) == Errno.Ok;

    /// <summary>The names of all groups.</summary>
    public List<string> Names()
    {
        var names = new List<string>();
        for (int index = 0; Manager.Read(Host, index, out SlsGroup about); index++)
            names.Add(Encoding.UTF8.GetString(new ReadOnlySpan<byte>(about.Name, SlsGroup.NameBytes)).TrimEnd('\0'));
        return names;
    }

    public GroupObject* ObjectOf(ObjectTracker group) => Session.Group.Group.Of(group);

    /// <summary>Has everything that changed become durable, of all groups.</summary>
    public void Settle()
    {
        _turns = 0;
        for (int i = 0; i < 4; i++)
            Session.Fibers.TakesTurn();
    }

    /// <summary>A group as it is looked at, with its files in memory.</summary>
    public GroupView ViewOf(ObjectTracker group)
    {
        Namespace* names = Session.Group.Files.NamespaceOf(&ObjectOf(group)->Header);
        var view = new GroupView(
            group, names, Session.Group.Files, Processes.Table.Of(group), Session.Memory, Session.Group.User, Session.ServePager);
        view.LoadTree();
        return view;
    }

    /// <summary>A group as it is now, its log included.</summary>
    public GroupPicture PictureOf(ObjectTracker group) => GroupPicture.Of(ViewOf(group), RecordOf);

    // Of the pieces of the log what is captured of them. The group's own object has the number of its newest epoch.
    private byte[]? RecordOf(nint header)
    {
        var about = (ObjectHeader*)header;
        if (about->Kind == ObjectKind.Group)
            return null;
        byte[] record = new byte[StateCodec.MaxPayloadBytes];
        return record[..Session.Group.Codecs.Find(about->Kind)!.Capture(about, record)];
    }

    private static void Write(byte* field, string text) => Encoding.UTF8.GetBytes(text).CopyTo(new Span<byte>(field, text.Length));

    private Errno StartInit(ObjectTracker group)
    {
        var window = new WindowSize { Rows = 24, Columns = 80 };
        if (Processes.Terminals.Life.CreateConsole(group, isPlain: false, window) == null)
            return Errno.ENOMEM;
        Programs.StartInit(group);
        return Errno.Ok;
    }

    private void Turn()
    {
        Assert.True(++_turns < MostTurns, "the fiber waits for ever");
        _program?.Invoke();
        Session.ServePager();
        if (StandsStill)
            return;
        Session.Clock.Advance(10_000_000);
        Processes.Deadlines.Expire();
        for (int group = Session.Group.Tracked.NextGroup(0); group >= 0; group = Session.Group.Tracked.NextGroup(group + 1))
            Programs.GoOn(Session.Group.Tracked.OfGroup((ushort)group));
        Session.Engine.Poll();
        Captured?.Invoke();
        Session.Flush();
        Session.Commit();
        Session.RunErrands();
        if (++_allTurns % TurnsPerCut == 0)
            Assert.Equal(StoreStatus.Ok, Session.Store.CutNow());
        Written?.Invoke();
        Session.Memory.Spaces.EndStep();
        Session.Group.Files.Closing.Step();
        Session.Group.Ipc.Step();
    }

    private sealed class Starter(GroupWorld world) : GroupStarter
    {
        public override Errno Start(ObjectTracker group, ReadOnlySpan<byte> root, bool hasTerminal) => world.StartInit(group);

        public override bool HasStarted(ObjectTracker group) => true;
    }

    private sealed unsafe class Control(GroupSession session, GroupExecTable execs, VolumeStreamTable streams) : MachineControl
    {
        private readonly GroupEnds _ends = new(session);

        public override void SessionEnded(ObjectTracker group, int waitStatus) => _ends.Note(group, waitStatus);

        public override void ProcessEnded(Process* process, int waitStatus)
        {
            execs.NoteEnd(process, waitStatus);
            streams.NoteEnd(process);
        }

        public override void PowerOff() => Assert.Fail("a program has powered the machine off");

        public override void Restart() => Assert.Fail("a program has restarted the machine");
    }
}
