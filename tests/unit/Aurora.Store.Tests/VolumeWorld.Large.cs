// Commits of any size among the others: parts that change nothing until the last one has come, refusals of what would change the volume
// meanwhile, ends that are given up or cut off.
using System.Collections.Generic;
using Xunit;

namespace Aurora.Store.Tests;

internal sealed unsafe partial class VolumeWorld
{
    private LargeCommit* _large;
    private ulong _largeVolume;
    private StoreModel _largeState = new();

    private bool IsBusy(ulong volume) => _large != null && volume == _largeVolume;

    private void StepLarge()
    {
        if (_large == null)
        {
            BeginLarge();
            return;
        }
        switch (_random.Next(10))
        {
            case 0:
                Store.AbortLarge(_large);
                _large = null;
                break;
            case 1:
                Reopen();
                break;
            case 2 or 3 or 4:
                FinishLarge();
                break;
            default:
                SubmitPart();
                break;
        }
    }

    private void BeginLarge()
    {
        ulong number = AnyVolume;
        StoreStatus status = Store.BeginLarge(new VolumeId(number), _harness.Info(), out LargeCommit* large);
        if ((_volumes[number].Flags & VolumeFlags.Image) != 0)
        {
            Assert.Equal(StoreStatus.BadArgument, status);
            return;
        }
        Assert.Equal(StoreStatus.Ok, status);
        Assert.Equal(StoreStatus.Busy, Store.BeginLarge(new VolumeId(number), _harness.Info(), out _));
        _large = large;
        _largeVolume = number;
        _largeState = _volumes[number].Present.Copy();
        _greatest++;
    }

    private void SubmitPart()
    {
        ModelCommit next = _generator.Next();
        StoreCommit* part = ModelCheck.Fill(_harness, new VolumeId(_largeVolume), next);
        Assert.Equal(StoreStatus.Ok, Store.SubmitPart(_large, part, _harness.Info("a name that is left out")));
        Assert.Equal(StoreStatus.Ok, Store.WaitDurable(part));
        Store.Release(part);
        _harness.FreePages();
        _largeState.Apply(next);
    }

    private void FinishLarge()
    {
        string name = _random.Next(3) == 0 ? $"n{++_value}" : "";
        Assert.Equal(StoreStatus.Ok, Store.FinishLarge(_large, _harness.Info(name), out StoreCommit* commit));
        Assert.Equal(StoreStatus.Ok, Store.WaitDurable(commit));
        Store.Release(commit);
        _large = null;
        VolumeState volume = _volumes[_largeVolume];
        volume.Present = _largeState;
        Note(volume, name);
    }
}
