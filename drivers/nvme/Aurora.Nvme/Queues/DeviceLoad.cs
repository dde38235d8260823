using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>
/// How much a device has to do before it is done with a request, in blocks: what is under way, and, for a flush, what has been written
/// since the last one. Kept by the queue pairs, under the kernel lock.
/// </summary>
internal sealed unsafe class DeviceLoad
{
    private ulong _written;

    /// <summary>Of the commands on the device.</summary>
    public ulong BlocksUnderWay { get; private set; }

    public void Issued(BlockRequest* request) => BlocksUnderWay += (ulong)request->BlockCount;

    /// <summary>The command is no longer on the device, for whatever reason.</summary>
    public void Ended(BlockRequest* request) => BlocksUnderWay -= (ulong)request->BlockCount;

    /// <summary>It has succeeded.</summary>
    public void Succeeded(BlockRequest* request)
    {
        if (request->Operation == BlockOperation.Flush)
            _written = 0;
        else if (request->Operation != BlockOperation.Read)
            _written += (ulong)request->BlockCount;
    }

    /// <summary>What must be done before a request that has just been submitted is.</summary>
    public ulong BlocksBefore(BlockRequest* request) => BlocksUnderWay + (request->Operation == BlockOperation.Flush ? _written : 0);
}
