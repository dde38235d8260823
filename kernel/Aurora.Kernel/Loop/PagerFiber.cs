// A thread that touches a page which is not in memory sleeps on the page's request; one of a few pager fibers serves it (PageReader), and
// the thread's access is tried again.
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Memory;

namespace Aurora.Kernel;

internal sealed unsafe class PagerFiber(KernelFibers fibers, MemoryManager memory, PageReader reader) : FiberBody
{
    /// <summary>How many reads may wait for the device at once.</summary>
    public const int Count = 8;

    public override void Run()
    {
        for (;;)
        {
            PageInRequest* request = memory.PageIns.Take();
            if (request == null)
                fibers.Block(memory.PageIns.Work);
            else if (!reader.Serve(request))
                Park();
        }
    }

    // This fiber is done for: so is the disk. Its requests stay open, and whoever waits for them waits on.
    private void Park()
    {
        FiberQueue forever = default;
        for (;;)
            fibers.Block(&forever);
    }
}
