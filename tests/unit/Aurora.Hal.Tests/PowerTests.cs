using Xunit;

namespace Aurora.Hal.Tests;

public sealed class PowerTests
{
    private const ushort DebugExit = 0xf4;

    private readonly PortModel _ports = new();
    private FixedHardware _hardware = new() { ControlPortA = 0x604 };

    private PowerControl Create(bool canSleep = true)
        => new(_ports, _hardware, new SleepState { TypeA = 5, TypeB = 6 }, canSleep);

    [Fact]
    public void The_debug_exit_device_carries_the_status()
    {
        _ports.Values[DebugExit] = 0;
        _ports.Values[0x604] = 1;
        Create().PowerOff(7);
        Assert.Equal((DebugExit, 8, 7u), _ports.Writes[0]);
    }

    [Fact]
    public void Without_it_the_sleep_registers_switch_off()
    {
        _hardware.ControlPortB = 0x704;
        _ports.Values[0x604] = 1;
        Create().PowerOff(7);
        Assert.Equal([((ushort)0x604, 16, 0x3400u), ((ushort)0x704, 16, 0x3800u)], _ports.Writes);
    }

    [Fact]
    public void A_machine_in_legacy_mode_is_handed_over_first()
    {
        _hardware.CommandPort = 0xb2;
        _hardware.AcpiEnableValue = 0xf1;
        _ports.Values[0x604] = 0;
        _ports.Reaction = (0xb2, 0x604, 1);
        Create().PowerOff(0);
        Assert.Equal([((ushort)0xb2, 8, 0xf1u), ((ushort)0x604, 16, 0x3400u)], _ports.Writes);
    }

    [Fact]
    public void A_hand_over_that_never_comes_does_not_stop_the_power_off()
    {
        _hardware.CommandPort = 0xb2;
        _hardware.AcpiEnableValue = 0xf1;
        _ports.Values[0x604] = 0;
        Create().PowerOff(0);
        Assert.Equal(((ushort)0x604, 16, 0x3400u), _ports.Writes[^1]);
    }

    [Fact]
    public void Without_a_sleep_state_nothing_is_guessed()
    {
        Create(canSleep: false).PowerOff(0);
        Assert.Empty(_ports.Writes);
    }

    [Fact]
    public void The_reset_register_is_written_only_when_there_is_one()
    {
        Create().TryReset();
        Assert.Empty(_ports.Writes);
        _hardware.HasResetRegister = true;
        _hardware.ResetRegister = new AcpiGenericAddress { Space = AcpiAddressSpace.SystemIo, Address = 0xcf9 };
        _hardware.ResetValue = 0x0f;
        Create().TryReset();
        Assert.Equal([((ushort)0xcf9, 8, 0x0fu)], _ports.Writes);
    }

    [Fact]
    public void The_legacy_controllers_are_moved_off_the_exceptions_and_masked()
    {
        LegacyPic.Disable(_ports, 32);
        Assert.Contains(((ushort)0x21, 8, 32u), _ports.Writes);
        Assert.Contains(((ushort)0xa1, 8, 40u), _ports.Writes);
        Assert.Equal([((ushort)0x21, 8, 0xffu), ((ushort)0xa1, 8, 0xffu)], _ports.Writes[^2..]);
    }
}
