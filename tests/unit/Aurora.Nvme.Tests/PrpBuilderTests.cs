using System.Collections.Generic;
using Aurora.Nvme.Tests.Model;
using Xunit;

namespace Aurora.Nvme.Tests;

public sealed unsafe class PrpBuilderTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(129, 1)]
    [InlineData(512, 1)]
    [InlineData(513, 1)]
    [InlineData(514, 2)]
    [InlineData(1024, 2)]
    [InlineData(1025, 3)]
    [InlineData(8192, 17)]
    public void A_controller_finds_every_page_in_order(int count, int listPages)
    {
        using var memory = new ModelMemory();
        var host = new ModelHost(memory, new ModelClock());
        Assert.Equal(listPages, PrpBuilder.ListPagesFor(count));
        ulong* list = (ulong*)memory.Allocate(listPages);
        nint[] pages = new nint[count];
        for (int i = 0; i < count; i++)
            pages[i] = (nint)memory.Allocate(1);
        SubmissionEntry entry = default;
        fixed (nint* pointers = pages)
            PrpBuilder.Describe(host, (void**)pointers, count, list, ref entry);
        List<PrpRange> ranges = PrpWalker.Resolve(memory, in entry, count * 4096);
        Assert.Equal(count, ranges.Count);
        for (int i = 0; i < count; i++)
            Assert.Equal(new PrpRange(memory.PhysicalOf((void*)pages[i]), 4096), ranges[i]);
    }
}
