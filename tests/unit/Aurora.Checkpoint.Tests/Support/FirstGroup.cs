using System;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint.Tests;

/// <summary>What most tests ask of the engine, they ask for the first group.</summary>
internal static class FirstGroup
{
    public static bool IsDurable(this CheckpointEngine engine, Epoch epoch) => engine.IsDurable(engine.First, epoch);

    public static Errno ErrorOf(this CheckpointEngine engine, Epoch epoch) => engine.ErrorOf(engine.First, epoch);

    public static Errno RequestNamed(this CheckpointEngine engine, ReadOnlySpan<byte> name, out Epoch epoch)
        => engine.RequestNamed(engine.First, name, out epoch);

    public static ulong Ask(this CheckpointEngine engine, CheckpointErrand errand, ReadOnlySpan<byte> target)
        => engine.Ask(engine.First, errand, target);

    public static bool IsDone(this CheckpointEngine engine, ulong ticket, out Errno result)
        => engine.IsDone(engine.First, ticket, out result);

    public static ulong RequestHistory(this CheckpointEngine engine) => engine.RequestHistory(engine.First);

    public static bool IsHistoryReady(this CheckpointEngine engine, ulong ticket) => engine.IsHistoryReady(engine.First, ticket);

    public static bool ReadHistory(this CheckpointEngine engine, int index, out SlsHistoryEntry entry)
        => engine.ReadHistory(engine.First, index, out entry);
}
