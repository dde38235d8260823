using System;
using System.Collections.Generic;
using System.Globalization;

namespace Aurora.Cli.Demo;

/// <summary>One stretch between power-on and power cut, as the guest itself counted it.</summary>
internal sealed record DemoLife
{
    private DemoLife()
    {
    }

    public required int Number { get; init; }
    public required TimeSpan Ran { get; init; }
    public required long LastStep { get; init; }

    /// <summary>From starting QEMU to the kernel's word that the session runs.</summary>
    public required TimeSpan PowerOnToGuest { get; init; }
    public ulong Checkpoints { get; private init; }
    public ulong Pages { get; private init; }
    public ulong Bytes { get; private init; }
    public ulong StopMedianNanoseconds { get; private init; }
    public ulong StopP99Nanoseconds { get; private init; }

    /// <summary>Kernel entry to the first guest instruction.</summary>
    public ulong BootNanoseconds { get; private init; }

    /// <summary>Puts a life together from what was observed and the last counters the guest printed.</summary>
    public static DemoLife From(int number, TimeSpan ran, TimeSpan powerOnToGuest, long lastStep, IReadOnlyDictionary<string, string> counters) => new()
    {
        Number = number,
        Ran = ran,
        LastStep = lastStep,
        PowerOnToGuest = powerOnToGuest,
        Checkpoints = Value(counters, "checkpoints"),
        Pages = Value(counters, "pages"),
        Bytes = Value(counters, "bytes"),
        StopMedianNanoseconds = Value(counters, "stop_median"),
        StopP99Nanoseconds = Value(counters, "stop_p99"),
        BootNanoseconds = Value(counters, "boot"),
    };

    private static ulong Value(IReadOnlyDictionary<string, string> counters, string key)
        => counters.TryGetValue(key, out string? text) && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : 0;
}
