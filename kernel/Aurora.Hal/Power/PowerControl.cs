// Switching off and starting over. Both work in any state of the kernel: interrupts off, nothing allocated, nothing waited for without a bound.
namespace Aurora.Hal;

/// <summary>Power-off and reset by the means ACPI and the emulator offer; Core knows the others.</summary>
public sealed class PowerControl
{
    /// <summary>QEMU's isa-debug-exit device: a write of n ends the emulator with status 2n + 1.</summary>
    private const ushort DebugExitPort = 0xf4;

    /// <summary>What the debug exit device reads as; a port nobody drives reads as ones.</summary>
    private const byte DebugExitPresent = 0;

    private const ushort SleepEnable = 1 << 13;
    private const int SleepTypeShift = 10;

    private readonly PortSpace _ports;
    private readonly FixedHardware _hardware;
    private readonly SleepState _powerOff;
    private readonly bool _canSleep;

    /// <param name="ports">The port space.</param>
    /// <param name="hardware">The FADT, or default when there is none.</param>
    /// <param name="powerOff">The S5 sleep types.</param>
    /// <param name="canSleep">False when the tables name no S5 state; power-off then only stops the processor.</param>
    public PowerControl(PortSpace ports, in FixedHardware hardware, in SleepState powerOff, bool canSleep)
    {
        _ports = ports;
        _hardware = hardware;
        _powerOff = powerOff;
        _canSleep = canSleep && hardware.ControlPortA != 0;
    }

    /// <summary>
    /// Ends the machine: through the debug exit device when there is one, so that the emulator's exit status carries <paramref name="status"/>,
    /// otherwise through ACPI S5 (§7.4.2). Returns only when neither worked.
    /// </summary>
    public void PowerOff(byte status)
    {
        if (_ports.In8(DebugExitPort) == DebugExitPresent)
            _ports.Out8(DebugExitPort, status);
        if (!_canSleep)
            return;
        EnterAcpiMode();
        _ports.Out16(_hardware.ControlPortA, SleepCommand(_powerOff.TypeA));
        if (_hardware.ControlPortB != 0)
            _ports.Out16(_hardware.ControlPortB, SleepCommand(_powerOff.TypeB));
    }

    /// <summary>Starts the machine over through the ACPI reset register (§4.8.3.6). Returns when there is none or it did not work.</summary>
    public void TryReset()
    {
        if (_hardware.HasResetRegister)
            _ports.Out8((ushort)_hardware.ResetRegister.Address, _hardware.ResetValue);
    }

    /// <summary>Machines that start in legacy mode honour the sleep registers only after the hand-over (§4.8.2.5); bounded, best effort.</summary>
    private void EnterAcpiMode()
    {
        const int MaxPolls = 100_000;
        if (_hardware.CommandPort == 0 || _hardware.AcpiEnableValue == 0 || IsInAcpiMode)
            return;
        _ports.Out8(_hardware.CommandPort, _hardware.AcpiEnableValue);
        for (int i = 0; i < MaxPolls && !IsInAcpiMode; i++)
        {
        }
    }

    /// <summary>SCI_EN of the PM1 control register (§4.8.3.2.1).</summary>
    private bool IsInAcpiMode => (_ports.In16(_hardware.ControlPortA) & 1) != 0;

    private static ushort SleepCommand(byte type) => (ushort)(SleepEnable | (type << SleepTypeShift));
}
