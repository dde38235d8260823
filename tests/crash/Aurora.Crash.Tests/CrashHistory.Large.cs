// Commits of any size of a history: until the last record is durable the volume is as it was, whatever of the parts has arrived; then it
// has all of them. What was given up, or was open when power failed, is as if it had never been.
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Store;
using Aurora.Store.Tests;

namespace Aurora.Crash.Tests;

public sealed unsafe partial class CrashHistory
{
    private LargeCommit* _large;
    private VolumeId _largeVolume;
    private StoreModel _largeState = new();
    private readonly List<nint> _parts = [];

    private void StepLarge()
    {
        if (_large == null)
            BeginLarge();
        else if (_random.Next(12) == 0)
            AbortLarge();
        else if (_random.Next(3) == 0)
            FinishLarge();
        else
            SubmitPart();
    }

    private void BeginLarge()
    {
        _largeVolume = AnyVolume;
        ulong last = _store.LastSequence;
        StoreStatus status = _store.BeginLarge(_largeVolume, NextInfo(), out _large);
        RequireExpected(status, default, $"a large commit of {_largeVolume.Value}");
        if (_store.LastSequence == last)
            return;
        _greatestVolume++;
        _largeState = _world[_largeVolume].Copy();
        Note(_world, status);
    }

    private void AbortLarge()
    {
        _store.AbortLarge(_large);
        _large = null;
    }

    private void SubmitPart()
    {
        ModelCommit next = _generator.Next();
        StoreCommit* part = _store.Begin(_largeVolume);
        if (part == null)
            return;
        foreach (ModelOperation operation in next.Operations)
            Add(part, operation);
        StoreStatus status = _store.SubmitPart(_large, part, NextInfo());
        RequireExpected(status, default, $"a part: {_store.LastFault.Place}");
        if (status == StoreStatus.Ok)
        {
            Models[part->SequenceNumber] = _world;
            _largeState.Apply(next);

            // Parts may be on their way while the next ones are submitted, and the end.
            _parts.Add((nint)part);
            if (_parts.Count > 3 || _random.Next(2) == 0)
                FinishParts();
            return;
        }
        _store.Release(part);
        AbortLarge();
        FinishParts();
    }

    private void FinishParts()
    {
        foreach (nint part in _parts)
            Finish((StoreCommit*)part);
        _parts.Clear();
        FreePages();
    }

    private void FinishLarge()
    {
        CommitInfo info = NextInfo();
        string name = _random.Next(3) == 0 ? $"large {_time}" : "";
        info.NameLength = Encoding.UTF8.GetBytes(name, new System.Span<byte>(info.Name, CommitInfo.MaxNameBytes));
        StoreStatus status = _store.FinishLarge(_large, info, out StoreCommit* commit);
        RequireExpected(status, default, $"the end of a large commit: {_store.LastFault.Place}");
        if (status == StoreStatus.Ok)
        {
            _large = null;
            _world = _world.With(_largeVolume, _largeState);
            Models[commit->SequenceNumber] = _world;
            _names.Add(_largeVolume, commit->SequenceNumber, name);
            Finish(commit);
        }
        FinishParts();
    }
}
