// What Core has made of the machine once it is up: the services the layers above are built from.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Runtime;

namespace Aurora.Core;

/// <summary>Brings up the processor and memory, in three steps, and holds the result.</summary>
public sealed unsafe class BareMachine
{
    private const int KernelStackPages = 16;

    // The firmware keeps a little of the memory a machine was given.
    private const ulong MemoryGrain = 16 << 20;

    private BareMachine(KernelFrames frames, ulong bytes)
    {
        Frames = frames;
        Lock = new KernelLock();
        Interrupts.Use(Lock);
        MemoryMebibytes = (uint)((bytes + MemoryGrain - 1) / MemoryGrain * MemoryGrain >> 20);
        // Whatever programs have the kernel keep for them, half of the memory stays for what they keep themselves.
        Pages = new KernelPages(frames, FramePriority.Structure, frames.TotalFrames / 2, Lock);
        UrgentPages = new KernelPages(frames, FramePriority.Urgent, frames.TotalFrames, Lock);
        Tlb = new KernelTlb();
        Identity = CpuFeatures.ReadIdentity();
    }

    public KernelFrames Frames { get; }

    /// <summary>Held from here on; given up only where the kernel waits or a program runs.</summary>
    public KernelLock Lock { get; }
    public KernelPages Pages { get; }

    /// <summary>For what must be had to make dirty pages clean: may take the last frames.</summary>
    public KernelPages UrgentPages { get; }
    public KernelTlb Tlb { get; }

    /// <summary>The memory the machine was given, rounded up.</summary>
    public uint MemoryMebibytes { get; }

    /// <summary>What programs can learn about this processor.</summary>
    public MachineIdentity Identity { get; }

    /// <summary>
    /// Step 1, on the boot stack and the boot page tables: the log, panics with traces, exceptions, the managed heap and the class library.
    /// </summary>
    public static void StartProcessor()
    {
        EarlyConsole.Initialize();
        KernelPanic.Install();
        CpuFeatures.Detect();
        DescriptorTables.Initialize();
        ControlRegisters.Configure();
        KernelImage* image = KernelImage.Current;
        KernelHeap.Provide((void*)image->HeapStart, image->HeapEnd - image->HeapStart);
        ClassLibrary.Start();
    }

    /// <summary>
    /// Step 2: the final page tables, the frame allocator over all RAM that <paramref name="map"/> does not reserve, and guarded stacks for
    /// interrupts. The boot page tables are gone afterwards: physical memory is reached through <see cref="DirectMap"/> alone.
    /// </summary>
    public static BareMachine StartMemory(ref PhysicalMemoryMap map)
    {
        PhysicalRange image = KernelImage.PhysicalRange;
        map.Reserve(0, 0x100000);
        map.Reserve(image.Start, image.End);
        BootMemory.Initialize(map);
        KernelPageTables.Build(map);
        PerCpu.Current->Root = KernelPageTables.Root.Address.Value;
        KernelFrames frames = CreateFrames(ref map);
        var machine = new BareMachine(frames, map.RamBytes);
        KernelPageTables.UsePages(machine.Pages);
        DescriptorTables.UseInterruptStacks(frames);
        return machine;
    }

    /// <summary>Step 3: goes on with <paramref name="main"/> on a guarded kernel stack; the boot stack is not used again.</summary>
    public void RunOnKernelStack(delegate* unmanaged<void> main)
    {
        ulong top = KernelStacks.Allocate(Frames, KernelStackPages);
        Panic.Unless(top != 0, "machine: no memory for the kernel stack"u8);
        cpu_run_on_stack(top, main);
    }

    private static KernelFrames CreateFrames(ref PhysicalMemoryMap map)
    {
        ulong bound = PageSize.PagesFor(map.RamEnd);
        ulong zoneBound = PageSize.PagesFor(KernelImage.PhysicalRange.End) + KernelFrames.ZoneFramesOf(bound);
        void* nodes = BootMemory.Allocate(PageSize.PagesFor(bound * (ulong)BuddyAllocator.MetadataBytesPerFrame));
        void* zoneNodes = BootMemory.Allocate(PageSize.PagesFor(zoneBound * (ulong)BuddyAllocator.MetadataBytesPerFrame));
        var infos = (FrameInfo*)BootMemory.Allocate(PageSize.PagesFor(bound * (ulong)sizeof(FrameInfo)));
        PhysicalRange taken = BootMemory.Close();
        map.Reserve(taken.Start, taken.End);
        var buddy = new BuddyAllocator(nodes, bound);
        var zone = new BuddyAllocator(zoneNodes, zoneBound);
        ulong from = 0;
        while (map.NextFree(from, out PhysicalRange range))
        {
            ulong start = range.Start >> PageSize.Shift;
            ulong end = range.End >> PageSize.Shift;
            ulong split = Math.Clamp(zoneBound, start, end);
            if (start < split)
                zone.AddRange(start, split);
            if (split < end)
                buddy.AddRange(split, end);
            from = range.End;
        }
        return new KernelFrames(buddy, zone, infos, bound, zoneBound);
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void cpu_run_on_stack(ulong top, delegate* unmanaged<void> main);
}
