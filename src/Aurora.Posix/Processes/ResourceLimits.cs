using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Aurora.Posix.Processes;

/// <summary>The resources that setrlimit names, by their Linux numbers.</summary>
public enum Resource
{
    CpuSeconds = 0,
    FileSize = 1,
    Data = 2,
    Stack = 3,
    Core = 4,
    ResidentSet = 5,
    Processes = 6,
    OpenFiles = 7,
    LockedMemory = 8,
    AddressSpace = 9,
    FileLocks = 10,
    PendingSignals = 11,
    MessageQueueBytes = 12,
    Nice = 13,
    RealTimePriority = 14,
    RealTimeMicroseconds = 15,
    Count = 16,
}

/// <summary>One soft and hard limit (struct rlimit64).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ResourceLimit
{
    public const ulong Infinity = ulong.MaxValue;

    public ulong Soft;
    public ulong Hard;

    public ResourceLimit(ulong soft, ulong hard)
    {
        Soft = soft;
        Hard = hard;
    }
}

/// <summary>All limits of a process.</summary>
public unsafe struct ResourceLimits
{
    private fixed ulong _values[2 * (int)Resource.Count];

    public ResourceLimit this[Resource resource]
    {
        get => new(_values[2 * (int)resource], _values[(2 * (int)resource) + 1]);
        set
        {
            _values[2 * (int)resource] = value.Soft;
            _values[(2 * (int)resource) + 1] = value.Hard;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Soft(Resource resource) => _values[2 * (int)resource];

    /// <summary>What the first process gets.</summary>
    public static ResourceLimits Initial()
    {
        ResourceLimits limits = default;
        for (Resource r = 0; r < Resource.Count; r++)
            limits[r] = new ResourceLimit(ResourceLimit.Infinity, ResourceLimit.Infinity);
        limits[Resource.Stack] = new ResourceLimit(8 << 20, ResourceLimit.Infinity);
        limits[Resource.Core] = new ResourceLimit(0, ResourceLimit.Infinity);
        limits[Resource.Processes] = new ResourceLimit(4096, 4096);
        limits[Resource.OpenFiles] = new ResourceLimit(1024, 4096);
        limits[Resource.LockedMemory] = new ResourceLimit(8 << 20, 8 << 20);
        limits[Resource.PendingSignals] = new ResourceLimit(4096, 4096);
        limits[Resource.MessageQueueBytes] = new ResourceLimit(819200, 819200);
        limits[Resource.Nice] = new ResourceLimit(0, 0);
        limits[Resource.RealTimePriority] = new ResourceLimit(0, 0);
        return limits;
    }
}
