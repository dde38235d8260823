// What a program may have learned about the processor it runs on. A group records the identity it ran with; a machine that lacks one of
// those features must not continue it, because the program would fault in code it chose by CPUID long ago.
using System;
using System.Runtime.InteropServices;

namespace Aurora.Base;

/// <summary>The user-visible processor features: CPUID words and XCR0. Part of the group record's on-disk format.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MachineIdentity
{
    public const int Size = 40;

    /// <summary>CPUID leaf 1, ECX and EDX.</summary>
    public uint Leaf1Ecx, Leaf1Edx;

    /// <summary>CPUID leaf 7 subleaf 0, EBX, ECX and EDX.</summary>
    public uint Leaf7Ebx, Leaf7Ecx, Leaf7Edx;

    /// <summary>CPUID leaf 13 subleaf 1, EAX: XSAVE variants.</summary>
    public uint Leaf13Eax;

    /// <summary>CPUID leaf 0x80000001, ECX and EDX.</summary>
    public uint Extended1Ecx, Extended1Edx;

    /// <summary>The extended states enabled in XCR0.</summary>
    public ulong Xcr0;

    // Features only the kernel sees: their absence cannot hurt a program. ECX 1: MONITOR, VMX, SMX, x2APIC, TSC deadline, OSXSAVE,
    // hypervisor. EDX 1: VME, DE, PSE, MCE, APIC, MTRR, PGE, MCA, PAT. EBX 7: SMEP, SMAP, INVPCID, ERMS. EDX 80000001: NX, SYSCALL are kept.
    private const uint KernelLeaf1Ecx = 1u << 3 | 1u << 5 | 1u << 6 | 1u << 17 | 1u << 21 | 1u << 24 | 1u << 27 | 1u << 31;
    private const uint KernelLeaf1Edx = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 7 | 1u << 9 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 16;
    private const uint KernelLeaf7Ebx = 1u << 7 | 1u << 9 | 1u << 10 | 1u << 20;

    // XSAVES is a privileged instruction; the dynamic linker chooses XSAVEC, bit 1, for its lazy binding.
    private const uint KernelLeaf13Eax = 1u << 3;

    /// <summary>
    /// True when <paramref name="machine"/> has everything this identity has. Otherwise names the first missing feature: a word
    /// ("CPUID.7.EBX", "XCR0") and the bit in it.
    /// </summary>
    public readonly bool IsSatisfiedBy(in MachineIdentity machine, out ReadOnlySpan<byte> word, out int bit)
    {
        return Covers(Leaf1Ecx & ~KernelLeaf1Ecx, machine.Leaf1Ecx, "CPUID.1.ECX"u8, out word, out bit)
            && Covers(Leaf1Edx & ~KernelLeaf1Edx, machine.Leaf1Edx, "CPUID.1.EDX"u8, out word, out bit)
            && Covers(Leaf7Ebx & ~KernelLeaf7Ebx, machine.Leaf7Ebx, "CPUID.7.EBX"u8, out word, out bit)
            && Covers(Leaf7Ecx, machine.Leaf7Ecx, "CPUID.7.ECX"u8, out word, out bit)
            && Covers(Leaf7Edx, machine.Leaf7Edx, "CPUID.7.EDX"u8, out word, out bit)
            && Covers(Leaf13Eax & ~KernelLeaf13Eax, machine.Leaf13Eax, "CPUID.13.EAX"u8, out word, out bit)
            && Covers(Extended1Ecx, machine.Extended1Ecx, "CPUID.80000001.ECX"u8, out word, out bit)
            && Covers(Extended1Edx, machine.Extended1Edx, "CPUID.80000001.EDX"u8, out word, out bit)
            && Covers(Xcr0, machine.Xcr0, "XCR0"u8, out word, out bit);
    }

    private static bool Covers(ulong needed, ulong present, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> word, out int bit)
    {
        ulong missing = needed & ~present;
        word = name;
        bit = System.Numerics.BitOperations.TrailingZeroCount(missing);
        return missing == 0;
    }
}
