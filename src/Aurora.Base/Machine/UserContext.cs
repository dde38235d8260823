using System.Runtime.InteropServices;

namespace Aurora.Base;

/// <summary>
/// The user-mode registers of a thread while the kernel runs. Core's entry code stores into it and its exit code loads from it by these
/// offsets, so the layout is fixed (a test checks it). XMM0–15 and MXCSR are the live values; the rest of the extended state (x87, upper
/// YMM halves) stays in the processor until a context switch saves it to <see cref="ExtendedState"/>.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct UserContext
{
    public ulong R15, R14, R13, R12, Rbp, Rbx;
    public ulong R11, R10, R9, R8, Rax, Rcx, Rdx, Rsi, Rdi;

    /// <summary>RAX at entry when the entry was a system call (the call number); all ones otherwise. Used to restart calls.</summary>
    public ulong OriginalRax;
    public ulong Rip, Cs, Rflags, Rsp, Ss;
    public ulong FsBase, GsBase;

    /// <summary>What brought the thread into the kernel: an exception or interrupt vector, or <see cref="SystemCallTrap"/>.</summary>
    public ulong Trap;

    /// <summary>The exception's error code, or zero.</summary>
    public ulong ErrorCode;

    /// <summary>CR2 of a page fault.</summary>
    public ulong FaultAddress;

    /// <summary>The physical address of the thread's top-level page table (CR3).</summary>
    public ulong PageTableRoot;

    /// <summary>
    /// A 64-byte-aligned XSAVE image (standard format) of <see cref="ExtendedStateBytes"/>; XMM and MXCSR in it are stale until somebody
    /// asks for the image (ExtendedStateUnit.Save).
    /// </summary>
    public byte* ExtendedState;

    public uint Mxcsr;
    public uint Reserved;

    /// <summary>When the program began to run and when it trapped, in ticks of the machine's clock (<see cref="Clock.Ticks"/>).</summary>
    public ulong EnteredTicks, TrappedTicks;

    /// <summary>Pads Xmm to a 16-byte boundary when the structure itself is 16-byte aligned.</summary>
    public ulong Padding;

    public fixed byte Xmm[256];

    /// <summary>The value of <see cref="Trap"/> for the SYSCALL instruction.</summary>
    public const ulong SystemCallTrap = 256;

    /// <summary>The space reserved for an XSAVE image: x87, SSE, AVX (832 bytes), rounded up for machines with more enabled later.</summary>
    public const int ExtendedStateBytes = 1024;
}
