// The steps of Hardware.Start.
using System;
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Hal;

public sealed unsafe partial class Hardware
{
    private const ushort ConsolePort = 0x3f8;
    private const ushort ControlPortBase = 0x2f8;
    private const int ConsoleInterrupt = 4;
    private const int ControlInterrupt = 3;

    private void StartPower(in FirmwareTables firmware)
        => Power = new PowerControl(Ports, firmware.Fixed, firmware.PowerOff, firmware.HasPowerOff);

    private void StartInterrupts(in FirmwareTables firmware)
    {
        Topology = firmware.Topology!;
        InterruptSystem = new InterruptSystem(Topology, Ports, Events);
    }

    private ClockCalibrator BeginClocks(in FirmwareTables firmware)
    {
        ReferenceTimer reference = firmware.Fixed.TimerPort != 0
            ? new AcpiTimer(Ports, firmware.Fixed.TimerPort, firmware.Fixed.TimerIs32Bit)
            : new IntervalTimer(Ports);
        var calibrator = new ClockCalibrator(reference, InterruptSystem.LocalApic);
        calibrator.Begin();
        return calibrator;
    }

    private void ScanPci(in FirmwareTables firmware)
    {
        UsesEcam = firmware.HasEcam;
        Pci = new PciBus(UsesEcam ? new EcamPciConfiguration(firmware.Ecam) : new PortPciConfiguration(Ports));
    }

    private void StartSerial()
    {
        if (InterruptSystem.TryConnectIsa(ConsoleInterrupt, &OnConsole))
            Console.EnableInterrupts();
        if (InterruptSystem.TryConnectIsa(ControlInterrupt, &OnControl))
            ControlPort.EnableInterrupts();
        KernelLog.Sink = &WriteLogLine;
    }

    private bool FinishClocks(ClockCalibrator calibrator, byte centuryRegister)
    {
        const uint Leaf1EcxDeadlineTimer = 1u << 24;
        if (!calibrator.Finish())
            return false;
        bool usesDeadline = (Cpu.Identify(1).Ecx & Leaf1EcxDeadlineTimer) != 0;
        Clock = new TscClock(_entryTimeStamp, calibrator.TimeStampHertz);
        Timer = new OneShotTimer(InterruptSystem.LocalApic, Clock, calibrator.ApicHertz, usesDeadline);
        if (new RealTimeClock(Ports, centuryRegister).TryRead(out ulong unixSeconds))
            Clock.SetRealtime(unixSeconds);
        else
            KernelLog.Line("rtc: no sane time; real time starts at 1970"u8);
        return true;
    }

    private void ReportBoot(ClockCalibrator calibrator)
    {
        Span<byte> buffer = stackalloc byte[256];
        var line = new Utf8Writer(buffer);
        line.Append("hal: "u8);
        line.AppendDecimal((ulong)Topology.Processors.Length);
        line.Append(" cpu, "u8);
        line.Append(InterruptSystem.LocalApic.IsX2Apic ? "x2apic"u8 : "xapic"u8);
        line.Append(Timer.UsesDeadline ? ", tsc-deadline timer, tsc "u8 : ", one-shot timer, tsc "u8);
        line.AppendDecimal(Clock.Hertz / 1000);
        line.Append(calibrator.IsMeasured ? " kHz measured within "u8 : " kHz stated, "u8);
        line.AppendDecimal(calibrator.PartsPerMillion);
        line.Append(" ppm, pci "u8);
        line.AppendDecimal((ulong)Pci.Devices.Length);
        line.Append(UsesEcam ? " functions by ecam"u8 : " functions by ports"u8);
        KernelLog.Line(line.Written);
        ReportTimes();
    }

    /// <summary>Where the time went. After a cold start the counter at kernel entry is the firmware's share; a warm reset may not clear it.</summary>
    private void ReportTimes()
    {
        Span<byte> buffer = stackalloc byte[128];
        var line = new Utf8Writer(buffer);
        ulong ticksPerMicrosecond = Math.Max(Clock.Hertz / 1_000_000, 1);
        line.Append("hal: entered at "u8);
        line.AppendDecimal(_entryTimeStamp / ticksPerMicrosecond);
        line.Append(" us on the counter, core took "u8);
        line.AppendDecimal((_startTimeStamp - _entryTimeStamp) / ticksPerMicrosecond);
        line.Append(", hal "u8);
        line.AppendDecimal((Cpu.ReadTimeStampCounter() - _startTimeStamp) / ticksPerMicrosecond);
        line.Append(" us"u8);
        KernelLog.Line(line.Written);
    }

    private static void WriteLogLine(ReadOnlySpan<byte> text) => s_current!.Control.WriteLine(text);

    private static void OnConsole(void* context)
    {
        s_current!.Console.HandleInterrupt();
        InterruptSystem.End();
    }

    private static void OnControl(void* context)
    {
        s_current!.ControlPort.HandleInterrupt();
        InterruptSystem.End();
    }
}
