using Aurora.Base;

namespace Aurora.Posix.Tests.Files;

/// <summary>A clock the test moves.</summary>
internal sealed class TestClock : Clock
{
    public ulong Now { get; set; } = 1_000_000_000;

    public override ulong MonotonicNanoseconds => Now;
    public override ulong RealtimeNanoseconds => 1_700_000_000_000_000_000 + Now;
}
