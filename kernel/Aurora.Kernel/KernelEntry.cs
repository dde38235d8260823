// Where the assembly entry arrives: long mode, boot page tables, boot stack, interrupts disabled.
using System;
using System.Runtime;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Core;

namespace Aurora.Kernel;

internal static unsafe class KernelEntry
{
    private static Machine s_machine = null!;

    [RuntimeExport("AuroraStart")]
    private static void Start(uint startInfo)
    {
        Machine.StartProcessor();
        var map = default(PhysicalMemoryMap);
        ReadMemoryMap(DirectMap.AddressOf(new PhysicalAddress(startInfo)), ref map);
        s_machine = Machine.StartMemory(ref map);
        s_machine.RunOnKernelStack(&Main);
    }

    [UnmanagedCallersOnly]
    private static void Main()
    {
        Span<byte> buffer = stackalloc byte[100];
        var line = new Utf8Writer(buffer);
        line.Append("aurora: started, free frames "u8);
        line.AppendDecimal(s_machine.Frames.FreeFrames);
        line.Append(", heap bytes "u8);
        line.AppendDecimal(Aurora.Runtime.KernelHeap.UsedBytes);
        KernelLog.Line(line.Written);
        Cpu.Stop();
    }

    /// <summary>The RAM ranges of the PVH start info: {count at 48, table of {start, length, type} at the address at 40}.</summary>
    private static void ReadMemoryMap(byte* startInfo, ref PhysicalMemoryMap map)
    {
        const int ram = 1;
        byte* entry = DirectMap.AddressOf(new PhysicalAddress(*(ulong*)(startInfo + 40)));
        uint count = *(uint*)(startInfo + 48);
        for (uint i = 0; i < count; i++, entry += 24)
        {
            ulong start = *(ulong*)entry;
            ulong end = start + *(ulong*)(entry + 8);
            if (*(uint*)(entry + 16) == ram)
                map.AddRam(start, end);
            else if (start < map.LowEnd)
                map.AddFirmware(end);
        }
    }
}
