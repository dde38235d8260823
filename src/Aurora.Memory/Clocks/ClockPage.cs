// The data page of a clock object, as the code of the vDSO reads it (kernel/Aurora.Core/Assembly/vdso.asm). It means the same for ever:
// code of version 1 is in restored programs.
//
//   monotonic time = ((counter - OriginTicks) * Factor >> 32) + MonotonicOffsetNanoseconds, modulo 2^64
//   real time      = that + RealtimeLeadNanoseconds, modulo 2^64; negative when the system call has to keep it within its range
using System.Runtime.InteropServices;

namespace Aurora.Memory;

/// <summary>What a program needs to read the clocks of its group; the rest of the page is zero.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ClockPage
{
    /// <summary>Never the same twice, in any boot or restore; zero while the page is being written.</summary>
    public ulong Generation;

    /// <summary>The processor's time stamp counter when the machine's monotonic time began.</summary>
    public ulong OriginTicks;

    /// <summary>Nanoseconds of a tick, 32.32.</summary>
    public ulong Factor;
    public ulong MonotonicOffsetNanoseconds;
    public ulong RealtimeLeadNanoseconds;
    public ClockPageFlags Flags;
    public uint Reserved;
}
