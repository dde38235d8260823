// Runs a generated history on a tracing device: commits of all kinds, several in flight, cuts, named checkpoints that are dropped again. The model
// after each commit is kept, so that a recovered store can be compared with the state it claims.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Store;
using Aurora.Store.Tests;

namespace Aurora.Crash.Tests;

/// <summary>What was recorded of a history: its trace, the states by sequence, the names.</summary>
public sealed record RecordedHistory(List<TraceEvent> Events, Dictionary<ulong, CrashWorld> Models, KeptNames Names);

/// <summary>Runs one history in which one thing happens after the other, but several commits may be in flight.</summary>
public sealed unsafe partial class CrashHistory
{
    private readonly Random _random;
    private readonly HistoryGenerator _generator;
    private readonly TraceDevice _device;
    private readonly List<nint> _pages = [];
    private readonly List<StoreView> _views = [];
    private readonly bool _hasViews;
    private readonly bool _hasVolumes;
    private readonly bool _hasLargeCommits;
    private readonly bool _hasJoinedCommits;
    private ObjectStore _store = null!;
    private CrashWorld _world;
    private readonly KeptNames _names;
    private ulong _time = 1;

    private CrashHistory(int seed, TraceDevice device, CrashWorld world, KeptNames names)
    {
        _names = names;
        _random = new Random(seed);

        // Some histories have no named commits, so that their cuts are made by time and log space alone.
        _generator = new HistoryGenerator(seed, objects: 4, pages: 60, largest: 40, hasNames: seed % 5 != 4);
        _device = device;
        _world = world;

        // Views keep blocks from being reused, so most histories have none.
        _hasViews = seed % 3 == 1;
        _hasVolumes = seed % 4 is 1 or 2;
        _hasJoinedCommits = seed % 8 is 5 or 6;
        _hasLargeCommits = seed % 7 is 1 or 2 or 4;
        _greatestVolume = Math.Max(names.GreatestVolume, world.Volumes.Keys.Max());
    }

    private Dictionary<ulong, CrashWorld> Models { get; } = [];

    /// <summary>Runs a history over an image whose store has the state <paramref name="start"/> and the names, to which its own are added.</summary>
    internal static RecordedHistory Run(int seed, int commits, SeededFaults seeded, Dictionary<ulong, byte[]> image, CrashWorld start,
        KeptNames names, int failingWrite = -1)
    {
        var device = new TraceDevice(CrashStore.Blocks, image) { IsRecording = true, FailingWrite = failingWrite };
        var history = new CrashHistory(seed, device, start, names);
        // Some cuts are made often, by time; others late, when the log or the disk is filling up.
        if (image.Count == 0)
            CrashStore.Format(device);
        history._store = CrashStore.Open(device, seeded, seed % 2 == 0 ? 10_000_000_000UL : 60_000_000UL);
        history.Models[history._store.LastSequence] = start;
        device.Acknowledge(history._store.LastSequence);
        try
        {
            for (int done = 0; done < commits && history._store.Health == StoreStatus.Ok; done++)
                history.Step();
            foreach (StoreView view in history._views)
                CrashStore.Compare(view, history.Models[view.Sequence][view.Volume]);
        }
        finally
        {
            history._store.Abandon();
            history.FreePages();
        }
        return new RecordedHistory(device.Events, history.Models, names);
    }

    // One to three commits in flight, acknowledged in an order of chance; now and then a cut, a dropped checkpoint or a watermark.
    private void Step()
    {
        int count = _random.Next(4) == 0 ? 1 + _random.Next(3) : 1;
        StoreCommit** commits = stackalloc StoreCommit*[count];
        int submitted = 0;
        for (int i = 0; i < count; i++)
        {
            StoreCommit* commit = Submit();
            if (commit != null)
                commits[submitted++] = commit;
        }
        if (submitted > 0 && _store.WaitDurable(commits[submitted - 1]) == StoreStatus.Ok)
            _device.Acknowledge(commits[submitted - 1]->SequenceNumber);
        for (int i = 0; i < submitted; i++)
        {
            if (_store.WaitDurable(commits[i]) == StoreStatus.Ok)
                _device.Acknowledge(commits[i]->SequenceNumber);
            _store.Release(commits[i]);
        }
        FinishParts();
        Interlude();
    }

    private void Interlude()
    {
        if (_hasViews && _random.Next(4) == 0)
            OpenOrCloseView();
        if (_hasVolumes && _random.Next(3) == 0)
            ChangeVolumes();
        if (_hasLargeCommits && _random.Next(2) == 0)
            StepLarge();
        if (_hasJoinedCommits && _random.Next(3) == 0)
            SubmitJoined();
        switch (_random.Next(26))
        {
            case 5 or 6:
                RollBack();
                break;
            case 0:
                _store.CutNow();
                break;
            case 1:
                if (_store.WriteWatermark() == StoreStatus.Ok)
                    Models[_store.LastSequence] = _world;
                break;
            case 2 or 3 or 4:
                DropCheckpoint(AnyVolume);
                break;
        }
    }

