// One store in a tight place: a small device that is nearly full, at times hardly any memory, clocks that jump. It goes through clones,
// scattered and sequential writes, records, files a little too large for their record, holes, names, rollbacks, views and reopenings, all
// from one seed; many seeds have several volumes. Whatever is refused, what has been taken can be cut: at once, when memory is back, and
// after a power cut.
using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Store;
using Aurora.Store.Tests;
using Aurora.Testing;

namespace Aurora.Crash.Tests;

/// <summary>Runs one seed.</summary>
public sealed unsafe partial class TightStore : IDisposable
{
    private const ulong Second = 1_000_000_000;
    private const int StepsPerCheck = 6;

    private readonly Random _random;
    private readonly StoreHarness _harness;
    private readonly KeptNames _names = new();
    private readonly DigestedViews _views;
    private readonly ulong _span;
    private readonly bool _hasTightMemory;
    private readonly bool _hasVolumes;
    private readonly bool _hasLargeCommits;
    private readonly List<VolumeId> _volumes = [VolumeId.First];
    private ulong _nextObject = 10;
    private ulong _value;

    private TightStore(int seed, SeededFaults seeded)
    {
        _random = new Random(seed);
        _hasTightMemory = seed % 3 == 1;
        _hasVolumes = seed % 4 != 0 && seeded == SeededFaults.None;
        _hasLargeCommits = seed % 3 != 0 && seeded == SeededFaults.None;
        _harness = new StoreHarness((ulong)_random.Next(700, 2600), (uint)_random.Next(64, 200));
        bool isManual = _random.Next(2) == 0;
        _span = (ulong)_random.Next(100, 1500);
        _views = new DigestedViews(_harness, _span);
        _harness.Options = new OpenOptions
        {
            CachedNodes = 64,
            CachedSpacePages = 32,
            OverlayBytes = (ulong)_random.Next(256, 1024) << 10,
            CutIntervalNanoseconds = isManual ? ulong.MaxValue : Second / 10,
            Retention = new RetentionOptions { IsOff = isManual, FineSpacing = Second / 10, FineSpan = 3 * Second, CoarseSpacing = 2 * Second, CoarseSpan = 20 * Second },
            NoScrub = true,
            MostRootReferences = seed % 5 == 2 ? 3u : 0,
            Seeded = seeded,
        };
        _harness.Info("", 1_700_000_000 * Second);
        _harness.Open();
    }

    private ObjectStore Store => _harness.Store;

    private VolumeId AnyVolume => _volumes.Count == 1 ? VolumeId.First : _volumes[_random.Next(_volumes.Count)];

    public int Taken { get; private set; }

    public int Refused { get; private set; }

    /// <summary>Crash states whose store was opened and cut.</summary>
    public int Crashes { get; private set; }

    /// <summary>Throws a CrashFindingException that says what went wrong.</summary>
    internal static TightStore Run(int seed, int steps, SeededFaults seeded = SeededFaults.None)
    {
        using var store = new TightStore(seed, seeded);
        store.Fill();
        for (int step = 0; step < steps; step++)
        {
            store.Step();
            CrashStore.Require(store.Store.Health == StoreStatus.Ok, $"step {step}: {store.Store.Health} {store.Store.LastFault.Status} {store.Store.LastFault.Place}");
            if (step % StepsPerCheck == 0)
                store.CrashAndCut($"step {step}");
        }
        store.End();
        return store;
    }

    public void Dispose()
    {
        _harness.Pages.PageLimit = long.MaxValue;
        _views.Dispose();
        _harness.Dispose();
    }

    private ulong AnyObject => _random.Next(3) == 0 ? 1 : 1 + (ulong)_random.NextInt64((long)_nextObject);

    private ulong AnyNewObject => _random.Next(4) == 0 ? (ulong)_random.Next(1, 200) << _random.Next(8, 50) : _nextObject++;

    // One large object and some small ones, until little is left.
    private void Fill()
    {
        ulong leave = Store.TotalBlocks * (ulong)_random.Next(5, 50) / 100;
        for (ulong page = 0; Store.FreeBlocks > leave; page += 60)
        {
            StoreCommit* commit = _harness.Begin();
            Write(commit, 1, page % _span, 60, 1);
            _harness.PutRecord(commit, AnyNewObject, new string('r', _random.Next(300)));
            if (!Submit(commit, ""))
                return;
        }
    }

