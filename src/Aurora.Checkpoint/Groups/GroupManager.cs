// Groups as the system calls, the main loop and the boot see them. What they ask for goes to a fiber (GroupOrders, GroupWork); what needs
// no disk is answered at once. When the machine starts the host's programs run first; the other groups come while they do.
// Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>All groups of the machine.</summary>
public sealed unsafe class GroupManager : GroupService
{
    private readonly GroupSession _session;
    private readonly GroupProcesses _processes;
    private readonly GroupDirectory _directory;
    private readonly GroupOrders _orders;
    private readonly GroupMemory _memory;
    private readonly GroupVolumes _volumes;
    private readonly BaseVolumes _bases;
    private readonly GroupStreams _streams;
    private readonly GroupDumps _dumps;
    private readonly GroupWork _work;

    public GroupManager(
        GroupSession session, GroupProcesses processes, GroupPrograms programs, GroupExecTable execs, GroupStarter starter,
        PageAllocator pages, Clock clock, FiberScheduler fibers)
    {
        _session = session;
        _processes = processes;
        _directory = new GroupDirectory(pages);
        _orders = new GroupOrders(pages, clock);
        _volumes = new GroupVolumes(session.Store, _directory, session.Engine.Life, new FoundTarget(), clock);
        _memory = new GroupMemory(session, processes, programs, execs, fibers);
        _bases = new BaseVolumes(_volumes, session.Staged, session.Memory.Bases, fibers, pages);
        var maker = new GroupMaker(session, _directory, _memory, _volumes, _bases, programs, starter, fibers);
        var further = new ExecMaker(session, processes, execs, fibers);
        var sink = new StreamSink(session.Streams, session.Scheduler, fibers);
        _dumps = new GroupDumps(session, processes, _memory, _volumes, session.Streams, sink, pages, fibers);
        _streams = new GroupStreams(session, _directory, _volumes, sink, _dumps, fibers);
        _work = new GroupWork(session, _directory, _memory, _volumes, _bases, maker, further, _streams, _dumps);
        GroupEntry* host = _directory.Add(HostName, VolumeId.First);
        host->Index = session.Tracker.Index;
        host->Phase = GroupPhase.Present;
    }

    /// <summary>What the group is called that the machine begins with.</summary>
    public static ReadOnlySpan<byte> HostName => "host"u8;

    /// <inheritdoc/>
    public override WaitQueue* Changed => _orders.Changed;

    /// <inheritdoc/>
    public override ulong Boot => _orders.Base;

    /// <summary>The body of a fiber: starts the groups there are, then does what is asked for; never returns.</summary>
    public void Run()
    {
        StartAll();
        for (;;)
        {
            WorkOff();
            _session.Engine.Life.Wait();
        }
    }

    /// <summary>Starts the groups that the store has, when the machine starts. Blocks.</summary>
    public void StartAll()
    {
        _volumes.Collect();
        GroupEntry* entry;
        for (int index = 0; (entry = _directory.At(index)) != null; index++)
        {
            if (entry->Phase == GroupPhase.Moving)
                _work.Start(entry);
            _session.Scheduler.WakeAll(Changed);
        }
    }

    /// <summary>Does all that has been asked for. Blocks.</summary>
    public void WorkOff()
    {
        _dumps.EndIfOver();
        TidyUp();
        while (_orders.First != null)
        {
            _orders.Complete(_work.Do(_orders.First));
            _session.Scheduler.WakeAll(Changed);
            TidyUp();
            _dumps.EndIfOver();
        }
    }

    // What an order has left to be done when who asked has been told.
    private void TidyUp()
    {
        _memory.EndLeft();
        _bases.DropUnneeded();
    }

    /// <summary>The body of a fiber: sends what is asked for, or receives it; never returns.</summary>
    public void RunStreams(bool isIncoming)
    {
        for (;;)
        {
            ServeStreams(isIncoming);
            _streams.Wait(isIncoming);
        }
    }

    /// <summary>Sends, or receives, what has been asked for. Blocks.</summary>
    public void ServeStreams(bool isIncoming) => _streams.Serve(isIncoming);

    /// <inheritdoc/>
    public override bool IsHost(ObjectTracker group) => group.Index == _session.Tracker.Index;

    /// <inheritdoc/>
    public override bool HasEnded(ObjectTracker group)
    {
        HeldOutput output = _session.OutputHold.Of(group);
        return (_session.Group.Of(group)->Flags & GroupFlags.HasEnded) != 0 && output.Durable == output.Written;
    }

