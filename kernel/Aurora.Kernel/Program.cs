// Where the assembly entry arrives (long mode, boot page tables, boot stack, interrupts disabled), and the way from there to the main loop:
//
//   Start   on the boot stack: processor and memory (BareMachine)
//   Main    on the kernel stack: Hardware; the disk; the store on it; Machine, which makes every service; the group, restored or begun;
//           the heap is sealed; MainLoop
//
// The static fields are what Start leaves for Main: the stack changes in between. What cannot go on is "@refused", and the machine stops.
using System;
using System.Runtime;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Core;
using Aurora.Hal;
using Aurora.Nvme;
using Aurora.Store;

namespace Aurora.Kernel;

internal static unsafe class Program
{
    private static ulong s_entryTimeStamp;
    private static BootInformation s_boot;
    private static BareMachine s_bare = null!;

    [RuntimeExport("AuroraStart")]
    private static void Start(uint startInfo)
    {
        s_entryTimeStamp = Cpu.ReadTimeStampCounter();
        BareMachine.StartProcessor();
        BootStatus status = BootInformation.Parse(new DirectPhysicalMemory(), startInfo, out s_boot);
        if (status != BootStatus.Ok)
        {
            Refusal.Report("boot"u8, BootStatusName.Of(status));
            Cpu.Stop();
        }
        var map = default(PhysicalMemoryMap);
        BootMemoryMap.AddTo(ref map, s_boot);
        s_bare = BareMachine.StartMemory(ref map);
        s_bare.RunOnKernelStack(&Main);
    }

    [UnmanagedCallersOnly]
    private static void Main()
    {
        Hardware? hardware = Hardware.Start(s_boot, s_bare.Pages, s_entryTimeStamp);
        if (hardware == null)
            Cpu.Stop();
        Diagnostics.Run(s_boot.CommandLine, s_bare, hardware);
        Cpu.EnableInterrupts();
        var settings = new BootSettings(s_boot);
        if (!settings.Check(out BootConfiguration configuration))
            Refusal.Stop(hardware);
        if (NvmeBenchmark.Answers(configuration.Benchmark))
            NvmeBenchmark.RunAndPowerOff(hardware, s_bare, configuration);
        Boot(hardware, settings).Loop.Run();
    }

    private static Machine Boot(Hardware hardware, BootSettings settings)
    {
        var fibers = new KernelFibers(
            s_bare.Frames, s_bare.Pages, hardware.Clock, new TraceLog(s_bare.Pages, hardware.Clock));
        NvmeDevice? disk = NvmeDevice.Open(hardware, s_bare.Pages, fibers, new NvmeOptions());
        if (disk == null)
        {
            Refusal.Report("disk"u8, "no usable NVMe disk; the log says why"u8);
            Refusal.Stop(hardware);
        }
        var boot = new BootLoop(hardware, fibers, disk, s_bare.Lock);
        var opening = new StoreOpening(s_bare, fibers, disk);
        if (!boot.Run(opening))
            Refusal.Stop(hardware);
        var machine = new Machine(s_bare, hardware, fibers, disk, opening.Store!, settings);
        if (!boot.Run(new GroupStart(machine, settings)))
            Refusal.Stop(hardware);
        return machine;
    }
}
