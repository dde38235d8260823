using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Who is told by a signal what happens to an open file (F_SETOWN), and by which (F_SETSIG).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FileOwner
{
    public const int LastSignal = 64;

    /// <summary>The number of a process or thread (positive) or process group (negative); zero is nobody.</summary>
    public int Id;

    /// <summary>Zero is SIGIO without details.</summary>
    public int Signal;

    /// <summary>A thread alone (F_SETOWN_EX).</summary>
    public bool IsThread;

    /// <summary>
    /// The process, thread or group itself: the number may be another's later. In older images there is none, and nobody is told.
    /// </summary>
    public ObjectId Object;

    /// <summary>The user who made it the owner: the signal is sent as his.</summary>
    public uint Uid, EffectiveUid;

    public readonly bool IsValid => Signal is >= 0 and <= LastSignal;

    public readonly ObjectKind Kind => Id < 0 ? ObjectKind.ProcessGroup : IsThread ? ObjectKind.Thread : ObjectKind.Process;
}
