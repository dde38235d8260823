using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Aurora.Core;

/// <summary>Single processor instructions.</summary>
public static unsafe class Cpu
{
    private const ulong InterruptFlag = 1UL << 9;

    /// <summary>Reads a model-specific register; one that does not exist is a general protection fault, hence a panic.</summary>
    public static ulong ReadMsr(uint register) => cpu_read_msr(register);

    public static void WriteMsr(uint register, ulong value) => cpu_write_msr(register, value);

    public static CpuidResult Identify(uint leaf, uint subleaf = 0)
    {
        CpuidResult result;
        cpu_identify(leaf, subleaf, &result);
        return result;
    }

    /// <summary>The time stamp counter, read after all earlier loads.</summary>
    public static ulong ReadTimeStampCounter() => cpu_read_tsc();

    /// <summary>As above, since a former value of it, times a 32.32 fixed-point number.</summary>
    public static ulong ReadTimeStampCounter(ulong origin, ulong factor) => cpu_read_tsc_scaled(origin, factor);

    /// <summary>64 random bits of the processor's generator, or zero when it has none or it gave up.</summary>
    public static ulong ReadRandom() => CpuFeatures.HasRandom ? cpu_read_random() : 0;

    public static void EnableInterrupts() => cpu_enable_interrupts();

    public static void DisableInterrupts() => cpu_disable_interrupts();

    public static bool InterruptsEnabled => (cpu_read_flags() & InterruptFlag) != 0;

    /// <summary>Enables interrupts and sleeps until one arrives, with no window between the two.</summary>
    public static void EnableInterruptsAndHalt() => cpu_enable_and_halt();

    /// <summary>Sleeps until the next interrupt, if they are enabled.</summary>
    public static void Halt() => cpu_halt();

    /// <summary>Tells the processor that this is a spin loop.</summary>
    public static void Pause() => cpu_pause();

    /// <summary>Stops this processor for good.</summary>
    [DoesNotReturn]
    public static void Stop()
    {
        cpu_disable_interrupts();
        for (;;)
            cpu_halt();
    }

    internal static ulong ReadCr0() => cpu_read_cr0();
    internal static void WriteCr0(ulong value) => cpu_write_cr0(value);
    internal static ulong ReadCr2() => cpu_read_cr2();
    internal static ulong ReadCr3() => cpu_read_cr3();
    internal static void WriteCr3(ulong value) => cpu_write_cr3(value);
    internal static ulong ReadCr4() => cpu_read_cr4();
    internal static void WriteCr4(ulong value) => cpu_write_cr4(value);
    internal static ulong ReadXcr0() => cpu_read_xcr0();
    internal static void WriteXcr0(ulong value) => cpu_write_xcr0(value);

    /// <summary>Forgets the translation of one page on this processor.</summary>
    public static void InvalidatePage(ulong address) => cpu_invalidate_page(address);

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_msr(uint register);

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_write_msr(uint register, ulong value);

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_identify(uint leaf, uint subleaf, CpuidResult* result);

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_tsc();

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_tsc_scaled(ulong origin, ulong factor);

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_enable_interrupts();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_disable_interrupts();

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_flags();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_enable_and_halt();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_halt();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_pause();

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_cr0();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_write_cr0(ulong value);

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_cr2();

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_cr3();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_write_cr3(ulong value);

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_cr4();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_write_cr4(ulong value);

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_xcr0();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_write_xcr0(ulong value);

    [DllImport("*"), SuppressGCTransition]
    private static extern ulong cpu_read_random();

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_invalidate_page(ulong address);
}
