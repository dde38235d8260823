// Compares two kernels object by object and field by field, independently of the codecs, and then what programs can read of their memory.
using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.States.Tests;

/// <summary>Finds the first difference between a group and the same group in another machine.</summary>
internal static unsafe class StateComparison
{
    /// <summary>Null when nothing differs.</summary>
    public static string? Difference(GroupView left, GroupView right)
    {
        var one = new ObjectPicture();
        var other = new ObjectPicture();
        foreach (nint each in left.Objects())
        {
            var header = (ObjectHeader*)each;
            if (DifferenceOf(header, right.Tracker.Find(header->Id), one, other) is { } difference)
                return $"{header->Kind} {header->Id.Value}{difference}";
        }
        foreach (nint each in right.Objects())
        {
            var header = (ObjectHeader*)each;
            if (left.Tracker.Find(header->Id) == null)
                return $"{header->Kind} {header->Id.Value} exists in the restored only";
        }
        return left.Tracker.NextId != right.Tracker.NextId ? "the next object gets another id"
            : left.Processes.Ids.Last != right.Processes.Ids.Last ? "the next process gets another id"
            : left.Processes.Ids.Count != right.Processes.Ids.Count ? "another number of ids is taken" : null;
    }

    /// <summary>What programs read in their memory, all of it. It is read in on both sides, so it is not for every state.</summary>
    public static string? MemoryDifference(GroupView left, GroupView right)
    {
        var seen = new HashSet<ulong>();
        PidNamespace processes = left.Processes;
        for (Process* process = processes.NextProcess(1); process != null; process = processes.NextProcess(process->Id + 1))
        {
            if (process->AddressSpace == null || !seen.Add(process->AddressSpace->Header.Id.Value))
                continue;
            Process* other = right.Processes.FindProcess(process->Id);
            for (int i = 0; MappingTable.At(process->AddressSpace, i) is var map && map != null; i++)
            {
                // Where the clock is in the machine's is another number in each.
                ulong end = ClockObjects.IsData(map) ? 0 : map->End.Value;
                for (ulong page = map->Start.Value; page < end; page += PageSize.Bytes)
                    if (PageDiffers(left, process->AddressSpace, right, other->AddressSpace, page))
                        return $"process {process->Id}: the page at 0x{page:x} ({map->Flags}, "
                            + $"object {map->Object->Header.Id.Value}) has other contents";
            }
        }
        return null;
    }

    private static string? DifferenceOf(ObjectHeader* left, ObjectHeader* right, ObjectPicture one, ObjectPicture other)
    {
        if (right == null)
            return " exists in the original only";
        if (left->Kind != right->Kind)
            return $" is a {right->Kind}";
        one.Draw(left, isSettled: true);
        other.Draw(right, isSettled: true);
        return one.Bytes.SequenceEqual(other.Bytes)
            ? null : ": " + ObjectPicture.NameDifference(left->Kind, one.Bytes, other.Bytes);
    }

    private static bool PageDiffers(GroupView left, AddressSpace* one, GroupView right, AddressSpace* other, ulong page)
    {
        Span<byte> mine = stackalloc byte[PageSize.Bytes];
        Span<byte> theirs = stackalloc byte[PageSize.Bytes];
        MemoryStatus first = left.Read(one, page, mine);
        MemoryStatus second = right.Read(other, page, theirs);
        return first != second || (first == MemoryStatus.Ok && !mine.SequenceEqual(theirs));
    }
}
