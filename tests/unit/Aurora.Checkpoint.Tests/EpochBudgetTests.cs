using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>When epochs are captured and groups held, and that no step is too large.</summary>
public sealed unsafe class EpochBudgetTests
{
    [Theory]
    [InlineData(4UL << 20, 4096UL)]
    [InlineData(64UL << 20, 4096UL)]
    [InlineData(64UL << 20, 262144UL)]
    public void An_epoch_is_captured_before_it_fills_a_commit_and_looked_at_more_often(ulong bytes, ulong logBlocks)
    {
        var commit = new CommitBudget { Bytes = bytes, LogBlocks = logBlocks, BytesPerPage = 80, BytesPerObject = 256 };
        var budget = new EpochBudget(in commit, 1 << 20);
        Assert.True(budget.CaptureBytes + budget.LookBytes < budget.CommitBytes / 3);
        Assert.InRange(budget.LookBytes, 1UL, budget.CaptureBytes / 2);
    }

    [Fact]
    public void Pages_count_for_what_they_take_of_the_log_when_that_is_more()
    {
        var commit = new CommitBudget { Bytes = 64 << 20, LogBlocks = 1024, BytesPerPage = 80, BytesPerObject = 256 };
        var budget = new EpochBudget(in commit, 1 << 20);
        ulong pages = budget.CommitBytes / budget.CostOf(1, 0, 0);
        Assert.InRange(pages * 40, 1UL, 1024UL * 3984);
    }

    [Fact]
    public void Objects_of_which_only_a_page_has_changed_count_for_what_they_take()
    {
        const ulong at = 0x4000_0000;
        using TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        AddressSpace* space = session.NewSpace(at, 1);
        const uint mappings = 240;
        for (uint i = 1; i < mappings; i++)
            session.MapMore(space, at + (i << 13), 1, null);
        session.Checkpoint();
        for (uint i = 0; i < mappings; i++)
            session.Store64(space, at + (i << 13), i);
        CommitBudget commit = session.Store.CommitBudget;
        Assert.True(mappings * (commit.BytesPerObject + commit.BytesPerPage) > commit.Bytes / 16 * 5);
        Assert.Equal(0UL, session.Engine.NextDueNanoseconds);
        session.Checkpoint();
        Assert.NotEqual(0UL, session.Engine.NextDueNanoseconds);
    }

    [Fact]
    public void A_file_that_is_cut_under_more_private_mappings_than_a_commit_holds()
    {
        const ulong at = 0x4000_0000;
        const uint mappings = 700;
        TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        VmObject* file = session.Memory.Objects.Create(session.Tracker, 1, VmObjectFlags.File);
        AddressSpace* space = session.NewSpace(at, 1);
        ObjectId id = space->Header.Id;
        for (uint i = 1; i <= mappings; i++)
        {
            Assert.Equal(MemoryStatus.Ok, session.MapMore(space, at + (i << 13), 1, file));
            session.Store64(space, at + (i << 13), i);
        }
        session.Checkpoint();
        Assert.Equal(MemoryStatus.Ok, session.Memory.Objects.Resize(file, 0));
        session.Checkpoint();
        Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out AddressSpace* child));
        ObjectId childId = child->Header.Id;
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        Assert.Equal(mappings + 1, (uint)restored.Space(id)->MappingCount);
        Assert.Equal(mappings + 1, (uint)restored.Space(childId)->MappingCount);
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(300UL)]
    [InlineData(900UL)]
    public void Whatever_a_thread_has_changed_a_fork_that_no_commit_holds_is_taken(ulong changed)
    {
        const ulong at = 0x4000_0000;
        const ulong much = 0x8000_0000;
        const ulong mappings = 300;
        TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        AddressSpace* space = session.NewSpace(much, changed);
        for (uint i = 0; i < mappings; i++)
            Assert.Equal(MemoryStatus.Ok, session.MapMore(space, at + (i << 13), 1, null));
        session.Checkpoint();
        for (ulong i = 0; i < mappings; i++)
            session.Store64(space, at + (i << 13), i);
        for (ulong i = 0; i < changed; i++)
            session.Store64(space, much + (i << 12), i);
        Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out AddressSpace* child));
        ObjectId id = child->Header.Id;
        session.Checkpoint();
        using TestSession restored = session.Reboot();
        AddressSpace* copy = restored.Space(id);
        Assert.Equal((mappings - 1, changed - 1),
            (restored.Load(copy, at + ((mappings - 1) << 13)), restored.Load(copy, much + ((changed - 1) << 12))));
    }

    [Fact]
    public void Threads_that_ran_count_as_changed_and_a_group_with_much_in_flight_is_held()
    {
        using TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        session.Checkpoint();
        int files = 0;
        while (!session.Engine.MustPause)
        {
            Assert.True(files < 1000, "changes without end");
            session.MakeFile($"/{files++}", "1"u8);
            if (files % 8 == 0)
                session.Engine.Poll();
        }
        session.Flush();
        session.Commit();
        session.Clock.Advance(1_000_000_000);
        session.Engine.Poll();
        session.Flush();
        session.Commit();
        Assert.Equal(StoreStatus.Ok, session.Engine.Refusal);
        Assert.False(session.Engine.MustPause);
    }
}
