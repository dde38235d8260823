// The history as the Aurora calls see it. The errand fiber reads the newest part into memory when somebody asks, and the call waits for
// that. The list is kernel memory of the group, taken once and kept, whoever asks first: no user pays for it. Protected by the kernel lock.
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
    private readonly EngineQueues _queues;

    public HistoryList(in CheckpointServices services, EngineQueues queues)
    {
        _services = services;
        _queues = queues;
    }

    private static int Pages => (int)PageSize.PagesFor((ulong)(Capacity * sizeof(SlsHistoryEntry)));

    /// <inheritdoc cref="CheckpointService.RequestHistory"/>
    public ulong Request(in Pipeline pipeline)
    {
        HistoryState* state = &pipeline.State->History;
        if (state->Entries == null)
            state->Entries = AllocateEntries();
        if (state->Entries == null)
            return 0;
        _services.Fibers.WakeAll(_queues.ErrandWork);
        return ++state->Asked;
    }

    private SlsHistoryEntry* AllocateEntries()
    {
        bool wasLimited = _services.Pages.Accounts.Lift();
        var entries = (SlsHistoryEntry*)_services.Pages.Allocate(Pages);
        _services.Pages.Accounts.Restrict(wasLimited);
        return entries;
    }

    /// <inheritdoc cref="CheckpointService.IsHistoryReady"/>
    public static bool IsReady(in Pipeline pipeline, ulong ticket)
        => ticket <= pipeline.State->History.Served || ticket > pipeline.State->History.Asked;

    /// <inheritdoc cref="CheckpointService.ReadHistory"/>
    public static bool Read(in Pipeline pipeline, int index, out SlsHistoryEntry entry)
    {
        HistoryState* state = &pipeline.State->History;
        bool exists = index >= 0 && (ulong)index < Math.Min(state->Read, Capacity);
        entry = exists ? state->Entries[(int)((state->Read - 1 - (ulong)index) % Capacity)] : default;
        return exists;
    }

    /// <summary>Reads the history if somebody has asked for it since; false when nobody has. Blocks.</summary>
    public bool Serve(in Pipeline pipeline)
    {
        HistoryState* state = &pipeline.State->History;
        if (state->Served == state->Asked)
            return false;
        ulong ticket = state->Asked;
        ReadAll(pipeline, state);
        state->Served = ticket;
        return true;
    }

    /// <summary>Gives the memory of a group's history back.</summary>
    public void End(in Pipeline pipeline)
    {
        HistoryState* state = &pipeline.State->History;
        if (state->Entries != null)
            _services.Pages.Free(state->Entries, Pages);
        state->Entries = null;
    }

    private void ReadAll(in Pipeline pipeline, HistoryState* state)
    {
        ulong read = 0;
        ulong sequence = 0;
        while (_services.Store.NextCheckpoint(pipeline.Volume, sequence, out CheckpointInfo info) == StoreStatus.Ok)
        {
            sequence = info.Sequence;
            if (info.Commit.Epoch.Value == 0)
                continue;
            Describe(pipeline, in info, ref state->Entries[(int)(read++ % Capacity)]);
        }
        state->Read = read;
    }

    private void Describe(in Pipeline pipeline, in CheckpointInfo info, ref SlsHistoryEntry entry)
    {
        entry = new SlsHistoryEntry
        {
            Epoch = info.Commit.Epoch.Value,
            RealtimeNanoseconds = info.Commit.RealtimeNanoseconds,
            Bytes = info.Bytes,
            Flags = _services.Group.Of(pipeline.Group)->Left.Contains(info.Commit.Epoch) ? SlsHistoryEntry.IsLeft
                : info.Commit.Epoch.Value == pipeline.State->RestoredEpoch ? SlsHistoryEntry.IsPresent : 0,
        };
        int length = Math.Clamp(info.Commit.NameLength, 0, SlsHistoryEntry.NameBytes - 1);
        fixed (byte* from = info.Commit.Name)
        fixed (byte* to = entry.Name)
            new ReadOnlySpan<byte>(from, length).CopyTo(new Span<byte>(to, SlsHistoryEntry.NameBytes));
    }
}