    private void Step()
    {
        if (_hasLargeCommits && (_large != null || _random.Next(12) == 0) && _random.Next(2) == 0)
        {
            StepLarge();
            return;
        }
        if (_hasVolumes && _random.Next(4) == 0)
        {
            ChangeVolumes();
            return;
        }
        switch (_random.Next(16))
        {
            case 0:
                Require(Store.CutNow(), "a cut");
                break;
            case 1 when !_hasTightMemory:
                _views.CloseAll();
                _harness.Reopen(crash: _random.Next(3) != 0);
                _large = null;
                break;
            case 2:
                RollBack();
                break;
            case 3:
                OpenOrCloseView();
                break;
            case 4:
                _harness.Info("", _random.Next(2) == 0 ? unchecked(0 - (ulong)_random.Next(1, 90_000) * Second) : (ulong)_random.Next(1, 90_000) * Second);
                break;
            case 5 when _hasTightMemory:
                _harness.Pages.PageLimit = _random.Next(2) == 0 ? long.MaxValue : _harness.Pages.PagesOutstanding + _random.Next(0, 120);
                break;
            case 6:
                DropOne();
                break;
            default:
                Commit();
                break;
        }
    }

    private void Commit()
    {
        StoreCommit* commit = Store.Begin(AnyVolume);
        if (commit == null)
            return;
        for (int part = _random.Next(1, 4); part > 0; part--)
            AddPart(commit);
        Submit(commit, _random.Next(9) == 0 ? $"name {_value}" : "");
    }

    private void AddPart(StoreCommit* commit)
    {
        ulong id = AnyObject;
        switch (_random.Next(9))
        {
            case 0:
                for (int i = _random.Next(1, 25); i > 0; i--)
                    Store.CloneObject(commit, new ObjectId(id), new ObjectId(AnyNewObject));
                break;
            case 1 or 2:
                Write(commit, id, (ulong)_random.Next(64), _random.Next(1, 50), (ulong)_random.Next(2, 200));
                break;
            case 3:
                Write(commit, id, (ulong)_random.NextInt64((long)_span), _random.Next(1, 80), 1);
                break;
            case 4:
                for (int i = _random.Next(1, 12); i > 0; i--)
                    Store.PutRecord(commit, new ObjectId(AnyNewObject), new byte[_random.Next(ObjectStore.MaxRecordBytes + 1)]);
                break;
            case 5:
                for (int i = _random.Next(1, 8); i > 0; i--)
                    Write(commit, AnyNewObject, 0, 7, 1);
                break;
            case 6:
                for (int i = _random.Next(1, 60); i > 0; i--)
                    Store.WriteHole(commit, new ObjectId(id), (ulong)_random.NextInt64((long)_span));
                break;
            case 7:
                Store.Truncate(commit, new ObjectId(id), (ulong)_random.NextInt64((long)_span));
                break;
            default:
                Store.DeleteObject(commit, new ObjectId(AnyObject));
                break;
        }
    }

    private void Write(StoreCommit* commit, ulong id, ulong first, int count, ulong stride)
    {
        // Without memory for the page there is nothing to write.
        for (ulong i = 0; i < (ulong)count && _harness.Pages.PagesOutstanding + 1 < _harness.Pages.PageLimit; i++)
            _harness.TryWrite(commit, id, first + (i * stride), ++_value);
    }

    private bool Submit(StoreCommit* commit, string name)
    {
        CommitInfo info = _harness.Info(name, (ulong)_random.Next(1, 300) * 1_000_000);
        bool isBusy = IsBusy(new VolumeId(commit->Volume));
        StoreStatus status = Store.Submit(commit, info);
        bool isRefusal = status is StoreStatus.NoSpace or StoreStatus.CommitTooLarge or StoreStatus.OutOfMemory
            || (isBusy && status == StoreStatus.Busy);
        CrashStore.Require(status == StoreStatus.Ok || isRefusal, $"submit: {status} {Store.LastFault.Place} block {Store.LastFault.Block.Value}");
        if (status == StoreStatus.Ok)
        {
            CrashStore.Require(Store.WaitDurable(commit) == StoreStatus.Ok, "a commit did not become durable");
            if (commit->Volume == VolumeId.First.Value)
                _names.Add(VolumeId.First, commit->SequenceNumber, name);
            Taken++;
        }
        else
        {
            Refused++;
        }
        Store.Release(commit);
        _harness.FreePages();
        return status == StoreStatus.Ok;
    }

