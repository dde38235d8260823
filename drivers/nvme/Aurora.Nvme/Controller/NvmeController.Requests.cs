// Submitting, completing and waiting. A request is either refused on the spot, or goes to the queue pair of the current processor. The
// interrupt handler only notes that there is something to do; completions are processed by the main loop and by whoever waits.
using System.Threading;
using Aurora.Base;

namespace Aurora.Nvme;

public sealed unsafe partial class NvmeController
{
    /// <summary>After so many waits in a row that polled in vain, only every <see cref="ProbePeriod"/>-th wait polls.</summary>
    private const int PatientMisses = 2;
    private const uint ProbePeriod = 64;

    private int _batchDepth;
    private int _missedPolls;
    private uint _waits;

    /// <summary>True when an interrupt has arrived since completions were last processed.</summary>
    public bool HasInterruptPending
    {
        get
        {
            foreach (QueuePair pair in _pairs)
            {
                if (pair.InterruptPending)
                    return true;
            }
            return false;
        }
    }

    /// <summary>True when no request is outstanding, neither on the device nor waiting in the driver.</summary>
    public bool IsIdle
    {
        get
        {
            foreach (QueuePair pair in _pairs)
            {
                if (!pair.IsIdle)
                    return false;
            }
            return true;
        }
    }

    /// <summary>The interrupt handler of a queue pair: posts, nothing more. The only method that needs no kernel lock.</summary>
    public void OnInterrupt(int pair)
    {
        // An interrupt may arrive while bring-up still polls and no pair is in service yet.
        QueuePair[] pairs = _pairs;
        if ((uint)pair < (uint)pairs.Length)
            pairs[pair].InterruptPending = true;
    }

    public override void Submit(BlockRequest* request)
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
        QueuePair pair = _pairs[(uint)_host.CurrentProcessor % (uint)_pairs.Length];
        pair.Submit(request);
        if (_batchDepth == 0 && State == NvmeState.Ready)
            pair.Ring();
    }

    /// <summary>From here to <see cref="EndBatch"/> submissions are collected and reach the device with one doorbell write. Nests.</summary>
    public override void BeginBatch() => _batchDepth++;

    public override void EndBatch()
    {
        Panic.Unless(_batchDepth > 0, "nvme: end of a batch that was not begun"u8);
        _batchDepth--;
        if (_batchDepth == 0)
            Ring();
    }

    /// <summary>Completes what the device has finished. Returns whether there was anything. Cheap when there is not.</summary>
    public bool ProcessCompletions()
    {
        if (State != NvmeState.Ready)
            return false;
        int taken = 0;
        foreach (QueuePair pair in _pairs)
            taken += pair.ProcessCompletions();
        return taken != 0;
    }

    /// <summary>
    /// Polls for a bounded while, because a quick device takes less time than two fiber switches and an interrupt, then blocks. A device
    /// that was too slow for it lately is polled only now and then, to notice when it has become quick: polling in vain takes processor
    /// time from programs and delays everything by as much.
    /// </summary>
    public override BlockStatus Wait(BlockRequest* request)
    {
        Panic.Unless(_batchDepth == 0, "nvme: waited inside a batch"u8);
        bool blocked = false;
        bool isPollWorthwhile = _missedPolls < PatientMisses || ++_waits % ProbePeriod == 0;
        ulong pollUntil = isPollWorthwhile ? _host.Clock.MonotonicNanoseconds + PollNanoseconds : 0;
        while (!IsComplete(request))
        {
            if (ProcessCompletions())
                continue;
            ulong now = _host.Clock.MonotonicNanoseconds;
            CheckHealth(now);
            if (IsComplete(request))
                break;
            if (now < pollUntil || !_host.CanBlock)
            {
                _host.Pause();
                continue;
            }
            blocked = true;
            _host.Fibers.Block(&request->Waiters);
        }
        if (blocked)
            Statistics.BlockedWaits++;
        else
            Statistics.PolledWaits++;
        if (isPollWorthwhile)
        {
            Statistics.MissedPolls += blocked ? 1u : 0;
            _missedPolls = blocked ? _missedPolls + 1 : 0;
        }
        return request->Status;
    }

    /// <summary>Pending when the request may go to the device, otherwise the status it completes with at once.</summary>
    private BlockStatus Check(BlockRequest* request)
    {
        if (State is not (NvmeState.Ready or NvmeState.Resetting))
            return BlockStatus.Gone;
        if (request->Operation == BlockOperation.Flush)
            return CheckFlush();
        int limit = _namespace.LimitOf(request->Operation);
        if (limit == 0)
            return BlockStatus.Unsupported;
        int count = request->BlockCount;
        ulong start = request->Start.Value;
        if (count < 1 || count > limit || start >= BlockCount || (ulong)count > BlockCount - start)
            return BlockStatus.OutOfRange;
        bool hasData = request->Operation is BlockOperation.Read or BlockOperation.Write;
        return hasData && !ArePagesUsable(request) ? BlockStatus.OutOfRange : BlockStatus.Pending;
    }

    private BlockStatus CheckFlush()
    {
        if (_hasVolatileWriteCache)
        {
            if (!_flushes.OwesFailure)
                return BlockStatus.Pending;
            _flushes.FailureDelivered();
            return BlockStatus.MediaError;
        }
        Statistics.FreeFlushes++;
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
        if (State != NvmeState.Ready)
            return;
        foreach (QueuePair pair in _pairs)
            pair.Ring();
    }
}
