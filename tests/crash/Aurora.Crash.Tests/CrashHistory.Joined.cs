// Commits of several volumes that are one: there is no state between them, so none is noted for the sequences of all but the last. One of
// them may be the end of a large commit.
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Store;
using Aurora.Store.Tests;

namespace Aurora.Crash.Tests;

public sealed unsafe partial class CrashHistory
{
    private void SubmitJoined()
    {
        if (_world.Volumes.Count < 2)
            return;
        ulong[] volumes = [.. _world.Volumes.Keys];
        _random.Shuffle(volumes);
        CrashWorld before = _world;
        List<nint> commits = [];
        bool endsLarge = false;
        CommitInfo first = default;
        foreach (ulong volume in volumes.Take(2 + _random.Next(3)))
        {
            StoreCommit* commit = Build(new VolumeId(volume), ref endsLarge);
            if (commit == null)
                break;
            if (commits.Count == 0)
                first = NextInfo();
            else
                _store.Join((StoreCommit*)commits[0], commit, NextInfo());
            commits.Add((nint)commit);
        }
        FinishJoined(commits, before, first, endsLarge);
    }

    private StoreCommit* Build(VolumeId volume, ref bool endsLarge)
    {
        StoreCommit* commit;
        if (_large != null && volume == _largeVolume)
        {
            if (_store.BeginFinishLarge(_large, out commit) == StoreStatus.Ok)
                _world = _world.With(volume, _largeState);
            endsLarge |= commit != null;
            return commit;
        }
        commit = _store.Begin(volume);
        if (commit == null)
            return null;
        ModelCommit next = _generator.Next();
        StoreModel after = _world[volume].Copy();
        after.Apply(next);
        foreach (ModelOperation operation in next.Operations)
            Add(commit, operation);
        _world = _world.With(volume, after);
        return commit;
    }

    private void FinishJoined(List<nint> commits, CrashWorld before, in CommitInfo info, bool endsLarge)
    {
        if (commits.Count == 0)
            return;
        StoreStatus status = _store.SubmitJoined((StoreCommit*)commits[0], info);
        RequireExpected(status, default, $"{commits.Count} joined commits: {_store.LastFault.Place}");
        if (status == StoreStatus.Ok)
        {
            if (endsLarge)
                _store.EndFinishLarge(_large);
            _large = endsLarge ? null : _large;
            Models[_store.LastSequence] = _world;
            int asked = _random.Next(commits.Count);
            if (_store.WaitDurable((StoreCommit*)commits[asked]) == StoreStatus.Ok)
                _device.Acknowledge(_store.LastSequence);
        }
        else
        {
            _world = before;
        }
        foreach (nint commit in commits)
            _store.Release((StoreCommit*)commit);
        FinishParts();
    }
}
