using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Threads;

namespace Aurora.Posix.Ipc;

/// <summary>
/// Hears from memory who shows a segment: that is when it was attached or detached last, and by whom; and the last one takes a removed
/// segment with him. What nobody's call has brought about (a restore that ends a half-built program) is no news.
/// </summary>
public sealed unsafe class SharedSegmentKeeper(IpcState state, ThreadScheduler scheduler, GroupClocks clocks) : SegmentKeeper
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    public override void Attached(VmObject* target)
    {
        SharedSegment* segment = (SharedSegment*)target->Segment;
        if (scheduler.Current == null)
            return;
        segment->AttachSeconds = SecondsOf(&segment->Header);
        segment->LastProcess = scheduler.Current->Process->Id;
        state.Tracked.MarkChanged(&segment->Header);
    }

    public override bool Detached(VmObject* target, int process)
    {
        SharedSegment* segment = (SharedSegment*)target->Segment;
        if (process == 0 && scheduler.Current != null)
            process = scheduler.Current->Process->Id;
        if (process != 0)
        {
            segment->DetachSeconds = SecondsOf(&segment->Header);
            segment->LastProcess = process;
            state.Tracked.MarkChanged(&segment->Header);
        }
        if (target->Attaches > 0 || !segment->IsDestroyed)
            return false;
        Forget(segment);
        return true;
    }

    /// <summary>Seconds since 1970 as a group's clock has them.</summary>
    internal ulong SecondsOf(ObjectHeader* header) => clocks.Of(header).RealtimeNanoseconds / NanosecondsPerSecond;

    // The segment ends; whoever calls gives up its memory.
    internal void Forget(SharedSegment* segment)
    {
        IpcSpace* space = state.Of(&segment->Header);
        space->SegmentPages -= segment->Pages;
        state.Ids.Remove(&space->Segments, (IpcObject*)segment);
        state.Tracked.Remove(&segment->Header);
        state.Segments.Free(segment);
    }
}
