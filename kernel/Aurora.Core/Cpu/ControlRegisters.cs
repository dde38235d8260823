// The processor modes the kernel relies on, beyond what the boot code already set (Intel SDM vol. 3A, 2.5 and 13.3).
namespace Aurora.Core;

/// <summary>Switches on protection features and the extended states.</summary>
internal static class ControlRegisters
{
    private const ulong PageGlobalEnable = 1UL << 7;
    private const ulong UserModeInstructionPrevention = 1UL << 11;
    private const ulong XsaveEnable = 1UL << 18;
    private const ulong SupervisorExecutionPrevention = 1UL << 20;
    private const ulong SupervisorAccessPrevention = 1UL << 21;

    /// <summary>
    /// FSGSBASE stays off: with it a program could give itself a GS base that looks like the kernel's, and the entry code of
    /// non-maskable interrupts tells the two apart by sign.
    /// </summary>
    public static void Configure()
    {
        ulong cr4 = Cpu.ReadCr4() | PageGlobalEnable;
        if (CpuFeatures.HasUmip)
            cr4 |= UserModeInstructionPrevention;
        if (CpuFeatures.HasXsave)
            cr4 |= XsaveEnable;
        if (CpuFeatures.HasSmep)
            cr4 |= SupervisorExecutionPrevention;
        if (CpuFeatures.HasSmap)
            cr4 |= SupervisorAccessPrevention;
        Cpu.WriteCr4(cr4);
        if (CpuFeatures.HasXsave)
            Cpu.WriteXcr0(ExtendedState.EnabledComponents);
    }
}
