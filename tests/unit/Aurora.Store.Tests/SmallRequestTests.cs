using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Store.Tests;

/// <summary>Devices that take only a few blocks at a time.</summary>
public sealed unsafe class SmallRequestTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_store_works_on_a_device_that_takes_few_blocks_at_a_time(int most)
    {
        using var harness = new StoreHarness(device: new SmallRequestDevice(8192, most));
        harness.Open();
        for (ulong round = 0; round < 60; round++)
        {
            StoreCommit* commit = harness.Begin();
            for (ulong i = 0; i < 100; i++)
                harness.Write(commit, (round % 7) + 1, (i * 3) + round, (round * 1000) + i + 1);
            harness.Commit(commit, round % 13 == 0 ? $"n{round}" : "");
        }
        harness.Reopen(crash: true);
        Assert.Equal(59_001UL, harness.Read(4, 59));
        harness.CheckClean();
    }

    private sealed class SmallRequestDevice(ulong blocks, int most) : MemoryBlockDevice(blocks)
    {
        public override int MaxBlocksPerRequest => most;

        public override void Submit(BlockRequest* request)
        {
            bool isTooLong = request->Operation is BlockOperation.Read or BlockOperation.Write && request->BlockCount > most;
            if (isTooLong)
                request->Status = BlockStatus.OutOfRange;
            else
                base.Submit(request);
        }
    }
}
