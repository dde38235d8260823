// Brings pages in that are asked for: from a group that has them in memory already (BaseFrames, SharedPages), or from the store. A page
// that the store cannot deliver becomes a bus error for whoever touches it; but when it is the whole disk that has failed, nobody is to
// blame and nothing is lost: the threads keep waiting and the session pauses. Requests for the pages behind one that is read are taken with
// it; of what is read together nobody waits for what takes longer. Without a frame to read into, it waits for reclaim; only when nothing
// can be reclaimed are those who wait for the page told.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Serves requests for pages.</summary>
public sealed unsafe class PageReader(
    FiberScheduler fibers, MemoryManager memory, CheckpointEngine engine, ObjectStore store, SharedPages shared)
{
    // As many pages as one leaf of an object's tree can take note of.
    private const ulong LongestRun = 512;

    /// <summary>
    /// Ends a request that was taken, and some of those behind it; false when some stay open, because the disk has failed. Blocks.
    /// </summary>
    public bool Serve(PageInRequest* request) => request->IsProbe ? Probe(request) : Read(request);

    // What the store has from a page on, without reading it.
    private bool Probe(PageInRequest* request)
    {
        StoreStatus status = store.NextPages(
            engine.VolumeOf(request->Group), request->Source, request->Page, LongestRun, out ulong present, out ulong presentEnd);
        if (status != StoreStatus.Ok && store.HasDeviceFailed)
            return false;
        memory.PageIns.CompleteProbe(request, status == StoreStatus.Ok ? PageInStatus.Ok : PageInStatus.Failed, present, presentEnd);
        return true;
    }

    private bool Read(PageInRequest* request)
    {
        // While this waits the group may end.
        VolumeId volume = engine.VolumeOf(request->Group);
        FrameNumber frame = memory.PageIns.HoldBase(request);
        if (frame.Value == 0)
            frame = shared.Take(request->Group, volume, request->Source, request->Page);
        if (frame.Value != 0)
        {
            memory.PageIns.Complete(request, PageInStatus.Ok, frame);
            return true;
        }
        frame = TakeFrame();
        if (frame.Value == 0)
        {
            memory.PageIns.Complete(request, PageInStatus.OutOfMemory, default);
            return true;
        }
        PageInRequest** requests = stackalloc PageInRequest*[ObjectStore.MostPagesAtOnce];
        FrameNumber* frames = stackalloc FrameNumber[ObjectStore.MostPagesAtOnce];
        requests[0] = request;
        frames[0] = frame;
        return ReadRun(requests, frames, TakeRun(requests, frames, volume), volume);
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

    // The pages that follow one which is about to be read, as long as there are frames for them and nobody may have them; how many there
    // are with it.
    private int TakeRun(PageInRequest** requests, FrameNumber* frames, VolumeId volume)
    {
        PageInRequest* first = requests[0];
        int count = 1;
        while (count < ObjectStore.MostPagesAtOnce && !shared.MayHave(first->Group, volume, first->Source, first->Page + (ulong)count))
        {
            FrameNumber frame = memory.Frames.Allocate(FrameFlags.Data, FramePriority.PageIn);
            PageInRequest* next = frame.Value != 0 ? memory.PageIns.TakeNext(first, count) : null;
            FrameNumber known = next != null ? memory.PageIns.HoldBase(next) : default;
            if (known.Value != 0)
                memory.PageIns.Complete(next, PageInStatus.Ok, known);
            if (next == null || known.Value != 0)
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

    private bool ReadRun(PageInRequest** requests, FrameNumber* frames, int count, VolumeId volume)
    {
        void** destinations = stackalloc void*[ObjectStore.MostPagesAtOnce];
        StoreStatus* statuses = stackalloc StoreStatus[ObjectStore.MostPagesAtOnce];
        for (int i = 0; i < count; i++)
            destinations[i] = memory.Frames.AddressOf(frames[i]);
        ushort group = requests[0]->Group;
        ulong page = requests[0]->Page;
        ulong start = fibers.Trace.Begin();
        store.ReadPages(volume, requests[0]->Source, page, destinations, count, statuses);
        fibers.Trace.EndFor(group, TraceKind.PageIn, start, page);
        for (int i = 0; i < count; i++)
        {
            if (statuses[i] == StoreStatus.Ok)
                memory.PageIns.Complete(requests[i], PageInStatus.Ok, frames[i]);
        }
        bool hasEnded = true;
        for (int i = 0; i < count; i++)
        {
            if (statuses[i] != StoreStatus.Ok)
                hasEnded &= ReadAlone(requests[i], frames[i], volume);
        }
        return hasEnded;
    }

    private bool ReadAlone(PageInRequest* request, FrameNumber frame, VolumeId volume)
    {
        StoreStatus status = store.ReadPage(volume, request->Source, request->Page, memory.Frames.AddressOf(frame));
        if (status == StoreStatus.Ok)
        {
            memory.PageIns.Complete(request, PageInStatus.Ok, frame);
            return true;
        }
        memory.Frames.Release(frame);
        if (status != StoreStatus.Hole && store.HasDeviceFailed)
            return false;
        memory.PageIns.Complete(request, status == StoreStatus.Hole ? PageInStatus.Hole : PageInStatus.Failed, default);
        return true;
    }
}
