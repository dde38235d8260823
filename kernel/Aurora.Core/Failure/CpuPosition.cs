using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>Where code is: enough to unwind from.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct CpuPosition
{
    public ulong Rip;
    public ulong Rsp;
    public ulong Rbp;

    /// <summary>The position just after the call of this method.</summary>
    public static void Capture(CpuPosition* position) => cpu_capture_position(position);

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_capture_position(CpuPosition* position);
}
