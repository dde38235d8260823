namespace Aurora.Nvme;

/// <summary>The last states of bring-up: which events are to be reported, then ready.</summary>
internal sealed class EventSetup(BringUpState state, BringUpProgress progress, BringUpCommands commands)
{
    public void Begin()
    {
        const uint CriticalWarnings = 0x1F, NamespaceAttributes = 1 << 8;
        uint wanted = CriticalWarnings | (state.OptionalEvents & NamespaceAttributes);
        commands.Begin(NvmeState.ConfigureEvents, AdminCommands.SetFeature(FeatureId.AsynchronousEvents, wanted));
    }

    /// <summary>A controller that cannot be told which events to report is asked for events all the same.</summary>
    public void Await()
    {
        if (!commands.TryFinish(out CompletionEntry completion))
            return;
        if (!completion.Status.IsSuccess)
            NvmeLog.Warning("cannot choose the events to be reported"u8, completion.Status);
        state.Admin!.ArmEvents(state.EventRequests);
        state.HadVolatileWriteCache = state.HasVolatileWriteCache;
        progress.Enter(NvmeState.Ready, 0);
    }
}
