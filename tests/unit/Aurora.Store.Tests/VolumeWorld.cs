// The store against a dictionary of volumes: each has a present state, every state it ever had, what of its history must stay, and what it
// is. One seed makes one history of commits to several volumes, of volumes that are made, cloned, renamed, rolled back and dropped, of
// cuts, views, crashes and clean ends; what is asked of volumes that are no more is refused.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Runs a history of volumes and compares.</summary>
internal sealed unsafe partial class VolumeWorld : IDisposable
{
    private const int MostVolumes = 8;
    private const ulong Pages = 60;

    private readonly StoreHarness _harness;
    private readonly Random _random;
    private readonly HistoryGenerator _generator;
    private readonly SortedDictionary<ulong, VolumeState> _volumes = [];
    private readonly DroppedVolumes _dropped;
    private readonly OpenViews _views;
    private readonly bool _hasRetention;
    private readonly VolumeComparison _comparison;
    private ulong _greatest = 1;
    private ulong _value;

    public VolumeWorld(int seed)
    {
        _random = new Random(seed);
        _generator = new HistoryGenerator(seed, objects: 4, pages: Pages, largest: 30, hasNames: false);
        _harness = new StoreHarness(blocks: 24_000, logBlocks: (uint)_random.Next(64, 300));
        _views = new OpenViews(_harness);
        _dropped = new DroppedVolumes(_harness, _random);
        _comparison = new VolumeComparison(_harness, _volumes, _random, Pages);
        _harness.Options.OrderedCommitBytes = 20 * 4096;
        _harness.Options.FewestApart = 10;
        _hasRetention = seed % 3 == 1;
        _harness.Options.Retention.IsOff = !_hasRetention;
        if (_hasRetention)
            _harness.Options.Retention = new RetentionOptions { FineSpacing = 40_000_000, FineSpan = 300_000_000,
                CoarseSpacing = 200_000_000, CoarseSpan = 900_000_000 };
        _harness.Options.CutIntervalNanoseconds = seed % 3 == 2 ? 60_000_000 : ulong.MaxValue;

        // Roots are soon copied instead of shared.
        if (seed % 5 == 0)
            _harness.Options.MostRootReferences = 3;

        // The least there is, in which chains of layers meet its end.
        if (seed % 2 == 0)
            _harness.Options.OverlayBytes = 1;
        _harness.Open();
        _volumes[VolumeId.First.Value] = new VolumeState();
    }

    private ObjectStore Store => _harness.Store;

    public void Dispose()
    {
        _views.Dispose();
        _harness.Dispose();
    }

