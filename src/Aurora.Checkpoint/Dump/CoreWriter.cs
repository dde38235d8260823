// Writes an ELF core file of a process that does not run: header, segment table, the notes, and then the memory, a segment for each
// mapping in the order of addresses. What a program cannot read (PROT_NONE) and what lies beyond the end of a mapped file takes no place
// in the core file; pages that are zero are skipped, so it may be much longer than what is written. It is written from its beginning to
// its end, with three pages as buffer: nothing is kept of what has been written, and what must be known before is counted.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.Checkpoint;

/// <summary>Writes core files.</summary>
public sealed unsafe class CoreWriter
{
    /// <summary>Pages of the buffer.</summary>
    public const int BufferPages = 3;

    private readonly CoreSink _sink;
    private readonly CorePages _pages;
    private readonly CoreMemory _memory;
    private readonly ProcessNotes _notes;

    public CoreWriter(GroupSession session, CoreSink sink, CorePages pages)
    {
        _sink = sink;
        _pages = pages;
        _memory = new CoreMemory(session.Memory, pages);
        _notes = new ProcessNotes(session, _memory, pages);
    }

    /// <summary>
    /// Writes the core file of a process with memory and threads; false when the sink has refused something or its memory cannot be read.
    /// </summary>
    public bool Write(ObjectTracker group, Process* process, in ExtendedLayout layout, byte* buffer, out ulong dataBytes)
    {
        dataBytes = 0;
        var counted = new NoteWriter(null);
        if (!WriteNotes(group, process, in layout, buffer, ref counted))
            return false;
        AddressSpace* space = (AddressSpace*)process->AddressSpace;
        ulong tables = (ulong)sizeof(ElfHeader) + ((ulong)(space->MappingCount + 1) * (ulong)sizeof(ElfSegment));
        ulong memoryStart = PageSize.PagesFor(tables + counted.Bytes) << PageSize.Shift;
        if (!WriteTables(space, tables, counted.Bytes, memoryStart))
            return false;
        var notes = new NoteWriter(_sink);
        if (!WriteNotes(group, process, in layout, buffer, ref notes) || notes.IsRefused)
            return false;
        Panic.Unless(notes.Bytes == counted.Bytes, "core file: the notes are not what was counted"u8);
        if (!_sink.Skip(memoryStart - tables - notes.Bytes))
            return false;
        for (int i = 0; i < space->MappingCount; i++)
        {
            if (!WriteMemory(MappingTable.At(space, i), buffer, ref dataBytes))
                return false;
        }
        return true;
    }

    // The first segment is the notes; segments of memory begin at pages of the file.
    private bool WriteTables(AddressSpace* space, ulong tables, ulong noteBytes, ulong memoryStart)
    {
        ulong end = memoryStart;
        for (int i = 0; i < space->MappingCount; i++)
            end += CoreMemory.ReadablePages(MappingTable.At(space, i)) << PageSize.Shift;
        var header = new ElfHeader
        {
            Magic = CoreFormat.Magic, Class = CoreFormat.Class64, Data = CoreFormat.LittleEndian,
            IdentityVersion = CoreFormat.CurrentVersion, Type = CoreFormat.TypeCore, Machine = CoreFormat.MachineX86,
            Version = CoreFormat.CurrentVersion, SegmentsOffset = (ulong)sizeof(ElfHeader), HeaderBytes = (ushort)sizeof(ElfHeader),
            SegmentBytes = (ushort)sizeof(ElfSegment), SegmentCount = (ushort)(space->MappingCount + 1),
        };
        var segment = new ElfSegment { Type = CoreFormat.SegmentNote, Offset = tables, FileBytes = noteBytes, Alignment = 4 };
        if (!_sink.Begin(end) || !_sink.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ElfHeader>(in header)))
            || !_sink.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ElfSegment>(in segment))))
            return false;
        ulong offset = memoryStart;
        for (int i = 0; i < space->MappingCount; i++)
        {
            segment = SegmentOf(MappingTable.At(space, i), offset);
            offset += segment.FileBytes;
            if (!_sink.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<ElfSegment>(in segment))))
                return false;
        }
        return true;
    }

    private static ElfSegment SegmentOf(Mapping* mapping, ulong offset) => new()
    {
        Type = CoreFormat.SegmentLoad, Flags = FlagsOf(mapping->Protection), Offset = offset, Address = mapping->Start.Value,
        FileBytes = CoreMemory.ReadablePages(mapping) << PageSize.Shift, MemoryBytes = mapping->Pages << PageSize.Shift,
        Alignment = PageSize.Bytes,
    };

    private static uint FlagsOf(Protection protection)
        => ((protection & Protection.Read) != 0 ? CoreFormat.Read : 0) | ((protection & Protection.Write) != 0 ? CoreFormat.Write : 0)
            | ((protection & Protection.Execute) != 0 ? CoreFormat.Execute : 0);

    // The thread that leads comes first: debuggers show it, and take what stands between its notes for the process's.
    private bool WriteNotes(ObjectTracker group, Process* process, in ExtendedLayout layout, byte* buffer, ref NoteWriter notes)
    {
        Thread* leader = CoreProcess.LeaderOf(process);
        ThreadNotes.Write(leader, in layout, ref notes);
        if (!_notes.WriteStatus(process, buffer, ref notes) || !_notes.WriteAuxiliary(process, buffer, ref notes))
            return false;
        _notes.WriteFiles(group, process, buffer, ref notes);
        for (Thread* thread = process->FirstThread; thread != null; thread = thread->NextOfProcess)
        {
            _pages.Pass();
            if (thread != leader)
                ThreadNotes.Write(thread, in layout, ref notes);
        }
        return true;
    }

    private bool WriteMemory(Mapping* mapping, byte* buffer, ref ulong dataBytes)
    {
        ulong end = CoreMemory.ReadablePages(mapping);
        ulong written = 0;
        for (ulong page = 0; page < end; page++)
        {
            if (!_memory.FindData(mapping, ref page))
                return false;
            if (page >= end)
                break;
            if (!_memory.Read(mapping, page, buffer))
                return false;
            var contents = new ReadOnlySpan<byte>(buffer, PageSize.Bytes);
            if (!contents.ContainsAnyExcept((byte)0))
                continue;
            if (!_sink.Skip((page - written) << PageSize.Shift) || !_sink.Write(contents))
                return false;
            written = page + 1;
            dataBytes += PageSize.Bytes;
        }
        return _sink.Skip((end - written) << PageSize.Shift);
    }
}
