// The oracle of names: a checkpoint with a name is there, with that name, after every crash behind its commit, until a commit that drops it.
using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Store;

namespace Aurora.Crash.Tests;

/// <summary>Which named checkpoints a history has made and dropped.</summary>
public sealed unsafe class KeptNames
{
    private readonly Dictionary<ulong, string> _named = [];

    // By the checkpoint that is dropped, the commit that does it.
    private readonly Dictionary<ulong, ulong> _drops = [];

    public void Add(ulong sequence, string name)
    {
        if (name.Length > 0)
            _named[sequence] = name;
    }

    public void Drop(ulong sequence, ulong bySequence) => _drops.TryAdd(sequence, bySequence);

    /// <summary>The names there must be when the last commit is this one, as the start of another history.</summary>
    public KeptNames At(ulong last)
    {
        var result = new KeptNames();
        foreach ((ulong sequence, string name) in _named)
        {
            bool isDropped = _drops.TryGetValue(sequence, out ulong drop) && drop <= last;
            if (sequence <= last && !isDropped)
                result._named[sequence] = name;
        }
        return result;
    }

    /// <summary>Every name that must be there is.</summary>
    public void Require(ObjectStore store)
    {
        foreach ((ulong sequence, string name) in At(store.LastSequence)._named)
        {
            StoreStatus status = store.NextCheckpoint(VolumeId.First, sequence - 1, out CheckpointInfo found);
            string foundName = Encoding.UTF8.GetString(found.Commit.Name, found.Commit.NameLength);
            bool isThere = status == StoreStatus.Ok && found.Sequence == sequence && foundName == name && found.IsKept && !found.IsAutomatic;
            CrashStore.Require(isThere, $"the checkpoint {sequence} '{name}' is gone at {store.LastSequence}: {status}, {found.Sequence} '{foundName}', automatic: {found.IsAutomatic}");
        }
    }
}
