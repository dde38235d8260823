using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>
/// Waiting for a request. It polls for a bounded while, because a quick device takes less time than two fiber switches and an interrupt,
/// then blocks. A device that was too slow for it lately is polled only now and then, to notice when it has become quick: polling in vain
/// takes processor time from programs and delays everything by as much.
/// </summary>
internal sealed unsafe class RequestWait(ControllerState state, NvmeHost host, NvmeOptions options, RequestQueues requests,
    HealthWatch health)
{
    /// <summary>After so many waits in a row that polled in vain, only every <see cref="ProbePeriod"/>-th wait polls.</summary>
    private const int PatientMisses = 2;
    private const uint ProbePeriod = 64;

    private int _missedPolls;
    private uint _waits;

    /// <summary>How long it polls before it blocks the fiber.</summary>
    public ulong PollNanoseconds { get; set; } = options.PollNanoseconds;

    public BlockStatus Wait(BlockRequest* request)
    {
        Panic.Unless(!requests.IsInBatch, "nvme: waited inside a batch"u8);
        bool isPollWorthwhile = _missedPolls < PatientMisses || ++_waits % ProbePeriod == 0;
        bool blocked = Await(request, isPollWorthwhile ? host.Clock.MonotonicNanoseconds + PollNanoseconds : 0);
        if (blocked)
            state.Statistics.BlockedWaits++;
        else
            state.Statistics.PolledWaits++;
        if (isPollWorthwhile)
        {
            state.Statistics.MissedPolls += blocked ? 1u : 0;
            _missedPolls = blocked ? _missedPolls + 1 : 0;
        }
        return request->Status;
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
