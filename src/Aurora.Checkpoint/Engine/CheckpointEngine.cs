// The checkpoint pipelines of consistency groups (architecture, section 6), as the kernel and the Aurora calls see them. An epoch moves
// through a slot:
//
//   main loop: EpochCapture   stop: freeze dirty lists, capture changed records, note the held output     Free -> Captured
//   flush fiber: EpochWriter  clones, ends, truncations, pages and records to the store; Submit           Captured -> Submitted
//   commit fiber              wait until durable; land the frames, release output, wake fsync             Submitted -> Free
//
// Epochs are flushed and acknowledged in order, and at most SlotCount are under way: when the disk is slower than the period, the period
// stretches. A group in which nothing changed takes no checkpoint and writes nothing. When an epoch is taken is in CheckpointPace.
// Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Takes, flushes and commits the checkpoints of a group.</summary>
public sealed unsafe class CheckpointEngine : CheckpointService
{
    /// <summary>Epochs under way at once.</summary>
    public const int SlotCount = PipelineState.SlotCount;

    /// <summary>The period when nobody chose one.</summary>
    public const ulong DefaultPeriodNanoseconds = 10_000_000;

    /// <summary>How many of the newest checkpoints are listed.</summary>
    public const int HistoryCapacity = HistoryList.Capacity;

    /// <summary>Named checkpoints that are kept at once.</summary>
    public const int MaxNamed = 64;

    private readonly CheckpointServices _services;
    private readonly Pipelines _pipelines;
    private readonly Pipeline _first;
    private readonly EpochCapture _capture;
    private readonly EpochWriter _writer;
    private readonly CheckpointPace _pace;
    private readonly CheckpointRounds _rounds;
    private readonly HistoryList _history;
    private readonly CheckpointErrands _errands;

    public CheckpointEngine(in CheckpointServices services)
    {
        _services = services;
        _pipelines = new Pipelines(services.Tracker.Objects);
        _first = _pipelines.Begin(services.Tracker, services.Volume);
        var queues = new EngineQueues(services.Pages);
        var budget = new EpochBudget(services.Store.CommitBudget, (ulong)services.Memory.Frames.TotalFrames);
        _capture = new EpochCapture(in services, queues);
        _writer = new EpochWriter(in services, _pipelines, queues, _capture, Statistics);
        _pace = new CheckpointPace(in services, queues, _capture, in budget);
        _rounds = new CheckpointRounds(in services, _pipelines, _pace, in budget);
        _history = new HistoryList(in services, queues);
        _errands = new CheckpointErrands(in services, _pipelines, queues, _history);
    }

    /// <summary>
    /// Begins the checkpointing of another group into a volume of its own, from nothing or from where the volume is. Its group object is
    /// there; its console is made afterwards, since it needs room for what it shows from the beginning. False when there is no memory for
    /// that: then nothing is checkpointed, and it can be tried again.
    /// </summary>
    public bool Add(ObjectTracker group, VolumeId volume)
    {
        if (!_services.Output.Of(group).Reserve())
            return false;
        _pipelines.Begin(group, volume).State->IsEnabled = true;
        return true;
    }

    /// <summary>The volume of the store that a group lives in.</summary>
    public VolumeId VolumeOf(ushort group) => _pipelines.VolumeOf(group);

    /// <summary>False while the group is not persisted: Poll does nothing, and memory forgets its lists.</summary>
    public bool IsEnabled
    {
        get => _first.State->IsEnabled;
        set => _first.State->IsEnabled = value;
    }

    public CheckpointStatistics Statistics { get; } = new();

    public Epoch LastCaptured => _first.State->LastCaptured;
    public Epoch LastDurable => _first.State->LastDurable;

    /// <summary>Why the last commit was refused, while it is being tried again; Ok once one has been taken.</summary>
    public StoreStatus Refusal => _first.State->Refusal;

    /// <summary>What the store said when it failed for good.</summary>
    public StoreStatus Failure => _first.State->Failure;

    /// <inheritdoc/>
    public override bool HasFailed => _first.HasFailed;

