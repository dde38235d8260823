using Aurora.Base;

namespace Aurora.Nvme.Tests.Model;

/// <summary>Time that passes only when the driver rests.</summary>
public sealed class ModelClock : Clock
{
    public ulong Now { get; set; } = 1_000_000;

    public override ulong MonotonicNanoseconds => Now;

    public override ulong RealtimeNanoseconds => Now;
}
