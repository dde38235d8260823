// The history as the Aurora calls see it. The errand fiber reads the newest part into memory when somebody asks, and the call waits for
// that. Protected by the kernel lock.
using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The newest checkpoints in the store, as they were when somebody last asked.</summary>
internal sealed unsafe class HistoryList
{
    /// <summary>How many of the newest checkpoints are listed.</summary>
    public const int Capacity = 256;

    private readonly CheckpointServices _services;
    private readonly PipelineState _state;

    // A ring: the entry of the n-th checkpoint read is at n modulo the capacity.
    private readonly SlsHistoryEntry[] _entries = new SlsHistoryEntry[Capacity];
    private ulong _read;
    private ulong _asked;
    private ulong _served;

    public HistoryList(in CheckpointServices services, PipelineState state)
    {
        _services = services;
        _state = state;
    }

    /// <inheritdoc cref="CheckpointService.RequestHistory"/>
    public ulong Request()
    {
        _services.Fibers.WakeAll(_state.ErrandWork);
        return ++_asked;
    }

    /// <inheritdoc cref="CheckpointService.IsHistoryReady"/>
    public bool IsReady(ulong ticket) => ticket <= _served || ticket > _asked;

    /// <inheritdoc cref="CheckpointService.ReadHistory"/>
    public bool Read(int index, out SlsHistoryEntry entry)
    {
        bool exists = index >= 0 && (ulong)index < Math.Min(_read, Capacity);
        entry = exists ? _entries[(int)((_read - 1 - (ulong)index) % Capacity)] : default;
        return exists;
    }

    /// <summary>Reads the history if somebody has asked for it since; false when nobody has. Blocks.</summary>
    public bool Serve()
    {
        if (_served == _asked)
            return false;
        ulong ticket = _asked;
        ReadAll();
        _served = ticket;
        return true;
    }

    private void ReadAll()
    {
        ulong read = 0;
        ulong sequence = 0;
        while (_services.Store.NextCheckpoint(_services.Volume, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            Describe(in info, ref _entries[(int)(read++ % Capacity)]);
        }
        _read = read;
    }

    private void Describe(in CheckpointInfo info, ref SlsHistoryEntry entry)
    {
        entry = new SlsHistoryEntry
        {
            Epoch = info.Commit.Epoch.Value,
            RealtimeNanoseconds = info.Commit.RealtimeNanoseconds,
            Bytes = info.Bytes,
            Flags = _services.Group.Of(_services.Tracker)->Left.Contains(info.Commit.Epoch) ? SlsHistoryEntry.IsLeft
                : info.Commit.Epoch.Value == _state.RestoredEpoch ? SlsHistoryEntry.IsPresent : 0,
        };
        int length = Math.Clamp(info.Commit.NameLength, 0, SlsHistoryEntry.NameBytes - 1);
        fixed (byte* from = info.Commit.Name)
        fixed (byte* to = entry.Name)
            new ReadOnlySpan<byte>(from, length).CopyTo(new Span<byte>(to, SlsHistoryEntry.NameBytes));
    }
}
