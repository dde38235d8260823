using System.Runtime.InteropServices;

namespace Aurora.Memory;

/// <summary>What an address space may grow to, in bytes (RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK). Part of the record format.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SpaceLimits
{
    public ulong TotalBytes;
    public ulong BreakBytes;
    public ulong StackBytes;

    /// <summary>No limit but the address space itself, and an 8-MiB stack.</summary>
    public static SpaceLimits Default => new() { TotalBytes = ulong.MaxValue, BreakBytes = ulong.MaxValue, StackBytes = 8UL << 20 };
}
