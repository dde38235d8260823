using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Ipc;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>/proc/N/maps.</summary>
internal sealed unsafe class ProcMapText(ProcFileSystem proc)
{
    // Whole lines only: the next part begins with the mapping whose line did not fit, or with what has taken its place by then.
    public void Write(Process* process, ref ProcPart part, ref Utf8Writer writer)
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

    public void WriteMapping(Process* process, Mapping* mapping, ref Utf8Writer writer)
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
        writer.AppendDecimal(inode == null ? 0 : inode->Number);
        while (writer.Length - lineStart < 73 && !writer.Truncated)
            writer.Append((byte)' ');
        if (inode != null && process->FileSystem != null)
            proc.WritePath(inode, ((FileContext*)process->FileSystem)->Root, ref writer);
        else if (mapping->IsOfSegment)
            WriteSegment(mapping, ref writer);
        else if ((mapping->Flags & MappingFlags.Break) != 0)
            writer.Append("[heap]"u8);
        else if ((mapping->Flags & MappingFlags.Stack) != 0)
            writer.Append("[stack]"u8);
        else if (mapping->Object->IsClock)
            writer.Append(ClockObjects.IsData(mapping) ? "[vvar]"u8 : "[vdso]"u8);
        writer.Append((byte)'\n');
    }

    // A segment that only its programs know any more has no key.
    private static void WriteSegment(Mapping* mapping, ref Utf8Writer writer)
    {
        SharedSegment* segment = (SharedSegment*)mapping->Object->Segment;
        writer.Append("/SYSV"u8);
        writer.AppendHex(segment == null ? 0 : (uint)segment->Ipc.Key, 8);
        writer.Append(" (deleted)"u8);
    }
}
