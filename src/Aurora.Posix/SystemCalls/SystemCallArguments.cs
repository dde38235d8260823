using System.Runtime.InteropServices;

namespace Aurora.Posix.SystemCalls;

/// <summary>The six arguments of a system call: RDI, RSI, RDX, R10, R8, R9. They are untrusted in every bit.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SystemCallArguments
{
    public ulong Arg0, Arg1, Arg2, Arg3, Arg4, Arg5;

    /// <summary>Descriptors, flags and ids are C ints: the upper halves of their registers are not theirs.</summary>
    public readonly int Int0 => (int)Arg0;
    public readonly int Int1 => (int)Arg1;
    public readonly int Int2 => (int)Arg2;
    public readonly int Int3 => (int)Arg3;
    public readonly int Int4 => (int)Arg4;
    public readonly int Int5 => (int)Arg5;
    public readonly uint UInt0 => (uint)Arg0;
    public readonly uint UInt1 => (uint)Arg1;
    public readonly uint UInt2 => (uint)Arg2;
    public readonly uint UInt3 => (uint)Arg3;
    public readonly uint UInt4 => (uint)Arg4;
    public readonly uint UInt5 => (uint)Arg5;
}
