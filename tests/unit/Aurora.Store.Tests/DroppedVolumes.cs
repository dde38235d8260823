// The volumes that a history has dropped: nothing brings one back, and asking harms nobody.
using System;
using System.Collections.Generic;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Asks for volumes that are no more; each request is refused.</summary>
internal sealed unsafe class DroppedVolumes(StoreHarness harness, Random random)
{
    private readonly List<VolumeId> _dropped = [];

    public void Add(VolumeId volume) => _dropped.Add(volume);

    /// <summary>Asks everything of one of them, often of the last.</summary>
    public void AskOne()
    {
        if (_dropped.Count == 0)
            return;
        VolumeId gone = _dropped[random.Next(3) == 0 ? random.Next(_dropped.Count) : _dropped.Count - 1];
        ObjectStore store = harness.Store;
        ulong recent = store.LastSequence - (ulong)random.Next(4);
        Assert.Equal(StoreStatus.NotFound, store.FindVolume(gone, out _));
        Assert.Equal(StoreStatus.NotFound, store.DropVolume(gone, harness.Info()));
        Assert.Equal(StoreStatus.NotFound, store.SetVolume(gone, VolumeFlags.None, default, harness.Info()));
        Assert.Equal(StoreStatus.NotFound, store.NextCheckpoint(gone, 0, out _));
        Assert.Equal(StoreStatus.NotFound, store.OpenView(gone, recent, out _));
        foreach (ulong sequence in (ulong[])[0, recent])
            Assert.Equal(StoreStatus.NotFound, store.CloneVolume(gone, sequence, VolumeFlags.None, default, harness.Info(), out _));
        Assert.Equal(StoreStatus.NotFound, store.Rollback(gone, recent, harness.Info()));
        StoreCommit* commit = store.Begin(gone);
        harness.Write(commit, 1, 0, 1);
        Assert.Equal(StoreStatus.NotFound, harness.TryCommit(commit));
    }
}
