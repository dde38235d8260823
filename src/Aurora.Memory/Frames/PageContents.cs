using System;
using Aurora.Base;

namespace Aurora.Memory;

/// <summary>Whole-page copies, clears and comparisons on direct-map addresses.</summary>
public static unsafe class PageContents
{
    // SAFETY (all): the callers pass addresses of whole frames, so 4096 bytes are there.

    public static void Clear(byte* page) => new Span<byte>(page, PageSize.Bytes).Clear();

    public static void Copy(byte* destination, byte* source) =>
        new ReadOnlySpan<byte>(source, PageSize.Bytes).CopyTo(new Span<byte>(destination, PageSize.Bytes));

    /// <summary>True when every byte is zero, found by looking at every byte: such a page is stored as a hole.</summary>
    public static bool IsZero(byte* page) => !new ReadOnlySpan<byte>(page, PageSize.Bytes).ContainsAnyExcept((byte)0);

    public static bool AreEqual(byte* left, byte* right) =>
        new ReadOnlySpan<byte>(left, PageSize.Bytes).SequenceEqual(new ReadOnlySpan<byte>(right, PageSize.Bytes));
}
