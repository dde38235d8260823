// One byte of the memory beside the clock (MC146818A), which a reset leaves as it is and the loss of power clears in the emulator. It is what a
// kernel that fails, however it fails, tells the next: set while a start must still prove itself, cleared when it has, or ends in order.
namespace Aurora.Hal;

/// <summary>Tells whether the machine was reset in the middle of a start.</summary>
public sealed class StartMark(PortSpace ports)
{
    private const ushort SelectPort = 0x70;
    private const ushort DataPort = 0x71;
    private const byte Register = 0x6E;
    private const byte Starting = 0xA7;

    public bool IsSet
    {
        get
        {
            ports.Out8(SelectPort, Register);
            return ports.In8(DataPort) == Starting;
        }

        set
        {
            ports.Out8(SelectPort, Register);
            ports.Out8(DataPort, value ? Starting : (byte)0);
        }
    }
}
