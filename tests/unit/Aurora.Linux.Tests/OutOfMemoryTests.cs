using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Who ends when memory is exhausted.</summary>
public sealed unsafe class OutOfMemoryTests
{
    private const ushort OtherGroup = 5;

    [Fact]
    public void The_only_program_of_a_group_ends_like_any_other_that_holds_most()
    {
        using var kernel = new TestKernel();
        Thread* host = kernel.Boot();
        Thread* bystander = kernel.Fork(host);
        Thread* eater = StartOther(kernel);
        Touch(kernel, bystander, 4);
        Touch(kernel, eater, 16);
        kernel.Linux.OutOfMemory.Kill(eater);
        Assert.Equal(1UL, kernel.Linux.OutOfMemory.Kills);
        Assert.True(SignalService.IsKilled(eater) || eater->Process->IsEnding);
        Assert.False(SignalService.IsKilled(bystander));
    }

    [Fact]
    public void The_host_s_init_is_spared_though_it_holds_most()
    {
        using var kernel = new TestKernel();
        Thread* host = kernel.Boot();
        Thread* child = kernel.Fork(host);
        Thread* other = StartOther(kernel);
        Touch(kernel, host, 32);
        Touch(kernel, child, 4);
        Touch(kernel, other, 8);
        kernel.Linux.OutOfMemory.Kill(child);
        Assert.True(SignalService.IsKilled(other));
        Assert.False(SignalService.IsKilled(host) || SignalService.IsKilled(child));
    }

    /// <summary>What they hold is what cannot be made clean; but one that holds next to nothing is not worth it.</summary>
    [Theory]
    [InlineData(20, true)]
    [InlineData(4, false)]
    public void Programs_of_ephemeral_groups_end_before_others_that_hold_more(int pages, bool isFirst)
    {
        using var kernel = new TestKernel(frames: 1024);
        Thread* host = kernel.Boot();
        Thread* bystander = kernel.Fork(host);
        Thread* other = StartOther(kernel, isEphemeral: true);
        Touch(kernel, bystander, 40);
        Touch(kernel, other, pages);
        kernel.Linux.OutOfMemory.Kill(host);
        Assert.Equal(isFirst, SignalService.IsKilled(other));
        Assert.Equal(!isFirst, SignalService.IsKilled(bystander));
    }

    private static Thread* StartOther(TestKernel kernel, bool isEphemeral = false)
    {
        ObjectTracker group = kernel.Tracked.Add(OtherGroup, new ObjectId(1));
        Assert.True(group.Exists);
        if (isEphemeral)
            group.BeEphemeral();
        Thread* init = kernel.Life.CreateInit(group);
        Assert.True(init != null);
        init->Process->AddressSpace = kernel.Memory.Spaces.Create(group, SpaceLimits.Default);
        kernel.Map(init->Process->AddressSpace, TestKernel.Scratch, TestKernel.ScratchBytes, Protection.Read | Protection.Write);
        init->Context->PageTableRoot = init->Process->AddressSpace->Root.Address.Value;
        kernel.Life.Start(init);
        return init;
    }

    private static void Touch(TestKernel kernel, Thread* thread, int pages)
    {
        for (int page = 0; page < pages; page++)
            kernel.Poke(thread, TestKernel.Scratch + ((ulong)page * PageSize.Bytes), 1UL);
    }
}
