using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

public sealed unsafe class MappingTests
{
    private const ulong At = 0x4000_0000;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    [Fact]
    public void Hints_are_used_when_free_and_the_search_goes_down_from_the_top()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        ulong first = machine.MapAnonymous(space, 0, 4);
        ulong second = machine.MapAnonymous(space, 0, 2);
        Assert.Equal(AddressSpace.DefaultMapTop - (4 << 12), first);
        Assert.Equal(first - (2 << 12), second);
        var hinted = new MapRequest { Address = new VirtualAddress(At), Length = 1, Protection = ReadWrite };
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Mappings.Map(space, hinted, out VirtualAddress at));
        Assert.Equal(At, at.Value);
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Mappings.Map(space, hinted, out at));
        Assert.NotEqual(At, at.Value);
        hinted.Placement = MapPlacement.FixedNoReplace;
        Assert.Equal(MemoryStatus.AlreadyMapped, machine.Memory.Mappings.Map(space, hinted, out _));
    }

    [Theory]
    [InlineData(0, MemoryStatus.InvalidArgument)]
    [InlineData(ulong.MaxValue, MemoryStatus.InvalidArgument)]
    [InlineData(1UL << 47, MemoryStatus.InvalidArgument)]
    [InlineData((1UL << 47) - 4096, MemoryStatus.OverLimit)]
    public void Impossible_lengths_are_refused(ulong length, MemoryStatus expected)
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        var request = new MapRequest { Length = length, Protection = ReadWrite };
        Assert.Equal(expected, machine.Memory.Mappings.Map(space, request, out _));
        machine.Memory.Spaces.Release(space);
        machine.AssertNothingLeft();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(0x7FFF_FFFF_F000)]
    [InlineData(0x0000_8000_0000_0000)]
    [InlineData(0xFFFF_FFFF_8000_0000)]
    [InlineData(ulong.MaxValue & ~4095UL)]
    public void Fixed_addresses_outside_user_space_are_refused(ulong address)
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        var request = new MapRequest
        {
            Address = new VirtualAddress(address), Length = 8192, Protection = ReadWrite, Placement = MapPlacement.Fixed,
        };
        Assert.Equal(MemoryStatus.OverLimit, machine.Memory.Mappings.Map(space, request, out _));
        Assert.NotEqual(MemoryStatus.Ok, machine.Memory.Mappings.Protect(space, new VirtualAddress(address), 8192, ReadWrite));
        machine.Memory.Mappings.Unmap(space, new VirtualAddress(address), ulong.MaxValue);
    }

    [Fact]
    public void A_stack_grows_down_to_its_limit_and_keeps_its_distance()
    {
        using var machine = new TestMachine();
        var limits = SpaceLimits.Default;
        limits.StackBytes = 64 << 12;
        AddressSpace* space = machine.Memory.Spaces.Create(machine.Tracker, limits);
        machine.MapAnonymous(space, At, 4, MappingFlags.GrowsDown | MappingFlags.Stack);
        machine.Store64(space, At - (10 << 12), 5);
        Assert.Equal(14UL, space->MappedPages);
        Assert.Equal(0UL, machine.Load64(space, At - (9 << 12)));
        Assert.Equal(MemoryStatus.NotMapped, machine.TryAccess(space, At - (61 << 12), FaultAccess.Write, out _));
        machine.Store64(space, At - (60 << 12), 6);
        Assert.Equal(5UL, machine.Load64(space, At - (10 << 12)));

        machine.MapAnonymous(space, At + 0x1000_0000, 4, MappingFlags.GrowsDown);
        machine.MapAnonymous(space, At + 0x1000_0000 - (258 << 12), 1);
        Assert.Equal(MemoryStatus.NotMapped, machine.TryAccess(space, At + 0x1000_0000 - (2 << 12), FaultAccess.Write, out _));
        machine.Store64(space, At + 0x1000_0000 - (1 << 12), 1);
    }

    [Fact]
    public void The_break_grows_and_shrinks_and_forgets_what_was_cut()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.Memory.Break.Start(space, new VirtualAddress(At + 100));
        Assert.Equal(At + 100, machine.Memory.Break.Set(space, default).Value);
        Assert.Equal(At + 9000, machine.Memory.Break.Set(space, new VirtualAddress(At + 9000)).Value);
        machine.Store64(space, At + 8192, 7);
        Assert.Equal(At + 100_000, machine.Memory.Break.Set(space, new VirtualAddress(At + 100_000)).Value);
        Assert.Equal(1, space->MappingCount);
        Assert.Equal(7UL, machine.Load64(space, At + 8192));
        Assert.Equal(At + 4096, machine.Memory.Break.Set(space, new VirtualAddress(At + 4096)).Value);
        Assert.Equal(At + 20_000, machine.Memory.Break.Set(space, new VirtualAddress(At + 20_000)).Value);
        Assert.Equal(0UL, machine.Load64(space, At + 8192));
        machine.MapAnonymous(space, At + (32 << 12), 1);
        Assert.Equal(At + 20_000, machine.Memory.Break.Set(space, new VirtualAddress(At + (40 << 12))).Value);
        machine.Memory.Spaces.Release(space);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void Remap_grows_in_place_when_it_can_and_moves_without_copying_otherwise()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 4);
        machine.Store64(space, At + 4096, 9);
        var request = new RemapRequest { Address = new VirtualAddress(At), OldLength = 4 << 12, NewLength = 8 << 12 };
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Remaps.Remap(space, request, out VirtualAddress address));
        Assert.Equal(At, address.Value);
        Assert.Equal(1, space->MappingCount);
        machine.MapAnonymous(space, At + (8 << 12), 1);
        request.OldLength = 8 << 12;
        request.NewLength = 9 << 12;
        Assert.Equal(MemoryStatus.OverLimit, machine.Memory.Remaps.Remap(space, request, out _));
        request.MayMove = true;
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Remaps.Remap(space, request, out address));
        Assert.NotEqual(At, address.Value);
        Assert.Equal(9UL, machine.Load64(space, address.Value + 4096));
        Assert.Equal(0UL, machine.Load64(space, address.Value + (8 << 12)));
        Assert.Equal(MemoryStatus.NotMapped, machine.TryAccess(space, At, FaultAccess.Read, out _));
        request.Address = new VirtualAddress(At);
        Assert.Equal(MemoryStatus.NotMapped, machine.Memory.Remaps.Remap(space, request, out _));
    }

    [Fact]
    public void Splitting_and_undoing_it_merges_the_mappings_again()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 10);
        machine.Memory.Mappings.Protect(space, new VirtualAddress(At + (3 << 12)), 2 << 12, Protection.Read);
        Assert.Equal(3, space->MappingCount);
        machine.Memory.Mappings.Protect(space, new VirtualAddress(At + (3 << 12)), 2 << 12, ReadWrite);
        Assert.Equal(1, space->MappingCount);
        Assert.Equal(10UL, MappingTable.At(space, 0)->Pages);
    }

    [Fact]
    public void A_shared_mapping_of_a_read_only_file_never_becomes_writable()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        VmObject* file = machine.Memory.Objects.Create(machine.Tracker, 1, VmObjectFlags.File);
        var request = new MapRequest
        {
            Length = 1, Protection = Protection.Read, MaxProtection = Protection.Read, Flags = MappingFlags.Shared, Object = file,
        };
        Assert.Equal(MemoryStatus.Ok, machine.Memory.Mappings.Map(space, request, out VirtualAddress at));
        Assert.Equal(MemoryStatus.AccessDenied, machine.Memory.Mappings.Protect(space, at, 4096, ReadWrite));
        request.Protection = ReadWrite;
        Assert.Equal(MemoryStatus.AccessDenied, machine.Memory.Mappings.Map(space, request, out _));
    }

    [Fact]
    public void No_execute_and_execute_are_told_apart()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 1);
        machine.Store64(space, At, 1);
        Assert.Equal(MemoryStatus.AccessDenied, machine.TryAccess(space, At, FaultAccess.Execute, out _));
        machine.Memory.Mappings.Protect(space, new VirtualAddress(At), 4096, Protection.Read | Protection.Execute);
        Assert.Equal(MemoryStatus.Ok, machine.TryAccess(space, At, FaultAccess.Execute, out _));
        Assert.Equal(MemoryStatus.AccessDenied, machine.TryAccess(space, At, FaultAccess.Write, out _));
    }

    [Fact]
    public void Limits_on_the_address_space_hold()
    {
        using var machine = new TestMachine();
        var limits = SpaceLimits.Default;
        limits.TotalBytes = 10 << 12;
        AddressSpace* space = machine.Memory.Spaces.Create(machine.Tracker, limits);
        machine.MapAnonymous(space, At, 8);
        var request = new MapRequest { Length = 3 << 12, Protection = ReadWrite };
        Assert.Equal(MemoryStatus.OverLimit, machine.Memory.Mappings.Map(space, request, out _));
        machine.MapAnonymous(space, At + (4 << 12), 6);
        Assert.Equal(10UL, space->MappedPages);
    }
}
