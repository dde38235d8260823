// The notes of a process: NT_PRPSINFO; NT_AUXV, which execve put above the arguments on the program's stack, unless the program has
// unmapped it; and NT_FILE, the mappings of files with the paths that the files have in the group's tree.
using System;
using System.Buffers;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text;
using Aurora.Base;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;

namespace Aurora.Images.Dump;

/// <summary>Writes what a core file says of a process as a whole.</summary>
internal sealed unsafe class ProcessNotes(StoredGroup group, ProcessMemory memory)
{
    // Linux's numbers of the states, in this order.
    private const string States = "RSDTZ";
    private const int MostAuxiliaryPairs = 64;
    private const int LongestPath = 4096;

    private readonly byte[] _path = new byte[LongestPath];

    /// <summary>NT_PRPSINFO.</summary>
    public void WriteStatus(Process* process, NoteStream notes)
    {
        char letter = GroupProcessList.StateOf(process, GroupProcessList.LeaderOf(process));
        var status = new ProcessStatus
        {
            State = (byte)States.IndexOf(letter, StringComparison.Ordinal),
            StateLetter = (byte)letter,
            Nice = (sbyte)process->Nice,
            User = process->Credentials.RealUid,
            Group = process->Credentials.RealGid,
            Id = process->Id,
            Parent = process->Parent == null ? 0 : process->Parent->Id,
            ProcessGroup = process->ProcessGroup->Id,
            Session = process->ProcessGroup->Session->Id,
        };
        new ReadOnlySpan<byte>(process->Name, ProcessStatus.NameBytes - 1).CopyTo(new Span<byte>(status.Name, ProcessStatus.NameBytes));
        CopyArguments(process, new Span<byte>(status.Arguments, ProcessStatus.ArgumentBytes));
        notes.Add(Elf.NoteProcess, MemoryMarshal.AsBytes(new ReadOnlySpan<ProcessStatus>(in status)));
    }

    /// <summary>NT_AUXV, if the program still has it.</summary>
    public void WriteAuxiliary(Process* process, NoteStream notes)
    {
        const int pairBytes = 2 * sizeof(ulong);
        ulong address = process->StackStart + ((ulong)process->AuxiliaryWords * sizeof(ulong));
        Span<byte> vector = stackalloc byte[MostAuxiliaryPairs * pairBytes];
        for (int bytes = 0; process->AuxiliaryWords > 0 && bytes < vector.Length; bytes += pairBytes)
        {
            Span<byte> pair = vector.Slice(bytes, pairBytes);
            if (!memory.TryRead((AddressSpace*)process->AddressSpace, address + (ulong)bytes, pair))
                return;
            if (!pair[..sizeof(ulong)].ContainsAnyExcept((byte)0))
            {
                notes.Add(Elf.NoteAuxiliary, vector[..(bytes + pairBytes)]);
                return;
            }
        }
    }

    /// <summary>NT_FILE, if it has mapped files.</summary>
    public void WriteFiles(Process* process, NoteStream notes)
    {
        var entries = new List<FileNoteEntry>();
        var names = new ArrayBufferWriter<byte>();
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        for (int i = 0; i < space->MappingCount; i++)
        {
            Mapping* mapping = MappingTable.At(space, i);
            Inode* inode = mapping->File.IsNone ? null : (Inode*)group.Tracker.Find(mapping->File, ObjectKind.Inode);
            if (inode == null)
                continue;
            entries.Add(new FileNoteEntry { Start = mapping->Start.Value, End = mapping->End.Value, FilePage = mapping->PageOffset });
            WritePath(inode, names);
        }
        if (entries.Count == 0)
            return;
        var header = new FileNoteHeader { Count = (ulong)entries.Count, PageBytes = PageSize.Bytes };
        var note = new ArrayBufferWriter<byte>();
        note.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<FileNoteHeader>(in header)));
        note.Write(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(entries)));
        note.Write(names.WrittenSpan);
        notes.Add(Elf.NoteFiles, note.WrittenSpan);
    }

    // As /proc/N/maps of a process in the group's root shows it.
    private void WritePath(Inode* inode, ArrayBufferWriter<byte> names)
    {
        if (inode->IsMemoryFile)
        {
            names.Write("/memfd:"u8);
            names.Write(Inodes.TargetOf(inode));
        }
        else if (group.Session.Files.Paths.PathOf(inode, group.Session.Files.RootOf(group.Tracker), _path, out _) is >= 0 and int start)
        {
            names.Write(_path.AsSpan(start));
        }
        if (inode->IsMemoryFile || inode->IsOrphan)
            names.Write(" (deleted)"u8);
        names.Write("\0"u8);
    }

    // As on the program's stack, where it may have changed them; with spaces between them. The name, where they cannot be had.
    private void CopyArguments(Process* process, Span<byte> destination)
    {
        ulong length = process->ArgumentsEnd > process->ArgumentsStart ? process->ArgumentsEnd - process->ArgumentsStart : 0;
        Span<byte> text = destination[..(int)Math.Min(length, (ulong)destination.Length - 1)];
        bool isKnown = !text.IsEmpty && memory.TryRead((AddressSpace*)process->AddressSpace, process->ArgumentsStart, text);
        if (!isKnown)
        {
            destination.Clear();
            Encoding.UTF8.GetBytes(GroupProcessList.NameOf(process)).CopyTo(destination);
            return;
        }
        if (text[^1] == 0)
            text = text[..^1];
        text.Replace((byte)0, (byte)' ');
    }
}
