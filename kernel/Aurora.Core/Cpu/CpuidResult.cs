using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>The four registers of a CPUID leaf.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CpuidResult
{
    public uint Eax;
    public uint Ebx;
    public uint Ecx;
    public uint Edx;
}
