// A random history with up to four views of different ages, opened on any checkpoint there is and closed in any order, among commits, cuts,
// names, rollbacks and reopenings, all from one seed. Every open view reads its content; after a cut exactly what no view needs is free.
using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Runs one seed.</summary>
public sealed unsafe class ViewHistory : IDisposable
{
    private readonly Random _random;
    private readonly HistoryGenerator _generator;
    private readonly StoreHarness _harness = new(blocks: 12_000, logBlocks: 128);
    private readonly FreedByCuts _freed;
    private readonly Dictionary<ulong, StoreModel> _past = [];
    private readonly List<StoreView> _views = [];
    private readonly bool _hasRollbacks;
    private StoreModel _model = new();

    private ViewHistory(int seed, SeededFaults seeded)
    {
        _random = new Random(seed);
        _generator = new HistoryGenerator(seed, hasNames: seed % 2 == 0);
        _hasRollbacks = seed % 3 == 0;
        _freed = new FreedByCuts(_harness);
        _harness.Options.Seeded = seeded;
        _harness.Options.CutIntervalNanoseconds = seed % 4 == 0 ? ulong.MaxValue : 50_000_000;
        _harness.Options.Retention.IsOff = seed % 4 == 0;
        _harness.Open();
    }

    /// <summary>Moments with views of several ages at which the free blocks were compared.</summary>
    public int Compared { get; private set; }

    internal static ViewHistory Run(int seed, int steps, SeededFaults seeded = SeededFaults.None)
    {
        using var history = new ViewHistory(seed, seeded);
        for (int step = 0; step < steps; step++)
            history.Step();
        history.End();
        return history;
    }

    public void Dispose()
    {
        CloseViews();
        _harness.Dispose();
    }

    private void Step()
    {
        switch (_random.Next(20))
        {
            case < 4:
                OpenView();
                break;
            case < 7 when _views.Count > 0:
                CloseOne();
                break;
            case < 10:
                CutAndCompare();
                break;
            case 10 when _random.Next(4) == 0:
                CloseViews();
                _harness.Reopen(crash: _random.Next(2) == 0);

                // A watermark has a number too.
                _past[_harness.Store.LastSequence] = _model.Copy();
                break;
            case 11 when _hasRollbacks && _harness.Store.NextCheckpoint(VolumeId.First, 0, out _) == StoreStatus.Ok:
                _model = RollbackTests.RollBackSomewhere(_harness, _random, _past);
                break;
            case 12 when _views.Count > 0:
                ModelCheck.Compare(_harness, _views[_random.Next(_views.Count)], _past);
                break;
            default:
                Commit();
                break;
        }
    }

    private void Commit()
    {
        ModelCommit next = _generator.Next();
        StoreCommit* commit = ModelCheck.Fill(_harness, next);
        _harness.Commit(commit, next.Name);
        _model.Apply(next);
        _past[_harness.Store.LastSequence] = _model.Copy();
    }

    private void OpenView()
    {
        List<ulong> offered = [];
        for (ulong at = 0; _harness.Store.NextCheckpoint(VolumeId.First, at, out CheckpointInfo info) == StoreStatus.Ok; at = info.Sequence)
            offered.Add(info.Sequence);
        if (offered.Count == 0 || _views.Count == StoreMemory.Views - (_hasRollbacks ? 1 : 0))
            return;
        Assert.Equal(StoreStatus.Ok, _harness.Store.OpenView(VolumeId.First, offered[_random.Next(offered.Count)], out StoreView? view));
        _views.Add(view!);
    }

    private void CloseOne()
    {
        StoreView view = _views[_random.Next(_views.Count)];
        ModelCheck.Compare(_harness, view, _past);
        view.Close();
        _views.Remove(view);
    }

    private void CloseViews()
    {
        foreach (StoreView view in _views)
            view.Close();
        _views.Clear();
    }

    private void CutAndCompare()
    {
        Assert.Equal(StoreStatus.Ok, _harness.Store.CutNow());
        ulong free = _harness.Store.FreeBlocks;
        ulong expected = _freed.FreeBlocks(_views.Select(view => view.BaseCut));

        // A rollback takes back what has been freed, which the superblocks do not tell.
        Assert.True(free == expected || (_hasRollbacks && free > expected), $"{free} blocks free instead of {expected}");
        Assert.Equal(StoreStatus.Ok, _harness.Store.CountFreeBlocks(out ulong counted));
        Assert.Equal(counted, free);
        Compared += _views.Select(view => view.BaseCut).Distinct().Count() > 1 ? 1 : 0;
    }

    private void End()
    {
        foreach (StoreView view in _views)
            ModelCheck.Compare(_harness, view, _past);
        ModelCheck.Compare(_harness, _model);
        CloseViews();
        CutAndCompare();
        CheckReport report = _harness.CheckClean();
        Assert.Equal(report.FreeBlocks, _harness.Store.FreeBlocks);
        _harness.Reopen(crash: true);
        ModelCheck.Compare(_harness, _model);
    }
}
