// The history as the Aurora calls see it. The errand fiber reads the newest part into memory when somebody asks, and the call waits for that.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Store;

namespace Aurora.Checkpoint;

public sealed unsafe partial class CheckpointEngine
{
    /// <summary>How many of the newest checkpoints are listed.</summary>
    public const int HistoryCapacity = 256;

    // A ring: the entry of the n-th checkpoint read is at n modulo the capacity.
    private readonly SlsHistoryEntry[] _history = new SlsHistoryEntry[HistoryCapacity];
    private ulong _historyRead;
    private ulong _historyAsked;
    private ulong _historyServed;

    /// <inheritdoc/>
    public override ulong RequestHistory()
    {
        _services.Fibers.WakeAll(ErrandWork);
        return ++_historyAsked;
    }

    /// <inheritdoc/>
    public override bool IsHistoryReady(ulong ticket) => ticket <= _historyServed || ticket > _historyAsked;

    /// <inheritdoc/>
    public override bool ReadHistory(int index, out SlsHistoryEntry entry)
    {
        bool exists = index >= 0 && (ulong)index < Math.Min(_historyRead, HistoryCapacity);
        entry = exists ? _history[(int)((_historyRead - 1 - (ulong)index) % HistoryCapacity)] : default;
        return exists;
    }

    private void ServeHistory()
    {
        ulong ticket = _historyAsked;
        ReadAllHistory();
        _historyServed = ticket;
        _services.Scheduler.WakeAll(_durable);
    }

    private void ReadAllHistory()
    {
        ulong read = 0;
        ulong sequence = 0;
        while (_services.Store.NextCheckpoint(sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            Describe(in info, ref _history[(int)(read++ % HistoryCapacity)]);
        }
        _historyRead = read;
    }

    private void Describe(in CheckpointInfo info, ref SlsHistoryEntry entry)
    {
        entry = new SlsHistoryEntry
        {
            Epoch = info.Commit.Epoch.Value,
            RealtimeNanoseconds = info.Commit.RealtimeNanoseconds,
            Bytes = info.Bytes,
            Flags = _services.Group.Group->Left.Contains(info.Commit.Epoch) ? SlsHistoryEntry.IsLeft
                : info.Commit.Epoch.Value == RestoredEpoch ? SlsHistoryEntry.IsPresent : 0,
        };
        int length = Math.Clamp(info.Commit.NameLength, 0, SlsHistoryEntry.NameBytes - 1);
        fixed (byte* from = info.Commit.Name)
        fixed (byte* to = entry.Name)
            new ReadOnlySpan<byte>(from, length).CopyTo(new Span<byte>(to, SlsHistoryEntry.NameBytes));
    }
}
