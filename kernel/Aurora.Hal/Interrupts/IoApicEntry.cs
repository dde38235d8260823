namespace Aurora.Hal;

/// <summary>An I/O APIC redirection entry: Intel 82093AA datasheet §3.2.4. Fixed delivery, physical destination.</summary>
public static class IoApicEntry
{
    public const ulong Masked = 1UL << 16;
    private const ulong ActiveLow = 1UL << 13;
    private const ulong LevelTriggered = 1UL << 15;
    private const int DestinationShift = 56;

    /// <summary>The unmasked entry that delivers an interrupt wired like <paramref name="route"/> as <paramref name="vector"/>.</summary>
    public static ulong Encode(byte vector, byte localApicId, in InterruptRoute route)
        => vector
            | (route.IsActiveLow ? ActiveLow : 0)
            | (route.IsLevelTriggered ? LevelTriggered : 0)
            | ((ulong)localApicId << DestinationShift);
}
