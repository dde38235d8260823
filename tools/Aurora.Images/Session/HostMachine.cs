// What a consistency group needs from a machine, as far as a host tool goes: memory and a clock. No program runs here, so there is no
// MMU to keep in step and no fiber that could wait for another.
using System;
using System.Text;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Host;
using Aurora.Memory;
using Aurora.Posix.Files;

namespace Aurora.Images.Session;

/// <summary>The host's stand-in for a machine.</summary>
internal sealed class HostMachine : IDisposable
{
    private readonly HostFrames _frames = HostFrames.Reserve();

    public HostPages Pages { get; } = new();
    public SynchronousFibers Fibers { get; } = new();

    /// <summary>Makes broken invariants exceptions, so that a tool can say which file it was about.</summary>
    public static unsafe void Install() => Panic.Hook = &Throw;

    public SessionMachine Describe() => new()
    {
        Pages = Pages,
        Frames = _frames,
        Tlb = new HostTlb(),
        Fibers = Fibers,
        Clock = new HostClock(),
        Memory = MemoryOptions.Default,
        Files = FileLimits.Default,
    };

    public void Dispose()
    {
        _frames.Dispose();
        Pages.Dispose();
    }

    private static void Throw(ReadOnlySpan<byte> message) => throw new ImageException($"internal error: {Encoding.UTF8.GetString(message)}");
}

/// <summary>No page table is in use.</summary>
internal sealed class HostTlb : TlbControl
{
    public override void InvalidatePage(FrameNumber root, VirtualAddress address)
    {
    }

    public override void InvalidateSpace(FrameNumber root)
    {
    }

    public override void InvalidateAll()
    {
    }
}

/// <summary>The host's clocks.</summary>
internal sealed class HostClock : Clock
{
    private const ulong NanosecondsPerTick = 100;

    public override ulong MonotonicNanoseconds => (ulong)Environment.TickCount64 * 1_000_000;

    public override ulong RealtimeNanoseconds => (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;
}
