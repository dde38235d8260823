// Reads names and inodes that somebody waits for. When it is the whole disk that has failed, nothing is lost: the threads keep waiting and
// the session pauses, as for pages (PagerFiber).
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Core;
using Aurora.Posix.Files;

namespace Aurora.Kernel;

internal sealed unsafe class NameFiber(KernelFibers fibers, NvmeDevice disk, StoreFileRecords records, FileLoader loader) : FiberBody
{
    /// <summary>How many may wait for the device at once.</summary>
    public const int Count = 4;

    public override void Run()
    {
        for (;;)
        {
            NameRequest* request = loader.Take();
            if (request == null)
                fibers.Block(records.Work);
            else
                Serve(request);
        }
    }

    private void Serve(NameRequest* request)
    {
        RecordRead read = loader.Read(request);
        if (read == RecordRead.Failed && disk.HasFailed)
            Park();
        loader.End(request, read);
    }

    // This fiber is done for: so is the disk. Its request stays open, and whoever waits for it waits on.
    private void Park()
    {
        FiberQueue forever = default;
        for (;;)
            fibers.Block(&forever);
    }
}
