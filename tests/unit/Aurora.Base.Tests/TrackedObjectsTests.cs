using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Runtime.InteropServices;
using Aurora.Testing;
using Xunit;

namespace Aurora.Base.Tests;

/// <summary>Objects of many groups in one index: found by group and id, and by nothing else.</summary>
public sealed unsafe class TrackedObjectsTests : IDisposable
{
    private readonly HostPageAllocator _pages = new();
    private readonly List<nint> _memory = [];

    public TrackedObjectsTests() => HostEnvironment.Install();

    public void Dispose()
    {
        foreach (nint memory in _memory)
            NativeMemory.Free((void*)memory);
        _pages.Dispose();
    }

    [Fact]
    public void An_index_is_used_again_as_late_as_possible_whoever_had_it()
    {
        var objects = new TrackedObjects(_pages);
        objects.Add(0, new ObjectId(1));
        ObjectTracker first = objects.Add((ushort)objects.FreeIndex(), new ObjectId(1));
        Assert.Equal(1, first.Index);
        objects.Remove(first);
        ObjectTracker second = objects.Add((ushort)objects.FreeIndex(), new ObjectId(1));
        Assert.Equal(2, second.Index);
        objects.Remove(second);
        Assert.Equal(3, objects.FreeIndex());
        objects.Add(GroupTable.MaxGroups - 1, new ObjectId(1));
        Assert.Equal(1, objects.FreeIndex());
    }