    /// <inheritdoc/>
    public override WaitQueue* Durable => _first.Durable;

    /// <summary>True while an epoch has been captured and is not yet durable.</summary>
    public bool IsBusy => _first.IsBusy;

    /// <summary>True once the store's present state is another than the one that runs: the machine must be reset.</summary>
    public bool HasRolledBack => _first.State->Errand.HasRolledBack;

    /// <summary>Checkpoints discarded because a kernel object contradicted itself.</summary>
    public ulong Violations => _first.State->Violations;

    /// <summary>For tests: so many objects are taken for unsound, whatever they are.</summary>
    public int ProvokedViolations
    {
        get => _first.State->ProvokedViolations;
        set => _first.State->ProvokedViolations = value;
    }

    /// <summary>The epoch this boot continued from; zero when it started fresh.</summary>
    public ulong RestoredEpoch => _first.State->RestoredEpoch;

    /// <summary>From kernel entry to the moment guests could run in this boot, in nanoseconds; set once by whoever boots.</summary>
    public ulong BootNanoseconds { get; set; }

    /// <inheritdoc/>
    public override ulong PeriodNanoseconds
    {
        get => _first.State->PeriodNanoseconds;
        set => _pace.SetPeriod(in _first, value);
    }

    /// <summary>True while some kernel object is not as the newest epoch captured has it.</summary>
    public bool HasChanges => _pace.HasChanges(in _first);

    /// <inheritdoc cref="CheckpointPace.MustPause"/>
    public bool MustPause => _pace.MustPause(in _first);

    /// <inheritdoc cref="CheckpointRounds.MustLookAgain"/>
    public bool MustLookAgain => _rounds.MustLookAgain;

    /// <inheritdoc cref="CheckpointRounds.NextDueNanoseconds"/>
    public ulong NextDueNanoseconds => _rounds.NextDueNanoseconds;

    /// <inheritdoc cref="CheckpointRounds.FindNextIdleDue"/>
    public ulong NextIdleDueNanoseconds => _rounds.FindNextIdleDue();

    /// <inheritdoc cref="CheckpointRounds.Poll"/>
    public ulong Poll() => _rounds.Poll();

    /// <inheritdoc cref="CheckpointRounds.PollIdle"/>
    public void PollIdle() => _rounds.PollIdle();

    /// <summary>The bodies of the three fibers; they never return.</summary>
    public void RunFlushFiber() => _writer.RunFlushFiber();
    public void RunCommitFiber() => _writer.RunCommitFiber();
    public void RunErrandFiber() => _errands.Run();

    /// <inheritdoc cref="EpochWriter.CheckpointAndWait"/>
    public StoreStatus CheckpointAndWait() => _writer.CheckpointAndWait(in _first);

    /// <summary>
    /// Starts the numbering after a restored epoch, and after every other in the store: what a rollback has left behind keeps its numbers. All of
    /// them are durable. Blocks.
    /// </summary>
    public StoreStatus ContinueFrom(Epoch restored)
    {
        StoreStatus status = _errands.ReadNumbers(in _first, out Epoch highest);
        _first.State->LastCaptured = _first.State->LastDurable = highest > restored ? highest : restored;
        _first.State->RestoredEpoch = restored.Value;
        if (highest > restored)
            _services.Group.Of(_services.Tracker)->Left.Add(restored, highest);
        CheckpointErrands.Begin(in _first, _first.State->LastDurable);
        return status;
    }

    /// <inheritdoc/>
    public override Epoch Request()
    {
        if (!IsEnabled)
            return LastDurable;
        _first.State->IsRequested = true;
        _pipelines.Round.IsAsked = true;
        return LastCaptured.Next;
    }

    /// <inheritdoc/>
    public override Errno RequestNamed(ReadOnlySpan<byte> name, out Epoch epoch)
    {
        epoch = LastDurable;
        if (!IsEnabled)
            return Errno.EOPNOTSUPP;
        if (name.IsEmpty || name.Length > EpochSlot.MaxNameBytes)
            return Errno.EINVAL;
        if (_first.State->Name.IsUnderWay)
            return Errno.EAGAIN;
        if (_first.State->Kept >= MaxNamed)
            return Errno.ENOSPC;
        if (_services.Store.HistoryFault(_first.Volume).Status != StoreStatus.Ok)
            return Errno.EIO;
        _first.State->Name.Ask(name);
        epoch = Request();
        return Errno.Ok;
    }

