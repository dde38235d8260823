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
    private readonly EngineQueues _queues;
    private readonly TraceLog _trace;

    public EpochCapture(in CheckpointServices services, EngineQueues queues)
    {
        _services = services;
        _queues = queues;
        _trace = services.Fibers.Trace;
    }

    /// <summary>
    /// Captures an epoch into a free slot. False when there was no memory for it, or when an object contradicts itself: then nothing has
    /// happened.
    /// </summary>
    public bool Take(in Pipeline pipeline, EpochSlot* slot)
    {
        ulong start = _services.MachineClock.MonotonicNanoseconds;
        pipeline.NoteStart(start);
        slot->StartNanoseconds = start;
        slot->RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds;
        slot->Epoch = pipeline.State->LastCaptured.Next;
        CaptureOutcome outcome = Stop(pipeline, slot);
        if (outcome != CaptureOutcome.Ok)
        {
            Undo(pipeline, slot);
            pipeline.State->Setbacks++;
            _services.Fibers.WakeAll(_queues.ErrandWork);
            ulong pause = outcome == CaptureOutcome.NoMemory ? 0 : RefusedRetryNanoseconds;
            pipeline.RetryAt(_services.MachineClock.MonotonicNanoseconds + Math.Max(pipeline.State->PeriodNanoseconds, pause));
            if (outcome == CaptureOutcome.NoMemory)
                KernelLog.Line("checkpoint: no memory to capture into; trying again"u8);
            return false;
        }
        pipeline.Group.Ended.MoveTo(_services.Pages, ref slot->Ended);
        pipeline.State->MustRetry = false;
        pipeline.State->IsUnquiet = true;
        _services.Output.Of(pipeline.Group).Hold(slot->Epoch);
        pipeline.State->IsRequested = pipeline.State->IsExpected = false;
        pipeline.State->Name.GiveTo(slot);
        pipeline.State->LastCaptured = slot->Epoch;
        pipeline.Group.NoteCapture(slot->Epoch.Value);
        slot->State = SlotState.Captured;
        slot->Sample = new CheckpointSample
        {
            Epoch = slot->Epoch.Value,
            DirtyPages = (uint)slot->Frozen->Pages,
            Records = (uint)slot->Records.Count,
            Bytes = slot->Frozen->Pages * PageSize.Bytes + (ulong)slot->Records.Bytes,
            StopNanoseconds = _services.MachineClock.MonotonicNanoseconds - start,
        };
        _services.Fibers.WakeOne(_queues.FlushWork);
        NotePhases(pipeline, slot);
        return true;
    }

    private CaptureOutcome Stop(in Pipeline pipeline, EpochSlot* slot)
    {
        Clock clock = _services.MachineClock;
        _services.Scheduler.MarkThreadsThatRan(pipeline.Group);
        ulong quiesced = clock.MonotonicNanoseconds;
        _services.Memory.Epochs.Freeze(pipeline.Group, slot->Frozen);
        ulong frozen = clock.MonotonicNanoseconds;
        CaptureOutcome outcome = CaptureRecords(pipeline, slot);
        slot->Phases = new CheckpointPhases
        {
            QuiesceNanoseconds = quiesced - slot->StartNanoseconds,
            FreezeNanoseconds = frozen - quiesced,
            CaptureNanoseconds = clock.MonotonicNanoseconds - frozen,
        };
        return outcome;
    }

    private void NotePhases(in Pipeline pipeline, EpochSlot* slot)
    {
        CheckpointPhases* phases = &slot->Phases;
        ulong known = phases->QuiesceNanoseconds + phases->FreezeNanoseconds + phases->CaptureNanoseconds;
        phases->ResumeNanoseconds = slot->Sample.StopNanoseconds - known;
        if (!_trace.IsOn)
            return;
        uint group = pipeline.Group.Index;
        ulong at = slot->StartNanoseconds;
        _trace.Tell(group, TraceKind.Quiesce, ref at, phases->QuiesceNanoseconds, 0);
        _trace.Tell(group, TraceKind.Freeze, ref at, phases->FreezeNanoseconds, slot->Sample.DirtyPages);
        _trace.Tell(group, TraceKind.Capture, ref at, phases->CaptureNanoseconds, slot->Sample.Records);
        _trace.Tell(group, TraceKind.Resume, ref at, phases->ResumeNanoseconds, slot->Epoch.Value);
    }

    private CaptureOutcome CaptureRecords(in Pipeline pipeline, EpochSlot* slot)
    {
        ObjectTracker group = pipeline.Group;
        GroupObject* about = _services.Group.Of(group);
        about->Epoch = slot->Epoch;
        about->MonotonicNanoseconds = _services.Clocks.Of(group).MonotonicNanoseconds;
        about->RealtimeNanoseconds = slot->RealtimeNanoseconds;
        group.MarkChanged(&about->Header);
        CaptureOutcome outcome = group.ReserveEnds() ? CaptureOutcome.Ok : CaptureOutcome.NoMemory;
        while (group.FirstChanged != null && outcome == CaptureOutcome.Ok)
            outcome = CaptureRecord(pipeline, slot, group.FirstChanged);
        return outcome;
    }

    private CaptureOutcome CaptureRecord(in Pipeline pipeline, EpochSlot* slot, ObjectHeader* header)
    {
        StateCodec? codec = _services.Codecs.Find(header->Kind);
        if (codec is null)
            Panic.Fail("checkpoint: no codec for objects of kind"u8, (ulong)header->Kind);
        if (!codec.IsSound(header) || pipeline.State->ProvokedViolations > 0)
            return ReportUnsound(pipeline.State, header);
        Span<byte> record = slot->Records.Reserve(_services.Pages);
        if (record.IsEmpty)
            return CaptureOutcome.NoMemory;
        int start = RecordHeader.Write(record, header->Kind, codec.Version, SlabSlot.UserOf(header));
        int length = codec.Capture(header, record[start..]);
        if (length > codec.LargestPayload)
            Panic.Fail("checkpoint: a record is longer than its kind's records can be"u8, (ulong)header->Kind);
        slot->Records.Append(header->Id, start + length);
        pipeline.Group.EndCapture(header, slot->Epoch.Value);
        return CaptureOutcome.Ok;
    }

    // Persistence must not persist corruption: the last good checkpoint stays, and the session goes on without a new one.
    private static CaptureOutcome ReportUnsound(PipelineState* state, ObjectHeader* header)
    {
        state->Violations++;
        state->ProvokedViolations = Math.Max(0, state->ProvokedViolations - 1);
        Span<byte> buffer = stackalloc byte[120];
        var line = new Utf8Writer(buffer);
        line.Append("checkpoint: discarded: "u8);
        ObjectKindName.AppendObject(ref line, header->Kind, header->Id);
        line.Append(" contradicts itself"u8);
        KernelLog.Line(line.Written);
        return CaptureOutcome.Unsound;
    }

    /// <summary>What a captured epoch had taken belongs to the next one. Newest epoch first.</summary>
    public void Undo(in Pipeline pipeline, EpochSlot* slot)
    {
        RecordStage.Cursor cursor = default;
        while (slot->Records.Next(ref cursor, out ObjectId id, out _))
        {
            ObjectHeader* header = pipeline.Group.Find(id);
            if (header != null)
                pipeline.Group.MarkChanged(header);
        }
        slot->Records.Clear(_services.Pages);
        slot->Ended.MoveTo(_services.Pages, ref pipeline.Group.Ended);
        _services.Memory.Epochs.Merge(slot->Frozen);
        slot->State = SlotState.Free;
    }
}
