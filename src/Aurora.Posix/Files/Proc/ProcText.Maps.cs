using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

internal sealed unsafe partial class ProcText
{
    // Whole lines only: the next part begins with the mapping whose line did not fit, or with what has taken its place by then.
    private void WriteMaps(Process* process, ref ProcPart part, ref Utf8Writer writer)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        int count = space == null ? 0 : space->MappingCount;
        part.Length = 0;
        for (int i = count == 0 ? 0 : MappingTable.FirstEndingAfter(space, new VirtualAddress(part.Address)); i < count; i++)
        {
            Mapping* mapping = MappingTable.At(space, i);
            WriteMapping(process, mapping, ref writer);
            part.NextAddress = mapping->Start.Value;
            if (writer.Truncated)
                return;
            part.Length = writer.Length;
        }
        part.IsLast = true;
    }

    private void WriteMapping(Process* process, Mapping* mapping, ref Utf8Writer writer)
    {
        int lineStart = writer.Length;
        writer.AppendHex(mapping->Start.Value, 8);
        writer.Append((byte)'-');
        writer.AppendHex(mapping->End.Value, 8);
        writer.Append((byte)' ');
        writer.Append((byte)((mapping->Protection & Protection.Read) != 0 ? 'r' : '-'));
        writer.Append((byte)((mapping->Protection & Protection.Write) != 0 ? 'w' : '-'));
        writer.Append((byte)((mapping->Protection & Protection.Execute) != 0 ? 'x' : '-'));
        writer.Append(mapping->IsShared ? "s "u8 : "p "u8);
        Inode* inode = proc.FileOf(mapping);
        writer.AppendHex(inode == null ? 0 : mapping->PageOffset << PageSize.Shift, 8);
        writer.Append(inode == null ? " 00:00 "u8 : " 00:15 "u8);
        writer.AppendDecimal(inode == null ? 0 : inode->Header.Id.Value);
        while (writer.Length - lineStart < 73 && !writer.Truncated)
            writer.Append((byte)' ');
        if (inode != null && process->FileSystem != null)
            proc.WritePath(inode, ((FileContext*)process->FileSystem)->Root, ref writer);
        else if ((mapping->Flags & MappingFlags.Break) != 0)
            writer.Append("[heap]"u8);
        else if ((mapping->Flags & MappingFlags.Stack) != 0)
            writer.Append("[stack]"u8);
        writer.Append((byte)'\n');
    }

    private static void WriteLimits(Process* process, ref Utf8Writer writer)
    {
        writer.Append("Limit                     Soft Limit           Hard Limit           Units     \n"u8);
        WriteLimit("Max cpu time              "u8, process->Limits[Resource.CpuSeconds], "seconds   \n"u8, ref writer);
        WriteLimit("Max file size             "u8, process->Limits[Resource.FileSize], "bytes     \n"u8, ref writer);
        WriteLimit("Max data size             "u8, process->Limits[Resource.Data], "bytes     \n"u8, ref writer);
        WriteLimit("Max stack size            "u8, process->Limits[Resource.Stack], "bytes     \n"u8, ref writer);
        WriteLimit("Max core file size        "u8, process->Limits[Resource.Core], "bytes     \n"u8, ref writer);
        WriteLimit("Max resident set          "u8, process->Limits[Resource.ResidentSet], "bytes     \n"u8, ref writer);
        WriteLimit("Max processes             "u8, process->Limits[Resource.Processes], "processes \n"u8, ref writer);
        WriteLimit("Max open files            "u8, process->Limits[Resource.OpenFiles], "files     \n"u8, ref writer);
        WriteLimit("Max locked memory         "u8, process->Limits[Resource.LockedMemory], "bytes     \n"u8, ref writer);
        WriteLimit("Max address space         "u8, process->Limits[Resource.AddressSpace], "bytes     \n"u8, ref writer);
        WriteLimit("Max file locks            "u8, process->Limits[Resource.FileLocks], "locks     \n"u8, ref writer);
        WriteLimit("Max pending signals       "u8, process->Limits[Resource.PendingSignals], "signals   \n"u8, ref writer);
        WriteLimit("Max msgqueue size         "u8, process->Limits[Resource.MessageQueueBytes], "bytes     \n"u8, ref writer);
        WriteLimit("Max nice priority         "u8, process->Limits[Resource.Nice], "\n"u8, ref writer);
        WriteLimit("Max realtime priority     "u8, process->Limits[Resource.RealTimePriority], "\n"u8, ref writer);
        WriteLimit("Max realtime timeout      "u8, process->Limits[Resource.RealTimeMicroseconds], "us        \n"u8, ref writer);
    }

    private static void WriteLimit(ReadOnlySpan<byte> label, ResourceLimit limit, ReadOnlySpan<byte> unit, ref Utf8Writer writer)
    {
        writer.Append(label);
        WriteLimitValue(limit.Soft, ref writer);
        WriteLimitValue(limit.Hard, ref writer);
        writer.Append(unit);
    }

    private static void WriteLimitValue(ulong value, ref Utf8Writer writer)
    {
        const int width = 21;
        int start = writer.Length;
        if (value == ResourceLimit.Infinity)
            writer.Append("unlimited"u8);
        else
            writer.AppendDecimal(value);
        while (writer.Length - start < width && !writer.Truncated)
            writer.Append((byte)' ');
    }
}
