// The states that create the I/O queues. All completion queues are created before the first submission queue, because a submission queue
// names the completion queue it reports to.
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>Creates the I/O queues on the controller.</summary>
internal sealed unsafe class QueueCreation(BringUpState state, NvmeHost host, BringUpCommands commands, CacheDrain drain, EventSetup events)
{
    private int _created;

    public void Begin()
    {
        _created = 0;
        BeginCompletionQueue();
    }

    public void AwaitCompletionQueue()
    {
        if (!commands.TryFinishRequired(out _))
            return;
        _created++;
        if (_created < state.Pairs.Length)
        {
            BeginCompletionQueue();
            return;
        }
        _created = 0;
        BeginSubmissionQueue();
    }

    public void AwaitSubmissionQueue()
    {
        if (!commands.TryFinishRequired(out _))
            return;
        _created++;
        if (_created < state.Pairs.Length)
            BeginSubmissionQueue();
        else if (state.CacheMayHoldData)
            drain.Begin();
        else
            events.Begin();
    }

    private void BeginCompletionQueue()
    {
        QueuePair pair = state.Pairs[_created];
        if (!state.IsReset)
            pair.Vector = host.ConnectInterrupt(_created);
        state.IsPolled |= pair.Vector < 0;
        ulong physical = host.PhysicalOf(pair.Memory.Completions);
        commands.Begin(
            NvmeState.CreateCompletionQueues,
            AdminCommands.CreateCompletionQueue(pair.Queue, pair.Memory.Entries, physical, pair.Vector));
    }

    private void BeginSubmissionQueue()
    {
        QueuePair pair = state.Pairs[_created];
        ulong physical = host.PhysicalOf(pair.Memory.Submissions);
        commands.Begin(
            NvmeState.CreateSubmissionQueues,
            AdminCommands.CreateSubmissionQueue(pair.Queue, pair.Memory.Entries, physical));
    }
}
