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
using Aurora.Memory;
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
    private readonly MemoryCheckpoints _memory;

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
        _memory = new MemoryCheckpoints(in services, _capture);
        Life = new CheckpointLife(in services, _pipelines, queues, _pace, _errands, _history);
    }

    /// <summary>The first group: what has no group in its name is about that one.</summary>
    public ObjectTracker First => _services.Tracker;

    /// <summary>Begins and ends the checkpointing of groups.</summary>
    public CheckpointLife Life { get; }

    /// <summary>The volume of the store that a group lives in.</summary>
    public VolumeId VolumeOf(ushort group) => _pipelines.VolumeOf(group);

    /// <summary>The pages of a group that is not checkpointed are read from a volume.</summary>
    internal void ReadFrom(ObjectTracker group, VolumeId volume)
    {
        Panic.Unless(!_services.Memory.Bases.HasBegun(group), "checkpoints: what is written to would be a base"u8);
        _pipelines.StateOf(group.Index)->Volume = volume.Value;
    }

    /// <summary>The group will never run again as it is in memory.</summary>
    internal bool IsSetAside(ushort group) => _pipelines.StateOf(group)->IsSetAside;

    /// <summary>Its pages are not read any more.</summary>
    internal void ReadNothing(ObjectTracker group) => _pipelines.StateOf(group.Index)->Volume = 0;

    /// <summary>The first of the groups that are checkpointed, by <see cref="PipelineState.NextGroup"/>.</summary>
    internal PipelineState* FirstState => _pipelines.First;

    /// <summary>The group in memory that is checkpointed into a volume; <see cref="ObjectTracker.Exists"/> is false when there is
    /// none.</summary>
    public ObjectTracker GroupWith(VolumeId volume)
    {
        for (Pipeline pipeline = default; _pipelines.Next(ref pipeline);)
        {
            if (pipeline.Volume == volume)
                return pipeline.Group;
        }
        return default;
    }

    /// <inheritdoc cref="Pipelines.Changes"/>
    internal ulong GroupChanges => _pipelines.Changes;

    internal PipelineState* StateOf(ushort group) => _pipelines.StateOf(group);

    /// <summary>What is durable of a group is in its volume, and can be read there.</summary>
    internal bool IsReadable(ushort group)
    {
        PipelineState* state = _pipelines.StateOf(group);
        return state->Volume != 0 && state->IsEnabled && state->Failure == StoreStatus.Ok && !state->IsRollingBack;
    }

    /// <summary>False while the group is not persisted: Poll does nothing.</summary>
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

    public bool HasFailed => _first.HasFailed;

    /// <inheritdoc/>
    public override WaitQueue* DurableOf(ObjectTracker group) => _pipelines.Of(group).Durable;

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

    /// <summary>The time between the starts of two checkpoints while the group is busy.</summary>
    public ulong PeriodNanoseconds
    {
        get => _first.State->PeriodNanoseconds;
        set => _pace.SetPeriod(in _first, value);
    }

    /// <inheritdoc/>
    public override bool IsKept(ObjectTracker group) => !group.IsEphemeral;

    /// <inheritdoc/>
    public override void SetPeriod(ObjectTracker group, ulong nanoseconds) => _pace.SetPeriod(_pipelines.Of(group), nanoseconds);

    /// <summary>True while some kernel object is not as the newest epoch captured has it.</summary>
    public bool HasChanges => _pace.HasChanges(in _first);

    /// <inheritdoc cref="CheckpointPace.MustPause"/>
    public bool MustPause => _pace.MustPause(in _first);

    /// <inheritdoc cref="CheckpointRounds.MustLookAgain"/>
    public bool MustLookAgain => _rounds.MustLookAgain;

    /// <inheritdoc cref="CheckpointRounds.IsAsked"/>
    public bool IsAsked => _rounds.IsAsked;

    /// <inheritdoc cref="CheckpointRounds.NextDueNanoseconds"/>
    public ulong NextDueNanoseconds => _rounds.NextDueNanoseconds;

    /// <inheritdoc cref="CheckpointRounds.FindNextIdleDue"/>
    public ulong NextIdleDueNanoseconds => _rounds.FindNextIdleDue();

    /// <inheritdoc cref="CheckpointRounds.Poll"/>
    public ulong Poll() => _rounds.Poll();

    /// <inheritdoc cref="CheckpointRounds.PollIdle"/>
    public void PollIdle() => _rounds.PollIdle();

    /// <summary>The bodies of the fibers, of which several may flush and commit; they never return.</summary>
    public void RunFlushFiber() => _writer.RunFlushFiber();
    public void RunCommitFiber() => _writer.RunCommitFiber();
    public void RunErrandFiber() => _errands.Run();

    /// <inheritdoc cref="EpochWriter.CheckpointAndWait"/>
    public StoreStatus CheckpointAndWait() => _writer.CheckpointAndWait(in _first);

    /// <summary>As <see cref="Request(ObjectTracker)"/>, for the first group.</summary>
    public Epoch Request() => Request(_services.Tracker);

    /// <inheritdoc/>
    public override Epoch Request(ObjectTracker group)
    {
        PipelineState* state = _pipelines.Of(group).State;
        if (!state->IsEnabled && !state->IsStarting)
            return state->LastDurable;
        state->IsRequested = true;
        _pipelines.Round.IsAsked = true;
        return state->LastCaptured.Next;
    }

    /// <inheritdoc/>
    public override Errno RequestMemory(ObjectTracker group, Mapping* mapping, bool isAwaited, out Epoch epoch)
    {
        Pipeline pipeline = _pipelines.Of(group);
        MemoryAnswer answer = _memory.Take(in pipeline, mapping, isAwaited);
        epoch = answer == MemoryAnswer.Whole ? Request(group) : pipeline.State->LastCaptured;
        return answer == MemoryAnswer.NoSlot ? Errno.EAGAIN : Errno.Ok;
    }

    /// <inheritdoc/>
    public override Epoch Expect(ObjectTracker group)
    {
        PipelineState* state = _pipelines.Of(group).State;
        if (!state->IsEnabled && !state->IsStarting)
            return state->LastDurable;
        state->IsExpected = true;
        _pipelines.Round.IsAsked = true;
        return state->LastCaptured.Next;
    }

    /// <inheritdoc/>
    public override Errno RequestNamed(ObjectTracker group, ReadOnlySpan<byte> name, out Epoch epoch)
    {
        Pipeline pipeline = _pipelines.Of(group);
        epoch = pipeline.State->LastDurable;
        if (!pipeline.State->IsEnabled && !pipeline.State->IsStarting)
            return Errno.EOPNOTSUPP;
        if (name.IsEmpty || name.Length > EpochSlot.MaxNameBytes)
            return Errno.EINVAL;
        if (pipeline.State->Name.IsUnderWay)
            return Errno.EAGAIN;
        if (pipeline.State->Kept >= MaxNamed)
            return Errno.ENOSPC;
        if (_services.Store.HistoryFault(pipeline.Volume).Status != StoreStatus.Ok)
            return Errno.EIO;
        pipeline.State->Name.Ask(name);
        epoch = Request(group);
        return Errno.Ok;
    }

    /// <summary>The newest epoch of a group that is durable.</summary>
    public Epoch LastDurableOf(ObjectTracker group) => _pipelines.Of(group).State->LastDurable;

    /// <inheritdoc/>
    public override bool IsDurable(ObjectTracker group, Epoch epoch) => epoch <= _pipelines.Of(group).State->LastDurable;

    /// <inheritdoc/>
    public override Epoch CapturedOf(ObjectTracker group) => _pipelines.Of(group).State->LastCaptured;

    /// <inheritdoc/>
    public override Errno ErrorOf(ObjectTracker group, Epoch epoch)
    {
        Pipeline pipeline = _pipelines.Of(group);
        if (epoch <= pipeline.State->LastDurable)
            return Errno.Ok;
        if (pipeline.HasFailed)
            return Errno.EIO;
        return pipeline.State->IsRefused(epoch) ? Errno.ENOSPC : Errno.Ok;
    }

    /// <inheritdoc/>
    public override ulong Ask(ObjectTracker group, CheckpointErrand errand, ReadOnlySpan<byte> target)
        => _errands.Ask(_pipelines.Of(group), errand, target);

    /// <inheritdoc/>
    public override bool IsDone(ObjectTracker group, ulong ticket, out Errno result)
        => CheckpointErrands.IsDone(_pipelines.Of(group), ticket, out result);

    /// <inheritdoc/>
    public override ulong RequestHistory(ObjectTracker group) => _history.Request(_pipelines.Of(group));

    /// <inheritdoc/>
    public override bool IsHistoryReady(ObjectTracker group, ulong ticket) => HistoryList.IsReady(_pipelines.Of(group), ticket);

    /// <inheritdoc/>
    public override bool ReadHistory(ObjectTracker group, int index, out SlsHistoryEntry entry)
        => HistoryList.Read(_pipelines.Of(group), index, out entry);

    /// <inheritdoc/>
    public override void ReadStatistics(ObjectTracker group, ref SlsStatistics statistics)
    {
        PipelineState* state = _pipelines.Of(group).State;
        statistics.CapturedEpoch = state->LastCaptured.Value;
        statistics.DurableEpoch = state->LastDurable.Value;
        statistics.RestoredEpoch = state->RestoredEpoch;
        statistics.PeriodNanoseconds = state->PeriodNanoseconds;
        statistics.Checkpoints = Statistics.Checkpoints;
        statistics.Pages = Statistics.Pages;
        statistics.Records = Statistics.Records;
        statistics.Bytes = Statistics.Bytes;
        Statistics.ReadLatest(ref statistics);
        statistics.RestoreNanoseconds = BootNanoseconds;
        StoreStatistics store = _services.Store.Statistics;
        statistics.StoreFreeBytes = store.FreeBlocks * PageSize.Bytes;
        statistics.StoreTotalBytes = store.TotalBlocks * PageSize.Bytes;
        statistics.Failed = state->Failure != StoreStatus.Ok ? 1UL : 0;
        statistics.Violations = state->Violations;
        statistics.LongestWaitNanoseconds = _services.Fibers.LongestTurnNanoseconds;
        statistics.IdleNanoseconds = _services.Scheduler.IdleNanoseconds;
    }

    /// <inheritdoc/>
    public override bool ReadSample(int index, out CheckpointSample sample)
    {
        bool exists = index >= 0 && index < Statistics.Count;
        sample = exists ? Statistics[Statistics.Count - 1 - index] : default;
        return exists;
    }

    /// <summary>What <c>sls ps</c> shows of the checkpoints of a group.</summary>
    public void Describe(ObjectTracker group, ref SlsGroup about)
    {
        Pipeline pipeline = _pipelines.Of(group);
        about.CapturedEpoch = pipeline.State->LastCaptured.Value;
        about.DurableEpoch = pipeline.State->LastDurable.Value;
        about.PeriodNanoseconds = group.IsEphemeral ? 0 : pipeline.State->PeriodNanoseconds;
        about.State = StateOf(pipeline);
    }

    private uint StateOf(Pipeline pipeline)
    {
        if (!pipeline.State->IsEnabled)
            return SlsGroup.StateEphemeral;
        if (pipeline.HasFailed)
            return SlsGroup.StateFailed;
        if (pipeline.State->Refusal == StoreStatus.NoSpace)
            return SlsGroup.StateFull;
        return _pace.MustPause(pipeline) ? SlsGroup.StatePaused : SlsGroup.StatePersisted;
    }
}
