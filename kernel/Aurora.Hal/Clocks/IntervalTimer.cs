// The 8254 interval timer, channel 2 (Intel 8254 datasheet; gate and speaker in port 0x61). Mode 2 with a reload value of 65536 counts
// down at 1.193182 MHz and wraps every 54.9 ms. Used for calibration on machines without an ACPI timer.
namespace Aurora.Hal;

/// <summary>Channel 2 of the interval timer as a free-running counter.</summary>
public sealed class IntervalTimer : ReferenceTimer
{
    private const ushort ChannelPort = 0x42;
    private const ushort CommandPort = 0x43;
    private const ushort GatePort = 0x61;
    private const byte GateOn = 1;
    private const byte SpeakerOn = 2;

    private readonly PortSpace _ports;

    /// <summary>Starts the counter.</summary>
    public IntervalTimer(PortSpace ports)
    {
        const byte Channel2LowHighMode2 = 0b10_11_010_0;
        _ports = ports;
        ports.Out8(GatePort, (byte)((ports.In8(GatePort) & ~SpeakerOn) | GateOn));
        ports.Out8(CommandPort, Channel2LowHighMode2);
        ports.Out8(ChannelPort, 0);
        ports.Out8(ChannelPort, 0);
    }

    public override uint FrequencyHertz => 1_193_182;
    public override uint Mask => 0xffff;

    public override uint Read()
    {
        const byte LatchChannel2 = 0b10_00_000_0;
        _ports.Out8(CommandPort, LatchChannel2);
        uint low = _ports.In8(ChannelPort);
        uint high = _ports.In8(ChannelPort);
        return (0u - (low | (high << 8))) & Mask;
    }
}
