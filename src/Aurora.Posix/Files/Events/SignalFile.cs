using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Signals;

namespace Aurora.Posix.Files;

/// <summary>What a signalfd takes. Persistent (<see cref="ObjectKind.SignalFile"/>); belongs to its open file alone.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SignalFile
{
    public ObjectHeader Header;
    public OpenFile* File;

    /// <summary>Which signals; never those that cannot be blocked.</summary>
    public SignalSet Mask;
}
