// Waiting for a request. A wait polls for a bounded while, because a quick device takes less time than two fiber switches and an
// interrupt, then blocks. Polling in vain takes processor time from programs and delays everything by as much, so a wait polls only where
// that may pay:
//
//   * Not for what takes its time on the quickest device: a large request, a small one behind large ones, a flush of much.
//   * Not while requests of the same operation have been too slow lately: after a few in a row that polled in vain one is tried now and
//     then, by the clock, so that polling in vain takes a hundredth of the time at most for each operation, however many waits there are.
//     A device that has become quick is soon polled again; one that is quick to write may be slow to flush.
//
// What is complete before it is waited for says nothing about either, and nor do waits that did not poll.
using System;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Waits for requests.</summary>
internal sealed unsafe class RequestWait(ControllerState state, NvmeHost host, NvmeOptions options, RequestQueues requests,
    HealthWatch health)
{
    /// <summary>With more to do before it than this, in blocks, a request is not polled for.</summary>
    public const ulong MostBlocks = 16;

    /// <summary>After so many waits in a row that polled in vain only one each <see cref="ProbeNanoseconds"/> polls.</summary>
    private const int PatientMisses = 2;
    public const ulong ProbeNanoseconds = 2_000_000;

    private struct Record
    {
        public int Missed;
        public ulong NextPoll;
    }

    // By operation.
    private readonly Record[] _records = new Record[(int)BlockOperation.WriteZeroes + 1];
    private ulong _pollNanoseconds = options.PollNanoseconds;

    /// <summary>How long it polls before it blocks the fiber.</summary>
    public ulong PollNanoseconds
    {
        get => _pollNanoseconds;
        set
        {
            _pollNanoseconds = value;
            Array.Clear(_records);
        }
    }

    public BlockStatus Wait(BlockRequest* request)
    {
        Panic.Unless(!requests.IsInBatch, "nvme: waited inside a batch"u8);
        bool hasBlocked = !IsDone(request) && WaitFor(request);
        if (hasBlocked)
            state.Statistics.BlockedWaits++;
        else
            state.Statistics.PolledWaits++;
        return request->Status;
    }

    private bool IsDone(BlockRequest* request)
    {
        while (!BlockDevice.IsComplete(request))
        {
            if (!requests.ProcessCompletions())
                return false;
        }
        return true;
    }

    // Whether it had to block.
    private bool WaitFor(BlockRequest* request)
    {
        ref Record record = ref _records[(int)request->Operation];
        ulong now = host.Clock.MonotonicNanoseconds;
        if (PollNanoseconds == 0 || state.Load.BlocksBefore(request) > MostBlocks || now < record.NextPoll)
            return Await(request, 0);
        bool hasBlocked = Await(request, now + PollNanoseconds);
        record.Missed = hasBlocked ? Math.Min(record.Missed + 1, PatientMisses) : 0;
        if (hasBlocked)
            state.Statistics.MissedPolls++;
        if (record.Missed >= PatientMisses)
            record.NextPoll = now + ProbeNanoseconds;
        return hasBlocked;
    }

    // Whether it had to block.
    private bool Await(BlockRequest* request, ulong pollUntil)
    {
        bool blocked = false;
        while (!BlockDevice.IsComplete(request))
        {
            if (requests.ProcessCompletions())
                continue;
            ulong now = host.Clock.MonotonicNanoseconds;
            health.Check(now);
            if (BlockDevice.IsComplete(request))
                break;
            if (now < pollUntil || !host.CanBlock)
            {
                host.Pause();
                continue;
            }
            blocked = true;
            host.Fibers.Block(&request->Waiters);
        }
        return blocked;
    }
}
