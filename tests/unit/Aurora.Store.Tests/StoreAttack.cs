using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Text;
using System.Threading;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>What became of an image.</summary>
internal enum AttackOutcome
{
    /// <summary>It could not be opened for writing.</summary>
    Refused,

    /// <summary>Something that should have worked failed, or the check found faults.</summary>
    Noticed,

    /// <summary>Everything worked.</summary>
    Useful,
}

/// <summary>
/// Uses an image for everything a store is for, whatever comes of it: any status is allowed; an exception, requests without end, memory beyond a bound or
/// not given back, and a refusal without a place are not.
/// </summary>
internal sealed unsafe class StoreAttack : IDisposable
{
    private const long MostRequests = 200_000;
    private const long MostPages = 20_000;
    private const int MostCheckpoints = 10_000;
    private const int MostVolumes = 1000;

    private static readonly TimeSpan _mostTime = TimeSpan.FromSeconds(60);

    private readonly MemoryBlockDevice _device;
    private readonly HostPageAllocator _pages = new() { PageLimit = MostPages };
    private readonly HostFibers _fibers = new();
    private readonly string _name;
    private long _requests;
    private int _failures;
    private ulong _time = 1_000_000_000_000;

    private StoreAttack(MemoryBlockDevice device, string name)
    {
        _device = device;
        _name = name;
        device.Fail = (_, _) => ++_requests < MostRequests ? BlockStatus.Ok : throw new InvalidOperationException("requests without end");
    }

    public static AttackOutcome Run(MemoryBlockDevice device, string name)
    {
        using var attack = new StoreAttack(device, name);

        // A loop without requests cannot be left from outside: at least say which case it is.
        using var watchdog = new Timer(_ => Environment.FailFast($"{name}: no end after {_mostTime}"), null, _mostTime, Timeout.InfiniteTimeSpan);
        try
        {
            attack.Look();
            attack.Check();
            bool isOpened = attack.Work();
            attack.Look();
            Assert.True(attack._pages.PagesOutstanding == 0, $"{name}: {attack._pages.PagesOutstanding} pages of memory not given back");
            return !isOpened ? AttackOutcome.Refused : attack._failures > 0 ? AttackOutcome.Noticed : AttackOutcome.Useful;
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{name}: {exception}");
            throw;
        }
    }

    public void Dispose() => _pages.Dispose();

    private ObjectStore? Open(bool isReadOnly)
    {
        var options = new OpenOptions { CachedNodes = 64, CachedSpacePages = 32, OverlayBytes = 1 << 20, ReadOnly = isReadOnly, CutIntervalNanoseconds = ulong.MaxValue };
        StoreStatus status = ObjectStore.Open(_device, _pages, _fibers, options, out ObjectStore? store, out StoreFault fault);
        Assert.True(store != null || fault.Place != FaultPlace.None, $"{_name}: refused without a place: {status}");
        return store;
    }

    private void Look()
    {
        ObjectStore? store = Open(isReadOnly: true);
        if (store == null)
            return;
        foreach (VolumeId volume in VolumesOf(store))
        {
            ReadPages(volume, (id, page, data) => store.ReadPage(volume, id, page, (void*)data));
            byte[] record = new byte[ObjectStore.MaxRecordBytes];
            ObjectId at = default;
            for (int i = 0; i < MostCheckpoints && store.NextRecord(volume, ref at, record, out _) == StoreStatus.Ok; i++)
            {
            }
            LookAtHistory(store, volume);
        }
        store.Abandon();
    }

    private List<VolumeId> VolumesOf(ObjectStore store)
    {
        List<VolumeId> volumes = [];
        VolumeId at = default;
        StoreStatus status;
        while ((status = store.NextVolume(at, out VolumeInfo info)) == StoreStatus.Ok)
        {
            Assert.True(info.Id.Value > at.Value && volumes.Count < MostVolumes, $"{_name}: volumes without end");
            at = info.Id;
            volumes.Add(at);
        }
        _failures += status == StoreStatus.NotFound ? 0 : 1;
        return volumes;
    }

