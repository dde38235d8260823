using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Persistence;

/// <summary>
/// What system calls ask of the checkpoint engine, each for a group. A caller that needs durability (fsync, `sls checkpoint`) requests a
/// checkpoint, keeps
/// the epoch it gets as its progress, and blocks on <see cref="DurableOf"/> until <see cref="IsDurable"/> says so. Epoch numbers go on
/// across a restore, so a call that was captured waiting finds its answer after it.
/// </summary>
public abstract unsafe class CheckpointService
{
    /// <summary>False for an ephemeral group: there are no checkpoints of it, now or ever.</summary>
    public abstract bool IsKept(ObjectTracker group);

    /// <summary>
    /// Asks for a checkpoint as soon as possible, or joins the one already asked for, and returns the epoch that will cover everything
    /// done so far. In a group that is not persisted nothing waits for the disk: the answer is an epoch that is durable already.
    /// </summary>
    public abstract Epoch Request(ObjectTracker group);

    /// <summary>
    /// Captures at once what a mapping of anonymous memory shows, and the epoch that holds it: that memory as it is now over all else as of
    /// the last whole checkpoint. Where that would not be a state of its own (the mapping is not the one that the last whole checkpoint
    /// knows, a fork shares its pages and has not been captured, somebody waits for a whole one), a whole checkpoint is asked for instead,
    /// and the epoch is that one's. Ok; EAGAIN while as many epochs are under way as may be (wait on <see cref="DurableOf"/>).
    /// Who does not await the epoch goes on before the fiber that hands it to the store.
    /// </summary>
    public abstract Errno RequestMemory(ObjectTracker group, Mapping* mapping, bool isAwaited, out Epoch epoch);

    /// <summary>
    /// The epoch that will cover everything done so far, of which somebody outside of the group is to see something: it is taken as one is
    /// for output on the console, after the period, or as soon as the group is idle. As <see cref="Request"/> in a group that is not
    /// persisted.
    /// </summary>
    public abstract Epoch Expect(ObjectTracker group);

    /// <summary>
    /// As <see cref="Request"/>, and keeps the checkpoint in the history under a name (UTF-8, at most 63 bytes) until it is dropped. Ok;
    /// EAGAIN while an earlier named checkpoint is not durable yet (wait on <see cref="DurableOf"/>); ENOSPC when as many are kept as may
    /// be; EOPNOTSUPP when
    /// the group is not persisted.
    /// </summary>
    public abstract Errno RequestNamed(ObjectTracker group, ReadOnlySpan<byte> name, out Epoch epoch);

    /// <summary>Why an epoch that was requested is not going to be durable soon: EIO, ENOSPC, or Ok while there is hope.</summary>
    public abstract Errno ErrorOf(ObjectTracker group, Epoch epoch);

    /// <summary>True when the epoch, and so everything before it, survives a power cut.</summary>
    public abstract bool IsDurable(ObjectTracker group, Epoch epoch);

    /// <summary>The newest epoch that has been captured of a group.</summary>
    public abstract Epoch CapturedOf(ObjectTracker group);

    /// <summary>Woken each time an epoch of a group becomes durable or a commit fails.</summary>
    public abstract WaitQueue* DurableOf(ObjectTracker group);

    /// <summary>Sets the time between the starts of two checkpoints of a busy group, in nanoseconds.</summary>
    public abstract void SetPeriod(ObjectTracker group, ulong nanoseconds);

    /// <summary>Fills the group's totals; what the engine does not know (calls, faults, memory) is left alone.</summary>
    public abstract void ReadStatistics(ObjectTracker group, ref SlsStatistics statistics);

    /// <summary>The cost of the <paramref name="index"/>-th newest checkpoint since boot; false past the last one kept.</summary>
    public abstract bool ReadSample(int index, out CheckpointSample sample);

    /// <summary>Asks for the history to be read from the store; returns a ticket for <see cref="IsHistoryReady"/>, and wakes Durable when
    /// done; zero when there is no memory for it.</summary>
    public abstract ulong RequestHistory(ObjectTracker group);

    /// <summary>True when the history asked for with this ticket has been read; also for a ticket of an earlier boot.</summary>
    public abstract bool IsHistoryReady(ObjectTracker group, ulong ticket);

    /// <summary>The <paramref name="index"/>-th newest checkpoint of the history last read; false past the last.</summary>
    public abstract bool ReadHistory(ObjectTracker group, int index, out SlsHistoryEntry entry);

    /// <summary>
    /// Asks for work on the checkpoints in the store that may wait for the device: <paramref name="target"/> is a name or an epoch's
    /// number. The ticket is for <see cref="IsDone"/>; zero while other such work is under way. Wakes <see cref="DurableOf"/> when done.
    /// </summary>
    public abstract ulong Ask(ObjectTracker group, CheckpointErrand errand, ReadOnlySpan<byte> target);

    /// <summary>True when the work of a ticket is done, with its result; ECANCELED for a ticket of an earlier boot.</summary>
    public abstract bool IsDone(ObjectTracker group, ulong ticket, out Errno result);
}
