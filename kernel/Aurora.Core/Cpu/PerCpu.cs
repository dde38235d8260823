// One page per processor, reached through GS while in the kernel: what entry code needs, then the processor's GDT and TSS. The
// offsets are repeated in layout.inc (a test compares them).
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>A processor's private data.</summary>
[StructLayout(LayoutKind.Explicit, Size = PageSize.Bytes)]
internal unsafe struct PerCpu
{
    /// <summary>This block's own address.</summary>
    [FieldOffset(0)]
    public PerCpu* Self;

    /// <summary>The context of the program that is running in user mode; null while the kernel runs.</summary>
    [FieldOffset(8)]
    public UserContext* Context;

    /// <summary>The kernel stack pointer to return to when the program traps.</summary>
    [FieldOffset(16)]
    public ulong RunStack;

    /// <summary>Holds the user stack pointer for a few instructions of the system call entry.</summary>
    [FieldOffset(24)]
    public ulong Scratch;

    /// <summary>CR3 as loaded. All writers of CR3 keep it true.</summary>
    [FieldOffset(32)]
    public ulong Root;

    /// <summary>The program's FS and GS bases as loaded, good while the context in BasesOf runs.</summary>
    [FieldOffset(40)]
    public ulong FsBase;

    [FieldOffset(48)]
    public ulong GsBase;

    [FieldOffset(56)]
    public byte HasSmap;

    /// <summary>Set by every interrupt, cleared when the main loop starts to drain what interrupts posted.</summary>
    [FieldOffset(57)]
    public byte InterruptArrived;

    /// <summary>The context whose bases are loaded; null: somebody else's, or nobody's.</summary>
    [FieldOffset(64)]
    public UserContext* BasesOf;

    [FieldOffset(0x100)]
    public fixed ulong Gdt[16];

    [FieldOffset(0x200)]
    public TaskState Task;

    public static PerCpu* Current => cpu_current();

    [DllImport("*"), SuppressGCTransition]
    private static extern PerCpu* cpu_current();
}
