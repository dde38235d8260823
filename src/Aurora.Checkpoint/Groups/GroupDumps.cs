// Core files of processes, as of now or of a checkpoint, while their groups run on. A copy of the group is brought into memory, of which
// nobody but this knows and whose threads never run; its process is written by the fiber that sends streams; then the copy goes again. Its
// volume is Partial: a machine that starts drops it. One at a time, as the stream has its place.
using System;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Makes core files.</summary>
internal sealed unsafe class GroupDumps
{
    private struct State
    {
        public GroupEntry Copy;

        /// <summary>The copy is there, and nobody needs it any more.</summary>
        public bool IsOver;
    }

    private readonly GroupSession _session;
    private readonly GroupProcesses _processes;
    private readonly GroupMemory _memory;
    private readonly GroupVolumes _volumes;
    private readonly VolumeStreamTable _table;
    private readonly PageAllocator _pages;
    private readonly DumpPages _waiting;
    private readonly CoreWriter _writer;
    private readonly State* _state;

    public GroupDumps(
        GroupSession session, GroupProcesses processes, GroupMemory memory, GroupVolumes volumes, VolumeStreamTable table, StreamSink sink,
        PageAllocator pages, FiberScheduler fibers)
    {
        _session = session;
        _processes = processes;
        _memory = memory;
        _volumes = volumes;
        _table = table;
        _pages = pages;
        _waiting = new DumpPages(table, fibers);
        _writer = new CoreWriter(session, new DumpSink(sink), _waiting);
        _state = (State*)pages.Allocate(1);
        Panic.Unless(_state != null, "groups: no memory for core files"u8);
    }

    // Index 0 is the host's.
    private bool HasCopy => _state->Copy.Index != 0;

    private ObjectTracker Copy => _session.Tracked.OfGroup(_state->Copy.Index);

    /// <summary>Lets the core file of a process of a group go out; the number of the stream, or a negated errno. Blocks.</summary>
    public long Begin(GroupEntry* entry, GroupOrder* order)
    {
        ReadOnlySpan<byte> text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(order->Request.Target);
        bool isNumber = Utf8Parser.TryParse(text, out int id, out int used) && used == text.Length && id > 0;
        if (!isNumber)
            return -(long)Errno.EINVAL;
        ReadOnlySpan<byte> checkpoint = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(order->Request.Checkpoint);
        Errno error = Find(entry, checkpoint, out ulong sequence);
        VolumeStream* stream = null;
        if (error == Errno.Ok)
            error = _table.Take(isIncoming: false, order->Ticket, order->Process, out stream);
        if (error != Errno.Ok)
            return -(long)error;
        // The one before may have ended while this one was waiting.
        EndIfOver();
        error = HasCopy ? Errno.EBUSY : Make(entry->VolumeId, sequence);
        if (error == Errno.Ok && !HasCore(id))
        {
            End();
            error = Errno.ESRCH;
        }
        if (error != Errno.Ok)
        {
            _table.Discard(stream);
            return -(long)error;
        }
        stream->ProcessId = id;
        _table.Begin(stream);
        return (long)order->Ticket;
    }

    /// <summary>Writes what a stream is to hold; how it ended. Blocks.</summary>
    public Errno Write(VolumeStream* stream)
    {
        byte* buffer = (byte*)_pages.Allocate(CoreWriter.BufferPages);
        bool isWritten = false;
        _waiting.Failure = buffer == null ? Errno.ENOMEM : Errno.ECANCELED;
        if (buffer != null)
        {
            GroupObject* about = _session.Group.Of(_session.Tracker);
            var layout = new ExtendedLayout(
                _processes.Extended.ImageBytes, about->Machine.Xcr0 == 0 ? 0 : _processes.Extended.ComponentMask);
            Process* process = _processes.Table.Of(Copy).FindProcess(stream->ProcessId);
            isWritten = _writer.Write(Copy, process, in layout, buffer, out _);
            _pages.Free(buffer, CoreWriter.BufferPages);
        }
        _state->IsOver = true;
        _session.Engine.Life.Wake();
        return isWritten ? Errno.Ok : _waiting.Failure;
    }

    /// <summary>Has a copy go that nobody needs any more. Blocks.</summary>
    public void EndIfOver()
    {
        if (_state->IsOver)
            End();
    }

    private bool HasCore(int id)
    {
        Process* process = _processes.Table.Of(Copy).FindProcess(id);
        return process != null && CoreProcess.HasCore(process);
    }

    private Errno Find(GroupEntry* entry, ReadOnlySpan<byte> checkpoint, out ulong sequence)
    {
        sequence = 0;
        if (entry->Phase == GroupPhase.Moving)
            return Errno.EIO;
        if (checkpoint.IsEmpty)
            return entry->Phase == GroupPhase.Present
                ? _session.Engine.Life.Settle(_session.Tracked.OfGroup(entry->Index)) : Errno.Ok;
        Errno error = _volumes.FindTarget(entry->VolumeId, checkpoint, out CheckpointInfo info);
        sequence = info.Sequence;
        return error;
    }

    private Errno Make(VolumeId source, ulong sequence)
    {
        Errno error = _volumes.Clone(source, sequence, "dump"u8, out VolumeId clone);
        if (error != Errno.Ok)
            return error;
        GroupEntry* copy = &_state->Copy;
        *copy = new GroupEntry { Phase = GroupPhase.Moving, Volume = clone.Value, Stored = clone.Value, NameLength = "dump"u8.Length };
        "dump"u8.CopyTo(new Span<byte>(copy->Name, GroupEntry.MaxNameBytes));
        if (!_memory.Begin(copy))
        {
            _volumes.DropUnfinished(clone);
            return Errno.ENOMEM;
        }
        RestoreResult result = _memory.Load(copy, RestoreScope.Whole, Continuation.OfStart);
        _session.Engine.Life.SetAside(Copy);
        if (result.IsOk)
            return Errno.Ok;
        GroupMemory.Report(copy, RestoreMessages.Describe(result, stackalloc byte[200]));
        if (result.IsUntouched)
            End();
        else
            Leave();
        return result.Errno;
    }

    private void End()
    {
        _state->IsOver = false;
        Panic.Unless(HasCopy, "groups: ended a copy for a core file that is not there"u8);
        if (_session.Engine.Life.Quiesce(Copy) == Errno.Ok)
            _memory.End(&_state->Copy);
        Leave();
    }

    // What cannot be taken apart stays in memory, held, until the machine starts again. Its volume goes, and the next copy has the place.
    private void Leave()
    {
        _volumes.DropUnfinished(_state->Copy.VolumeId);
        _state->Copy = default;
    }
}
