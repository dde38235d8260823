using System;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The state that learns how many queues there may be, and the queue pairs' memory.</summary>
internal sealed class QueueAllocation(
    BringUpState state, NvmeRegisters registers, NvmeHost host, NvmeOptions options, BringUpProgress progress, BringUpCommands commands,
    WriteCacheSetup writeCache)
{
    private int Wanted => options.QueuePairs < 1 ? 1 : options.QueuePairs;

    public void Begin()
    {
        int pairs = state.IsReset ? state.Pairs.Length : Wanted;
        commands.Begin(NvmeState.SetQueueCount, AdminCommands.SetFeature(FeatureId.NumberOfQueues, AdminCommands.QueueCountValue(pairs)));
    }

    public void Await()
    {
        if (!commands.TryFinishRequired(out CompletionEntry completion))
            return;
        int submissions = (int)(completion.Result & 0xFFFF) + 1;
        int completions = (int)(completion.Result >> 16) + 1;
        if (state.IsReset)
        {
            if (Math.Min(submissions, completions) < state.Pairs.Length)
                progress.Fail(NvmeFault.IdentityChanged);
            else
                writeCache.Begin();
            return;
        }
        int pairs = Math.Min(Wanted, Math.Min(submissions, completions));
        var doorbells = new DoorbellLayout(state.Capabilities);
        while (pairs > 1 && doorbells.EndBytes(pairs) > registers.LengthBytes)
            pairs--;
        if (AllocatePairs(pairs, doorbells))
            writeCache.Begin();
        else
            progress.Fail(NvmeFault.OutOfMemory);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool AllocatePairs(int count, DoorbellLayout doorbells)
    {
        int entries = Math.Min(Math.Min(options.QueueEntries, NvmeOptions.MaximumQueueEntries), state.Capabilities.MaximumQueueEntries);
        if (entries < 2)
            entries = 2;
        var environment = new QueueEnvironment
        {
            Host = host,
            Registers = registers,
            Doorbells = doorbells,
            Namespace = state.Namespace!,
            Statistics = state.Statistics,
            Flushes = state.Flushes,
            Load = state.Load,
            CommandTimeoutNanoseconds = options.CommandTimeoutNanoseconds,
        };
        state.Pairs = new QueuePair[count];
        for (int i = 0; i < count; i++)
        {
            QueueMemory? memory = QueueMemory.Allocate(host.Pages, entries, state.Namespace!.MaximumTransferBlocks);
            if (memory == null)
                return false;
            state.Pairs[i] = new QueuePair(environment, i + 1, memory);
        }
        return true;
    }
}
