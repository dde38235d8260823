namespace Aurora.Nvme;

/// <summary>The states that read the write cache feature and have it as it is wanted.</summary>
internal sealed class WriteCacheSetup(BringUpState state, BringUpProgress progress, BringUpCommands commands, NvmeOptions options,
    QueueCreation queues)
{
    public void Begin()
    {
        if (state.HasVolatileWriteCache)
            commands.Begin(NvmeState.GetWriteCache, AdminCommands.GetFeature(FeatureId.VolatileWriteCache));
        else
            Finish();
    }

    public void AwaitGet()
    {
        if (!commands.TryFinish(out CompletionEntry completion))
            return;
        if (completion.Status.IsSuccess)
            state.HasVolatileWriteCache = (completion.Result & 1) != 0;
        else
            NvmeLog.Warning("cannot read the write cache feature; assuming the cache is on"u8, completion.Status);
        bool wanted = Wanted == WriteCachePolicy.Enable;
        if (Wanted == WriteCachePolicy.AsFound || wanted == state.HasVolatileWriteCache)
            Finish();
        else
            commands.Begin(NvmeState.SetWriteCache, AdminCommands.SetFeature(FeatureId.VolatileWriteCache, wanted ? 1u : 0));
    }

    public void AwaitSet()
    {
        if (!commands.TryFinish(out CompletionEntry completion))
            return;
        if (completion.Status.IsSuccess)
        {
            // What an earlier life wrote may still be in the cache: it is drained once there is a queue to flush with.
            state.CacheMayHoldData |= state.HasVolatileWriteCache;
            state.HasVolatileWriteCache = !state.HasVolatileWriteCache;
        }
        else
            NvmeLog.Warning("cannot switch the write cache; it stays as it was"u8, completion.Status);
        Finish();
    }

    // A reset returns features to their defaults. A cache that is suddenly on would hold writes that nobody flushes, because users of
    // the device were told that it has none. One that is off is still treated as on: flushes then cost a little and do no harm.
    private void Finish()
    {
        if (state.IsReset && state.HasVolatileWriteCache && !state.HadVolatileWriteCache)
        {
            progress.Fail(NvmeFault.IdentityChanged);
            return;
        }
        if (state.IsReset)
            state.HasVolatileWriteCache = state.HadVolatileWriteCache;
        queues.Begin();
    }

    private WriteCachePolicy Wanted
        => !state.IsReset ? options.WriteCache : state.HadVolatileWriteCache ? WriteCachePolicy.AsFound : WriteCachePolicy.Disable;
}
