using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Testing;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>Clock objects: pages that are made when they are touched, and of which nothing is saved.</summary>
public sealed unsafe class ClockObjectTests
{
    private const ulong Second = 1_000_000_000;

    private static ulong MapInto(TestMachine machine, AddressSpace* space)
    {
        Assert.Equal(MemoryStatus.Ok, machine.Memory.ClockObjects.MapInto(space, default, out VirtualAddress code));
        return code.Value;
    }

    private static ClockPage PageOf(TestMachine machine, AddressSpace* space, ulong code)
    {
        Assert.Equal(MemoryStatus.Ok, machine.TryAccess(space, code - PageSize.Bytes, FaultAccess.Read, out byte* pointer));
        return *(ClockPage*)pointer;
    }

    [Fact]
    public void Pages_are_made_when_they_are_touched_and_nobody_can_write_to_them()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.Clock.Now = 5 * Second;
        ulong used = machine.Frames.UsedFrames;
        ulong code = MapInto(machine, space);
        Assert.Equal(used, machine.Frames.UsedFrames);
        ClockPage page = PageOf(machine, space, code);
        Assert.NotEqual(0UL, page.Generation);
        Assert.Equal(1UL << 32, page.Factor);
        Assert.Equal(machine.Clock.RealtimeLeadNanoseconds, page.RealtimeLeadNanoseconds);
        Assert.Equal(ClockPageFlags.HasProcessor, page.Flags);
        Assert.Equal(MemoryStatus.Ok, machine.TryAccess(space, code, FaultAccess.Execute, out byte* image));
        Assert.Equal(TestClockSource.Bytes, new ReadOnlySpan<byte>(image, TestClockSource.Bytes.Length).ToArray());
        Assert.Equal(-1, new ReadOnlySpan<byte>(image, PageSize.Bytes)[TestClockSource.Bytes.Length..].IndexOfAnyExcept((byte)0));
        foreach (ulong address in (ulong[])[code, code - PageSize.Bytes])
        {
            Assert.Equal(MemoryStatus.AccessDenied, machine.TryAccess(space, address, FaultAccess.Write, out _));
            Assert.Equal(
                MemoryStatus.AccessDenied,
                machine.Memory.Mappings.Protect(space, new VirtualAddress(address), 4096, Protection.Read | Protection.Write));
        }
        Assert.Equal(MemoryStatus.AccessDenied, machine.TryAccess(space, code - PageSize.Bytes, FaultAccess.Execute, out _));
        machine.AssertFramesShown();
        machine.Release(space);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void A_group_has_one_as_long_as_somebody_shows_it()
    {
        using var machine = new TestMachine();
        AddressSpace* first = machine.NewSpace();
        AddressSpace* second = machine.NewSpace();
        ulong code = MapInto(machine, first);
        VmObject* target = machine.Memory.ClockObjects.Of(machine.Tracker);
        ulong again = MapInto(machine, second);
        Assert.Equal(1, machine.Memory.ObjectCount);
        Assert.Equal(PageOf(machine, first, code).Generation, PageOf(machine, second, again).Generation);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Spaces.Fork(second, out AddressSpace* child));
        machine.Release(first);
        machine.Release(second);
        Assert.True(target == machine.Memory.ClockObjects.Of(machine.Tracker) && target->Header.References == 2);
        machine.Release(child);
        Assert.True(machine.Memory.ClockObjects.Of(machine.Tracker) == null);
        machine.AssertNothingLeft();
        AddressSpace* next = machine.NewSpace();
        Assert.NotEqual(0UL, PageOf(machine, next, MapInto(machine, next)).Generation);
    }

    [Fact]
    public void It_goes_where_it_is_wanted_if_there_is_room()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        Assert.Equal(MemoryStatus.Ok, machine.Memory.ClockObjects.MapInto(space, new VirtualAddress(0x5000_0000), out VirtualAddress code));
        Assert.Equal(0x5000_1000UL, code.Value);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.ClockObjects.MapInto(space, new VirtualAddress(0x5000_1000), out code));
        Assert.InRange(code.Value, 0x5000_2000UL, AddressSpace.UserEnd);
        Assert.Equal(
            MemoryStatus.Ok,
            machine.Memory.ClockObjects.MapInto(space, new VirtualAddress(AddressSpace.UserEnd - PageSize.Bytes), out code));
        Assert.InRange(code.Value, AddressSpace.UserStart, AddressSpace.UserEnd - PageSize.Bytes);
        machine.AssertFramesShown();
    }

    [Fact]
    public void Who_has_read_the_page_sees_when_the_clock_is_set()
    {
        using var machine = new TestMachine();
        AddressSpace* first = machine.NewSpace();
        AddressSpace* second = machine.NewSpace();
        ulong code = MapInto(machine, first);
        ulong again = MapInto(machine, second);
        machine.Memory.ClockObjects.ClockChanged(machine.Tracker); // nobody has touched it
        ClockPage before = PageOf(machine, first, code);
        GroupClock clock = machine.Clocks.Of(machine.Tracker);
        clock.RealtimeShiftNanoseconds = -7;
        machine.Memory.ClockObjects.ClockChanged(machine.Tracker);
        ClockPage after = *(ClockPage*)machine.Mmu.Access(first->Root, code - PageSize.Bytes, FaultAccess.Read);
        Assert.Equal(before.RealtimeLeadNanoseconds - 7, after.RealtimeLeadNanoseconds);
        Assert.NotEqual(before.Generation, after.Generation);
        Assert.Equal(after.Generation, PageOf(machine, second, again).Generation);
    }

    [Fact]
    public void Nothing_of_it_is_saved_but_that_it_is_there()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        ulong code = MapInto(machine, space);
        ClockPage before = PageOf(machine, space, code);
        Assert.Equal(0UL, machine.Freeze().Epoch->Pages);
        machine.ReleaseOldest();
        machine.Memory.ClockObjects.ClockChanged(machine.Tracker);
        Assert.Equal(0UL, machine.Freeze().Epoch->Pages);
        machine.ReleaseOldest();
        using TestMachine restored = machine.Restore(machine.Store);
        restored.Clock.Now = 900 * Second;
        restored.Clocks.Of(restored.Tracker).ContinueFrom(33 * Second);
        var again = (AddressSpace*)restored.Tracker.Find(space->Header.Id);
        VmObject* target = restored.Memory.ClockObjects.Of(restored.Tracker);
        Assert.True(target != null && target->Header.Id == machine.Memory.ClockObjects.Of(machine.Tracker)->Header.Id);
        ClockPage after = PageOf(restored, again, code);
        Assert.NotEqual(before.Generation, after.Generation);
        Assert.Equal(unchecked((33 * Second) - (900 * Second)), after.MonotonicOffsetNanoseconds);
        Assert.Equal(MemoryStatus.Ok, restored.TryAccess(again, code, FaultAccess.Execute, out byte* image));
        Assert.Equal(TestClockSource.Bytes[0], *image);
        Assert.Equal(0, restored.Memory.PageIns.Outstanding);
        again->Header.References++;
        restored.Release(again);
        Assert.True(restored.Memory.ClockObjects.Of(restored.Tracker) == null);
        restored.Checkpoint();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reclaim_drops_the_data_and_it_is_made_again(bool isCaptured)
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        ulong code = MapInto(machine, space);
        ulong before = PageOf(machine, space, code).Generation;
        if (isCaptured)
            machine.Checkpoint();
        for (int round = 0; round < 3; round++)
        {
            while (!machine.Memory.Reclaim.Step())
            {
            }
        }
        Assert.Equal(1UL, machine.Memory.Reclaim.EvictedPages);
        machine.Memory.ClockObjects.ClockChanged(machine.Tracker);
        machine.AssertFramesShown();
        Assert.NotEqual(before, PageOf(machine, space, code).Generation);
        machine.AssertFramesShown();
        machine.Release(space);
        machine.AssertNothingLeft();
    }

    // Whoever finds no memory gets none of the page's bytes, and waits as for any page.
    [Fact]
    public void Without_a_frame_nobody_sees_zeroes()
    {
        using var machine = new TestMachine(frames: 256);
        AddressSpace* space = machine.NewSpace();
        ulong code = MapInto(machine, space);
        Assert.Equal(MemoryStatus.Ok, machine.TryAccess(space, code, FaultAccess.Execute, out _));
        ulong left = machine.Frames.FreeFrames;
        Assert.True(machine.Frames.TryReserve(left));
        Assert.NotEqual(
            MemoryStatus.Ok, machine.Memory.Faults.Handle(space, new VirtualAddress(code - PageSize.Bytes), FaultAccess.Read).Status);
        Assert.False(machine.Memory.Pages.GetForRead(machine.Memory.ClockObjects.Of(machine.Tracker), 0).IsOk);
        machine.Frames.Unreserve(left);
        Assert.NotEqual(0UL, PageOf(machine, space, code).Generation);
    }

    [Fact]
    public void It_moves_but_does_not_grow()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        ulong code = MapInto(machine, space);
        var request = new RemapRequest { Address = new VirtualAddress(code), OldLength = 4096, NewLength = 8192, MayMove = true };
        Assert.Equal(MemoryStatus.NotMapped, machine.Memory.Remaps.Remap(space, request, out _));
        request.NewLength = 4096;
        request.KeepsOld = true;
        Assert.Equal(MemoryStatus.InvalidArgument, machine.Memory.Remaps.Remap(space, request, out _));
        request.KeepsOld = false;
        request.IsFixed = true;
        request.NewAddress = new VirtualAddress(0x6000_0000);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Remaps.Remap(space, request, out VirtualAddress moved));
        Assert.Equal(MemoryStatus.Ok, machine.TryAccess(space, moved.Value, FaultAccess.Execute, out byte* image));
        Assert.Equal(TestClockSource.Bytes[0], *image);
        Assert.Equal(MemoryStatus.Ok, machine.DropPages(space, code - PageSize.Bytes, 4096, out _));
        Assert.NotEqual(0UL, PageOf(machine, space, code).Generation);
        machine.AssertFramesShown();
    }

    [Fact]
    public void Two_groups_have_their_own_time_and_the_same_code()
    {
        using var machine = new TestMachine();
        ObjectTracker other = machine.Tracked.Add(1, new ObjectId(1));
        machine.Clocks.Of(other).ContinueFrom(77 * Second);
        AddressSpace* first = machine.NewSpace();
        AddressSpace* second = machine.Memory.Spaces.Create(other, SpaceLimits.Default);
        ulong code = MapInto(machine, first);
        ulong again = MapInto(machine, second);
        Assert.Equal(0UL, PageOf(machine, first, code).MonotonicOffsetNanoseconds);
        Assert.Equal(77 * Second, PageOf(machine, second, again).MonotonicOffsetNanoseconds);
        Assert.NotEqual(PageOf(machine, first, code).Generation, PageOf(machine, second, again).Generation);
        Assert.Equal(MemoryStatus.Ok, machine.TryAccess(first, code, FaultAccess.Execute, out byte* here));
        Assert.Equal(MemoryStatus.Ok, machine.TryAccess(second, again, FaultAccess.Execute, out byte* there));
        Assert.True(here == there);
        machine.Release(first);
        Assert.True(machine.Memory.ClockObjects.Of(machine.Tracker) == null && machine.Memory.ClockObjects.Of(other) != null);
    }

    [Fact]
    public void Records_of_what_cannot_be_are_refused()
    {
        using var machine = new TestMachine();
        var codec = new MemoryObjectCodec(machine.Memory);
        var good = new MemoryObjectRecord { SizePages = 2, Flags = VmObjectFlags.Clock };
        Assert.Equal(RestoreStatus.BadRecord, Create(good with { SizePages = 1 }));
        Assert.Equal(RestoreStatus.BadRecord, Create(good with { SizePages = 3 }));
        Assert.Equal(RestoreStatus.BadRecord, Create(good with { Flags = VmObjectFlags.Clock | VmObjectFlags.File }));
        Assert.Equal(RestoreStatus.BadRecord, Create(good with { Flags = (VmObjectFlags)4 }));
        Assert.Equal(RestoreStatus.BadRecord, Create(good with { Backing = new ObjectId(3) }));
        Assert.Equal(RestoreStatus.BadRecord, Create(good, version: 2));
        Assert.Equal(RestoreStatus.BadRecord, Create(good, FileIds.OfFile(5, FilePart.Data).Value));
        Assert.True(machine.Memory.ClockObjects.Of(machine.Tracker) == null);
        Assert.Equal(RestoreStatus.Ok, Create(good));
        Assert.Equal(RestoreStatus.BadRecord, Create(good, 8));
        Assert.Equal(RestoreStatus.Ok, Create(new MemoryObjectRecord { SizePages = 2, Backing = new ObjectId(7) }, 9));
        Assert.Equal(
            RestoreStatus.BadRecord,
            codec.Link(machine.Tracker, machine.Tracker.Find(new ObjectId(9)),
                MemoryMarshal.AsBytes([new MemoryObjectRecord { SizePages = 2, Backing = new ObjectId(7) }])));

        RestoreStatus Create(MemoryObjectRecord record, ulong id = 7, byte version = 3)
            => codec.Create(machine.Tracker, new ObjectId(id), version, MemoryMarshal.AsBytes([record]));
    }

    [Theory]
    [InlineData(MappingFlags.Shared, 0, 1, Protection.Read)]
    [InlineData(MappingFlags.OwnsObject, 0, 1, Protection.Read)]
    [InlineData(MappingFlags.Anonymous, 0, 1, Protection.Read)]
    [InlineData(MappingFlags.GrowsDown, 0, 1, Protection.Read)]
    [InlineData(MappingFlags.None, 0, 1, Protection.Read | Protection.Write)]
    [InlineData(MappingFlags.None, 1, 2, Protection.Read)]
    [InlineData(MappingFlags.None, 2, 1, Protection.Read)]
    [InlineData(MappingFlags.None, 0, 3, Protection.Read)]
    public void Mappings_that_nobody_could_make_are_refused(MappingFlags flags, ulong page, ulong pages, Protection most)
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        MapInto(machine, space);
        VmObject* target = machine.Memory.ClockObjects.Of(machine.Tracker);
        var codec = new MappingCodec(machine.Memory);
        var record = new MappingRecord
        {
            Space = space->Header.Id, Object = target->Header.Id, Start = 0x4000_0000, Pages = pages, PageOffset = page,
            Protection = Protection.Read, MaxProtection = most, Flags = flags,
        };
        Assert.Equal(RestoreStatus.BadRecord, Restore(codec, machine, record, 500));
        MappingRecord good = record with { Pages = 1, PageOffset = 1, Flags = MappingFlags.Locked, MaxProtection = Protection.Read };
        Assert.Equal(RestoreStatus.Ok, Restore(codec, machine, good, 501));
    }

    private static RestoreStatus Restore(MappingCodec codec, TestMachine machine, MappingRecord record, ulong id)
    {
        ReadOnlySpan<byte> payload = MemoryMarshal.AsBytes([record])[..record.Size];
        RestoreStatus status = codec.Create(machine.Tracker, new ObjectId(id), 3, payload);
        return status == RestoreStatus.Ok ? codec.Link(machine.Tracker, machine.Tracker.Find(new ObjectId(id)), payload) : status;
    }
}
