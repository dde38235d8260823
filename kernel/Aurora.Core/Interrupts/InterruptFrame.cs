// What interrupts.asm saves on the stack when the kernel itself is interrupted, lowest address first.
using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>The interrupted kernel code's registers.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct InterruptFrame
{
    public uint Mxcsr;
    public uint Padding0;
    public ulong Padding1;
    public fixed byte Xmm[256];
    public ulong R15, R14, R13, R12, Rbp, Rbx, R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi;
    public ulong Vector;
    public ulong ErrorCode;
    public ulong Rip, Cs, Rflags, Rsp, Ss;
}
