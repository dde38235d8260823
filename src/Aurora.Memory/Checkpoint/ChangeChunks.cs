using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>A page of a frozen object. Frame 0: the page has become a hole.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FrozenPage
{
    public ulong Page;

    /// <summary>The contents to write; in flight until the epoch is released or merged.</summary>
    public FrameNumber Frame;

    public readonly bool IsHole => Frame.Value == 0;
}

/// <summary>A piece of a dirty list: 512 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DirtyChunk
{
    public const int Capacity = 31;

    public DirtyChunk* Next;
    public int Count;
    private fixed ulong _words[Capacity * 2];

    /// <summary>The entry with this index.</summary>
    public static FrozenPage* At(DirtyChunk* chunk, int index) => (FrozenPage*)chunk->_words + index;
}

/// <summary>A piece of a protect list, addresses of writable page-table entries: 512 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ProtectChunk
{
    public const int Capacity = 62;

    public ProtectChunk* Next;
    public int Count;
    private fixed ulong _words[Capacity];

    public static ulong** At(ProtectChunk* chunk, int index) => (ulong**)chunk->_words + index;
}
