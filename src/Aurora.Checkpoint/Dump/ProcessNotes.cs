// The notes of a process: NT_PRPSINFO; NT_AUXV, which execve put above the arguments on the program's stack, unless the program has
// unmapped it; and NT_FILE, the mappings of files with the paths that the files have in the group's tree. They are written twice, once to
// be counted, and come out the same: nothing of the process changes meanwhile.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;

namespace Aurora.Checkpoint;

/// <summary>Writes what a core file says of a process as a whole. False: its memory cannot be read.</summary>
internal sealed unsafe class ProcessNotes(GroupSession session, CoreMemory memory, CorePages pages)
{
    /// <summary>The longest path.</summary>
    public const int PathBytes = 4096;

    private const int MostAuxiliaryPairs = 64;

    // Linux's numbers of the states, in this order.
    private static ReadOnlySpan<byte> States => "RSDTZ"u8;

    private static ReadOnlySpan<byte> Deleted => " (deleted)"u8;

    /// <summary>NT_PRPSINFO.</summary>
    public bool WriteStatus(Process* process, byte* buffer, ref NoteWriter notes)
    {
        byte letter = (byte)CoreProcess.StateOf(process, CoreProcess.LeaderOf(process));
        var status = new ProcessStatus
        {
            State = (byte)States.IndexOf(letter),
            StateLetter = letter,
            Nice = (sbyte)process->Nice,
            User = process->Credentials.RealUid,
            Group = process->Credentials.RealGid,
            Id = process->Id,
            Parent = process->Parent == null ? 0 : process->Parent->Id,
            ProcessGroup = process->ProcessGroup->Id,
            Session = process->ProcessGroup->Session->Id,
        };
        new ReadOnlySpan<byte>(process->Name, ProcessStatus.NameBytes - 1).CopyTo(new Span<byte>(status.Name, ProcessStatus.NameBytes));
        if (!CopyArguments(process, new Span<byte>(status.Arguments, ProcessStatus.ArgumentBytes), buffer))
            return false;
        notes.Add(CoreFormat.NoteProcess, MemoryMarshal.AsBytes(new ReadOnlySpan<ProcessStatus>(in status)));
        return true;
    }

    /// <summary>NT_AUXV, if the program still has it.</summary>
    public bool WriteAuxiliary(Process* process, byte* buffer, ref NoteWriter notes)
    {
        const int pairBytes = 2 * sizeof(ulong);
        ulong address = process->StackStart + ((ulong)process->AuxiliaryWords * sizeof(ulong));
        Span<byte> vector = stackalloc byte[MostAuxiliaryPairs * pairBytes];
        for (int bytes = 0; process->AuxiliaryWords > 0 && bytes < vector.Length; bytes += pairBytes)
        {
            Span<byte> pair = vector.Slice(bytes, pairBytes);
            if (!memory.Read((AddressSpace*)process->AddressSpace, address + (ulong)bytes, pair, buffer, out bool isThere))
                return false;
            if (!isThere)
                return true;
            if (!pair[..sizeof(ulong)].ContainsAnyExcept((byte)0))
            {
                notes.Add(CoreFormat.NoteAuxiliary, vector[..(bytes + pairBytes)]);
                return true;
            }
        }
        return true;
    }

    /// <summary>NT_FILE, if it has mapped files.</summary>
    public void WriteFiles(ObjectTracker group, Process* process, byte* buffer, ref NoteWriter notes)
    {
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ulong count = 0;
        ulong nameBytes = 0;
        for (int i = 0; i < space->MappingCount; i++)
        {
            Inode* inode = FileOf(group, space, i);
            count += inode == null ? 0UL : 1;
            nameBytes += inode == null ? 0UL : (ulong)NameOf(group, inode, buffer).Length;
        }
        if (count == 0)
            return;
        var header = new FileNoteHeader { Count = count, PageBytes = PageSize.Bytes };
        notes.Begin(CoreFormat.NoteFiles, (ulong)sizeof(FileNoteHeader) + (count * (ulong)sizeof(FileNoteEntry)) + nameBytes);
        notes.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<FileNoteHeader>(in header)));
        for (int i = 0; i < space->MappingCount; i++)
        {
            if (FileOf(group, space, i) == null)
                continue;
            Mapping* mapping = MappingTable.At(space, i);
            var entry = new FileNoteEntry { Start = mapping->Start.Value, End = mapping->End.Value, FilePage = mapping->PageOffset };
            notes.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<FileNoteEntry>(in entry)));
        }
        for (int i = 0; i < space->MappingCount; i++)
        {
            Inode* inode = FileOf(group, space, i);
            if (inode != null)
                notes.Append(NameOf(group, inode, buffer));
        }
    }

    private Inode* FileOf(ObjectTracker group, AddressSpace* space, int index)
    {
        pages.Pass();
        Mapping* mapping = MappingTable.At(space, index);
        return mapping->File.IsNone ? null : (Inode*)group.Find(mapping->File, ObjectKind.Inode);
    }

    // With a NUL. As /proc/N/maps of a process in the group's root shows it; at the end of the buffer.
    private ReadOnlySpan<byte> NameOf(ObjectTracker group, Inode* inode, byte* buffer)
    {
        var text = new Utf8Writer(new Span<byte>(buffer, 2 * PathBytes));
        var path = new Span<byte>(buffer + PathBytes, PathBytes);
        if (inode->IsMemoryFile)
        {
            text.Append("/memfd:"u8);
            text.Append(Inodes.TargetOf(inode));
        }
        else if (session.Files.Paths.PathOf(inode, session.Files.RootOf(group), path, out _) is >= 0 and int start)
        {
            text.Append(path[start..]);
        }
        if (inode->IsMemoryFile || inode->HasLostPath)
            text.Append(Deleted);
        text.Append((byte)0);
        return text.Written;
    }

    // As on the program's stack, where it may have changed them; with spaces between them. The name, where they cannot be had.
    private bool CopyArguments(Process* process, Span<byte> destination, byte* buffer)
    {
        ulong length = process->ArgumentsEnd > process->ArgumentsStart ? process->ArgumentsEnd - process->ArgumentsStart : 0;
        Span<byte> text = destination[..(int)Math.Min(length, (ulong)destination.Length - 1)];
        bool isKnown = false;
        if (!text.IsEmpty
            && !memory.Read((AddressSpace*)process->AddressSpace, process->ArgumentsStart, text, buffer, out isKnown))
            return false;
        if (!isKnown)
        {
            destination.Clear();
            CoreProcess.NameOf(process).CopyTo(destination);
            return true;
        }
        if (text[^1] == 0)
            text = text[..^1];
        text.Replace((byte)0, (byte)' ');
        return true;
    }
}
