using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Ipc;

/// <summary>
/// A segment of shared memory. Persistent (<see cref="ObjectKind.SharedSegment"/>). How often it is attached its memory object says.
/// Protected by the kernel lock.
/// </summary>
public unsafe struct SharedSegment
{
    /// <summary>SHM_DEST: it ends with the last that shows it. SHM_LOCKED.</summary>
    public const uint Destroyed = 0x200;
    public const uint Locked = 0x400;

    public ObjectHeader Header;
    public IpcIdentity Ipc;

    /// <summary>In bytes; its pages are those of <see cref="Object"/>, which it holds.</summary>
    public ulong Size;
    public VmObject* Object;

    /// <summary>Seconds since 1970; zero for never.</summary>
    public ulong AttachSeconds, DetachSeconds, ChangeSeconds;

    /// <summary>The process that has made it, and that has attached or detached it last.</summary>
    public int Creator, LastProcess;

    /// <summary>With <see cref="Locked"/>: for whom it counts as locked memory.</summary>
    public uint LockedBy;

    public readonly ulong Pages => PageSize.PagesFor(Size);
    public readonly bool IsDestroyed => (Ipc.Mode & Destroyed) != 0;
}
