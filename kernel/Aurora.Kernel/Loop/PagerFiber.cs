// Brings pages in from the store. A thread that touches a page which is not in memory sleeps on the page's request; one of a few pager
// fibers reads it, and the thread's access is tried again. A page the store cannot deliver becomes a bus error for whoever touches it.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Kernel;

internal static unsafe class PagerFiber
{
    /// <summary>How many reads may wait for the device at once.</summary>
    public const int Count = 8;

    public static void Run(void* argument)
    {
        KernelSession session = KernelSession.Current;
        MemoryManager memory = session.Group.Memory;
        for (;;)
        {
            PageInRequest* request = memory.TakePageInRequest();
            if (request == null)
                session.Fibers.Block(memory.PageInWork);
            else
                Serve(session, memory, request);
        }
    }

    private static void Serve(KernelSession session, MemoryManager memory, PageInRequest* request)
    {
        FrameNumber frame = memory.Frames.Allocate(FrameFlags.Data);
        if (frame.Value == 0)
        {
            memory.CompletePageIn(request, PageInStatus.OutOfMemory, default);
            return;
        }
        StoreStatus status = session.Group.Store.ReadPage(request->Source, request->Page, memory.Frames.AddressOf(frame));
        if (status == StoreStatus.Ok)
        {
            memory.CompletePageIn(request, PageInStatus.Ok, frame);
            return;
        }
        memory.Frames.Release(frame);
        memory.CompletePageIn(request, status == StoreStatus.Hole ? PageInStatus.Hole : PageInStatus.Failed, default);
    }
}
