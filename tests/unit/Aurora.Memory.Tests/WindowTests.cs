using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>No two mappings show one page of an object that is theirs alone, however they grow; what they grow into is what Linux shows.</summary>
public sealed unsafe class WindowTests
{
    private const ulong At = 0x10_0000_0000;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    [Fact]
    public void A_piece_of_a_private_file_mapping_grows_into_pages_of_the_file()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        VmObject* file = NewFile(machine, pages: 3);
        machine.MapFile(space, At, file, 0, 3, 0, ReadWrite);
        machine.Store64(space, At, 1);
        machine.Store64(space, At + 8192, 2);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Mappings.Unmap(space, new VirtualAddress(At + 4096), 4096));
        ulong moved = Remap(machine, space, At, 1, 3);
        Assert.Equal(1UL, machine.Load64(space, moved));
        Assert.Equal(101UL, machine.Load64(space, moved + 4096));
        Assert.Equal(102UL, machine.Load64(space, moved + 8192));
        machine.Store64(space, moved + 8192, 77);
        Assert.Equal(2UL, machine.Load64(space, At + 8192));
        machine.Memory.Mappings.Unmap(space, new VirtualAddress(moved + 8192), 4096);
        machine.Store64(space, At + 8192, 3);
        machine.AssertFramesShown();
        machine.Memory.Spaces.Release(space);
        Assert.Equal(102UL, *(ulong*)machine.FileForRead(file, 2).Address);
        machine.Memory.Objects.Release(file);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void A_stack_grows_into_zeros_where_its_lower_part_has_moved_away()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 16, MappingFlags.GrowsDown);
        for (ulong page = 0; page < 16; page++)
            machine.Store64(space, At + (page << 12), page);
        const ulong To = At + 0x1000_0000;
        Assert.Equal(To, Remap(machine, space, At, 8, 8, To));
        Assert.Equal(0UL, machine.Load64(space, At + (7 << 12)));
        machine.Store64(space, At + (6 << 12), 77);
        Assert.Equal(7UL, machine.Load64(space, To + (7 << 12)));
        Assert.Equal(6UL, machine.Load64(space, To + (6 << 12)));
        machine.Memory.Mappings.Unmap(space, new VirtualAddress(To + (6 << 12)), 8192);
        machine.Store64(space, At + (6 << 12), 78);
        machine.Store64(space, At + (7 << 12), 79);
        machine.AssertFramesShown();
        Assert.Equal(8UL, machine.Load64(space, At + (8 << 12)));
        machine.Memory.Spaces.Release(space);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void A_stack_grows_into_zeros_where_more_was_replaced_than_one_call_gives_up()
    {
        using var machine = new TestMachine(frames: 16384);
        var limits = SpaceLimits.Default;
        limits.StackBytes = 8192 << 12;
        AddressSpace* space = machine.Memory.Spaces.Create(machine.Tracker, limits);
        const ulong Pages = ObjectHoles.MaxDiscardPages + 400;
        machine.MapAnonymous(space, At, Pages, MappingFlags.GrowsDown);
        for (ulong page = 0; page < Pages; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        machine.MapAnonymous(space, At, Pages - 1);
        machine.Memory.Mappings.Unmap(space, new VirtualAddress(At), (Pages - 1) << 12);
        for (ulong page = Pages - 2; page > Pages - 500; page--)
            Assert.Equal(0UL, machine.Load64(space, At + (page << 12)));
        Assert.Equal(Pages, machine.Load64(space, At + ((Pages - 1) << 12)));
    }

    [Fact]
    public void A_piece_of_anonymous_memory_grows_into_zeros()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 8);
        for (ulong page = 0; page < 8; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        ulong moved = Remap(machine, space, At + (2 << 12), 2, 6);
        Assert.Equal(4UL, machine.Load64(space, moved + 4096));
        for (ulong page = 2; page < 6; page++)
            Assert.Equal(0UL, machine.Load64(space, moved + (page << 12)));
        machine.Store64(space, moved + (2 << 12), 50);
        Assert.Equal(5UL, machine.Load64(space, At + (4 << 12)));
        machine.AssertFramesShown();
        machine.Memory.Spaces.Release(space);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void What_is_dropped_of_a_private_file_mapping_is_the_files_again()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        VmObject* file = NewFile(machine, pages: 3);
        machine.MapFile(space, At, file, 0, 3, 0, ReadWrite);
        machine.Store64(space, At + 4096, 5);
        machine.Checkpoint();
        Assert.Equal(MemoryStatus.Ok, machine.DropPages(space, At, 3 << 12, out _));
        Assert.Equal(101UL, machine.Load64(space, At + 4096));
        machine.Store64(space, At + 4096, 6);
        machine.Checkpoint();
        using TestMachine restored = machine.Restore(machine.Store);
        AddressSpace* again = (AddressSpace*)restored.Tracker.Find(space->Header.Id);
        Assert.Equal(6UL, restored.Load64(again, At + 4096));
        Assert.Equal(102UL, restored.Load64(again, At + 8192));
    }

    [Fact]
    public void A_private_page_that_was_never_written_shows_the_file_as_it_is_now()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        VmObject* file = NewFile(machine, pages: 4);
        machine.MapFile(space, At, file, 0, 4, 0, ReadWrite);
        machine.Store64(space, At, 1);
        Assert.Equal(101UL, machine.Load64(space, At + 4096));
        *(ulong*)machine.FileForWrite(file, 0).Address = 200;
        *(ulong*)machine.FileForWrite(file, 1).Address = 201;
        Assert.Equal(1UL, machine.Load64(space, At));
        Assert.Equal(201UL, machine.Load64(space, At + 4096));
        machine.Store64(space, At + (3 << 12), 3);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Objects.Resize(file, 2));
        Assert.Equal(MemoryStatus.BusError, machine.TryAccess(space, At + (3 << 12), FaultAccess.Read, out _));
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Objects.Resize(file, 4));
        Assert.Equal(0UL, machine.Load64(space, At + (3 << 12)));
        machine.AssertFramesShown();
    }

    internal static VmObject* NewFile(TestMachine machine, ulong pages)
    {
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, pages, VmObjectFlags.File);
        for (ulong page = 0; page < pages; page++)
            *(ulong*)machine.FileForWrite(file, page).Address = 100 + page;
        return file;
    }

    internal static ulong Remap(TestMachine machine, AddressSpace* space, ulong at, ulong oldPages, ulong newPages, ulong to = 0)
    {
        var request = new RemapRequest
        {
            Address = new VirtualAddress(at), OldLength = oldPages << 12, NewLength = newPages << 12, MayMove = true,
            IsFixed = to != 0, NewAddress = new VirtualAddress(to),
        };
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Remaps.Remap(space, request, out VirtualAddress moved));
        return moved.Value;
    }
}
