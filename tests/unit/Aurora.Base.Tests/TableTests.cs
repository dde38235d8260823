using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Testing;
using Xunit;

namespace Aurora.Base.Tests;

/// <summary>The lists and tables everything is made of, at their boundaries, with memory and without.</summary>
public sealed unsafe class TableTests
{
    private const int ThingsPerChunk = 409;

    private struct Thing
    {
        public fixed ulong Words[3];
    }

    public TableTests() => HostEnvironment.Install();

    [Theory]
    [MemberData(nameof(Boundaries.Of), IdList.IdsPerPage, 300, MemberType = typeof(Boundaries))]
    public void A_list_of_ids_takes_and_hands_over_any_number(int count)
    {
        using var pages = new HostPageAllocator();
        var list = default(IdList);
        var other = default(IdList);
        for (int i = 0; i < count; i++)
            (i % 3 == 0 ? ref other : ref list).Add(pages, new ObjectId((ulong)i + 1));
        list.MoveTo(pages, ref other);
        Assert.Equal(0, list.Count);
        Assert.Equal(count, other.Count);
        Assert.InRange(pages.PagesOutstanding, 0, (count / IdList.IdsPerPage) + 1);
        AssertHolds(other, count);
        for (int i = 0; i < count; i++)
            list.Add(pages, other.TakeLast(pages));
        Assert.True(other.TakeLast(pages).IsNone);
        AssertHolds(list, count);
        list.Clear(pages);
        Assert.Equal(0, pages.PagesOutstanding);
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), IdList.IdsPerPage, 300, MemberType = typeof(Boundaries))]
    public void What_a_list_of_ids_has_made_sure_of_needs_no_memory(int count)
    {
        using var pages = new HostPageAllocator();
        var list = default(IdList);
        var other = default(IdList);
        list.Add(pages, new ObjectId(1));
        pages.PageLimit = 1;
        Assert.Equal(count == 0, list.Reserve(pages, count));
        pages.PageLimit = long.MaxValue;
        Assert.True(list.Reserve(pages, count));
        pages.PageLimit = 0;
        list.MoveTo(pages, ref other);
        for (int i = 0; i < count; i++)
            list.Add(pages, new ObjectId((ulong)i + 2));
        other.MoveTo(pages, ref list);
        AssertHolds(list, count + 1);
        list.Clear(pages);
        other.Clear(pages);
        Assert.Equal(0, pages.PagesOutstanding);
    }

    /// <summary>An object ends where nothing can be refused: all of them may, when there is no memory at all.</summary>
    [Theory]
    [MemberData(nameof(Boundaries.Of), IdList.IdsPerPage, 200, MemberType = typeof(Boundaries))]
    public void Stored_objects_end_without_memory_and_none_is_forgotten(int count)
    {
        using var pages = new HostPageAllocator();
        var tracker = new TrackedObjects(pages).Add(0, new ObjectId(1));
        var taken = default(IdList);
        var headers = (ObjectHeader*)NativeMemory.AllocZeroed((nuint)count + 1, (nuint)sizeof(ObjectHeader));
        for (int i = 0; i < count; i++)
            tracker.Register(headers + i, ObjectKind.Inode);
        long before = pages.PagesOutstanding;
        pages.PageLimit = before;
        Assert.Equal(count == 0, tracker.ReserveEnds());
        pages.PageLimit = long.MaxValue;
        Assert.True(tracker.ReserveEnds());
        for (int i = 0; i < count; i++)
        {
            Assert.True(tracker.Find(headers[i].Id) == headers + i);
            tracker.ClearChanged(headers + i);
            tracker.MarkStored(headers + i);
        }
        pages.PageLimit = 0;
        for (int i = 0; i < count; i++)
        {
            tracker.Remove(headers + i);
            if (i != count / 2)
                continue;
            // An epoch takes those so far; it makes sure of the others first.
            pages.PageLimit = long.MaxValue;
            Assert.True(tracker.ReserveEnds());
            pages.PageLimit = 0;
            tracker.Ended.MoveTo(pages, ref taken);
        }
        // That epoch is refused.
        taken.MoveTo(pages, ref tracker.Ended);
        AssertHolds(tracker.Ended, count);
        Assert.Equal(0, tracker.Count + tracker.ChangedCount + tracker.StoredCount);
        tracker.Ended.Clear(pages);
        Assert.Equal(before, pages.PagesOutstanding);
        NativeMemory.Free(headers);
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), ThingsPerChunk, 100, MemberType = typeof(Boundaries))]
    public void A_slab_holds_exactly_its_limit_and_takes_more_when_some_have_gone(int limit)
    {
        using var pages = new HostPageAllocator();
        var slab = new Slab<Thing>(pages, limit);
        var things = new nint[limit];
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < limit; i++)
            {
                things[i] = (nint)slab.Allocate();
                Assert.True(things[i] != 0);
            }
            Assert.True(slab.Allocate() == null);
            Assert.Equal(limit, new HashSet<nint>(things).Count);
            Assert.Equal(limit, slab.Count);
            for (int i = 0; i < limit; i++)
                slab.Free((Thing*)things[i]);
            Assert.Equal(0, slab.Count);
            Assert.InRange(pages.PagesOutstanding, 0, 5);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public void A_slab_without_memory_refuses_loses_nothing_and_goes_on(int chunks)
    {
        using var pages = new HostPageAllocator { PageLimit = 1 + (chunks * 4) };
        var slab = new Slab<Thing>(pages, 1 << 20);
        int count = 0;
        for (Thing* thing = slab.Allocate(); thing != null; thing = slab.Allocate())
            thing->Words[0] = (ulong)++count;
        Assert.Equal(chunks * ThingsPerChunk, count);
        for (uint i = 0; i < count; i++)
            Assert.Equal(i + 1, slab.LiveAt(i)->Words[0]);
        pages.PageLimit = long.MaxValue;
        Assert.True(slab.Allocate() != null);
        Assert.Equal(count + 1, slab.Count);
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), 64, 3, MemberType = typeof(Boundaries))]
    public void Text_that_does_not_fit_is_cut_off_and_says_so(int length)
    {
        var writer = new Utf8Writer(new byte[64]);
        for (int i = 0; i < length; i++)
            writer.Append((byte)('a' + (i % 26)));
        Assert.Equal(Math.Min(length, 64), writer.Length);
        Assert.Equal(length > 64, writer.Truncated);
        var whole = new Utf8Writer(new byte[64]);
        whole.Append(new byte[length]);
        Assert.Equal(writer.Length, whole.Length);
        Assert.Equal(length > 64, whole.Truncated);
    }

    private static void AssertHolds(IdList list, int count)
    {
        Assert.Equal(count, list.Count);
        var seen = new HashSet<ulong>();
        IdList.Cursor cursor = default;
        while (list.Next(ref cursor, out ObjectId id))
            Assert.True(seen.Add(id.Value));
        Assert.Equal(count, seen.Count);
    }
}
