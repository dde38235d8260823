using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>
/// This processor's local APIC: x2APIC registers when the processor has them, the memory-mapped ones otherwise. End of interrupt and the timer
/// are on hot paths, so the mode is a field tested once an access, not a virtual call.
/// </summary>
public sealed unsafe class LocalApic
{
    /// <summary>Vectors of the local APIC's own interrupts.</summary>
    public const byte TimerVector = Aurora.Core.Interrupts.FirstApicVector;
    public const byte ErrorVector = 0xfe;
    public const byte SpuriousVector = 0xff;

    private const uint ApicBaseMsr = 0x1b;
    private const ulong GlobalEnable = 1UL << 11;
    private const ulong X2ApicEnable = 1UL << 10;
    private const uint FirstX2ApicMsr = 0x800;
    private const int RegisterBytes = 4096;

    private readonly byte* _registers;

    /// <summary>Enables the local APIC with every source of its own masked except NMI on LINT1 (boot only).</summary>
    public LocalApic(ulong physicalAddress)
    {
        const uint Leaf1EcxX2Apic = 1u << 21;
        ulong apicBase = Cpu.ReadMsr(ApicBaseMsr) | GlobalEnable;
        IsX2Apic = (Cpu.Identify(1).Ecx & Leaf1EcxX2Apic) != 0;
        if (IsX2Apic)
            Cpu.WriteMsr(ApicBaseMsr, apicBase | X2ApicEnable);
        else
            _registers = MapRegisters(apicBase, physicalAddress);
        Id = IsX2Apic ? Read(LocalApicRegister.Id) : Read(LocalApicRegister.Id) >> 24;
        Write(LocalApicRegister.TaskPriority, 0);
        Write(LocalApicRegister.TimerEntry, LocalApicBits.EntryMasked);
        Write(LocalApicRegister.Lint0Entry, LocalApicBits.EntryMasked);
        Write(LocalApicRegister.Lint1Entry, LocalApicBits.DeliverNonMaskable);
        Write(LocalApicRegister.ErrorEntry, ErrorVector);
        Write(LocalApicRegister.SpuriousVector, LocalApicBits.SoftwareEnable | SpuriousVector);
    }

    public bool IsX2Apic { get; }
    public uint Id { get; }

    public uint Read(LocalApicRegister register)
        => IsX2Apic ? (uint)Cpu.ReadMsr(FirstX2ApicMsr + ((uint)register >> 4)) : Mmio.Read32(_registers + (uint)register);

    public void Write(LocalApicRegister register, uint value)
    {
        if (IsX2Apic)
            Cpu.WriteMsr(FirstX2ApicMsr + ((uint)register >> 4), value);
        else
            Mmio.Write32(_registers + (uint)register, value);
    }

    /// <summary>Tells the APIC that the handler of the interrupt in service is done (§11.8.5). Never for spurious interrupts.</summary>
    public void EndOfInterrupt() => Write(LocalApicRegister.EndOfInterrupt, 0);

    /// <summary>Reads and clears the error status (§11.5.3): the register must be written before it is read.</summary>
    public uint TakeErrors()
    {
        Write(LocalApicRegister.ErrorStatus, 0);
        return Read(LocalApicRegister.ErrorStatus);
    }

    private static byte* MapRegisters(ulong apicBase, ulong physicalAddress)
    {
        Cpu.WriteMsr(ApicBaseMsr, apicBase);
        Panic.Unless((apicBase & ~0xfffUL) == physicalAddress, "apic: the MADT and the processor disagree about its address"u8);
        return DeviceMemory.Map(new PhysicalAddress(physicalAddress), RegisterBytes);
    }
}