    // Views of any checkpoint on offer, of different ages; what they read is compared when they are closed. One is left for rollbacks.
    private void OpenOrCloseView()
    {
        if (_views.Count > 0 && _random.Next(2) == 0)
        {
            StoreView view = _views[_random.Next(_views.Count)];
            CrashStore.Compare(view, Models[view.Sequence][view.Volume]);
            view.Close();
            _views.Remove(view);
            return;
        }
        VolumeId volume = AnyVolume;
        List<ulong> offered = Offered(volume);
        if (_views.Count == 3 || offered.Count == 0)
            return;
        ulong sequence = offered[_random.Next(offered.Count)];
        StoreStatus status = _store.OpenView(volume, sequence, out StoreView? opened);
        CrashStore.Require(opened != null, $"view of {sequence}: {status}");
        _views.Add(opened!);
    }

    private List<ulong> Offered(VolumeId volume)
    {
        List<ulong> offered = [];
        for (ulong at = 0; _store.NextCheckpoint(volume, at, out CheckpointInfo info) == StoreStatus.Ok; at = info.Sequence)
        {
            if (Models.TryGetValue(info.Sequence, out CrashWorld? world) && world.Has(volume))
                offered.Add(info.Sequence);
        }
        return offered;
    }

    // To any checkpoint on offer. The rollback is a commit of its own, which may be in the log even when the call failed.
    private void RollBack()
    {
        VolumeId volume = AnyVolume;
        List<ulong> offered = Offered(volume);
        if (offered.Count == 0)
            return;
        ulong target = offered[_random.Next(offered.Count)];
        ulong last = _store.LastSequence;
        StoreStatus status = _store.Rollback(volume, target, NextInfo());
        RequireExpected(status, volume, $"rollback of volume {volume.Value} to {target}");
        if (_store.LastSequence != last)
            Note(_world.With(volume, Models[target][volume]), status);
    }

    private void DropCheckpoint(VolumeId volume)
    {
        if (_store.NextCheckpoint(volume, 0, out CheckpointInfo info) == StoreStatus.Ok && info.IsKept)
            Finish(SubmitDrop(volume, info.Sequence));
    }

    private StoreCommit* SubmitDrop(VolumeId volume, ulong sequence)
    {
        StoreCommit* commit = _store.Begin(volume);
        if (commit != null)
            _store.DropCheckpoint(commit, sequence);
        if (commit == null || !TrySubmit(commit, ""))
            return null;
        _names.Drop(sequence, commit->SequenceNumber);
        return commit;
    }

    private void Finish(StoreCommit* commit)
    {
        if (commit == null)
            return;
        if (_store.WaitDurable(commit) == StoreStatus.Ok)
            _device.Acknowledge(commit->SequenceNumber);
        _store.Release(commit);
    }

    private StoreCommit* Submit()
    {
        ModelCommit next = _generator.Next();
        VolumeId volume = AnyVolume;
        StoreCommit* commit = _store.Begin(volume);
        if (commit == null)
            return null;
        StoreModel after = _world[volume].Copy();
        after.Apply(next);
        foreach (ModelOperation operation in next.Operations)
            Add(commit, operation);
        CrashWorld before = _world;
        _world = before.With(volume, after);
        if (TrySubmit(commit, next.Name))
            return commit;
        _world = before;
        return null;
    }

    private bool TrySubmit(StoreCommit* commit, string name)
    {
        var info = new CommitInfo { Epoch = new Epoch(_time), RealtimeNanoseconds = _time += 10_000_000, NameLength = name.Length };
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        for (int i = 0; i < utf8.Length; i++)
            info.Name[i] = utf8[i];
        StoreStatus status = _store.Submit(commit, info);
        if (status == StoreStatus.Ok)
        {
            Models[commit->SequenceNumber] = _world;
            _names.Add(new VolumeId(commit->Volume), commit->SequenceNumber, name);
            return true;
        }
        RequireExpected(status, new VolumeId(commit->Volume),
            $"submit: {_store.LastFault.Place} block {_store.LastFault.Block.Value} found {_store.LastFault.Found}");
        _store.Release(commit);
        return false;
    }

    private void Add(StoreCommit* commit, ModelOperation operation)
        => Add(_store, commit, operation, _pages);

    /// <summary>Adds an operation of a generated history to a commit; the pages it needs go into the list.</summary>
    internal static void Add(ObjectStore store, StoreCommit* commit, ModelOperation operation, List<nint> pages)
    {
        var id = new ObjectId(operation.Object);
        switch (operation.Action)
        {
            case ModelAction.Write:
                ulong* data = (ulong*)CrashStore.Pages.Allocate(1);
                CrashStore.Fill(data, operation.Value);
                pages.Add((nint)data);
                store.WritePage(commit, id, operation.Page, data);
                break;
            case ModelAction.Hole:
                store.WriteHole(commit, id, operation.Page);
                break;
            case ModelAction.Put:
                store.PutRecord(commit, id, Encoding.UTF8.GetBytes(StoreModel.RecordText(operation.Value)));
                break;
            case ModelAction.Delete:
                store.DeleteObject(commit, id);
                break;
            case ModelAction.Truncate:
                store.Truncate(commit, id, operation.Page);
                break;
            case ModelAction.Clone:
                store.CloneObject(commit, new ObjectId(operation.Page), id);
                break;
        }
    }

    private void FreePages()
    {
        foreach (nint page in _pages)
            CrashStore.Pages.Free((void*)page, 1);
        _pages.Clear();
    }
}
