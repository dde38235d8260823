using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>A stretch of console output that has been written by a program and not yet handed to the device for good.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct OutputChunk
{
    public const int Capacity = 2944;

    public ObjectHeader Header;
    public OutputChunk* Next;

    /// <summary>The position of the chunk's first byte in the group's whole output.</summary>
    public ulong Start;

    /// <summary>Bytes in use.</summary>
    public int Length;

    /// <summary>Bytes that have left the machine; not shown again after a restore that knows of it.</summary>
    public int Emitted;

    /// <summary>Bytes given to the device.</summary>
    public int Sent;

    public fixed byte Data[Capacity];
}
