using System.Threading;
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>Time by the time stamp counter. Monotonic time starts at kernel entry; real time continues from the battery-backed clock.</summary>
public sealed class TscClock : Clock
{
    private readonly ulong _origin;
    private readonly TickScale _toNanoseconds;
    private readonly TickScale _toTicks;
    private ulong _realtimeOrigin;
    private ulong _last;

    /// <param name="origin">The counter at kernel entry.</param>
    /// <param name="hertz">The counter's frequency.</param>
    public TscClock(ulong origin, ulong hertz)
    {
        _origin = origin;
        Hertz = hertz;
        _toNanoseconds = TickScale.Between(hertz, TickScale.NanosecondsPerSecond);
        _toTicks = TickScale.Between(TickScale.NanosecondsPerSecond, hertz);
    }

    public ulong Hertz { get; }

    /// <summary>Never goes back, even if a hypervisor moves us to a processor whose counter is behind.</summary>
    public override ulong MonotonicNanoseconds
    {
        get
        {
            ulong now = Cpu.ReadTimeStampCounter(_origin, _toNanoseconds.Factor);
            ulong last = Volatile.Read(ref _last);
            if ((long)(now - last) < 0)
                return last;
            Volatile.Write(ref _last, now);
            return now;
        }
    }

    public override ulong Ticks => Cpu.ReadTimeStampCounter();

    public override ulong OriginTicks => _origin;

    public override bool IsProcessorCounter => true;

    public override TickScale TickScale => _toNanoseconds;

    public override ulong RealtimeNanoseconds => _realtimeOrigin + MonotonicNanoseconds;

    public override ulong RecentRealtimeNanoseconds => _realtimeOrigin + Volatile.Read(ref _last);

    public override ulong RealtimeLeadNanoseconds => _realtimeOrigin;

    /// <summary>Sets real time: it is <paramref name="unixSeconds"/> now.</summary>
    public void SetRealtime(ulong unixSeconds)
        => _realtimeOrigin = (unixSeconds * TickScale.NanosecondsPerSecond) - MonotonicNanoseconds;

    /// <summary>The counter's value at a monotonic time.</summary>
    public ulong CounterAt(ulong monotonicNanoseconds) => _origin + _toTicks.Convert(monotonicNanoseconds);
}
