namespace Aurora.Posix.Ipc;

/// <summary>The limits of a group's System V objects, which root may set below /proc/sys/kernel; Linux's defaults.</summary>
public struct IpcSettings
{
    /// <summary>Operations there may be in one call of semop, whatever is set.</summary>
    public const int MostOperations = 500;

    /// <summary>The longest segment in bytes, and all segments of the group in pages.</summary>
    public ulong LargestSegment, AllSegmentPages;
    public int MostSegments;

    /// <summary>The longest message and the bytes of all messages in a new queue.</summary>
    public int LargestMessage, QueueBytes, MostQueues;

    /// <summary>Semaphores in a set, in all sets of the group, operations in one call, and sets.</summary>
    public int SemaphoresInSet, AllSemaphores, OperationsInCall, MostSets;

    public static IpcSettings Default => new()
    {
        LargestSegment = ulong.MaxValue - (1 << 24),
        AllSegmentPages = ulong.MaxValue - (1 << 24),
        MostSegments = 4096,
        LargestMessage = 8192,
        QueueBytes = 16384,
        MostQueues = 32000,
        SemaphoresInSet = 32000,
        AllSemaphores = 1024000000,
        OperationsInCall = MostOperations,
        MostSets = 32000,
    };

    /// <summary>What a restore and the check before commit both ask: what can be set.</summary>
    public readonly bool IsValid => IsNumber(MostSegments) && IsNumber(MostQueues) && IsNumber(MostSets)
        && LargestMessage is >= 0 and <= Message.MostBytes && QueueBytes >= 0 && SemaphoresInSet is >= 0 and <= SemaphoreSet.MostSemaphores
        && AllSemaphores >= 0 && OperationsInCall is >= 0 and <= MostOperations;

    private static bool IsNumber(int count) => count is >= 0 and <= IpcTable.MaxObjects;
}
