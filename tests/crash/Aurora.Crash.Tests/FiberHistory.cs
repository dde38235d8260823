// A history made by fibers: three that commit, the maintenance fiber that makes cuts, retention's and named checkpoints with them, and one that rolls
// back now and then. Whoever waits for the device lets the others run, so power can fail in the middle of a cut with commits in flight.
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
    private readonly SortedDictionary<ulong, ModelCommit> _commits = [];
    private readonly Dictionary<ulong, ulong> _rollbacks = [];
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
        _device.WhileWaiting = LetOthersRun;
        try
        {
            _fibers.Start(_store.RunMaintenance);
            for (int i = 0; i < Writers; i++)
                _fibers.Start(Write);
            _fibers.Run(TimeSpan.FromMinutes(5));
        }
        catch (InvalidOperationException failure) when (failure.InnerException is CrashFindingException or Aurora.Testing.PanicException)
        {
            throw new CrashFindingException(failure.InnerException.Message);
        }
        _store.Abandon();
    }

    private void LetOthersRun()
    {
        for (int i = _random.Next(4); i > 0; i--)
            _fibers.Yield();
    }

    private void Write()
    {
        List<nint> pages = [];
        while (_commitsLeft-- > 0 && _store.Health == StoreStatus.Ok)
        {
            StoreCommit* commit = _store.Begin(VolumeId.First);
            if (commit == null)
                break;
            ModelCommit next = _generator.Next();
            foreach (ModelOperation operation in next.Operations)
                CrashHistory.Add(_store, commit, operation, pages);
            if (Submit(commit, next) && _store.WaitDurable(commit) == StoreStatus.Ok)
                _device.Acknowledge(commit->SequenceNumber);
            _store.Release(commit);
            foreach (nint page in pages)
                CrashStore.Pages.Free((void*)page, 1);
            pages.Clear();
            if (_random.Next(15) == 0)
                RollBack();
        }
        if (--_writersLeft == 0)
            _store.StopMaintenance();
    }

    private bool Submit(StoreCommit* commit, ModelCommit next)
    {
        var info = new CommitInfo { Epoch = new Epoch(_time), RealtimeNanoseconds = _time += 10_000_000 };
        byte[] utf8 = Encoding.UTF8.GetBytes(next.Name);
        utf8.CopyTo(new Span<byte>(info.Name, CommitInfo.MaxNameBytes));
        info.NameLength = utf8.Length;
        StoreStatus status = _store.Submit(commit, info);
        CrashStore.Require(status is StoreStatus.Ok or StoreStatus.NoSpace or StoreStatus.Poisoned or StoreStatus.DeviceError, $"submit: {status}");
        if (status == StoreStatus.Ok)
        {
            _commits[commit->SequenceNumber] = next;
            _names.Add(VolumeId.First, commit->SequenceNumber, next.Name);
        }
        return status == StoreStatus.Ok;
    }

    private void RollBack()
    {
        List<ulong> offered = [];
        ulong sequence = 0;
        while (_store.NextCheckpoint(VolumeId.First, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (sequence <= _store.DurableSequence)
                offered.Add(sequence);
        }
        if (offered.Count == 0)
            return;
        ulong target = offered[_random.Next(offered.Count)];
        var rollback = new CommitInfo { Epoch = new Epoch(_time), RealtimeNanoseconds = _time += 10_000_000 };
        StoreStatus status = _store.Rollback(VolumeId.First, target, rollback, out ulong ownSequence);
        if (ownSequence != 0)
            _rollbacks[ownSequence] = target;
        if (status == StoreStatus.Ok)
            _device.Acknowledge(ownSequence);
    }

    // Commits have the order of their sequences, whoever made them.
    private Dictionary<ulong, CrashWorld> ModelsOf()
    {
        var models = new Dictionary<ulong, StoreModel> { [0] = new StoreModel() };
        for (ulong sequence = 1; sequence <= _store.LastSequence; sequence++)
        {
            StoreModel model = models[sequence - 1];
            if (_rollbacks.TryGetValue(sequence, out ulong target))
            {
                model = models[target];
            }
            else if (_commits.TryGetValue(sequence, out ModelCommit? commit))
            {
                model = model.Copy();
                model.Apply(commit);
            }
            models[sequence] = model;
        }
        return models.ToDictionary(entry => entry.Key, entry => CrashWorld.Of(entry.Value));
    }
}
