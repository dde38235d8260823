using System;

namespace Aurora.Memory;

/// <summary>Deliberate bugs that the model must detect. Never set outside the tests.</summary>
[Flags]
internal enum SeededMemoryFaults
{
    None = 0,

    /// <summary>What a failed epoch froze is not dirty again.</summary>
    LostMerge = 1 << 0,

    /// <summary>A page table is freed while a protect list still names its entries.</summary>
    StaleEntryPointer = 1 << 1,

    /// <summary>An entry is made writable without being put on the protect list.</summary>
    LostProtectEntry = 1 << 2,

    /// <summary>A frame whose epoch is in flight is written in place.</summary>
    WrittenInFlight = 1 << 3,

    /// <summary>Pages the store does not have yet are evicted.</summary>
    EvictedDirtyPage = 1 << 4,

    /// <summary>A clone of a failed epoch's object does not inherit what was not stored.</summary>
    ForgottenCloneOfMerge = 1 << 5,

    /// <summary>A page that is replaced stays in the page tables of those who showed it.</summary>
    ForgottenUnmap = 1 << 6,

    /// <summary>A window that grows upwards keeps what lies there, although others show it.</summary>
    SharedGrowth = 1 << 7,

    /// <summary>A stack grows into what a neighbour shows.</summary>
    StackGrowth = 1 << 8,

    /// <summary>A table of mappings doubles once where it must grow to fit.</summary>
    TableGrowsOnce = 1 << 9,

    /// <summary>Whatever the store may have is given up page by page, holes included.</summary>
    SparseForgotten = 1 << 10,

    /// <summary>Pages that a file loses stay in the private mappings of it.</summary>
    ForgottenOverlayCut = 1 << 11,

    /// <summary>Pages of zeroes are not stored, although the file shows through where there is none.</summary>
    ElidedZeroes = 1 << 12,

    /// <summary>An entry that goes forgets that a program has stored to the opened page it shows.</summary>
    LostStoreMark = 1 << 13,

    /// <summary>A failed epoch trusts that an opened page will be stored again.</summary>
    TrustedOpenedPage = 1 << 14,

    /// <summary>A freeze does not ask whether programs have stored to opened pages.</summary>
    UnaskedStores = 1 << 15,

    /// <summary>A page of a region that a second thread stores to is in its list as well.</summary>
    TwoLists = 1 << 16,

    /// <summary>The frame of a page of a region in flight counts as landed when the persist is taken.</summary>
    EarlyLanding = 1 << 17,

    /// <summary>A page of a region that is given back replaces the newer version that is dirty.</summary>
    OlderVersion = 1 << 18,

    /// <summary>An object is frozen alone although a clone of it waits for its first freeze.</summary>
    ForgottenCloneOfAlone = 1 << 19,
}

internal static class SeededMemoryFaultsExtensions
{
    public static bool Has(this SeededMemoryFaults seeded, SeededMemoryFaults fault) => (seeded & fault) != 0;
}
