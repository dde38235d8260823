using Aurora.Base;

namespace Aurora.Checkpoint.Tests;

/// <summary>A machine clock that stands still unless told to move, or to move whenever somebody looks.</summary>
internal sealed class TestClock : Clock
{
    private ulong _now = 1_000_000_000;

    /// <summary>A look takes so long.</summary>
    public ulong LookNanoseconds { get; set; }

    public override ulong MonotonicNanoseconds => _now += LookNanoseconds;

    public override ulong RealtimeNanoseconds => 1_700_000_000_000_000_000 + _now;

    public void Advance(ulong nanoseconds) => _now += nanoseconds;
}
