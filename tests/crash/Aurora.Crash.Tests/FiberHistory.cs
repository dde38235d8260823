// A history made by fibers: three that commit, to one volume or to one of their own each, the maintenance fiber that makes cuts,
// retention's and named checkpoints with them, and each rolls back now and then. Whoever waits for the device lets the others run, so
// power can fail in the middle of a cut with commits in flight, and while several are prepared.
using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Aurora.Base;
using Aurora.Store;
using Aurora.Store.Tests;

namespace Aurora.Crash.Tests;

/// <summary>Records one such history.</summary>
public sealed unsafe class FiberHistory
{
    private const int Writers = 3;

    private readonly Random _random;
    private readonly HistoryGenerator _generator;
    private readonly BatonFibers _fibers;
    private readonly TraceDevice _device;
    private readonly SortedDictionary<ulong, (VolumeId Volume, ModelCommit Commit)> _commits = [];
    private readonly Dictionary<ulong, (VolumeId Volume, ulong Target)> _rollbacks = [];
    private readonly Dictionary<ulong, VolumeId> _made = [];

    // No store is ever seen as it was after these: those that they are joined with were still to come.
    private readonly HashSet<ulong> _between = [];
    private readonly bool _hasVolumes;
    private readonly KeptNames _names = new();
    private ObjectStore _store = null!;
    private ulong _time = 1;
    private int _commitsLeft;
    private int _writersLeft = Writers;

    private FiberHistory(int seed, int commits, int failingWrite)
    {
        _random = new Random(seed);
        _generator = new HistoryGenerator(seed, objects: 4, pages: 60, largest: 30);
        _fibers = new BatonFibers(seed);
        _device = new TraceDevice(CrashStore.Blocks, []) { IsRecording = true, FailingWrite = failingWrite };
        _commitsLeft = commits;
        _hasVolumes = seed % 2 == 0;
    }

    internal static RecordedHistory Run(int seed, int commits, SeededFaults seeded, int failingWrite)
    {
        var history = new FiberHistory(seed, commits, failingWrite);
        history.Run(seeded);
        return new RecordedHistory(history._device.Events, history.ModelsOf(), history._names);
    }

    private void Run(SeededFaults seeded)
    {
        CrashStore.Format(_device);
        OpenOptions options = CrashStore.Options(seeded);
        options.BackgroundMaintenance = true;
        StoreStatus status = ObjectStore.Open(_device, CrashStore.Pages, _fibers, options, out ObjectStore? store, out _);
        CrashStore.Require(store != null, $"open: {status}");
        _store = store!;
        _device.Acknowledge(0);
        VolumeId[] volumes = [.. Enumerable.Range(0, Writers).Select(_ => VolumeId.First)];
        for (int i = 1; i < Writers && _hasVolumes; i++)
            volumes[i] = MakeVolume();
        _device.WhileWaiting = LetOthersRun;
        try
        {
            _fibers.Start(_store.RunMaintenance);
            for (int i = 0; i < Writers; i++)
            {
                VolumeId volume = volumes[i];
                _fibers.Start(() => Write(volume));
            }
            _fibers.Run(TimeSpan.FromMinutes(5));
        }
        catch (InvalidOperationException failure) when (failure.InnerException is CrashFindingException or Aurora.Testing.PanicException)
        {
            throw new CrashFindingException(failure.InnerException.Message);
        }
        _store.Abandon();
    }

    private VolumeId MakeVolume()
    {
        var info = new CommitInfo { Epoch = new Epoch(_time), RealtimeNanoseconds = _time += 10_000_000 };
        StoreStatus status = _store.CreateVolume(VolumeFlags.None, default, info, out VolumeId volume);
        CrashStore.Require(status == StoreStatus.Ok, $"create: {status}");
        _made[_store.LastSequence] = volume;
        _device.Acknowledge(_store.LastSequence);
        return volume;
    }

    private void LetOthersRun()
    {
        for (int i = _random.Next(4); i > 0; i--)
            _fibers.Yield();
    }

    private void Write(VolumeId volume)
    {
        List<nint> pages = [];
        while (_commitsLeft-- > 0 && _store.Health == StoreStatus.Ok)
        {
            StoreCommit* commit = _store.Begin(volume);
            if (commit == null)
                break;
            ModelCommit next = _generator.Next();
            foreach (ModelOperation operation in next.Operations)
                CrashHistory.Add(_store, commit, operation, pages);
            if (Submit(volume, commit, next) && _store.WaitDurable(commit) == StoreStatus.Ok)
                _device.Acknowledge(commit->SequenceNumber);
            _store.Release(commit);
            foreach (nint page in pages)
                CrashStore.Pages.Free((void*)page, 1);
            pages.Clear();
            if (_random.Next(15) == 0)
                RollBack(volume);
            if (_hasVolumes && _random.Next(6) == 0)
                WriteJoined();
        }
        if (--_writersLeft == 0)
            _store.StopMaintenance();
    }

