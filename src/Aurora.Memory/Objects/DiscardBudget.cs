namespace Aurora.Memory;

/// <summary>What to do with a page of which only the store knows whether it exists.</summary>
internal enum UnknownPages
{
    Ask,
    GiveUp,
}

/// <summary>What one call may do: pages to give up, and stretches of holes to skip.</summary>
internal struct DiscardBudget
{
    public ulong Pages;
    public ulong Skips;

    public static DiscardBudget OfOneCall => new() { Pages = ObjectHoles.MaxDiscardPages, Skips = ObjectHoles.MaxDiscardPages };

    public readonly bool IsSpent => Pages == 0 || Skips == 0;
}