    [Fact]
    public void What_changes_in_any_group_counts_once_and_for_good()
    {
        const int bytes = 100;
        var objects = new TrackedObjects(_pages);
        objects.SetRecordBytes(ObjectKind.Inode, bytes);
        ObjectTracker one = objects.Add(3, new ObjectId(1));
        ObjectTracker other = objects.Add(4, new ObjectId(1));
        ObjectHeader* headers = Headers(2);
        one.Register(headers, ObjectKind.Inode);
        other.Register(headers + 1, ObjectKind.Inode);
        one.MarkChanged(headers);
        Assert.Equal((2UL, 2UL * bytes), (objects.Totals->Count, objects.Totals->RecordBytes));
        one.MarkStored(headers);
        one.ClearChanged(headers);
        one.MarkChanged(headers);
        Assert.Equal((3UL, 3UL * bytes), (objects.Totals->Count, objects.Totals->RecordBytes));
        Assert.True(one.ReserveEnds());
        objects.Remove(headers);
        objects.Remove(headers + 1);
        Assert.Equal((4UL, 3UL * bytes), (objects.Totals->Count, objects.Totals->RecordBytes));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(511)]
    [InlineData(512)]
    [InlineData(513)]
    [InlineData(1025)]
    [InlineData(300_000)]
    public void Objects_of_three_groups_with_the_same_ids_are_told_apart(int count)
    {
        var objects = new TrackedObjects(_pages);
        ushort[] groups = [0, 7, 65535];
        var headers = new ObjectHeader*[groups.Length];
        for (int g = 0; g < groups.Length; g++)
        {
            ObjectTracker group = objects.Add(groups[g], new ObjectId(1));
            headers[g] = Headers(count);
            for (int i = 0; i < count; i++)
                group.Register(headers[g] + i, ObjectKind.Inode);
        }
        for (int g = 0; g < groups.Length; g++)
        {
            ObjectTracker group = objects.OfGroup(groups[g]);
            Assert.Equal(count, group.ChangedCount);
            for (int i = 0; i < count; i++)
                Assert.True(group.Find(new ObjectId((ulong)i + 1)) == headers[g] + i);
            Assert.True(group.Find(new ObjectId((ulong)count + 1)) == null);
        }
        for (int i = 0; i < count; i += 2)
            objects.Remove(headers[1] + i);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(i % 2 == 0, objects.OfGroup(7).Find(new ObjectId((ulong)i + 1)) == null);
            Assert.True(objects.OfGroup(0).Find(new ObjectId((ulong)i + 1)) == headers[0] + i);
        }
    }

    /// <summary>Copies of a group have the same ids: they must not meet in the same buckets.</summary>
    [Theory]
    [InlineData(1, 100_000)]
    [InlineData(16, 4096)]
    [InlineData(1000, 300)]
    [InlineData(4000, 60)]
    public void The_same_ids_in_many_groups_are_spread_over_all_buckets(int groups, int ids)
    {
        int buckets = 1 << BitOperations.Log2((uint)(groups * ids));
        var counts = new int[buckets];
        for (int group = 0; group < groups; group++)
        {
            for (int id = 1; id <= ids; id++)
                counts[GroupHash.Of((ushort)group, (ulong)id) & (ulong)(buckets - 1)]++;
        }
        Assert.InRange(counts.Max(), 1, 16);
        Assert.InRange(counts.Count(count => count == 0), 0, buckets / 2);
    }

    [Fact]
    public void Without_memory_the_index_stops_growing_and_loses_nothing()
    {
        var objects = new TrackedObjects(_pages);
        ObjectTracker group = objects.Add(3, new ObjectId(1));
        _pages.PageLimit = _pages.PagesOutstanding;
        ObjectHeader* headers = Headers(5000);
        for (int i = 0; i < 5000; i++)
        {
            group.Register(headers + i, ObjectKind.Pipe);
            if (i == 3000)
                _pages.PageLimit = long.MaxValue;
        }
        for (int i = 0; i < 5000; i++)
            Assert.True(group.Find(headers[i].Id, ObjectKind.Pipe) == headers + i);
        Assert.True(group.Find(headers[0].Id, ObjectKind.Inode) == null);
    }

    [Fact]
    public void A_group_that_ends_leaves_nothing_to_the_next_of_its_number()
    {
        var objects = new TrackedObjects(_pages);
        objects.Remove(objects.Add(9, new ObjectId(1)));
        long before = _pages.PagesOutstanding;
        for (int round = 0; round < 100; round++)
        {
            ObjectTracker group = objects.Add(9, new ObjectId(5));
            Assert.True(group.Exists && group.Count == 0 && group.NextId == new ObjectId(5));
            ObjectHeader* header = Headers(1);
            group.Register(header, ObjectKind.Inode);
            group.ClearChanged(header);
            group.MarkStored(header);
            Assert.True(group.ReserveEnds());
            Assert.True(objects.Of(header).Index == 9);
            objects.Remove(header);
            Assert.Equal(1, group.Ended.Count);
            objects.Remove(group);
            Assert.False(objects.OfGroup(9).Exists);
        }
        Assert.Equal(before, _pages.PagesOutstanding);
    }

    [Fact]
    public void A_table_of_groups_holds_the_first_and_the_last_and_gives_its_memory_back()
    {
        var objects = new TrackedObjects(_pages);
        ObjectTracker early = objects.Add(0, new ObjectId(1));
        var table = new GroupTable<ulong>(objects);
        Assert.Equal(0UL, *table.At(0));
        objects.Remove(early);
        long before = _pages.PagesOutstanding;
        ushort[] groups = [0, 1, 127, 128, 65534, 65535];
        foreach (ushort group in groups)
        {
            Assert.True(table.Find(group) == null);
            Assert.True(objects.Add(group, new ObjectId(1)).Exists);
            *table.At(group) = group + 1UL;
        }
        foreach (ushort group in groups)
            Assert.Equal(group + 1UL, *table.At(group));
        Assert.True(table.Find(2) == null && table.Count == groups.Length);
        foreach (ushort group in groups)
            objects.Remove(objects.OfGroup(group));
        Assert.Equal(before, _pages.PagesOutstanding);
        for (long limit = before; ; limit++)
        {
            _pages.PageLimit = limit;
            if (objects.Add(5, new ObjectId(1)).Exists)
                break;
            Assert.True(_pages.PagesOutstanding == before && table.Find(5) == null && objects.NextGroup(0) < 0);
        }
        Assert.Equal(5, objects.NextGroup(0));
        Assert.Equal(0UL, *table.At(5));
    }

    private ObjectHeader* Headers(int count)
    {
        void* memory = NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(ObjectHeader));
        _memory.Add((nint)memory);
        return (ObjectHeader*)memory;
    }
}
