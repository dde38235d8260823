// /proc/N/smaps and smaps_rollup. A page that is in the page tables counts as resident. What lies behind no file is dirty; of a file's
// pages those that may be stored to are. Pages count as shared where the mapping is. The page tables are looked at in steps: a part ends,
// or the call pauses, when a step's share has been used up.
using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>/proc/N/smaps and smaps_rollup.</summary>
internal sealed unsafe class ProcSmapText(ProcMapText maps, MemoryManager memory)
{
    public void Write(Process* process, ref ProcPart part, ref ProcScan scan, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        int count = space == null ? 0 : space->MappingCount;
        int budget = ProcScan.EntriesPerStep;
        part.Length = 0;
        for (int i = count == 0 ? 0 : MappingTable.FirstEndingAfter(space, new VirtualAddress(part.Address)); i < count; i++)
        {
            Mapping* mapping = MappingTable.At(space, i);
            part.NextAddress = mapping->Start.Value;
            if (!Count(space, mapping, ref scan, ref budget))
            {
                scan.IsPaused = part.Length == 0;
                return;
            }
            maps.WriteMapping(process, mapping, ref writer);
            WriteSizesOf(mapping, scan.Pages, ref writer);
            if (writer.Truncated)
                return;
            part.Length = writer.Length;
        }
        part.IsLast = true;
    }

    public void WriteRollup(Process* process, ref ProcPart part, ref ProcScan scan, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        int count = space == null ? 0 : space->MappingCount;
        int budget = ProcScan.EntriesPerStep;
        Mapping* mapping = null;
        for (int i = count == 0 ? 0 : MappingTable.FirstEndingAfter(space, new VirtualAddress(scan.Address)); i < count; i++)
        {
            mapping = MappingTable.At(space, i);
            if (!Count(space, mapping, ref scan, ref budget))
            {
                scan.IsPaused = true;
                return;
            }
            ref ResidentPages sum = ref mapping->IsShared ? ref scan.Shared : ref IsAnonymous(mapping) ? ref scan.Anonymous : ref scan.File;
            sum.Present += scan.Pages.Present;
            sum.Writable += scan.Pages.Writable;
            scan.Address = mapping->End.Value;
        }
        ulong start = count == 0 ? 0 : MappingTable.At(space, 0)->Start.Value;
        writer.AppendHex(start, 8);
        writer.Append((byte)'-');
        writer.AppendHex(mapping == null ? start : mapping->End.Value, 8);
        writer.Append(" ---p 00000000 00:00 0                              [rollup]\n"u8);
        WriteResident(scan.Anonymous, scan.Shared, scan.File, 0, ref writer);
        part.Complete(in writer);
    }

    // True when all of the mapping has been counted; the next time it is counted anew.
    private bool Count(AddressSpace* space, Mapping* mapping, ref ProcScan scan, ref int budget)
    {
        if (scan.Mapping != mapping->Start.Value || scan.Address > mapping->End.Value || scan.Address <= mapping->Start.Value)
        {
            scan.Mapping = scan.Address = mapping->Start.Value;
            scan.Pages = default;
        }
        return budget > 0 && memory.Residency.CountResident(space, ref scan.Address, mapping->End.Value, ref budget, ref scan.Pages);
    }

