using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>
/// Views of several ages over more groups than the space map has frames, so that it forgets what freed blocks wait for: late is safe, early
/// is not.
/// </summary>
public sealed unsafe class WideViewTests : IDisposable
{
    private const ulong Groups = 44;
    private const ulong PagesPerCommit = 1500;
    private const ulong Stride = 300;

    private readonly HostPageAllocator _pages = new();
    private readonly BatonFibers _fibers = new(5);
    private readonly CompactDevice _device;
    private readonly OpenOptions _options = new()
    {
        CachedNodes = 64,
        CachedSpacePages = 32,
        OverlayBytes = 2 << 20,
        CutIntervalNanoseconds = ulong.MaxValue,
        Retention = new RetentionOptions { IsOff = true },
    };

    private readonly List<(StoreView View, ulong[] Values)> _views = [];
    private readonly ulong[] _values = new ulong[Stride];
    private readonly ulong* _data;
    private ObjectStore _store = null!;
    private ulong _filled;
    private ulong _time;

    public WideViewTests()
    {
        HostEnvironment.Install();
        _device = new CompactDevice((Groups * SpacePage.BlocksPerGroup) + 2000, _fibers, 5);
        _data = (ulong*)_pages.Allocate(1);
    }

    public void Dispose() => _pages.Dispose();

    [Fact]
    public void Pages_of_the_map_that_come_and_go_never_free_what_a_view_needs()
    {
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(_device, _pages, _fibers, new FormatOptions { UuidLow = 1, LogBlocks = 1024 }));
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(_device, _pages, _fibers, _options, out ObjectStore? store, out _));
        _store = store!;
        while (_store.FreeBlocks > 12_000)
            Write(_filled, 1, PagesPerCommit, 0);
        var random = new Random(5);
        for (ulong round = 1; round <= 100; round++)
            Step(random, round);
        while (_views.Count > 0)
            Close(0);
        Assert.Equal(StoreStatus.Ok, _store.CutNow());
        CompareFree();
        StoreStatus check = ObjectStore.Check(_device, _pages, _fibers, new CheckOptions { Open = _options }, out CheckReport report);
        Assert.Equal((StoreStatus.Ok, 0UL, _store.FreeBlocks), (check, report.Faults, report.FreeBlocks));
        _store.Abandon();
        _pages.Free(_data, 1);
        Assert.Equal(0, _pages.PagesOutstanding);
    }

    [Fact]
    public void A_check_counts_what_only_the_log_has_in_groups_that_the_map_has_no_page_of()
    {
        Assert.Equal(StoreStatus.Ok, ObjectStore.Format(_device, _pages, _fibers, new FormatOptions { UuidLow = 1, LogBlocks = 1024 }));
        Assert.Equal(StoreStatus.Ok, ObjectStore.Open(_device, _pages, _fibers, _options, out ObjectStore? store, out _));
        _store = store!;
        while (_filled < (Groups - 4) * SpacePage.BlocksPerGroup)
        {
            Write(_filled, 1, PagesPerCommit, 0);
            Assert.Equal(StoreStatus.Ok, _store.CutNow());
        }
        for (int i = 0; i < 3; i++)
            Write(_filled, 1, PagesPerCommit, 0);
        _store.Abandon();
        _pages.Free(_data, 1);
        StoreStatus check = ObjectStore.Check(_device, _pages, _fibers, new CheckOptions { Open = _options }, out CheckReport report);
        Assert.Equal((StoreStatus.Ok, 0UL), (check, report.Faults));
    }

    private void Step(Random random, ulong round)
    {
        switch (random.Next(12))
        {
            case < 3 when _views.Count < StoreMemory.Views:
                Assert.Equal(StoreStatus.Ok, _store.OpenView(VolumeId.First, _store.LastSequence, out StoreView? view));
                _views.Add((view!, (ulong[])_values.Clone()));
                break;
            case < 5 when _views.Count > 0:
                Close(random.Next(_views.Count));
                break;
            case 5:
                CompareFree();
                break;
            default:
                ulong residue = (ulong)random.Next((int)Stride);
                if (Write(residue, Stride, _filled / Stride, round))
                    _values[residue] = round;
                Assert.Equal(StoreStatus.Ok, _store.CutNow());
                break;
        }
        Assert.Equal(StoreStatus.Ok, _store.Health);
    }

    private bool Write(ulong first, ulong stride, ulong count, ulong value)
    {
        new Span<ulong>(_data, 512).Fill(value + 1);
        StoreCommit* commit = _store.Begin(VolumeId.First);
        for (ulong i = 0; i < count; i++)
            _store.WritePage(commit, new ObjectId(1), first + (i * stride), _data);
        StoreStatus status = _store.Submit(commit, new CommitInfo { RealtimeNanoseconds = _time += 10_000_000 });
        Assert.True(status is StoreStatus.Ok or StoreStatus.NoSpace, status.ToString());
        if (status == StoreStatus.Ok)
            Assert.Equal(StoreStatus.Ok, _store.WaitDurable(commit));
        _store.Release(commit);
        _filled += status == StoreStatus.Ok && value == 0 ? count : 0;
        return status == StoreStatus.Ok;
    }

    private void Close(int which)
    {
        (StoreView view, ulong[] values) = _views[which];
        for (ulong page = 0; page < _filled - Stride; page += 37)
        {
            Assert.Equal(StoreStatus.Ok, view.ReadPage(new ObjectId(1), page, _data));
            Assert.Equal(values[page % Stride] + 1, _data[0]);
        }
        view.Close();
        _views.RemoveAt(which);
    }

    private void CompareFree()
    {
        Assert.Equal(StoreStatus.Ok, _store.CountFreeBlocks(out ulong counted));
        Assert.Equal(counted, _store.FreeBlocks);
    }
}
