using System.Collections.Generic;
using System.Linq;
using System.Text;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Compares the volumes of a store with what they must be: what they are, their state, their history, and open views.</summary>
internal sealed unsafe class VolumeComparison(
    StoreHarness harness, SortedDictionary<ulong, VolumeState> volumes, System.Random random, ulong pages)
{
    private ObjectStore Store => harness.Store;

    /// <summary>Everything; of the histories a few checkpoints at a time.</summary>
    public void All(IEnumerable<(StoreView View, StoreModel Model)> views)
    {
        Assert.Equal(volumes.Keys, Listed());
        foreach ((ulong number, VolumeState volume) in volumes)
        {
            CompareInfo(new VolumeId(number), volume);
            ModelCheck.Compare(harness, new VolumeId(number), volume.Present, pages);
            CompareHistory(new VolumeId(number), volume);
        }
        foreach ((StoreView view, StoreModel model) in views)
            ModelCheck.Compare(harness, view, model);
    }

    private List<ulong> Listed()
    {
        List<ulong> listed = [];
        for (VolumeId at = default; Store.NextVolume(at, out VolumeInfo info) == StoreStatus.Ok; at = info.Id)
            listed.Add(info.Id.Value);
        return listed;
    }

    private void CompareInfo(VolumeId number, VolumeState volume)
    {
        Assert.Equal(StoreStatus.Ok, Store.FindVolume(number, out VolumeInfo info));
        Assert.Equal(volume.Name, Encoding.UTF8.GetString(info.Name, info.NameLength));
        Assert.Equal((volume.Flags, volume.Parent, volume.ParentSequence), (info.Flags, info.Parent, info.ParentSequence));
        Assert.Equal(volume.Last, info.LastSequence);
    }

    // All that must be there is, by its name; all that is there can be read. A few of them at a time.
    private void CompareHistory(VolumeId number, VolumeState volume)
    {
        HashSet<ulong> left = [.. volume.Kept.Keys];
        ulong at = 0;
        for (; Store.NextCheckpoint(number, at, out CheckpointInfo info) == StoreStatus.Ok; at = info.Sequence)
        {
            Assert.True(info.Sequence > at);
            string name = Encoding.UTF8.GetString(info.Commit.Name, info.Commit.NameLength);
            bool isKept = volume.Kept.TryGetValue(info.Sequence, out string? expected);
            Assert.Equal(isKept ? expected : "", name);
            left.Remove(info.Sequence);
            if (random.Next(3) == 0)
                CompareView(number, info.Sequence, volume.Past[info.Sequence]);
        }
        Assert.True(left.Count == 0, $"volume {number.Value} has lost checkpoint {left.FirstOrDefault()}");
    }

    private void CompareView(VolumeId number, ulong sequence, StoreModel model)
    {
        StoreStatus status = Store.OpenView(number, sequence, out StoreView? view);
        Assert.True(status == StoreStatus.Ok, $"view of {number.Value} at {sequence}: {status}");
        ModelCheck.Compare(harness, view!, model);
        view!.Close();
    }
}