    private static void WriteSizesOf(Mapping* mapping, ResidentPages pages, ref Utf8Writer writer)
    {
        ProcFields.WriteKilobytes("Size:           "u8, mapping->Pages, ref writer);
        ProcFields.WriteKilobytes("KernelPageSize: "u8, 1, ref writer);
        ProcFields.WriteKilobytes("MMUPageSize:    "u8, 1, ref writer);
        ulong locked = (mapping->Flags & MappingFlags.Locked) != 0 ? pages.Present : 0;
        ResidentPages none = default;
        bool isAnonymous = IsAnonymous(mapping) && !mapping->IsShared;
        WriteResident(isAnonymous ? pages : none, mapping->IsShared ? pages : none, isAnonymous || mapping->IsShared ? none : pages, locked,
            ref writer);
        writer.Append("THPeligible:    0\nVmFlags:"u8);
        WriteFlag((mapping->Protection & Protection.Read) != 0, " rd"u8, ref writer);
        WriteFlag((mapping->Protection & Protection.Write) != 0, " wr"u8, ref writer);
        WriteFlag((mapping->Protection & Protection.Execute) != 0, " ex"u8, ref writer);
        WriteFlag(mapping->IsShared, " sh"u8, ref writer);
        WriteFlag((mapping->MaxProtection & Protection.Read) != 0, " mr"u8, ref writer);
        WriteFlag((mapping->MaxProtection & Protection.Write) != 0, " mw"u8, ref writer);
        WriteFlag((mapping->MaxProtection & Protection.Execute) != 0, " me"u8, ref writer);
        WriteFlag(mapping->IsSharedWriter, " ms"u8, ref writer);
        WriteFlag((mapping->Flags & MappingFlags.GrowsDown) != 0, " gd"u8, ref writer);
        WriteFlag((mapping->Flags & MappingFlags.Locked) != 0, " lo"u8, ref writer);
        WriteFlag((mapping->Flags & MappingFlags.DontFork) != 0, " dc"u8, ref writer);
        WriteFlag(mapping->Object->IsClock, " de"u8, ref writer);
        WriteFlag((mapping->Flags & MappingFlags.WipeOnFork) != 0, " wf"u8, ref writer);
        WriteFlag(ClockObjects.IsData(mapping), " dd"u8, ref writer);
        writer.Append(" \n"u8);
    }

    private static bool IsAnonymous(Mapping* mapping) => mapping->File.IsNone && !mapping->Object->IsClock;

    private static void WriteResident(ResidentPages anonymous, ResidentPages shared, ResidentPages file, ulong locked,
        ref Utf8Writer writer)
    {
        ulong all = anonymous.Present + shared.Present + file.Present;
        ProcFields.WriteKilobytes("Rss:            "u8, all, ref writer);
        ProcFields.WriteKilobytes("Pss:            "u8, all, ref writer);
        ProcFields.WriteKilobytes("Pss_Dirty:      "u8, anonymous.Present + shared.Writable + file.Writable, ref writer);
        ProcFields.WriteKilobytes("Shared_Clean:   "u8, shared.Present - shared.Writable, ref writer);
        ProcFields.WriteKilobytes("Shared_Dirty:   "u8, shared.Writable, ref writer);
        ProcFields.WriteKilobytes("Private_Clean:  "u8, file.Present - file.Writable, ref writer);
        ProcFields.WriteKilobytes("Private_Dirty:  "u8, anonymous.Present + file.Writable, ref writer);
        ProcFields.WriteKilobytes("Referenced:     "u8, all, ref writer);
        ProcFields.WriteKilobytes("Anonymous:      "u8, anonymous.Present + file.Writable, ref writer);
        ProcFields.WriteKilobytes("LazyFree:       "u8, 0, ref writer);
        ProcFields.WriteKilobytes("AnonHugePages:  "u8, 0, ref writer);
        ProcFields.WriteKilobytes("ShmemPmdMapped: "u8, 0, ref writer);
        ProcFields.WriteKilobytes("FilePmdMapped:  "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Shared_Hugetlb: "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Private_Hugetlb:"u8, 0, ref writer);
        ProcFields.WriteKilobytes("Swap:           "u8, 0, ref writer);
        ProcFields.WriteKilobytes("SwapPss:        "u8, 0, ref writer);
        ProcFields.WriteKilobytes("Locked:         "u8, locked, ref writer);
    }

    private static void WriteFlag(bool isSet, ReadOnlySpan<byte> name, ref Utf8Writer writer)
    {
        if (isSet)
            writer.Append(name);
    }
}
