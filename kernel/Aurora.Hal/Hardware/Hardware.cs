// The hardware as the kernel sees it, brought up in one function. Everything here is constructed once, at boot, and lives for ever.
using System;
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

/// <summary>The machine: ports, interrupts, clocks, serial lines, PCI devices, power.</summary>
public sealed unsafe partial class Hardware
{
    private static Hardware? s_current;

    private readonly ulong _entryTimeStamp;
    private readonly ulong _startTimeStamp;

    private Hardware(PageAllocator pages, ulong entryTimeStamp)
    {
        _entryTimeStamp = entryTimeStamp;
        _startTimeStamp = Cpu.ReadTimeStampCounter();
        Ports = new MachinePorts();
        Events = new PostedEvents();
        Console = new SerialPort(Ports, ConsolePort, pages, Events);
        ControlPort = new SerialPort(Ports, ControlPortBase, pages, Events);
        Control = new ControlChannel(ControlPort);
    }

    public PortSpace Ports { get; }
    public PostedEvents Events { get; }

    /// <summary>COM1: the guest's console, raw bytes.</summary>
    public SerialPort Console { get; }

    /// <summary>COM2, and the line protocol on it: kernel log out, commands in.</summary>
    public SerialPort ControlPort { get; }
    public ControlChannel Control { get; }

    public InterruptSystem InterruptSystem { get; private set; } = null!;
    public InterruptTopology Topology { get; private set; } = null!;
    public PciBus Pci { get; private set; } = null!;
    public PowerControl Power { get; private set; } = null!;
    public TscClock Clock { get; private set; } = null!;
    public OneShotTimer Timer { get; private set; } = null!;
    public bool UsesEcam { get; private set; }

    /// <summary>
    /// Brings the machine up; null when it cannot be used (the log says why). Interrupts are off and stay off: the caller enables them once
    /// its main loop can serve events. <paramref name="entryTimeStamp"/> is the time stamp counter at kernel entry, the origin of monotonic time.
    /// </summary>
    public static Hardware? Start(in BootInformation boot, PageAllocator pages, ulong entryTimeStamp)
    {
        var hardware = new Hardware(pages, entryTimeStamp); // serial ports, polled: from here on everything can speak
        s_current = hardware;
        KernelPanic.BeforeReport = &FlushForPanic;
        AcpiStatus status = FirmwareTables.Read(new DirectPhysicalMemory(), boot.RootPointer, out FirmwareTables firmware);
        if (status != AcpiStatus.Ok)
            return hardware.Refuse(AcpiStatusName.Of(status));
        hardware.StartPower(firmware);             // power-off and reset: from here on failing can end well
        hardware.StartInterrupts(firmware);        // 8259s silenced, local APIC on, every line masked
        ClockCalibrator calibrator = hardware.BeginClocks(firmware); // first sample; the next steps are its measuring time
        hardware.ScanPci(firmware);                // who is there
        hardware.StartSerial();                    // COM1 and COM2 by interrupt
        if (!hardware.FinishClocks(calibrator, firmware.Fixed.CenturyRegister)) // rates known: clock, timer, real time
            return hardware.Refuse("no reference timer counts"u8);
        hardware.ReportBoot(calibrator);
        return hardware;
    }

    /// <summary>Sends what is queued on both lines, then switches off; never returns.</summary>
    public void PowerOff(byte status)
    {
        Console.Flush();
        ControlPort.Flush();
        Power.PowerOff(status);
        Cpu.Stop();
    }

    /// <summary>Sends what is queued on both lines, then starts the machine over; never returns.</summary>
    public void Reset()
    {
        Console.Flush();
        ControlPort.Flush();
        Power.TryReset();
        MachineReset.Reset();
    }

    /// <summary>
    /// Sends what is queued on both lines and leaves the ports polled: what a panic does first, so that its report comes after what was logged
    /// before. Works in any context.
    /// </summary>
    public static void FlushForPanic()
    {
        s_current?.Console.WriteEmergency(default);
        s_current?.ControlPort.WriteEmergency(default);
    }

    private Hardware? Refuse(ReadOnlySpan<byte> reason)
    {
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append("@refused machine: "u8);
        line.Append(reason);
        Control.WriteLine(line.Written);
        return null;
    }
}
