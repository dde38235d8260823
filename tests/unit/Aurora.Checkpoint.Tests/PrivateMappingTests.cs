using System;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What programs write to private mappings of files, on its way through the store.</summary>
public sealed unsafe class PrivateMappingTests
{
    private const ulong At = 0x4000_0000;

    // A page of zeroes takes no space in the store where a hole reads as zeroes. Behind an overlay a hole reads as the file.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Zeroes_written_over_a_files_contents_stay_zeroes(bool forks)
    {
        TestSession session = TestSession.Create();
        AddressSpace* space = MapFile(session, out VmObject* file);
        Touch(session, space).Clear();
        AddressSpace* other = null;
        session.Checkpoint();
        if (forks)
            Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out other));
        ObjectId id = forks ? other->Header.Id : space->Header.Id;
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        space = restored.Space(id);
        Assert.Equal(0UL, restored.Load(space, At));
        Assert.Equal(0UL, restored.Load(space, At + 4088));
    }

    [Fact]
    public void Zeroes_written_over_a_files_contents_stay_zeroes_when_their_page_is_evicted()
    {
        using TestSession session = TestSession.Create();
        AddressSpace* space = MapFile(session, out VmObject* file);
        Touch(session, space).Clear();
        session.Checkpoint();
        for (int rounds = 0; rounds < 3;)
            rounds += session.Memory.Reclaim.Step() ? 1 : 0;
        Assert.NotEqual(0UL, session.Memory.Reclaim.EvictedPages);
        Assert.Equal(0UL, session.Load(space, At));
    }

    // An overlay that ends before its epoch is written, while a clone of it lives on.
    [Fact]
    public void Zeroes_stay_zeroes_in_a_child_whose_parent_has_ended_while_they_were_written()
    {
        TestSession session = TestSession.Create();
        AddressSpace* space = MapFile(session, out VmObject* file);
        session.Checkpoint();
        Touch(session, space).Clear();
        session.Capture();
        Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out AddressSpace* child));
        ObjectId id = child->Header.Id;
        session.Memory.Spaces.Release(space);
        session.Flush();
        session.Commit();
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        Assert.Equal(0UL, restored.Load(restored.Space(id), At));
    }

    private static AddressSpace* MapFile(TestSession session, out VmObject* file)
    {
        file = session.Memory.Objects.Create(session.Tracker, 1, VmObjectFlags.File);
        PageAccess page = session.Memory.Pages.GetForWrite(file, 0, overwrite: true);
        new Span<byte>(page.Address, PageSize.Bytes).Fill(0x5A);
        AddressSpace* space = session.Memory.Spaces.Create(session.Tracker, SpaceLimits.Default);
        var request = new MapRequest
        {
            Address = new VirtualAddress(At), Length = 4096, Object = file, Placement = MapPlacement.Fixed,
            Protection = Protection.Read | Protection.Write,
        };
        Assert.Equal(MemoryStatus.Ok, session.Memory.Mappings.Map(space, request, out _));
        return space;
    }

    private static Span<byte> Touch(TestSession session, AddressSpace* space)
    {
        session.Store64(space, At, 1);
        return new Span<byte>(session.Mmu.Access(space->Root, At, FaultAccess.Write), PageSize.Bytes);
    }
}
