namespace Aurora.Hal;

/// <summary>
/// The x86 I/O port space. Drivers of port devices go through this class so that the host's tests can put a register-level model
/// behind them; the kernel's implementation executes IN and OUT.
/// </summary>
public abstract class PortSpace
{
    public abstract byte In8(ushort port);
    public abstract ushort In16(ushort port);
    public abstract uint In32(ushort port);
    public abstract void Out8(ushort port, byte value);
    public abstract void Out16(ushort port, ushort value);
    public abstract void Out32(ushort port, uint value);
}
