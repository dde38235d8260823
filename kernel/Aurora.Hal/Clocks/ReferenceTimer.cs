namespace Aurora.Hal;

/// <summary>A free-running counter of known frequency, against which the other clocks are calibrated.</summary>
public abstract class ReferenceTimer
{
    public abstract uint FrequencyHertz { get; }

    /// <summary>The counter wraps to zero after this value.</summary>
    public abstract uint Mask { get; }

    /// <summary>The counter, counting up.</summary>
    public abstract uint Read();

    /// <summary>Ticks from one reading to a later one less than a wrap away.</summary>
    public uint Elapsed(uint from, uint to) => (to - from) & Mask;
}
