using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The counter of an eventfd. Persistent (<see cref="ObjectKind.EventCounter"/>); belongs to its open file alone.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct EventCounter
{
    /// <summary>The most that writes bring a counter to.</summary>
    public const ulong Most = ulong.MaxValue - 1;

    public ObjectHeader Header;
    public OpenFile* File;
    public ulong Count;

    /// <summary>EFD_SEMAPHORE: a read takes one, not all.</summary>
    public bool IsSemaphore;

    /// <summary>Woken by writes and by reads.</summary>
    public WaitQueue Readable, Writable;
}
