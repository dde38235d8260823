// The stop window: nothing here waits, and its cost is that of what changed. Pages for staged records are the only thing taken; when
// there is none the capture is undone and tried again a period later. So is one in which an object fails the check before commit.
// Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;

namespace Aurora.Checkpoint;

internal enum CaptureOutcome
{
    Ok,
    NoMemory,

    /// <summary>An object failed the check before commit.</summary>
    Unsound,
}

/// <summary>Brings what has changed since the last epoch into a slot, and back again.</summary>
internal sealed unsafe class EpochCapture
{
    /// <summary>How long to wait after a refusal that only somebody's deleting something, or a correction, will end.</summary>
    public const ulong RefusedRetryNanoseconds = 250_000_000;

    private readonly CheckpointServices _services;
    private readonly PipelineState _state;

    public EpochCapture(in CheckpointServices services, PipelineState state)
    {
        _services = services;
        _state = state;
    }

    /// <summary>Checkpoints discarded because a kernel object contradicted itself.</summary>
    public ulong Violations { get; private set; }

    /// <summary>For tests: so many objects are taken for unsound, whatever they are.</summary>
    public int ProvokedViolations { get; set; }

    /// <summary>
    /// Captures an epoch into a free slot. False when there was no memory for it, or when an object contradicts itself: then nothing has
    /// happened.
    /// </summary>
    public bool Take(EpochSlot slot)
    {
        ulong start = _services.MachineClock.MonotonicNanoseconds;
        _state.NoteStart(start);
        slot.StartNanoseconds = start;
        slot.RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds;
        slot.Epoch = _state.LastCaptured.Next;
        slot.OutputPosition = _services.Output.Of(_services.Tracker).Written;
        _services.Scheduler.MarkThreadsThatRan(_services.Tracker);
        _services.Memory.Epochs.Freeze(_services.Tracker, slot.Frozen);
        CaptureOutcome outcome = CaptureRecords(slot);
        if (outcome != CaptureOutcome.Ok)
        {
            Undo(slot);
            ulong pause = outcome == CaptureOutcome.NoMemory ? 0 : RefusedRetryNanoseconds;
            _state.RetryAt(_services.MachineClock.MonotonicNanoseconds + Math.Max(_state.PeriodNanoseconds, pause));
            if (outcome == CaptureOutcome.NoMemory)
                KernelLog.Line("checkpoint: no memory to capture into; trying again"u8);
            return false;
        }
        _services.Tracker.Ended.MoveTo(_services.Pages, ref slot.Ended);
        _state.MustRetry = false;
        _state.IsQuiet = false;
        _state.OutputCaptured = slot.OutputPosition;
        _state.IsRequested = false;
        _state.Name.GiveTo(slot);
        _state.LastCaptured = slot.Epoch;
        slot.State = SlotState.Captured;
        slot.Sample = new CheckpointSample
        {
            Epoch = slot.Epoch.Value,
            DirtyPages = (uint)slot.Frozen->Pages,
            Records = (uint)slot.Records.Count,
            Bytes = slot.Frozen->Pages * PageSize.Bytes + (ulong)slot.Records.Bytes,
            StopNanoseconds = _services.MachineClock.MonotonicNanoseconds - start,
        };
        _services.Fibers.WakeAll(_state.FlushWork);
        return true;
    }

    private CaptureOutcome CaptureRecords(EpochSlot slot)
    {
        GroupObject* group = _services.Group.Of(_services.Tracker);
        group->Epoch = slot.Epoch;
        group->MonotonicNanoseconds = _services.Clocks.Of(_services.Tracker).MonotonicNanoseconds;
        group->RealtimeNanoseconds = slot.RealtimeNanoseconds;
        _services.Tracker.MarkChanged(&group->Header);
        CaptureOutcome outcome = _services.Tracker.ReserveEnds() ? CaptureOutcome.Ok : CaptureOutcome.NoMemory;
        while (_services.Tracker.FirstChanged != null && outcome == CaptureOutcome.Ok)
            outcome = CaptureRecord(slot, _services.Tracker.FirstChanged);
        return outcome;
    }

    private CaptureOutcome CaptureRecord(EpochSlot slot, ObjectHeader* header)
    {
        StateCodec? codec = _services.Codecs.Find(header->Kind);
        if (codec is null)
            Panic.Fail("checkpoint: no codec for objects of kind"u8, (ulong)header->Kind);
        if (!codec.IsSound(header) || ProvokedViolations > 0)
            return ReportUnsound(header);
        Span<byte> record = slot.Records.Reserve();
        if (record.IsEmpty)
            return CaptureOutcome.NoMemory;
        int start = RecordHeader.Write(record, header->Kind, codec.Version, SlabSlot.UserOf(header));
        int length = codec.Capture(header, record[start..]);
        if (length > codec.LargestPayload)
            Panic.Fail("checkpoint: a record is longer than its kind's records can be"u8, (ulong)header->Kind);
        slot.Records.Append(header->Id, start + length);
        _services.Tracker.MarkStored(header);
        _services.Tracker.ClearChanged(header);
        return CaptureOutcome.Ok;
    }

    // Persistence must not persist corruption: the last good checkpoint stays, and the session goes on without a new one.
    private CaptureOutcome ReportUnsound(ObjectHeader* header)
    {
        Violations++;
        ProvokedViolations = Math.Max(0, ProvokedViolations - 1);
        Span<byte> buffer = stackalloc byte[120];
        var line = new Utf8Writer(buffer);
        line.Append("checkpoint: discarded: "u8);
        ObjectKindName.AppendObject(ref line, header->Kind, header->Id);
        line.Append(" contradicts itself"u8);
        KernelLog.Line(line.Written);
        return CaptureOutcome.Unsound;
    }

    /// <summary>What a captured epoch had taken belongs to the next one. Newest epoch first.</summary>
    public void Undo(EpochSlot slot)
    {
        RecordStage.Cursor cursor = default;
        while (slot.Records.Next(ref cursor, out ObjectId id, out _))
        {
            ObjectHeader* header = _services.Tracker.Find(id);
            if (header != null)
                _services.Tracker.MarkChanged(header);
        }
        slot.Records.Clear();
        slot.Ended.MoveTo(_services.Pages, ref _services.Tracker.Ended);
        _services.Memory.Epochs.Merge(slot.Frozen);
        slot.State = SlotState.Free;
    }
}
