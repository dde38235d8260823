// The oracle of names: a checkpoint with a name is there, with that name, after every crash behind its commit, until a commit that drops it.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Store;

namespace Aurora.Crash.Tests;

/// <summary>Which named checkpoints a history has made and dropped.</summary>
public sealed unsafe class KeptNames
{
    private readonly Dictionary<ulong, (VolumeId Volume, string Name)> _named = [];

    // By the checkpoint that is dropped, the commit that does it.
    private readonly Dictionary<ulong, ulong> _drops = [];
    private readonly Dictionary<ulong, ulong> _droppedVolumes = [];

    public void Add(VolumeId volume, ulong sequence, string name)
    {
        if (name.Length > 0)
            _named[sequence] = (volume, name);
    }

    /// <summary>A volume and its names go with a commit.</summary>
    public void DropVolume(VolumeId volume, ulong bySequence) => _droppedVolumes.TryAdd(volume.Value, bySequence);

    /// <summary>The greatest number of those that have been dropped.</summary>
    public ulong GreatestVolume => _droppedVolumes.Count == 0 ? 0 : _droppedVolumes.Keys.Max();

    public void Drop(ulong sequence, ulong bySequence) => _drops.TryAdd(sequence, bySequence);

    /// <summary>The names there must be when the last commit is this one, as the start of another history.</summary>
    public KeptNames At(ulong last)
    {
        var result = new KeptNames();
        foreach ((ulong sequence, (VolumeId Volume, string Name) named) in _named)
        {
            bool isDropped = _drops.TryGetValue(sequence, out ulong drop) && drop <= last;
            bool isGone = _droppedVolumes.TryGetValue(named.Volume.Value, out ulong end) && end <= last;
            if (sequence <= last && !isDropped && !isGone)
                result._named[sequence] = named;
        }
        foreach ((ulong volume, ulong end) in _droppedVolumes)
        {
            if (end <= last)
                result._droppedVolumes[volume] = end;
        }
        return result;
    }

    /// <summary>Every name that must be there is.</summary>
    public void Require(ObjectStore store)
    {
        foreach ((ulong sequence, (VolumeId volume, string name)) in At(store.LastSequence)._named)
        {
            StoreStatus status = store.NextCheckpoint(volume, sequence - 1, out CheckpointInfo found);
            string foundName = Encoding.UTF8.GetString(found.Commit.Name, found.Commit.NameLength);
            bool isThere = status == StoreStatus.Ok && found.Sequence == sequence && foundName == name && found.IsKept && !found.IsAutomatic;
            CrashStore.Require(
                isThere,
                $"the checkpoint {sequence} '{name}' of volume {volume.Value} is gone at {store.LastSequence}: "
                    + $"{status}, {found.Sequence} '{foundName}', automatic: {found.IsAutomatic}");
        }
    }
}
