using System;
using System.Collections.Generic;

namespace Aurora.Testing;

/// <summary>
/// The sizes at which a table, a list or an arena that holds so much, or grows by so much, goes wrong if it does. For MemberData of
/// theories.
/// </summary>
public static class Boundaries
{
    /// <summary>
    /// 0, 1, one less than full, full, one more, twice full, one more, and <paramref name="times"/> times full and one more.
    /// </summary>
    public static IEnumerable<object[]> Of(int capacity, int times)
    {
        foreach (int size in SizesOf(capacity, times))
            yield return [size];
    }

    /// <summary>The same as numbers.</summary>
    public static IReadOnlyCollection<int> SizesOf(int capacity, int times)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return new SortedSet<int>
        {
            0, 1, capacity - 1, capacity, capacity + 1, 2 * capacity, (2 * capacity) + 1, times * capacity, (times * capacity) + 1,
        };
    }
}
