// Submitting and completing. A request is either refused on the spot, or goes to the queue pair of the current processor. The interrupt
// handler only notes that there is something to do; completions are processed by the main loop and by whoever waits.
using System.Threading;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Brings requests to the device and back.</summary>
internal sealed unsafe class RequestQueues(ControllerState state, NvmeHost host)
{
    private int _batchDepth;

    /// <summary>True between <see cref="BeginBatch"/> and its end.</summary>
    public bool IsInBatch => _batchDepth != 0;

    /// <summary>True when an interrupt has arrived since completions were last processed.</summary>
    public bool HasInterruptPending
    {
        get
        {
            foreach (QueuePair pair in state.Pairs)
            {
                if (pair.InterruptPending)
                    return true;
            }
            return false;
        }
    }

    /// <summary>The interrupt handler of a queue pair: posts, nothing more. The only method that needs no kernel lock.</summary>
    public void OnInterrupt(int pair)
    {
        // An interrupt may arrive while bring-up still polls and no pair is in service yet.
        QueuePair[] pairs = state.Pairs;
        if ((uint)pair < (uint)pairs.Length)
            pairs[pair].InterruptPending = true;
    }

    public void Submit(BlockRequest* request)
    {
        request->Status = BlockStatus.Pending;
        request->DeviceStatus = 0;
        request->Next = null;
        request->Waiters = default;
        BlockStatus immediate = Check(request);
        if (immediate != BlockStatus.Pending)
        {
            Volatile.Write(ref *(byte*)&request->Status, (byte)immediate);
            return;
        }
        QueuePair pair = state.Pairs[(uint)host.CurrentProcessor % (uint)state.Pairs.Length];
        pair.Submit(request);
        if (!IsInBatch && state.State == NvmeState.Ready)
            pair.Ring();
    }

    public void BeginBatch() => _batchDepth++;

    public void EndBatch()
    {
        Panic.Unless(_batchDepth > 0, "nvme: end of a batch that was not begun"u8);
        _batchDepth--;
        if (_batchDepth == 0)
            Ring();
    }

    /// <summary>Completes what the device has finished. Returns whether there was anything. Cheap when there is not.</summary>
    public bool ProcessCompletions()
    {
        if (state.State != NvmeState.Ready)
            return false;
        int taken = 0;
        foreach (QueuePair pair in state.Pairs)
            taken += pair.ProcessCompletions();
        return taken != 0;
    }

    /// <summary>Pending when the request may go to the device, otherwise the status it completes with at once.</summary>
    private BlockStatus Check(BlockRequest* request)
    {
        if (state.State is not (NvmeState.Ready or NvmeState.Resetting))
            return BlockStatus.Gone;
        if (request->Operation == BlockOperation.Flush)
            return CheckFlush();
        int limit = state.Namespace.LimitOf(request->Operation);
        if (limit == 0)
            return BlockStatus.Unsupported;
        int count = request->BlockCount;
        ulong start = request->Start.Value;
        ulong blocks = state.Namespace.BlockCount;
        if (count < 1 || count > limit || start >= blocks || (ulong)count > blocks - start)
            return BlockStatus.OutOfRange;
        bool hasData = request->Operation is BlockOperation.Read or BlockOperation.Write;
        return hasData && !ArePagesUsable(request) ? BlockStatus.OutOfRange : BlockStatus.Pending;
    }

    private BlockStatus CheckFlush()
    {
        if (state.HasVolatileWriteCache)
        {
            if (!state.Flushes.OwesFailure)
                return BlockStatus.Pending;
            state.Flushes.FailureDelivered();
            return BlockStatus.MediaError;
        }
        state.Statistics.FreeFlushes++;
        return BlockStatus.Ok;
    }

    private static bool ArePagesUsable(BlockRequest* request)
    {
        if (request->Pages == null)
            return false;
        for (int i = 0; i < request->BlockCount; i++)
        {
            void* page = request->Pages[i];
            if (page == null || ((ulong)page & (PageSize.Bytes - 1)) != 0)
                return false;
        }
        return true;
    }

    private void Ring()
    {
        if (state.State != NvmeState.Ready)
            return;
        foreach (QueuePair pair in state.Pairs)
            pair.Ring();
    }
}
