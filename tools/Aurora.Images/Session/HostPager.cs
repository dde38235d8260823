using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Images.Session;

/// <summary>What the kernel's pager fiber does, for a tool with one flow of control: who waits for a page has it served at once.</summary>
internal sealed unsafe class HostPager(GroupSession session)
{
    // As many pages as one leaf of an object's tree can take note of.
    private const ulong LongestRun = 512;

    /// <summary>How the last page that could not be read failed; Ok while all could.</summary>
    public StoreStatus LastFailure { get; private set; }

    /// <summary>Reads every page that has been asked for.</summary>
    public void Serve()
    {
        PageInRequest* request;
        while ((request = session.Memory.PageIns.Take()) != null)
        {
            if (request->IsProbe)
                Probe(request);
            else
                Read(request);
        }
    }

    private void Read(PageInRequest* request)
    {
        FrameNumber frame = session.Memory.Frames.Allocate(FrameFlags.Data);
        if (frame.Value == 0)
            throw new ImageException("too much data for one operation");
        VolumeId volume = session.Engine.VolumeOf(request->Group);
        StoreStatus status = session.Store.ReadPage(volume, request->Source, request->Page, session.Memory.Frames.AddressOf(frame));
        PageInStatus outcome = status switch
        {
            StoreStatus.Ok => PageInStatus.Ok,
            StoreStatus.Hole => PageInStatus.Hole,
            _ => Failed(status),
        };
        session.Memory.PageIns.Complete(request, outcome, frame);
    }

    // What the store has from a page on, without reading it.
    private void Probe(PageInRequest* request)
    {
        VolumeId volume = session.Engine.VolumeOf(request->Group);
        StoreStatus status = session.Store.NextPages(
            volume, request->Source, request->Page, LongestRun, out ulong present, out ulong presentEnd);
        PageInStatus outcome = status == StoreStatus.Ok ? PageInStatus.Ok : Failed(status);
        session.Memory.PageIns.CompleteProbe(request, outcome, present, presentEnd);
    }

    private PageInStatus Failed(StoreStatus status)
    {
        LastFailure = status;
        return PageInStatus.Failed;
    }
}
