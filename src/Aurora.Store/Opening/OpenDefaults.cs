
namespace Aurora.Store;

/// <summary>What zero means in the options of a store.</summary>
internal static class OpenDefaults
{
    private const int DefaultCachedNodes = 1024;
    private const int MinimumCachedNodes = 64;
    private const int DefaultCachedSpacePages = 512;
    private const int MinimumCachedSpacePages = 32;
    private const ulong DefaultOverlayBytes = 32 << 20;
    private const ulong MinimumOverlayBytes = 256 << 10;
    private const ulong Second = 1_000_000_000;
    private const ulong DefaultCutInterval = 2 * Second;
    private const uint DefaultScrubPages = 64;
    private const uint DefaultOrderedCommitBytes = 1 << 20;
    private const uint DefaultFewestApart = 2048;
    private const uint DefaultElementsPerLook = 1024;
    private const uint DefaultEntriesPerLook = 64;
    private const uint DefaultMostRootReferences = 60_000;

    /// <summary>The options with every default put in.</summary>
    public static OpenOptions Complete(OpenOptions options)
    {
        if (options.CachedNodes == 0)
            options.CachedNodes = DefaultCachedNodes;
        if (options.CachedNodes < MinimumCachedNodes)
            options.CachedNodes = MinimumCachedNodes;
        if (options.CachedSpacePages == 0)
            options.CachedSpacePages = DefaultCachedSpacePages;
        if (options.CachedSpacePages < MinimumCachedSpacePages)
            options.CachedSpacePages = MinimumCachedSpacePages;
        if (options.OverlayBytes == 0)
            options.OverlayBytes = DefaultOverlayBytes;
        if (options.OverlayBytes < MinimumOverlayBytes)
            options.OverlayBytes = MinimumOverlayBytes;
        if (options.CutIntervalNanoseconds == 0)
            options.CutIntervalNanoseconds = DefaultCutInterval;
        if (options.OrderedCommitBytes == 0)
            options.OrderedCommitBytes = DefaultOrderedCommitBytes;
        if (options.FewestApart == 0)
            options.FewestApart = DefaultFewestApart;
        if (options.ElementsPerLook == 0)
            options.ElementsPerLook = DefaultElementsPerLook;
        if (options.EntriesPerLook == 0)
            options.EntriesPerLook = DefaultEntriesPerLook;
        if (options.MostRootReferences == 0)
            options.MostRootReferences = DefaultMostRootReferences;
        Complete(ref options.Retention);
        if (!options.Retention.IsOff && options.CutIntervalNanoseconds > options.Retention.FineSpacing)
            options.CutIntervalNanoseconds = options.Retention.FineSpacing;
        if (options.ScrubPagesPerSecond == 0)
            options.ScrubPagesPerSecond = DefaultScrubPages;
        return options;
    }

    private static void Complete(ref RetentionOptions retention)
    {
        if (retention.FineSpacing == 0)
            retention.FineSpacing = Second;
        if (retention.FineSpan == 0)
            retention.FineSpan = 60 * Second;
        if (retention.CoarseSpacing == 0)
            retention.CoarseSpacing = 60 * Second;
        if (retention.CoarseSpan == 0)
            retention.CoarseSpan = 3600 * Second;
    }
}