    private void LookAtHistory(ObjectStore store, VolumeId volume)
    {
        ulong sequence = 0;
        int count = 0;
        while (store.NextCheckpoint(volume, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            Assert.True(info.Sequence > sequence && ++count < MostCheckpoints, $"{_name}: a history without end");
            sequence = info.Sequence;
            Note(store.OpenView(volume, sequence, out StoreView? view));
            if (view == null)
                continue;
            ReadPages(volume, (id, page, data) => view.ReadPage(id, page, (void*)data));
            view.Close();
        }
    }

    // The others share most of what the first volume has.
    private void ReadPages(VolumeId volume, Func<ObjectId, ulong, nint, StoreStatus> read)
    {
        void* data = _pages.Allocate(1);
        ulong step = volume == VolumeId.First ? 11UL : 99;
        for (ulong id = 1; id <= 9; id++)
        {
            for (ulong page = 0; page < 300; page += step)
                Note(read(new ObjectId(id), page, (nint)data));
        }
        _pages.Free(data, 1);
    }

    private void Check()
    {
        var options = new CheckOptions { VerifyData = true, Open = new OpenOptions { CachedNodes = 64, CachedSpacePages = 32, OverlayBytes = 1 << 20 } };
        Note(ObjectStore.Check(_device, _pages, _fibers, options, out CheckReport report));
        _failures += report.Faults > 0 ? 1 : 0;
    }

    private bool Work()
    {
        ObjectStore? store = Open(isReadOnly: false);
        if (store == null)
            return false;
        for (ulong round = 1; round <= 6; round++)
        {
            Commit(store, VolumeId.First, round);
            if (round % 2 == 0)
                Note(store.CutNow());
        }
        UseVolumes(store);
        Note(store.Scrub(2000));
        if (store.NextCheckpoint(VolumeId.First, 0, out CheckpointInfo first) == StoreStatus.Ok)
        {
            Note(store.Rollback(VolumeId.First, first.Sequence, Info("")));
            StoreCommit* drop = store.Begin(VolumeId.First);
            if (drop != null)
            {
                Note(store.DropCheckpoint(drop, first.Sequence));
                Submit(store, drop, "");
            }
        }
        Note(store.CutNow());
        Note(store.CutNow());
        Note(store.Close());
        return true;
    }

    // All that can be done with volumes, to those that are there and to a new one; then most of them go.
    private void UseVolumes(ObjectStore store)
    {
        List<VolumeId> volumes = VolumesOf(store);
        foreach (VolumeId volume in volumes)
        {
            if (volumes.IndexOf(volume) >= 5)
                break;
            if (Note(store.CloneVolume(volume, 0, VolumeFlags.None, "new"u8, Info(""), out VolumeId clone)))
                Commit(store, clone, volume.Value % 7);
            StoreStatus status = store.NextCheckpoint(volume, 0, out CheckpointInfo oldest);
            if (status == StoreStatus.Ok && volume != VolumeId.First)
            {
                Note(store.CloneVolume(volume, oldest.Sequence, VolumeFlags.Image, default, Info(""), out _));
                status = store.Rollback(volume, oldest.Sequence, Info(""));
                _failures += status is StoreStatus.Ok or StoreStatus.BadArgument ? 0 : 1;
            }
            Note(store.SetVolume(volume, VolumeFlags.None, "renamed"u8, Info("")));
            Commit(store, volume, 3);
        }
        Note(store.CutNow());
        foreach (VolumeId volume in VolumesOf(store))
        {
            if (volume != VolumeId.First && volume.Value % 4 != 0)
                Note(store.DropVolume(volume, Info("")));
        }
        Note(store.CutNow());
        Note(store.CutNow());
    }

    private void Commit(ObjectStore store, VolumeId volume, ulong round)
    {
        StoreCommit* commit = store.Begin(volume);
        if (commit == null)
        {
            _failures++;
            return;
        }
        void* data = _pages.Allocate(1);
        for (ulong i = 0; i < 40; i++)
            Note(store.WritePage(commit, new ObjectId(1 + ((round + i) % 6)), i * round * 3, data));
        Note(store.CloneObject(commit, new ObjectId(1 + (round % 9)), new ObjectId(200 + round)));
        Note(store.Truncate(commit, new ObjectId(9), 150 / round));
        Note(store.DeleteObject(commit, new ObjectId(19 + round)));
        Note(store.PutRecord(commit, new ObjectId(round), "a record"u8));
        Submit(store, commit, round == 3 ? "third" : "");
        _pages.Free(data, 1);
    }

    private void Submit(ObjectStore store, StoreCommit* commit, string name)
    {
        if (!Note(store.Submit(commit, Info(name))))
        {
            store.Abort(commit);
            return;
        }
        Note(store.WaitDurable(commit));
        store.Release(commit);
    }

    private bool Note(StoreStatus status)
    {
        bool isFine = status is StoreStatus.Ok or StoreStatus.Hole;
        _failures += isFine ? 0 : 1;
        return isFine;
    }

    private CommitInfo Info(string name)
    {
        _time += 2_000_000_000;
        var info = new CommitInfo { Epoch = new Epoch(_time), RealtimeNanoseconds = _time };
        info.NameLength = Encoding.UTF8.GetBytes(name, new Span<byte>(info.Name, CommitInfo.MaxNameBytes));
        return info;
    }
}