    /// <inheritdoc/>
    public override bool IsDurable(Epoch epoch) => epoch <= LastDurable;

    /// <inheritdoc/>
    public override Errno ErrorOf(Epoch epoch)
    {
        if (IsDurable(epoch))
            return Errno.Ok;
        if (HasFailed)
            return Errno.EIO;
        return epoch <= _first.State->RefusedThrough ? Errno.ENOSPC : Errno.Ok;
    }

    /// <inheritdoc/>
    public override ulong Ask(CheckpointErrand errand, ReadOnlySpan<byte> target) => _errands.Ask(in _first, errand, target);

    /// <inheritdoc/>
    public override bool IsDone(ulong ticket, out Errno result) => CheckpointErrands.IsDone(in _first, ticket, out result);

    /// <inheritdoc/>
    public override ulong RequestHistory() => _history.Request(in _first);

    /// <inheritdoc/>
    public override bool IsHistoryReady(ulong ticket) => HistoryList.IsReady(in _first, ticket);

    /// <inheritdoc/>
    public override bool ReadHistory(int index, out SlsHistoryEntry entry) => HistoryList.Read(in _first, index, out entry);

    /// <inheritdoc/>
    public override void ReadStatistics(ref SlsStatistics statistics)
    {
        statistics.CapturedEpoch = LastCaptured.Value;
        statistics.DurableEpoch = LastDurable.Value;
        statistics.RestoredEpoch = RestoredEpoch;
        statistics.PeriodNanoseconds = PeriodNanoseconds;
        statistics.Checkpoints = Statistics.Checkpoints;
        statistics.Pages = Statistics.Pages;
        statistics.Records = Statistics.Records;
        statistics.Bytes = Statistics.Bytes;
        statistics.StopMedianNanoseconds = Statistics.StopPercentile(50);
        statistics.StopP99Nanoseconds = Statistics.StopPercentile(99);
        statistics.DurableMedianNanoseconds = Statistics.DurablePercentile(50);
        statistics.DurableP99Nanoseconds = Statistics.DurablePercentile(99);
        statistics.RestoreNanoseconds = BootNanoseconds;
        StoreStatistics store = _services.Store.Statistics;
        statistics.StoreFreeBytes = store.FreeBlocks * PageSize.Bytes;
        statistics.StoreTotalBytes = store.TotalBlocks * PageSize.Bytes;
        statistics.Failed = HasFailed ? 1UL : 0;
        statistics.Violations = Violations;
        statistics.LongestWaitNanoseconds = _services.Fibers.LongestTurnNanoseconds;
    }

    /// <inheritdoc/>
    public override bool ReadSample(int index, out CheckpointSample sample)
    {
        bool exists = index >= 0 && index < Statistics.Count;
        sample = exists ? Statistics[Statistics.Count - 1 - index] : default;
        return exists;
    }

    /// <inheritdoc/>
    public override bool ReadGroup(int index, out SlsGroup group)
    {
        group = default;
        if (index != 0)
            return false;
        group.Id = _services.Tracker.Index;
        group.CapturedEpoch = LastCaptured.Value;
        group.DurableEpoch = LastDurable.Value;
        group.PeriodNanoseconds = PeriodNanoseconds;
        group.State = State;
        fixed (byte* name = group.Name)
            "default"u8.CopyTo(new Span<byte>(name, SlsGroup.NameBytes));
        return true;
    }

    private uint State
    {
        get
        {
            if (!IsEnabled)
                return SlsGroup.StateEphemeral;
            if (HasFailed)
                return SlsGroup.StateFailed;
            if (Refusal == StoreStatus.NoSpace)
                return SlsGroup.StateFull;
            return MustPause ? SlsGroup.StatePaused : SlsGroup.StatePersisted;
        }
    }
}
