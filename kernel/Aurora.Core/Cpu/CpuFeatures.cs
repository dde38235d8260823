// What this processor can do, by CPUID (Intel SDM vol. 2A, CPUID). Read once at boot.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Core;

/// <summary>Detected processor features.</summary>
public static class CpuFeatures
{
    /// <summary>x86-64-v2 in CPUID.1.ECX: SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT. The image is compiled for it.</summary>
    private const uint Leaf1EcxRequired = 1u << 0 | 1u << 9 | 1u << 13 | 1u << 19 | 1u << 20 | 1u << 23;
    private const uint Leaf1EcxXsave = 1u << 26;
    private const uint Leaf1EcxAvx = 1u << 28;
    private const uint Leaf1EcxRandom = 1u << 30;
    private const uint Leaf7EbxSmep = 1u << 7;
    private const uint Leaf7EbxSmap = 1u << 20;
    private const uint Leaf7EcxUmip = 1u << 2;
    /// <summary>The length of the brand string (CPUID 80000002h to 80000004h).</summary>
    public const int NameBytes = 48;

    private const uint Extended1EdxGigabytePages = 1u << 26;
    private const uint Extended1EdxProcessorNumber = 1u << 27;

    public static bool HasXsave { get; private set; }
    public static bool HasAvx { get; private set; }
    public static bool HasSmep { get; private set; }
    public static bool HasSmap { get; private set; }
    public static bool HasUmip { get; private set; }

    /// <summary>RDRAND.</summary>
    public static bool HasRandom { get; private set; }
    public static bool HasGigabytePages { get; private set; }

    /// <summary>RDTSCP, and the register whose contents it tells programs.</summary>
    public static bool HasProcessorNumber { get; private set; }

    internal static void Detect()
    {
        CpuidResult leaf1 = Cpu.Identify(1);
        CpuidResult leaf7 = Leaf(7);
        if ((leaf1.Ecx & Leaf1EcxRequired) != Leaf1EcxRequired)
            RefuseProcessor();
        HasXsave = (leaf1.Ecx & Leaf1EcxXsave) != 0;
        HasAvx = HasXsave && (leaf1.Ecx & Leaf1EcxAvx) != 0;
        HasSmep = (leaf7.Ebx & Leaf7EbxSmep) != 0;
        HasSmap = (leaf7.Ebx & Leaf7EbxSmap) != 0;
        HasRandom = (leaf1.Ecx & Leaf1EcxRandom) != 0;
        HasUmip = (leaf7.Ecx & Leaf7EcxUmip) != 0;
        uint extended1 = ExtendedLeaf(0x80000001).Edx;
        HasGigabytePages = (extended1 & Extended1EdxGigabytePages) != 0;
        HasProcessorNumber = (extended1 & Extended1EdxProcessorNumber) != 0;
    }

    /// <summary>What a program can learn about this processor; valid once the control registers are set up.</summary>
    public static MachineIdentity ReadIdentity()
    {
        CpuidResult leaf1 = Cpu.Identify(1);
        CpuidResult leaf7 = Leaf(7);
        CpuidResult extended1 = ExtendedLeaf(0x80000001);
        return new MachineIdentity
        {
            Leaf1Ecx = leaf1.Ecx,
            Leaf1Edx = leaf1.Edx,
            Leaf7Ebx = leaf7.Ebx,
            Leaf7Ecx = leaf7.Ecx,
            Leaf7Edx = leaf7.Edx,
            Leaf13Eax = HasXsave ? Leaf(13, 1).Eax : 0,
            Extended1Ecx = extended1.Ecx,
            Extended1Edx = extended1.Edx,
            Xcr0 = HasXsave ? Cpu.ReadXcr0() : ExtendedState.LegacyComponents,
        };
    }

    /// <summary>The processor's brand string, padded with zeros; all zeros when it has none.</summary>
    public static void ReadName(Span<byte> name)
    {
        const uint firstLeaf = 0x80000002;
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(name[..NameBytes]);
        for (int i = 0; i < 3; i++)
        {
            CpuidResult part = ExtendedLeaf(firstLeaf + (uint)i);
            words[4 * i] = part.Eax;
            words[(4 * i) + 1] = part.Ebx;
            words[(4 * i) + 2] = part.Ecx;
            words[(4 * i) + 3] = part.Edx;
        }
    }

    private static void RefuseProcessor()
    {
        EarlyConsole.WriteLogLine("@refused processor: it lacks x86-64-v2 (SSE4.2, POPCNT, CMPXCHG16B)"u8);
        Cpu.Stop();
    }

    /// <summary>A basic leaf, or zeros when the processor does not have it (it would answer with another leaf's data).</summary>
    private static CpuidResult Leaf(uint leaf, uint subleaf = 0) => Cpu.Identify(0).Eax >= leaf ? Cpu.Identify(leaf, subleaf) : default;

    private static CpuidResult ExtendedLeaf(uint leaf) => Cpu.Identify(0x80000000).Eax >= leaf ? Cpu.Identify(leaf) : default;
}
