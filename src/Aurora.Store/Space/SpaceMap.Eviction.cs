// Making room among the frames. Other fibers' reads and writes end by themselves, so a fiber that finds every frame taken waits for one of them
// and looks again; memory is short only when all frames stay pinned.
using Aurora.Base;

namespace Aurora.Store;

internal sealed unsafe partial class SpaceMap
{
    private const int IdleRescans = 64;

    /// <summary>Finds an empty frame, writing or forgetting an unused page. OutOfMemory when all stay in use. Blocks.</summary>
    private StoreStatus TakeFrame(out SpaceFrame* taken)
    {
        taken = null;
        for (int idle = 0; idle < IdleRescans;)
        {
            StoreStatus status = Scan(out taken, out FiberQueue* waitFor);
            if (status != StoreStatus.Ok || taken != null)
                return status;
            if (waitFor != null)
            {
                _context.Fibers.Block(waitFor);
            }
            else
            {
                idle++;
                _context.Fibers.Yield();
            }
        }
        return StoreStatus.OutOfMemory;
    }

    // Three rounds: the first forgives recent use and leaves dirty parents alone, the second those, the third nothing.
    private StoreStatus Scan(out SpaceFrame* taken, out FiberQueue* waitFor)
    {
        taken = null;
        waitFor = null;
        for (int step = 0; step < 3 * _frameCount; step++)
        {
            SpaceFrame* frame = &_frames[_hand];
            _hand = (_hand + 1) % _frameCount;
            if (frame->State == FrameState.Empty)
            {
                taken = frame;
                return StoreStatus.Ok;
            }
            if (frame->State == FrameState.Busy)
                waitFor = &frame->Waiters;
            if (frame->State == FrameState.Busy || frame->Pins != 0)
                continue;
            if (frame->IsRecent)
            {
                frame->IsRecent = false;
                continue;
            }
            if (IsHeldBack(frame))
            {
                waitFor = FrameWaiters;
                continue;
            }
            if (frame->IsDirty && frame->Level > 0 && step < _frameCount)
                continue;
            StoreStatus status = Evict(frame, out bool isGone);
            if (status != StoreStatus.Ok || isGone)
            {
                taken = status == StoreStatus.Ok ? frame : null;
                return status;
            }
        }
        return StoreStatus.Ok;
    }

    private bool IsHeldBack(SpaceFrame* frame)
        => frame->IsDirty ? _isBounceBusy : _isBatchPending && frame->SlotCut == _cut;

    private StoreStatus Evict(SpaceFrame* frame, out bool isGone)
    {
        isGone = false;
        if (frame->IsDirty)
        {
            // Only while a cut is made.
            frame->State = FrameState.Busy;
            _isBounceBusy = true;
            StoreStatus status = WriteFrame(frame, null);
            _isBounceBusy = false;
            frame->State = FrameState.Ready;
            _context.Fibers.WakeAll(&frame->Waiters);
            _context.Fibers.WakeAll(FrameWaiters);
            if (status != StoreStatus.Ok)
                return status;
            if (frame->IsDirty || frame->Pins != 0)
                return StoreStatus.Ok;
        }
        if (frame->NewBlocks > 0 && !_newBlocks.Save(frame->Index, CountsOf(frame)))
            return StoreStatus.Ok;
        AddNew(frame, -frame->NewBlocks, isKnown: true);
        ForgetViewMarks(frame);
        Remove(frame);
        frame->State = FrameState.Empty;
        isGone = true;
        return StoreStatus.Ok;
    }
}
