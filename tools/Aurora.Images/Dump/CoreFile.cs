// Writes an ELF core file: header, segment table, the notes, and then the memory, a segment for each mapping in the order of addresses.
// What a program cannot read (PROT_NONE) and what lies beyond the end of a mapped file takes no place in the core file; pages that are zero
// are holes of it, so it may be much longer than what it takes. Pages are written as they are read. The file appears under its name only
// when it is complete.
using System;
using System.IO;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Images.Dump;

/// <summary>Writes the core file of the process with this number.</summary>
internal sealed unsafe class CoreFile(StoredGroup group, int id)
{
    private const int BufferBytes = 1 << 20;

    private readonly ProcessMemory _memory = new(group, id);

    /// <summary>Writes a file that does not exist yet.</summary>
    public ImageCore Write(string path)
    {
        Process* process = GroupProcessList.Find(group, id);
        if (File.Exists(path))
            throw new ImageException($"{path} exists already");
        string partial = path + ".partial";
        try
        {
            File.Delete(partial);
            ulong bytes;
            using (FileStream file = new(partial, FileMode.CreateNew, System.IO.FileAccess.Write, FileShare.None, BufferBytes))
                bytes = Write(process, file);
            File.Move(partial, path, overwrite: false);
            int mappings = ((AddressSpace*)process->AddressSpace)->MappingCount;
            return new ImageCore(path, GroupProcessList.Describe(process), group.Epoch, mappings, bytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ImageException($"{path} cannot be written: {failure.Message}", failure);
        }
        finally
        {
            if (File.Exists(partial))
                File.Delete(partial);
        }
    }

    private ulong Write(Process* process, FileStream file)
    {
        ReadOnlySpan<byte> notes = WriteNotes(process).Written;
        ElfSegment[] segments = Lay((AddressSpace*)process->AddressSpace, notes.Length);
        ElfSegment last = segments[^1];
        // The length first: the host may not have files so long.
        file.SetLength((long)(last.Offset + last.FileBytes));
        ElfHeader header = HeaderFor(segments.Length);
        file.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ElfHeader>(in header)));
        file.Write(MemoryMarshal.AsBytes(segments.AsSpan()));
        file.Write(notes);
        ulong bytes = 0;
        for (int i = 1; i < segments.Length; i++)
            bytes += WriteMemory(MappingTable.At((AddressSpace*)process->AddressSpace, i - 1), segments[i].Offset, file);
        return bytes;
    }

    // The thread that leads comes first: debuggers show it, and take what stands between its notes for the process's.
    private NoteStream WriteNotes(Process* process)
    {
        var notes = new NoteStream();
        var about = new ProcessNotes(group, _memory);
        Thread* leader = GroupProcessList.LeaderOf(process);
        ThreadNotes.Write(group, leader, notes);
        about.WriteStatus(process, notes);
        about.WriteAuxiliary(process, notes);
        about.WriteFiles(process, notes);
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
        {
            if (thread != leader)
                ThreadNotes.Write(group, thread, notes);
        }
        return notes;
    }

    // The first segment is the notes; segments of memory begin at pages of the file.
    private static ElfSegment[] Lay(AddressSpace* space, int noteBytes)
    {
        var segments = new ElfSegment[space->MappingCount + 1];
        ulong offset = (ulong)(sizeof(ElfHeader) + (segments.Length * sizeof(ElfSegment)));
        segments[0] = new ElfSegment { Type = Elf.SegmentNote, Offset = offset, FileBytes = (ulong)noteBytes, Alignment = 4 };
        offset = PageSize.PagesFor(offset + (ulong)noteBytes) << PageSize.Shift;
        for (int i = 1; i < segments.Length; i++)
        {
            Mapping* mapping = MappingTable.At(space, i - 1);
            segments[i] = new ElfSegment
            {
                Type = Elf.SegmentLoad, Flags = FlagsOf(mapping->Protection), Offset = offset, Address = mapping->Start.Value,
                FileBytes = ProcessMemory.ReadablePages(mapping) << PageSize.Shift, MemoryBytes = mapping->Pages << PageSize.Shift,
                Alignment = PageSize.Bytes,
            };
            offset += segments[i].FileBytes;
        }
        return segments;
    }

    private static ElfHeader HeaderFor(int segments) => new()
    {
        Magic = Elf.Magic, Class = Elf.Class64, Data = Elf.LittleEndian, IdentityVersion = Elf.CurrentVersion,
        Type = Elf.TypeCore, Machine = Elf.MachineX86, Version = Elf.CurrentVersion,
        SegmentsOffset = (ulong)sizeof(ElfHeader), HeaderBytes = (ushort)sizeof(ElfHeader), SegmentBytes = (ushort)sizeof(ElfSegment),
        SegmentCount = (ushort)segments,
    };

    private static uint FlagsOf(Protection protection)
        => ((protection & Protection.Read) != 0 ? Elf.Read : 0) | ((protection & Protection.Write) != 0 ? Elf.Write : 0)
            | ((protection & Protection.Execute) != 0 ? Elf.Execute : 0);

    private ulong WriteMemory(Mapping* mapping, ulong offset, FileStream file)
    {
        ulong bytes = 0;
        for (ulong page = 0; _memory.FindData(mapping, ref page); page++)
        {
            ReadOnlySpan<byte> contents = _memory.PageOf(mapping, page);
            if (!contents.ContainsAnyExcept((byte)0))
                continue;
            long position = (long)(offset + (page << PageSize.Shift));
            if (file.Position != position)
                file.Position = position;
            file.Write(contents);
            bytes += PageSize.Bytes;
        }
        return bytes;
    }
}
