namespace Aurora.Base;

/// <summary>The one page and block size of the system, in bytes and as a shift.</summary>
public static class PageSize
{
    public const int Bytes = 4096;
    public const int Shift = 12;
    public const ulong OffsetMask = Bytes - 1;

    /// <summary>The number of pages that hold <paramref name="bytes"/>.</summary>
    public static ulong PagesFor(ulong bytes) => (bytes >> Shift) + ((bytes & OffsetMask) != 0 ? 1UL : 0UL);
}
