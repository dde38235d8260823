using System.Runtime.InteropServices;

namespace Aurora.Memory;

/// <summary>The metadata of one physical frame. The frame is free only when all three counts are zero. Protected by the kernel lock.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FrameInfo
{
    /// <summary>How many places hold the frame for keeps: radix slots, parent nodes, page-table parents and protect-list entries.</summary>
    public int References;

    /// <summary>How many frozen epochs are still writing the frame out; while it is not zero the contents must not change.</summary>
    public int InFlight;

    /// <summary>How many device transfers use the frame.</summary>
    public ushort Pins;
    public FrameFlags Flags;

    /// <summary>Page tables: live entries. Data: in which checkpoints the page was dirty, for finding hot pages.</summary>
    public uint Tag;

    public readonly bool IsFree => References == 0 && InFlight == 0 && Pins == 0;
}