    private void DropOne()
    {
        ulong sequence = 0;
        for (int skip = _random.Next(3); skip >= 0; skip--)
        {
            if (Store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) != StoreStatus.Ok || !info.IsKept)
                break;
            sequence = info.Sequence;
        }
        StoreCommit* commit = sequence == 0 ? null : Store.Begin(VolumeId.First);
        if (commit == null)
            return;
        Store.DropCheckpoint(commit, sequence);
        if (Submit(commit, ""))
            _names.Drop(sequence, Store.LastSequence);
    }

    private void RollBack()
    {
        VolumeId volume = AnyVolume;
        List<ulong> offered = Offered(volume);
        if (offered.Count > 0)
        {
            StoreStatus status = Store.Rollback(volume, offered[_random.Next(offered.Count)], _harness.Info());
            if (status != StoreStatus.Busy || !IsBusy(volume))
                Require(status, "a rollback");
        }
    }

    private List<ulong> Offered(VolumeId volume)
    {
        List<ulong> offered = [];
        for (ulong at = 0; Store.NextCheckpoint(volume, at, out CheckpointInfo info) == StoreStatus.Ok; at = info.Sequence)
            offered.Add(info.Sequence);
        return offered;
    }

    // Volumes come as long as there is space, and can always go.
    private void ChangeVolumes()
    {
        VolumeId volume = AnyVolume;
        switch (_random.Next(6))
        {
            case 0:
                Require(Store.CreateVolume(VolumeFlags.None, default, _harness.Info(), out VolumeId created), "a new volume");
                Add(created);
                break;
            case 1 or 2:
                Require(Store.CloneVolume(volume, 0, VolumeFlags.None, default, _harness.Info(), out VolumeId clone), "a new volume");
                Add(clone);
                break;
            case 3 when Offered(volume) is { Count: > 0 } offered:
                ulong sequence = offered[_random.Next(offered.Count)];
                Require(Store.CloneVolume(volume, sequence, VolumeFlags.None, default, _harness.Info(), out VolumeId past), "a new volume");
                Add(past);
                break;
            case 4 when volume != VolumeId.First:
                StoreStatus status = Store.DropVolume(volume, _harness.Info());
                if (status != StoreStatus.Busy || !IsBusy(volume))
                    Require(status, "a dropped volume");
                if (status == StoreStatus.Ok)
                    _volumes.Remove(volume);
                break;
            default:
                Commit();
                break;
        }
    }

    private void Add(VolumeId volume)
    {
        if (!volume.IsNone)
            _volumes.Add(volume);
    }

    private void OpenOrCloseView()
    {
        if (_views.Count > 0 && _random.Next(2) == 0)
            _views.Close(_random.Next(_views.Count));
        else if (_views.Count < 3)
            _views.TryOpen();
    }

    // What was taken can be cut after a power cut at this moment.
    private void CrashAndCut(string when)
    {
        Crashes++;
        var device = new MemoryBlockDevice(_harness.Memory.BlockCount);
        foreach (ulong block in _harness.Memory.WrittenBlocks)
            device.SetContents(block, _harness.Memory.Contents(block));
        StoreStatus status = ObjectStore.Open(device, CrashStore.Pages, CrashStore.Fibers, _harness.Options, out ObjectStore? store, out StoreFault fault);
        CrashStore.Require(store != null, $"{when}: open after a crash: {status} {fault.Place}");
        try
        {
            for (int i = 0; i < 3; i++)
            {
                status = store!.CutNow();
                CrashStore.Require(status == StoreStatus.Ok, $"{when}: cut {i} after a crash: {status}, {store.LastFault.Status} {store.LastFault.Place}");
            }
            _names.Require(store!);
        }
        finally
        {
            store!.Abandon();
        }
        if (Crashes % 4 == 0)
            CrashStore.CheckClean(device, SeededFaults.None);
    }

    private void End()
    {
        _harness.Pages.PageLimit = long.MaxValue;
        Require(Store.CutNow(), "the last cut");
        _views.CloseAll();
        if (_large != null)
            AbortLarge();
        DropVolumes();
        _names.Require(Store);
        CheckReport report = CrashStore.CheckClean(_harness.Device, SeededFaults.None);
        CrashStore.Require(report.HiddenVolumes == 0, "what is left of a large commit stays");
        CrashStore.Require(Store.FreeBlocks == CountedFree(), $"{Store.FreeBlocks} blocks free, {CountedFree()} found free");
        _harness.Reopen(crash: true);
        Require(Store.CutNow(), "a cut after the end");
    }

    // What only they referred to becomes free with the next cuts.
    private void DropVolumes()
    {
        foreach (VolumeId volume in _volumes)
        {
            if (volume != VolumeId.First)
                Require(Store.DropVolume(volume, _harness.Info()), "a dropped volume");
        }
        for (int i = 0; i < 12 + (4 * _volumes.Count); i++)
            Require(Store.CutNow(), "the last cuts");
    }

    // A check has no views and nothing pending.
    private ulong CountedFree()
    {
        _harness.Check(out CheckReport report);
        return report.FreeBlocks;
    }

    private void Require(StoreStatus status, string what)
    {
        bool isOfHistory = what is "a rollback" or "a new volume";
        bool isFine = status == StoreStatus.Ok || (isOfHistory && status is (StoreStatus.NotFound or StoreStatus.NoSpace))
            || (status == StoreStatus.OutOfMemory && _harness.Pages.PageLimit != long.MaxValue);
        CrashStore.Require(isFine, $"{what}: {status}, {Store.LastFault.Status} {Store.LastFault.Place} block {Store.LastFault.Block.Value}; {Store.FreeBlocks} free, reserve {Store.ReserveBlocks}");
    }
}
