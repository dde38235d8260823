// The stop window: nothing here waits, and its cost is that of what changed. Pages for staged records are the only thing taken; when
// there is none the capture is undone and tried again a period later. So is one in which an object fails the check before commit.
//
// The memory of one mapping can be captured by itself (sls_memckpt): its pages, and the group's own record, so that the state is that of
// this epoch and its clock is not behind what the memory says. What is counted by whole captures does not notice: the pace, which object is
// as stored (ObjectTracker), what has been granted of the disk, held output. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Memory;
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
        Begin(pipeline, slot, isMemory: false);
        pipeline.NoteStart(slot->StartNanoseconds);
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
        _services.Output.Of(pipeline.Group).Hold(slot->Epoch);
        pipeline.State->IsRequested = pipeline.State->IsExpected = false;
        pipeline.State->Name.GiveTo(slot);
        pipeline.State->LastWhole = slot->Epoch;
        pipeline.Group.NoteCapture(slot->Epoch.Value);
        HandOn(pipeline, slot, isAwaited: true);
        return true;
    }

    /// <summary>
    /// Captures what has changed of one object, which can be frozen alone, into a free slot. False when there was no memory for the record
    /// that goes with it: then nothing has happened. Who does not await it goes on first.
    /// </summary>
    public bool TakeMemory(in Pipeline pipeline, EpochSlot* slot, VmObject* target, bool isAwaited)
    {
        Begin(pipeline, slot, isMemory: true);
        _services.Memory.Epochs.FreezeAlone(target, slot->Frozen);
        ulong frozen = _services.MachineClock.MonotonicNanoseconds;
        CaptureOutcome outcome = StageRecord(pipeline, slot, UpdateGroup(pipeline, slot));
        slot->Phases = new CheckpointPhases
        {
            FreezeNanoseconds = frozen - slot->StartNanoseconds,
            CaptureNanoseconds = _services.MachineClock.MonotonicNanoseconds - frozen,
        };
        if (outcome == CaptureOutcome.Ok)
            HandOn(pipeline, slot, isAwaited);
        else
            Undo(pipeline, slot);
        return outcome == CaptureOutcome.Ok;
    }

    private void Begin(in Pipeline pipeline, EpochSlot* slot, bool isMemory)
    {
        slot->StartNanoseconds = _services.MachineClock.MonotonicNanoseconds;
        slot->RealtimeNanoseconds = _services.MachineClock.RealtimeNanoseconds;
        slot->Epoch = pipeline.State->LastCaptured.Next;
        slot->IsMemory = isMemory;
        slot->NameLength = 0;
    }

    // The stop is over: a flush fiber has the epoch next.
    private void HandOn(in Pipeline pipeline, EpochSlot* slot, bool isAwaited)
    {
        pipeline.State->IsUnquiet = true;
        pipeline.State->LastCaptured = slot->Epoch;
        slot->State = SlotState.Captured;
        slot->Sample = new CheckpointSample
        {
            Epoch = slot->Epoch.Value,
            DirtyPages = (uint)slot->Frozen->Pages,
            Records = (uint)slot->Records.Count,
            Bytes = slot->Frozen->Pages * PageSize.Bytes + (ulong)slot->Records.Bytes,
            StopNanoseconds = _services.MachineClock.MonotonicNanoseconds - slot->StartNanoseconds,
        };
        if (isAwaited)
            _services.Fibers.WakeOne(_queues.FlushWork);
        else
            _services.Fibers.WakeSoon(_queues.FlushWork);
        NotePhases(pipeline, slot);
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
        group.MarkChanged(UpdateGroup(pipeline, slot));
        CaptureOutcome outcome = group.ReserveEnds() ? CaptureOutcome.Ok : CaptureOutcome.NoMemory;
        while (group.FirstChanged != null && outcome == CaptureOutcome.Ok)
            outcome = CaptureRecord(pipeline, slot, group.FirstChanged);
        return outcome;
    }

    // What the group's own record says of an epoch.
    private ObjectHeader* UpdateGroup(in Pipeline pipeline, EpochSlot* slot)
    {
        GroupObject* about = _services.Group.Of(pipeline.Group);
        about->Epoch = slot->Epoch;
        about->MonotonicNanoseconds = _services.Clocks.Of(pipeline.Group).MonotonicNanoseconds;
        about->RealtimeNanoseconds = slot->RealtimeNanoseconds;
        return &about->Header;
    }

    private CaptureOutcome CaptureRecord(in Pipeline pipeline, EpochSlot* slot, ObjectHeader* header)
    {
        CaptureOutcome outcome = StageRecord(pipeline, slot, header);
        if (outcome == CaptureOutcome.Ok)
            pipeline.Group.EndCapture(header, slot->Epoch.Value);
        return outcome;
    }

    private CaptureOutcome StageRecord(in Pipeline pipeline, EpochSlot* slot, ObjectHeader* header)
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
