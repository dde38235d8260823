// Where the assembly entry arrives: long mode, boot page tables, boot stack, interrupts disabled.
using System;
using System.Runtime;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;

namespace Aurora.Kernel;

internal static unsafe class KernelEntry
{
    private static ulong s_entryTimeStamp;
    private static BootInformation s_boot;
    private static Machine s_machine = null!;
    private static Hardware? s_hardware;

    [RuntimeExport("AuroraStart")]
    private static void Start(uint startInfo)
    {
        s_entryTimeStamp = Cpu.ReadTimeStampCounter();
        Machine.StartProcessor();
        BootStatus status = BootInformation.Parse(new DirectPhysicalMemory(), startInfo, out s_boot);
        if (status != BootStatus.Ok)
            Refuse(BootStatusName.Of(status));
        var map = default(PhysicalMemoryMap);
        BootMemoryMap.AddTo(ref map, s_boot);
        s_machine = Machine.StartMemory(ref map);
        s_machine.RunOnKernelStack(&Main);
    }

    [UnmanagedCallersOnly]
    private static void Main()
    {
        s_hardware = Hardware.Start(s_boot, s_machine.Pages, s_entryTimeStamp);
        if (s_hardware == null)
            Cpu.Stop();
        Diagnostics.Run(s_boot.CommandLine, s_machine, s_hardware);
        Cpu.EnableInterrupts();
        RunBenchmark();
        var fibers = new KernelFibers(s_machine.Frames, s_machine.Pages);
        var session = new KernelSession(s_hardware, fibers);
        var boot = new SessionBoot(s_boot, s_machine, session);
        fibers.Add(boot);
        Panic.Unless(fibers.Start(boot), "boot: no memory for the first fiber"u8);
        new MainLoop(session, s_hardware, fibers).Run();
    }

    /// <summary>The benchmark the boot configuration names, if any; ends the machine.</summary>
    private static void RunBenchmark()
    {
        if (BootConfiguration.Parse(s_boot.ConfigurationBytes, out BootConfiguration configuration, out _) != BootStatus.Ok)
            return;
        if (!NvmeBenchmark.Answers(configuration.Benchmark))
            return;
        bool isOk = NvmeBenchmark.Run(s_hardware!, s_machine, configuration);
        s_hardware!.PowerOff(isOk ? (byte)0 : (byte)1);
    }

    /// <summary>Tells the launcher why this machine cannot be used, and stops.</summary>
    private static void Refuse(ReadOnlySpan<byte> reason)
    {
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append("@refused boot: "u8);
        line.Append(reason);
        KernelLog.Line(line.Written);
        Cpu.Stop();
    }
}
