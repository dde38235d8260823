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
public static class InotifyLimits
{
    public const int Instances = 128;
    public const int Watches = 1 << 16;
    public const int QueuedEvents = 1 << 14;

    public static int DefaultOf(InotifyLimit limit)
        => limit switch { InotifyLimit.Instances => Instances, InotifyLimit.Watches => Watches, _ => QueuedEvents };
}
