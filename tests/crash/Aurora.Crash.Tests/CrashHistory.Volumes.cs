// Volumes of a history: made, cloned now or as they were, dropped in any order. Each is a commit of its own, which may be in the log even
// when the call failed.
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Store;
using Aurora.Store.Tests;

namespace Aurora.Crash.Tests;

public sealed unsafe partial class CrashHistory
{
    private const int MostVolumes = 6;

    private ulong _greatestVolume = 1;

    private VolumeId AnyVolume
        => _world.Volumes.Count == 1 ? VolumeId.First : new VolumeId(_world.Volumes.Keys.ElementAt(_random.Next(_world.Volumes.Count)));

    private void ChangeVolumes()
    {
        // The newest: clones of clones.
        VolumeId source = _random.Next(2) == 0 ? new VolumeId(_world.Volumes.Keys.Last()) : AnyVolume;
        int kind = _random.Next(6);
        if (_world.Volumes.Count == MostVolumes || kind >= 4)
        {
            DropVolume(AnyVolume);
            return;
        }
        List<ulong> offered = kind == 3 ? Offered(source) : [];
        if (kind == 0)
            Make(default, 0, new StoreModel());
        else if (kind < 3)
            Make(source, 0, _world[source]);
        else if (offered.Count > 0)
            Make(source, offered[_random.Next(offered.Count)], null);
    }

    private void Make(VolumeId source, ulong sequence, StoreModel? state)
    {
        CommitInfo info = NextInfo();
        ulong last = _store.LastSequence;
        VolumeId made = default;
        bool waits = source.IsNone || last % 2 == 0;
        StoreStatus status = source.IsNone
            ? _store.CreateVolume(VolumeFlags.None, default, info, out made)
            : waits
                ? _store.CloneVolume(source, sequence, VolumeFlags.None, default, info, out made)
                : _store.SubmitClone(source, sequence, VolumeFlags.None, default, info, out made);
        RequireExpected(status, default, $"a volume of {source.Value} at {sequence}");
        if (_store.LastSequence == last)
            return;
        var number = new VolumeId(status == StoreStatus.Ok ? made.Value : _greatestVolume + 1);
        CrashStore.Require(number.Value > _greatestVolume, $"volume {number.Value} after {_greatestVolume}");
        _greatestVolume = number.Value;
        // Who does not wait has not been told that it is durable.
        Note(_world.With(number, state ?? Models[sequence][source]), waits ? status : StoreStatus.Pending);
    }

    private void DropVolume(VolumeId volume)
    {
        if (volume == VolumeId.First)
            return;
        ulong last = _store.LastSequence;
        StoreStatus status = _store.DropVolume(volume, NextInfo());
        RequireExpected(status, volume, $"drop of volume {volume.Value}");
        if (_store.LastSequence == last)
            return;
        _names.DropVolume(volume, _store.LastSequence);
        Note(_world.Without(volume), status);
    }

    private void Note(CrashWorld world, StoreStatus status)
    {
        _world = world;
        Models[_store.LastSequence] = world;
        if (status == StoreStatus.Ok)
            _device.Acknowledge(_store.LastSequence);
    }

    private CommitInfo NextInfo() => new() { Epoch = new Epoch(_time), RealtimeNanoseconds = _time += 10_000_000 };

    private void RequireExpected(StoreStatus status, VolumeId volume, string what)
    {
        bool isExpected = status is StoreStatus.Ok or StoreStatus.NoSpace or StoreStatus.Poisoned or StoreStatus.DeviceError
            || (status == StoreStatus.Busy && _large != null && volume == _largeVolume);
        CrashStore.Require(isExpected, $"{what}: {status}");
    }
}
