namespace Aurora.Hal;

/// <summary>The memory write that raises an interrupt: Intel SDM vol. 3 §11.11. Physical destination, fixed delivery, edge-triggered.</summary>
public readonly struct InterruptMessage
{
    private const uint LocalApicWindow = 0xfee0_0000;

    public readonly uint Address;
    public readonly uint Data;

    /// <summary>Delivers <paramref name="vector"/> to the processor with this local APIC id (at most 255 without interrupt remapping).</summary>
    public InterruptMessage(byte localApicId, byte vector)
    {
        Address = LocalApicWindow | ((uint)localApicId << 12);
        Data = vector;
    }
}
