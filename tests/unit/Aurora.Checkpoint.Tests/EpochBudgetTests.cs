using Aurora.Base;
using Aurora.Memory;
using Aurora.Store;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>What epochs may hold: whatever is in flight, changed and done in one more step fits into one commit.</summary>
public sealed unsafe class EpochBudgetTests
{
    [Theory]
    [InlineData(4UL << 20, 4096UL)]
    [InlineData(64UL << 20, 4096UL)]
    [InlineData(64UL << 20, 262144UL)]
    public void A_fork_of_the_most_mappings_is_one_step(ulong bytes, ulong logBlocks)
    {
        var commit = new CommitBudget { Bytes = bytes, LogBlocks = logBlocks, BytesPerPage = 80, BytesPerObject = 256 };
        var budget = new EpochBudget(in commit, 1 << 20);
        ulong mappings = (ulong)budget.MaxMappings;
        ulong records = MappingCodec.RecordBytes + MemoryObjectCodec.RecordBytes;
        Assert.InRange((((256 + 89) * 2) + (3 * 89) + records) * mappings, 0UL, budget.StepBytes);
        Assert.InRange(((5 * 40) + records) * mappings, 0UL, logBlocks * 3984);
        Assert.True(budget.CaptureBytes + budget.LookBytes + budget.StepBytes < budget.CommitBytes);
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
        Assert.True(session.Engine.MustPause);
        session.Checkpoint();
        Assert.False(session.Engine.MustPause);
    }

    [Fact]
    public void A_file_that_is_cut_under_as_many_private_mappings_as_there_may_be_fits_into_a_commit()
    {
        const ulong at = 0x4000_0000;
        using TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        VmObject* file = session.Memory.Objects.Create(session.Tracker, 1, VmObjectFlags.File);
        AddressSpace* space = session.NewSpace(at, 1);
        uint mapped = 0;
        while (mapped < 800 && session.MapMore(space, at + (++mapped << 13), 1, file) == MemoryStatus.Ok)
        {
            session.Store64(space, at + (mapped << 13), mapped);
            if (mapped % 50 == 0)
                session.Checkpoint();
        }
        session.Checkpoint();
        Assert.Equal(MemoryStatus.Ok, session.Memory.Objects.Resize(file, 0));
        session.Checkpoint();
        Assert.InRange(mapped, 100U, 799U);
        // A fork would double them.
        Assert.Equal(MemoryStatus.OutOfMemory, session.Memory.Spaces.Fork(space, out _));
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(600UL)]
    [InlineData(1500UL)]
    public void Whatever_a_thread_has_changed_a_fork_of_the_most_mappings_still_fits_into_the_commit(ulong changed)
    {
        const ulong at = 0x4000_0000;
        const ulong much = 0x8000_0000;
        using TestSession session = TestSession.Create(overlayBytes: 256 << 10);
        var budget = new EpochBudget(session.Store.CommitBudget, (ulong)session.Frames.TotalFrames);
        ulong mappings = budget.StepBytes / budget.ForkedMappingBytes;
        AddressSpace* space = session.NewSpace(much, changed);
        for (uint i = 0; i < mappings; i++)
        {
            Assert.Equal(MemoryStatus.Ok, session.MapMore(space, at + (i << 13), 1, null));
            if (i % 32 == 0)
                session.Checkpoint();
        }
        session.Checkpoint();
        for (ulong i = 0; i < mappings && !session.Engine.MustPause; i++)
            session.Store64(space, at + (i << 13), i);
        for (ulong i = 0; i < changed && !session.Engine.MustPause; i++)
            session.Store64(space, much + (i << 12), i);
        Assert.Equal(MemoryStatus.Ok, session.Memory.Spaces.Fork(space, out _));
        session.Checkpoint();
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
