// Commits of any size in a tight place: a part that is refused costs the whole, and nothing else; what was written of it comes back.
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Crash.Tests;

public sealed unsafe partial class TightStore
{
    private LargeCommit* _large;
    private VolumeId _largeVolume;

    private bool IsBusy(VolumeId volume) => _large != null && volume == _largeVolume;

    private void StepLarge()
    {
        if (_large == null)
        {
            _largeVolume = AnyVolume;
            Require(Store.BeginLarge(_largeVolume, _harness.Info(), out _large), "a new volume");
        }
        else if (_random.Next(12) == 0)
        {
            AbortLarge();
        }
        else if (_random.Next(4) == 0)
        {
            FinishLarge();
        }
        else
        {
            SubmitPart();
        }
    }

    private void AbortLarge()
    {
        Store.AbortLarge(_large);
        _large = null;
    }

    private void SubmitPart()
    {
        StoreCommit* part = Store.Begin(_largeVolume);
        if (part == null)
            return;
        for (int i = _random.Next(1, 4); i > 0; i--)
            AddPart(part);
        StoreStatus status = Store.SubmitPart(_large, part, _harness.Info());
        bool isRefusal = status is StoreStatus.NoSpace or StoreStatus.CommitTooLarge or StoreStatus.OutOfMemory;
        CrashStore.Require(status == StoreStatus.Ok || isRefusal, $"a part: {status} {Store.LastFault.Place}");
        if (status == StoreStatus.Ok)
            CrashStore.Require(Store.WaitDurable(part) == StoreStatus.Ok, "a part did not become durable");
        else
            AbortLarge();
        Store.Release(part);
        _harness.FreePages();
    }

    private void FinishLarge()
    {
        string name = _random.Next(4) == 0 ? $"large {++_value}" : "";
        StoreStatus status = Store.FinishLarge(_large, _harness.Info(name), out StoreCommit* commit);
        bool isRefusal = status is StoreStatus.NoSpace or StoreStatus.OutOfMemory;
        CrashStore.Require(status == StoreStatus.Ok || isRefusal, $"the end of a large commit: {status} {Store.LastFault.Place}");
        if (status != StoreStatus.Ok)
            return;
        CrashStore.Require(Store.WaitDurable(commit) == StoreStatus.Ok, "the end of a large commit did not become durable");
        if (_largeVolume == VolumeId.First)
            _names.Add(_largeVolume, commit->SequenceNumber, name);
        Store.Release(commit);
        _large = null;
    }
}
