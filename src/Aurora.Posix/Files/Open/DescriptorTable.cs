// A process's descriptors: chunks of 64, each a kernel object of its own, so that one open or close changes one small record. A table is
// shared (CLONE_FILES: Header.References) or copied (fork). Protected by the kernel lock.
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The descriptors of one process or of several that share them.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct DescriptorTable
{
    public const int MaxChunks = 64;

    /// <summary>No table has more descriptors; RLIMIT_NOFILE may be lower.</summary>
    public const int MaxDescriptors = MaxChunks * DescriptorChunk.Capacity;

    public ObjectHeader Header;

    /// <summary>No descriptor below this one is free.</summary>
    internal int LowestFree;
    public int OpenCount;
    private fixed ulong _chunks[MaxChunks];

    // Without references, and still to be closed.
    internal bool IsClosing;
    internal DescriptorTable* NextClosing;

    internal readonly DescriptorChunk* ChunkAt(int index) => (DescriptorChunk*)_chunks[index];

    internal void SetChunk(int index, DescriptorChunk* chunk) => _chunks[index] = (ulong)chunk;
}

/// <summary>64 consecutive descriptors. Persistent (<see cref="ObjectKind.DescriptorChunk"/>).</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct DescriptorChunk
{
    public const int Capacity = 64;

    public ObjectHeader Header;
    public DescriptorTable* Table;

    /// <summary>Its place in the table.</summary>
    public int Index;
    public int OpenCount;

    /// <summary>Bit n: descriptor n is closed by execve.</summary>
    public ulong CloseOnExec;
    private fixed ulong _files[Capacity];

    internal readonly OpenFile* FileAt(int slot) => (OpenFile*)_files[slot];

    internal void SetFile(int slot, OpenFile* file) => _files[slot] = (ulong)file;
}
