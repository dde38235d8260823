using System;
using Aurora.Posix.Files;

namespace Aurora.Posix.Processes;

/// <summary>What can be set in /proc/sys/fs/inotify.</summary>
public enum InotifyLimit
{
    /// <summary>Instances of one user in a group.</summary>
    Instances = 0,

    /// <summary>Watches of all of them.</summary>
    Watches = 1,

    /// <summary>Events in the queue of an instance that is made from then on.</summary>
    QueuedEvents = 2,
}

/// <summary>What these are until somebody sets them.</summary>
public static unsafe class InotifyLimits
{
    public const int Instances = 128;
    public const int QueuedEvents = 1 << 14;

    /// <summary>Watches, on the smallest and on the largest machine.</summary>
    public const int LeastWatches = 1 << 13;
    public const int MostWatches = 1 << 20;

    // What one user may pin without being charged for it: one part in so many of the machine's memory.
    private const ulong WatchesShare = 100;

    // The watch, the file that it keeps in memory, that one's name, and one more name of the same bucket.
    private static ulong BytesOfWatch => (ulong)(sizeof(InotifyWatch) + sizeof(Inode) + (2 * sizeof(DirectoryEntry)));

    /// <summary>The defaults of the smallest machine.</summary>
    public static int LeastOf(InotifyLimit limit)
        => limit switch { InotifyLimit.Instances => Instances, InotifyLimit.Watches => LeastWatches, _ => QueuedEvents };

    /// <summary>How many watches a user may have on a machine with so much memory: as on Linux, what takes a hundredth of it.</summary>
    public static int WatchesWith(ulong memoryBytes)
        => (int)Math.Clamp(memoryBytes / WatchesShare / BytesOfWatch, LeastWatches, MostWatches);
}
