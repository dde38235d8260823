using System.Numerics;

namespace Aurora.Posix.Signals;

/// <summary>A set of signals as the ABI has it: signal n is bit n − 1.</summary>
public readonly struct SignalSet
{
    public readonly ulong Bits;

    public SignalSet(ulong bits) => Bits = bits;

    public static SignalSet Of(Signal signal) => new(1UL << ((int)signal - 1));

    /// <summary>SIGKILL and SIGSTOP: never blocked, caught or ignored.</summary>
    public static SignalSet Unstoppable => new((1UL << 8) | (1UL << 18));

    /// <summary>The signals that stop a process by default.</summary>
    public static SignalSet Stopping => new((1UL << 18) | (1UL << 19) | (1UL << 20) | (1UL << 21));

    /// <summary>What a fault in the program raises; these go first, so that the handler sees the faulting instruction.</summary>
    public static SignalSet Synchronous => new((1UL << 10) | (1UL << 6) | (1UL << 3) | (1UL << 4) | (1UL << 7) | (1UL << 30));

    public bool IsEmpty => Bits == 0;
    public bool Contains(Signal signal) => (Bits & (1UL << ((int)signal - 1))) != 0;
    public SignalSet With(Signal signal) => new(Bits | (1UL << ((int)signal - 1)));
    public SignalSet Without(Signal signal) => new(Bits & ~(1UL << ((int)signal - 1)));
    public SignalSet Except(SignalSet other) => new(Bits & ~other.Bits);
    public SignalSet And(SignalSet other) => new(Bits & other.Bits);
    public SignalSet Or(SignalSet other) => new(Bits | other.Bits);

    /// <summary>The lowest signal of a set that is not empty.</summary>
    public Signal Lowest => (Signal)(BitOperations.TrailingZeroCount(Bits) + 1);
}