    // To volumes that others write to as well, in any order.
    private void WriteJoined()
    {
        VolumeId[] volumes = [VolumeId.First, .. _made.Values];
        _random.Shuffle(volumes);
        List<nint> pages = [], commits = [];
        List<(VolumeId Volume, ModelCommit Commit)> made = [];
        CommitInfo info = default;
        foreach (VolumeId volume in volumes[.. (2 + _random.Next(volumes.Length - 1))])
        {
            StoreCommit* commit = _store.Begin(volume);
            if (commit == null)
                break;
            made.Add((volume, _generator.Next()));
            foreach (ModelOperation operation in made[^1].Commit.Operations)
                CrashHistory.Add(_store, commit, operation, pages);
            info = new CommitInfo { Epoch = new Epoch(_time), RealtimeNanoseconds = _time += 10_000_000 };
            if (commits.Count > 0)
                _store.Join((StoreCommit*)commits[0], commit, info);
            commits.Add((nint)commit);
        }
        StoreStatus status = commits.Count == 0 ? StoreStatus.Poisoned : _store.SubmitJoined((StoreCommit*)commits[0], info);
        bool isExpected = status is StoreStatus.Ok or StoreStatus.NoSpace or StoreStatus.Poisoned or StoreStatus.DeviceError;
        CrashStore.Require(isExpected, $"joined: {status}");
        for (int i = 0; i < commits.Count && status == StoreStatus.Ok; i++)
            Note((StoreCommit*)commits[i], made[i], isLast: i == commits.Count - 1);
        foreach (nint commit in commits)
        {
            if (status == StoreStatus.Ok && _store.WaitDurable((StoreCommit*)commit) == StoreStatus.Ok)
                _device.Acknowledge(((StoreCommit*)commits[^1])->SequenceNumber);
            _store.Release((StoreCommit*)commit);
        }
        foreach (nint page in pages)
            CrashStore.Pages.Free((void*)page, 1);
    }

    private void Note(StoreCommit* commit, (VolumeId Volume, ModelCommit Commit) made, bool isLast)
    {
        _commits[commit->SequenceNumber] = made;
        if (!isLast)
            _between.Add(commit->SequenceNumber);
    }

    private bool Submit(VolumeId volume, StoreCommit* commit, ModelCommit next)
    {
        var info = new CommitInfo { Epoch = new Epoch(_time), RealtimeNanoseconds = _time += 10_000_000 };
        byte[] utf8 = Encoding.UTF8.GetBytes(next.Name);
        utf8.CopyTo(new Span<byte>(info.Name, CommitInfo.MaxNameBytes));
        info.NameLength = utf8.Length;
        StoreStatus status = _store.Submit(commit, info);
        CrashStore.Require(status is StoreStatus.Ok or StoreStatus.NoSpace or StoreStatus.Poisoned or StoreStatus.DeviceError, $"submit: {status}");
        if (status == StoreStatus.Ok)
        {
            _commits[commit->SequenceNumber] = (volume, next);
            _names.Add(volume, commit->SequenceNumber, next.Name);
        }
        return status == StoreStatus.Ok;
    }

    private void RollBack(VolumeId volume)
    {
        List<ulong> offered = [];
        ulong sequence = 0;
        while (_store.NextCheckpoint(volume, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (sequence <= _store.DurableSequence)
                offered.Add(sequence);
        }
        if (offered.Count == 0)
            return;
        ulong target = offered[_random.Next(offered.Count)];
        var rollback = new CommitInfo { Epoch = new Epoch(_time), RealtimeNanoseconds = _time += 10_000_000 };
        StoreStatus status = _store.Rollback(volume, target, rollback, out ulong ownSequence);
        if (ownSequence != 0)
            _rollbacks[ownSequence] = (volume, target);
        if (status == StoreStatus.Ok)
            _device.Acknowledge(ownSequence);
    }

    // Commits have the order of their sequences, whoever made them.
    private Dictionary<ulong, CrashWorld> ModelsOf()
    {
        var models = new Dictionary<ulong, CrashWorld> { [0] = CrashWorld.Of(new StoreModel()) };
        for (ulong sequence = 1; sequence <= _store.LastSequence; sequence++)
        {
            CrashWorld world = models[sequence - 1];
            if (_made.TryGetValue(sequence, out VolumeId made))
            {
                world = world.With(made, new StoreModel());
            }
            else if (_rollbacks.TryGetValue(sequence, out (VolumeId Volume, ulong Target) rollback))
            {
                world = world.With(rollback.Volume, models[rollback.Target][rollback.Volume]);
            }
            else if (_commits.TryGetValue(sequence, out (VolumeId Volume, ModelCommit Commit) next))
            {
                StoreModel model = world[next.Volume].Copy();
                model.Apply(next.Commit);
                world = world.With(next.Volume, model);
            }
            models[sequence] = world;
        }
        foreach (ulong sequence in _between)
            models.Remove(sequence);
        return models;
    }
}
