using System;
using System.Numerics;
using Aurora.Base;
using Aurora.Core;
using Aurora.Memory;

namespace Aurora.Kernel;

/// <summary>The vDSO in the kernel's image, and numbers that no boot has twice: a count that begins at random.</summary>
internal sealed class KernelClockSource : ClockSource
{
    private ulong _generation;

    public KernelClockSource(Clock clock)
    {
        // Without a random generator real time alone makes one boot different from the next.
        const ulong spread = 0x9E37_79B9_7F4A_7C15;
        _generation = Cpu.ReadRandom() ^ BitOperations.RotateLeft(clock.RealtimeNanoseconds * spread, 29) ^ Cpu.ReadTimeStampCounter();
    }

    public override ReadOnlySpan<byte> Image => Vdso.Image;

    public override bool HasProcessor => CpuFeatures.HasProcessorNumber;

    public override ulong NextGeneration()
    {
        // Zero says that a page is being written.
        _generation = _generation == ulong.MaxValue ? 1 : _generation + 1;
        return _generation;
    }
}
