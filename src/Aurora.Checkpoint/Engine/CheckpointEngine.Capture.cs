// The stop window: nothing here waits, and its cost is that of what changed. Pages for staged records are the only thing taken; when
// there is none the capture is undone and tried again a period later.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Persistence;

namespace Aurora.Checkpoint;

public sealed unsafe partial class CheckpointEngine
{
    // False when there was no memory for it: then nothing has happened.
    private bool Take(EpochSlot slot)
    {
        ulong start = _services.MachineClock.MonotonicNanoseconds;
        _lastStartNanoseconds = start;
        slot.StartNanoseconds = start;
        slot.RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds;
        slot.Epoch = _lastCaptured.Next;
        slot.OutputPosition = _services.Output.Written;
        _services.Scheduler.MarkThreadsThatRan(_services.Tracker);
        _services.Memory.Freeze(_services.Tracker, slot.Frozen);
        if (!CaptureRecords(slot))
        {
            Undo(slot);
            RetryAfter(PeriodNanoseconds);
            KernelLog.Line("checkpoint: no memory to capture into; trying again"u8);
            return false;
        }
        _services.Tracker.Ended.MoveTo(slot.Ended);
        _mustRetry = false;
        TakeName(slot);
        _lastCaptured = slot.Epoch;
        slot.State = SlotState.Captured;
        slot.Sample = new CheckpointSample
        {
            Epoch = slot.Epoch.Value,
            DirtyPages = (uint)slot.Frozen->Pages,
            Records = (uint)slot.Records.Count,
            Bytes = slot.Frozen->Pages * PageSize.Bytes + (ulong)slot.Records.Bytes,
            StopNanoseconds = _services.MachineClock.MonotonicNanoseconds - start,
        };
        _services.Fibers.WakeAll(FlushWork);
        return true;
    }

    private bool CaptureRecords(EpochSlot slot)
    {
        GroupObject* group = _services.Group.Group;
        group->Epoch = slot.Epoch;
        group->MonotonicNanoseconds = _services.SessionClock.MonotonicNanoseconds;
        group->RealtimeNanoseconds = slot.RealtimeNanoseconds;
        _services.Group.NextId = _services.Tracker.NextId;
        _services.Tracker.MarkChanged(&group->Header);
        while (_services.Tracker.FirstChanged != null)
        {
            if (!CaptureRecord(slot, _services.Tracker.FirstChanged))
                return false;
        }
        return true;
    }

    private bool CaptureRecord(EpochSlot slot, ObjectHeader* header)
    {
        Span<byte> record = slot.Records.Reserve();
        if (record.IsEmpty)
            return false;
        StateCodec? codec = _services.Codecs.Find(header->Kind);
        if (codec is null)
            Panic.Fail("checkpoint: no codec for objects of kind"u8, (ulong)header->Kind);
        var framing = new RecordHeader { Kind = header->Kind, Version = codec.Version };
        MemoryMarshal.Write(record, in framing);
        int length = codec.Capture(header, record[RecordHeader.Size..]);
        slot.Records.Append(header->Id, RecordHeader.Size + length);
        header->Flags |= ObjectFlags.Stored;
        _services.Tracker.ClearChanged(header);
        return true;
    }

    // What the epoch had taken belongs to the next one. Newest epoch first.
    private void Undo(EpochSlot slot)
    {
        RecordStage.Cursor cursor = default;
        while (slot.Records.Next(ref cursor, out ObjectId id, out _))
        {
            ObjectHeader* header = _services.Tracker.Find(id);
            if (header != null)
                _services.Tracker.MarkChanged(header);
        }
        slot.Records.Clear();
        slot.Ended.MoveTo(_services.Tracker.Ended);
        _services.Memory.MergeEpoch(slot.Frozen);
        slot.State = SlotState.Free;
    }

    // Even a request waits until then.
    private void RetryAfter(ulong nanoseconds)
    {
        _mustRetry = true;
        _retryNanoseconds = _services.MachineClock.MonotonicNanoseconds + nanoseconds;
    }

    private void TakeName(EpochSlot slot)
    {
        slot.NameLength = _requestedNameLength;
        new ReadOnlySpan<byte>(_requestedName, 0, _requestedNameLength).CopyTo(slot.Name);
        _requestedNameLength = 0;
        _isRequested = false;
    }
}
