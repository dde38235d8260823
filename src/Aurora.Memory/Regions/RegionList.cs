// The dirty pages of one region that belong to one thread, in chunks; a thread's lists hang off its RegionWriter. A chunk knows its list,
// in flight too, so that a refused persist goes back where it came from. A list whose thread has ended has no writer: who persists for all
// threads takes it. It goes with its last chunk. Protected by the kernel lock.
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The lists of one thread; part of it. Zero is none.</summary>
public unsafe struct RegionWriter
{
    internal RegionList* First;
}

/// <summary>The pages of a region that one thread has made dirty.</summary>
internal unsafe struct RegionList
{
    public Region* Region;

    /// <summary>The thread's; null once it has ended.</summary>
    public RegionWriter* Writer;
    public RegionList* NextOfWriter;
    public RegionList* NextOfRegion;
    public RegionChunk* First;
    public RegionChunk* Last;
    public ulong Pages;

    /// <summary>The last persist that took pages of it and was not given back; zero for none.</summary>
    public ulong Taken;

    /// <summary>Chunks of it that are in flight.</summary>
    public ulong FlyingChunks;

    public readonly bool IsIdle => First == null && FlyingChunks == 0;
}

/// <summary>A dirty page: the entry through which it was stored to, or nothing. In flight: its frame.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RegionPage
{
    public ulong Page;
    public ulong* Entry;

    public FrameNumber Frame
    {
        readonly get => new((ulong)Entry);
        set => Entry = (ulong*)value.Value;
    }
}

/// <summary>A piece of a list: 512 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RegionChunk
{
    public const int Capacity = 30;

    public RegionChunk* Next;
    public RegionList* List;
    public int Count;
    private fixed ulong _words[Capacity * 2];

    public static RegionPage* At(RegionChunk* chunk, int index) => (RegionPage*)chunk->_words + index;
}
