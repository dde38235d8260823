// What becomes of a region that is received. The copy keeps its address, since the pointers in it are true there only, its length and its
// span. It has an identity of its own, so that no mapping that was captured of the original shows it, and belongs to who receives it. Its
// persists have numbers from a place above FirstNumber that is chosen at random: those of a region that was made or cloned begin at 1 and
// never get there, so whatever of the original somebody still waits for, it is none of the copy's.
using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>Makes regions that are received their receiver's own.</summary>
public class CopiedRegions(RandomSource random) : ReceivedRegion
{
    /// <summary>Persists of received regions have higher numbers than those of any other.</summary>
    public const ulong FirstNumber = 1UL << 60;

    /// <summary>The user a copy belongs to.</summary>
    protected virtual uint Owner => 0;

    /// <inheritdoc/>
    public override ulong PagesOf(ReadOnlySpan<byte> record)
        => RegionRecord.TryRead(record, out RegionRecord region) ? region.SizePages : 0;

    /// <inheritdoc/>
    public override int Renew(ReadOnlySpan<byte> record, Span<byte> own, out Epoch epoch)
    {
        Panic.Unless(RegionRecord.TryRead(record, out RegionRecord original), "regions: a record was taken that is none"u8);
        ulong distance = 0;
        random.Fill(MemoryMarshal.AsBytes(new Span<ulong>(ref distance)));
        RegionRecord copy = RegionRecord.New(random, Owner, FirstNumber + (distance % FirstNumber));
        copy.Address = original.Address;
        copy.SpanPages = original.SpanPages;
        copy.SizePages = original.SizePages;
        epoch = new Epoch(copy.Opened);
        return copy.Write(own);
    }
}

/// <summary>As above, of the stream that comes in.</summary>
internal sealed unsafe class StreamedRegions(RandomSource random, VolumeStreamTable streams) : CopiedRegions(random)
{
    /// <inheritdoc/>
    protected override uint Owner => streams.Of(isIncoming: true)->User;
}
