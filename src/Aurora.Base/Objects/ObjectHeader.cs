using System.Runtime.InteropServices;

namespace Aurora.Base;

/// <summary>The first field of every persistent kernel object. Protected by the kernel lock.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct ObjectHeader
{
    public ObjectId Id;
    public ObjectKind Kind;
    public ObjectFlags Flags;

    /// <summary>The index of the consistency group that owns the object (<see cref="ObjectTracker.Index"/>).</summary>
    public ushort Group;

    /// <summary>How many other objects refer to it; its owner frees it at zero.</summary>
    public int References;

    /// <summary>The group's books; null while the object is not tracked.</summary>
    internal TrackerState* Owner;

    public ObjectHeader* NextChanged;
    public ObjectHeader* PreviousChanged;
    public ObjectHeader* NextInBucket;

    /// <summary>
    /// The capture that took it last, while it has not changed since; zero for what a restore has read. It is where the list of what has
    /// changed has its link otherwise.
    /// </summary>
    internal ulong CapturedIn
    {
        readonly get => (ulong)PreviousChanged;
        set => PreviousChanged = (ObjectHeader*)value;
    }
}
