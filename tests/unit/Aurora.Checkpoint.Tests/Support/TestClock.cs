using Aurora.Base;

namespace Aurora.Checkpoint.Tests;

/// <summary>A machine clock that stands still unless told to move.</summary>
internal sealed class TestClock : Clock
{
    private ulong _now = 1_000_000_000;

    public override ulong MonotonicNanoseconds => _now;

    public override ulong RealtimeNanoseconds => 1_700_000_000_000_000_000 + _now;

    public void Advance(ulong nanoseconds) => _now += nanoseconds;
}
