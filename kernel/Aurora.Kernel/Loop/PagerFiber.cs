// Brings pages in from the store, or from a group that has them in memory already (SharedPages). A thread that touches a page which is not
// in memory sleeps on the page's request; one of a few pager fibers reads it, with those behind it that are asked for too, and the thread's
// access is tried again. A page the store cannot deliver becomes a bus error for whoever touches it; but when it is the whole disk that has
// failed, nobody is to blame and nothing is lost: the threads keep waiting and the session pauses. Without a frame to read into, a pager
// waits for reclaim; only when nothing can be reclaimed are those who wait for the page told.
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Kernel;

internal sealed unsafe class PagerFiber(
    KernelFibers fibers, NvmeDevice disk, MemoryManager memory, CheckpointEngine engine, ObjectStore store, SharedPages shared) : FiberBody
{
    /// <summary>How many reads may wait for the device at once.</summary>
    public const int Count = 8;

    // As many pages as one leaf of an object's tree can take note of.
    private const ulong LongestRun = 512;

    public override void Run()
    {
        for (;;)
        {
            PageInRequest* request = memory.PageIns.Take();
            if (request == null)
                fibers.Block(memory.PageIns.Work);
            else if (request->IsProbe)
                Probe(request);
            else
                Serve(request);
        }
    }

    // This fiber is done for: so is the disk. Its request stays open, and whoever waits for it waits on.
    private void Park()
    {
        FiberQueue forever = default;
        for (;;)
            fibers.Block(&forever);
    }

    private FrameNumber TakeFrame()
    {
        FrameNumber frame = memory.Frames.Allocate(FrameFlags.Data, FramePriority.PageIn);
        while (frame.Value == 0 && !memory.Shortage.IsExhausted)
        {
            fibers.WakeOne(memory.Shortage.ReclaimWork);
            fibers.Block(memory.Shortage.FramesFreed);
            frame = memory.Frames.Allocate(FrameFlags.Data, FramePriority.PageIn);
        }
        return frame;
    }

    // What the store has from a page on, without reading it.
    private void Probe(PageInRequest* request)
    {
        StoreStatus status = store.NextPages(
            engine.VolumeOf(request->Group), request->Source, request->Page, LongestRun, out ulong present, out ulong presentEnd);
        if (status != StoreStatus.Ok && disk.HasFailed)
            Park();
        memory.PageIns.CompleteProbe(request, status == StoreStatus.Ok ? PageInStatus.Ok : PageInStatus.Failed, present, presentEnd);
    }

    private void Serve(PageInRequest* request)
    {
        // While this waits the group may end.
        VolumeId volume = engine.VolumeOf(request->Group);
        if (TryShare(request, volume))
            return;
        FrameNumber frame = TakeFrame();
        if (frame.Value == 0)
        {
            memory.PageIns.Complete(request, PageInStatus.OutOfMemory, default);
            return;
        }
        PageInRequest** requests = stackalloc PageInRequest*[ObjectStore.MostPagesAtOnce];
        FrameNumber* frames = stackalloc FrameNumber[ObjectStore.MostPagesAtOnce];
        requests[0] = request;
        frames[0] = frame;
        int count = TakeRun(requests, frames, volume);
        void** destinations = stackalloc void*[ObjectStore.MostPagesAtOnce];
        StoreStatus* statuses = stackalloc StoreStatus[ObjectStore.MostPagesAtOnce];
        for (int i = 0; i < count; i++)
            destinations[i] = memory.Frames.AddressOf(frames[i]);
        ushort group = request->Group;
        ulong page = request->Page;
        ulong start = fibers.Trace.Begin();
        store.ReadPages(volume, request->Source, page, destinations, count, statuses);
        fibers.Trace.EndFor(group, TraceKind.PageIn, start, page);
        bool isLost = false;
        for (int i = 0; i < count; i++)
            isLost |= !TryEnd(requests[i], frames[i], statuses[i]);
        if (isLost)
            Park();
    }

    // The pages that follow one which is about to be read, as long as there are frames for them; how many there are with it.
    private int TakeRun(PageInRequest** requests, FrameNumber* frames, VolumeId volume)
    {
        int count = 1;
        while (count < ObjectStore.MostPagesAtOnce)
        {
            FrameNumber frame = memory.Frames.Allocate(FrameFlags.Data, FramePriority.PageIn);
            PageInRequest* next = frame.Value != 0 ? memory.PageIns.TakeNext(requests[0], count) : null;
            bool isShared = next != null && TryShare(next, volume);
            if (next == null || isShared)
            {
                if (frame.Value != 0)
                    memory.Frames.Release(frame);
                break;
            }
            requests[count] = next;
            frames[count++] = frame;
        }
        return count;
    }

    // Somebody else has the page in memory.
    private bool TryShare(PageInRequest* request, VolumeId volume)
    {
        FrameNumber frame = shared.Take(request->Group, volume, request->Source, request->Page);
        if (frame.Value != 0)
            memory.PageIns.Complete(request, PageInStatus.Ok, frame);
        return frame.Value != 0;
    }

    // False when the request stays open, because the disk has failed.
    private bool TryEnd(PageInRequest* request, FrameNumber frame, StoreStatus status)
    {
        if (status == StoreStatus.Ok)
        {
            memory.PageIns.Complete(request, PageInStatus.Ok, frame);
            return true;
        }
        memory.Frames.Release(frame);
        if (status != StoreStatus.Hole && disk.HasFailed)
            return false;
        memory.PageIns.Complete(request, status == StoreStatus.Hole ? PageInStatus.Hole : PageInStatus.Failed, default);
        return true;
    }
}