    /// <inheritdoc/>
    public override ulong GenerationOf(ObjectTracker group) => _session.Group.Of(group)->Generation;

    /// <inheritdoc/>
    public override ulong NumberAt(uint index)
    {
        GroupEntry* entry = _directory.FindAt(index);
        return entry == null ? ulong.MaxValue : entry->Number;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> NameOf(ObjectTracker group)
    {
        GroupEntry* entry = _directory.Find(group);
        return entry == null ? default : new ReadOnlySpan<byte>(entry->Name, entry->NameLength);
    }

    /// <inheritdoc/>
    public override Errno Find(ReadOnlySpan<byte> name, out ObjectTracker group)
    {
        GroupEntry* entry = _directory.Find(name);
        group = entry != null && entry->Phase == GroupPhase.Present ? _session.Tracked.OfGroup(entry->Index) : default;
        if (entry == null)
            return Errno.ENOENT;
        return entry->Phase switch
        {
            GroupPhase.Present => Errno.Ok, GroupPhase.Moving => Errno.EAGAIN, GroupPhase.Saved => Errno.ENODEV, _ => Errno.EIO,
        };
    }

    /// <inheritdoc/>
    public override Errno Ask(
        ObjectTracker asker, ObjectId process, in GroupRequest request, in ProgramStrings program, out ulong ticket)
    {
        ticket = 0;
        // Nothing would be kept of what is made.
        if (!_session.Engine.IsEnabled)
            return Errno.EOPNOTSUPP;
        int most = IsHost(asker) ? GroupOrders.Capacity : 1;
        Errno error = _orders.Add(asker.Index, process, most, in request, in program, out ticket);
        if (error == Errno.Ok)
            _session.Engine.Life.Wake();
        return error;
    }

    /// <inheritdoc/>
    public override bool IsDone(ulong ticket, out long result) => _orders.IsDone(ticket, out result);

    /// <inheritdoc/>
    public override bool Read(ObjectTracker viewer, int index, out SlsGroup about)
    {
        about = default;
        GroupEntry* entry = IsHost(viewer) ? _directory.At(index) : index == 0 ? _directory.Find(viewer) : null;
        if (entry == null)
            return false;
        about.Id = entry->Number;
        fixed (byte* name = about.Name)
            new ReadOnlySpan<byte>(entry->Name, entry->NameLength).CopyTo(new Span<byte>(name, SlsGroup.NameBytes));
        about.State = entry->Phase switch
        {
            GroupPhase.Broken => SlsGroup.StateBroken, GroupPhase.Saved => SlsGroup.StateSaved, _ => SlsGroup.StateStarting,
        };
        if (entry->Phase == GroupPhase.Present)
            Describe(_session.Tracked.OfGroup(entry->Index), ref about);
        return true;
    }

    /// <inheritdoc/>
    public override int ReadLog(ObjectTracker group, ref ulong position, Span<byte> destination)
        => _session.OutputHold.Of(group).Read(ref position, destination);

    /// <inheritdoc/>
    public override WaitQueue* LogOf(ObjectTracker group) => _session.OutputHold.Of(group).Space;

    /// <inheritdoc/>
    public override int Type(ObjectTracker group, ReadOnlySpan<byte> bytes)
    {
        Terminal* console = _processes.Terminals.ConsoleOf(group);
        if (console == null)
            return 0;
        if (bytes.IsEmpty)
        {
            _processes.Terminals.Input.End(console);
            return 0;
        }
        int taken = _processes.Terminals.Input.Receive(console, bytes);
        return taken != 0 ? taken : _processes.Terminals.Input.ReceiveSignal(console, bytes);
    }

    private void Describe(ObjectTracker group, ref SlsGroup about)
    {
        PidNamespace processes = _processes.Table.Of(group);
        about.Processes = (uint)processes.ProcessCount;
        about.Threads = (uint)processes.ThreadCount;
        _session.Engine.Describe(group, ref about);
        GroupObject* saved = _session.Group.Of(group);
        about.WaitStatus = saved->WaitStatus;
        if (about.State is not (SlsGroup.StatePersisted or SlsGroup.StateEphemeral))
            return;
        if ((saved->Flags & GroupFlags.HasEnded) != 0)
            about.State = SlsGroup.StateEnded;
        else if ((saved->Flags & GroupFlags.IsSuspended) != 0)
            about.State = SlsGroup.StateSuspended;
    }
}