    public void Run(int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            Step();
            Assert.Equal(StoreStatus.Ok, Store.Health);
            if (step % 10 == 9)
                _comparison.All(_views.All);
            if (step % 25 == 24)
                _harness.CheckClean();
        }
        End();
    }

    private void Step()
    {
        if (_random.Next(7) == 0)
        {
            StepLarge();
            return;
        }
        switch (_random.Next(32))
        {
            case 0:
                Create();
                break;
            case 1 or 2 or 3:
                CloneNow();
                break;
            case 4 or 5:
                ClonePast();
                break;
            case 6 or 7 when _volumes.Count > 2:
                Drop();
                break;
            case 8:
                Rename();
                break;
            case 9 or 10:
                RollBack();
                break;
            case 11:
                DropCheckpoint();
                break;
            case 12 or 13:
                Assert.Equal(StoreStatus.Ok, Store.CutNow());
                break;
            case 14:
                Reopen();
                break;
            case 15:
                OpenOrCloseView();
                break;
            case 16:
                _dropped.AskOne();
                break;
            case 17:
                LookReadOnly();
                break;
            case 18:
                CommitNothing();
                break;
            default:
                Commit();
                break;
        }
    }

    private ulong AnyVolume => _volumes.Keys.ElementAt(_random.Next(_volumes.Count));

    private void Commit()
    {
        ulong number = AnyVolume;
        VolumeState volume = _volumes[number];
        ModelCommit next = _generator.Next();
        string name = _random.Next(5) == 0 ? $"n{++_value}" : "";
        StoreStatus status = _harness.TryCommit(ModelCheck.Fill(_harness, new VolumeId(number), next), name);
        bool isBusy = IsBusy(number) && next.Operations.Count > 0;
        if ((volume.Flags & VolumeFlags.Image) != 0 || isBusy)
        {
            Assert.Equal(isBusy ? StoreStatus.Busy : StoreStatus.BadArgument, status);
            return;
        }
        Assert.Equal(StoreStatus.Ok, status);
        volume.Present = volume.Present.Copy();
        volume.Present.Apply(next);
        Note(volume, name);
    }

    // A commit without operations is one nevertheless.
    private void CommitNothing()
    {
        ulong number = AnyVolume;
        VolumeState volume = _volumes[number];
        string name = _random.Next(2) == 0 ? $"n{++_value}" : "";
        StoreStatus status = _harness.TryCommit(Store.Begin(new VolumeId(number)), name);
        if ((volume.Flags & VolumeFlags.Image) != 0)
        {
            Assert.Equal(StoreStatus.BadArgument, status);
            return;
        }
        Assert.Equal(StoreStatus.Ok, status);
        Note(volume, name);
    }

    private void Note(VolumeState volume, string name)
    {
        volume.Last = Store.LastSequence;
        volume.Past[volume.Last] = volume.Present;
        if (name.Length > 0)
            volume.Kept[volume.Last] = name;
    }

    private void Create()
    {
        VolumeFlags flags = AnyFlags;
        string name = AnyName;
        StoreStatus status = Store.CreateVolume(flags, Encoding.UTF8.GetBytes(name), _harness.Info(), out VolumeId made);
        Assert.Equal(StoreStatus.Ok, status);
        AddVolume(made, new VolumeState { Name = name, Flags = flags });
    }

    private VolumeFlags AnyFlags => _random.Next(8) == 0 ? VolumeFlags.Image : VolumeFlags.None;

    private string AnyName => new((char)('a' + _random.Next(26)), _random.Next(VolumeInfo.MaxNameBytes + 1));

    private void AddVolume(VolumeId made, VolumeState state)
    {
        Assert.True(made.Value > _greatest, $"volume {made.Value} after {_greatest}");
        _greatest = made.Value;
        _volumes.Add(made.Value, state);
        state.Past[Store.LastSequence] = state.Present;
        if (_volumes.Count > MostVolumes)
            Drop();
    }

    private void CloneNow()
    {
        // Chains grow when the newest is cloned.
        ulong source = _random.Next(2) == 0 ? _volumes.Keys.Last() : AnyVolume;
        VolumeState from = _volumes[source];
        Clone(source, 0, from.Present, from.Last);
    }

    private void ClonePast()
    {
        ulong source = AnyVolume;
        List<ulong> offered = Offered(source);
        if (offered.Count == 0)
            return;
        ulong sequence = offered[_random.Next(offered.Count)];
        _views.RequireRoom();
        Clone(source, sequence, _volumes[source].Past[sequence], sequence);
    }

    private void Clone(ulong source, ulong sequence, StoreModel state, ulong parentSequence)
    {
        VolumeFlags flags = AnyFlags;
        string name = AnyName;
        StoreStatus status = Store.CloneVolume(
            new VolumeId(source), sequence, flags, Encoding.UTF8.GetBytes(name), _harness.Info(), out VolumeId made);
        Assert.True(status == StoreStatus.Ok, $"clone of {source} at {sequence}: {status}, health {Store.Health} {Store.LastFault.Place}");
        AddVolume(made, new VolumeState
        {
            Present = state,
            Name = name,
            Flags = flags,
            Parent = new VolumeId(source),
            ParentSequence = parentSequence,
        });
    }

    private void Drop()
    {
        ulong number = AnyVolume;
        if (number == VolumeId.First.Value)
            return;
        StoreStatus status = Store.DropVolume(new VolumeId(number), _harness.Info());
        Assert.Equal(IsBusy(number) ? StoreStatus.Busy : StoreStatus.Ok, status);
        if (status != StoreStatus.Ok)
            return;
        _volumes.Remove(number);
        _dropped.Add(new VolumeId(number));
    }

    private void Rename()
    {
        ulong number = AnyVolume;
        VolumeState volume = _volumes[number];
        VolumeFlags flags = AnyFlags;
        string name = AnyName;
        StoreStatus status = Store.SetVolume(new VolumeId(number), flags, Encoding.UTF8.GetBytes(name), _harness.Info());
        Assert.Equal(IsBusy(number) ? StoreStatus.Busy : StoreStatus.Ok, status);
        if (status != StoreStatus.Ok)
            return;
        volume.Flags = flags;
        volume.Name = name;
        volume.Past[Store.LastSequence] = volume.Present;
    }

    private void RollBack()
    {
        ulong number = AnyVolume;
        VolumeState volume = _volumes[number];
        List<ulong> offered = Offered(number);
        if (offered.Count == 0)
            return;
        ulong target = offered[_random.Next(offered.Count)];
        _views.RequireRoom();
        StoreStatus status = Store.Rollback(new VolumeId(number), target, _harness.Info());
        if ((volume.Flags & VolumeFlags.Image) != 0 || IsBusy(number))
        {
            Assert.Equal(IsBusy(number) ? StoreStatus.Busy : StoreStatus.BadArgument, status);
            return;
        }
        Assert.True(status == StoreStatus.Ok, $"rollback of {number} to {target}: {status}, health {Store.Health} {Store.LastFault.Place}");

        // What was left is kept; without retention for good.
        if (volume.Last != 0 && !_hasRetention)
            volume.Kept.TryAdd(volume.Last, "");
        volume.Present = volume.Past[target];
        Note(volume, "");
    }

    private void DropCheckpoint()
    {
        ulong number = AnyVolume;
        VolumeState volume = _volumes[number];
        ulong sequence = 0;
        for (int skip = _random.Next(3); skip >= 0; skip--)
        {
            if (Store.NextCheckpoint(new VolumeId(number), sequence, out CheckpointInfo info) != StoreStatus.Ok || !info.IsKept)
                break;
            sequence = info.Sequence;
        }
        if (sequence == 0 || (volume.Flags & VolumeFlags.Image) != 0)
            return;
        StoreCommit* commit = Store.Begin(new VolumeId(number));
        Assert.Equal(StoreStatus.Ok, Store.DropCheckpoint(commit, sequence));
        _harness.Commit(commit);
        volume.Kept.Remove(sequence);
        Note(volume, "");
    }

    private List<ulong> Offered(ulong volume)
    {
        List<ulong> offered = [];
        for (ulong at = 0; Store.NextCheckpoint(new VolumeId(volume), at, out CheckpointInfo info) == StoreStatus.Ok; at = info.Sequence)
            offered.Add(info.Sequence);
        return offered;
    }

    private void Reopen()
    {
        _views.CloseAll();
        _harness.Reopen(crash: _random.Next(3) != 0);
        _large = null;
        _comparison.All(_views.All);
    }

    private void OpenOrCloseView()
    {
        if (_views.All.Count > 0 && _random.Next(2) == 0)
        {
            _views.Close(_random.Next(_views.All.Count));
            return;
        }
        ulong number = AnyVolume;
        List<ulong> offered = Offered(number);
        if (_views.All.Count == 2 || offered.Count == 0)
            return;
        ulong sequence = offered[_random.Next(offered.Count)];
        _views.Open(number, sequence, _volumes[number].Past[sequence]);
    }

    // Another reader of the same device sees the same, and its history.
    private void LookReadOnly()
    {
        ObjectStore writer = Store;
        _harness.Options.ReadOnly = true;
        _harness.OpenBeside(() =>
        {
            _comparison.All(_views.All);
            ShowOne();
        });
        _harness.Options.ReadOnly = false;
        Assert.Same(writer, Store);
    }

    private void ShowOne()
    {
        ulong number = AnyVolume;
        List<ulong> offered = Offered(number);
        if (offered.Count == 0)
            return;
        ulong sequence = offered[_random.Next(offered.Count)];
        Assert.Equal(StoreStatus.Ok, Store.ShowCheckpoint(new VolumeId(number), sequence));
        ModelCheck.Compare(_harness, new VolumeId(number), _volumes[number].Past[sequence], Pages);
    }

    private void End()
    {
        _views.CloseAll();
        _harness.Reopen(crash: true);
        _large = null;
        _comparison.All(_views.All);
        Assert.Equal(StoreStatus.Ok, Store.CutNow());
        _comparison.All(_views.All);
        _harness.CheckClean();
        DropAll();
    }

    // Without its volumes and their history the store is as large as the first one.
    private void DropAll()
    {
        foreach (ulong number in _volumes.Keys.Where(number => number != VolumeId.First.Value).ToArray())
            Assert.Equal(StoreStatus.Ok, Store.DropVolume(new VolumeId(number), _harness.Info()));
        for (int i = 0; i < 60; i++)
            Assert.Equal(StoreStatus.Ok, Store.CutNow());
        CheckReport report = _harness.CheckClean();
        Assert.Equal((1UL, 0UL), (report.Volumes, report.HiddenVolumes));
        Assert.Equal(report.FreeBlocks, Store.Statistics.FreeBlocks);
        ModelCheck.Compare(_harness, VolumeId.First, _volumes[VolumeId.First.Value].Present, Pages);
    }
}
