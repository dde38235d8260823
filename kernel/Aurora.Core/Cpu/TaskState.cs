using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>The 64-bit task state segment (Intel SDM vol. 3A, figure 8-11): where interrupts find their stacks.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal unsafe struct TaskState
{
    public uint Reserved0;

    /// <summary>RSP0, RSP1, RSP2.</summary>
    public fixed ulong Rsp[3];
    public ulong Reserved1;

    /// <summary>IST1 to IST7.</summary>
    public fixed ulong InterruptStacks[7];
    public ulong Reserved2;
    public ushort Reserved3;
    public ushort PortMapBase;
}
