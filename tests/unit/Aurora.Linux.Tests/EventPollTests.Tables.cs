// Epolls at the bounds of their tables, and those of what is done in one step.
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

public sealed unsafe partial class EventPollTests
{
    [Theory]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public void So_deep_may_epolls_be_and_no_deeper(int depth, bool isAllowed)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        // From the middle: what is above counts as what is below.
        ulong[] polls = [.. Enumerable.Range(0, depth).Select(_ => Poll(kernel, kernel.ThreadOf(1)))];
        for (int i = 0; i + 1 < depth; i++)
            if (i != 2)
                Add(kernel, init, polls[i], polls[i + 1], In, 0);
        Assert.Equal(isAllowed ? 0 : -(long)Errno.ELOOP, Control(kernel, init, polls[2], 1, polls[3], In, 0));
        Assert.Equal(-(long)Errno.ELOOP, Control(kernel, init, polls[2], 1, polls[0], In, 0));
    }

    /// <summary>Linux bounds how many ways lead from a file to epolls that nobody watches: 500 of length two.</summary>
    [Fact]
    public void So_many_ways_there_may_be_from_a_file()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, 4096UL);
        kernel.Poke(init, Scratch + 8, 4096UL);
        kernel.Do(init, 160, 7, Scratch);
        ulong inner = Poll(kernel, init);
        Add(kernel, init, inner, Pipe(kernel, init).Read, In, 0);
        for (int i = 0; i < 500; i++)
            Add(kernel, init, Poll(kernel, init), inner, In, 0);
        ulong last = Poll(kernel, init);
        Assert.Equal(-(long)Errno.EINVAL, Control(kernel, init, last, 1, inner, In, 0));
        Assert.Equal(-(long)Errno.ENOENT, Control(kernel, init, last, 2, inner, In, 0));
    }

    [Fact]
    public void What_has_more_watches_than_a_step_ends_in_steps_and_leaves_nothing()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* child = kernel.Fork(init);
        ulong poll = Poll(kernel, child);
        (ulong read, ulong write) = Pipe(kernel, child);
        Put(kernel, child, write);
        for (int i = 0; i < Many; i++)
            Add(kernel, child, poll, (ulong)kernel.Do(child, 32, read), In, (ulong)i);
        Assert.Equal(Many, kernel.Files.EventPolls.WatchCount);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        kernel.Do(child, 3, poll);
        Assert.InRange(Changes(kernel), 1, MostPerStep);
        Assert.InRange(kernel.Files.EventPolls.WatchCount, 1, Many - 1);
        // A capture in between, and the end of the rest in what continues from it.
        kernel.Capture(image);
        using TestKernel after = TestKernel.Restore(image);
        foreach (TestKernel each in (TestKernel[])[kernel, after])
        {
            while (each.Files.Closing.HasWork)
                each.Files.Closing.Step();
            Assert.Equal(0, each.Files.EventPolls.WatchCount);
            Assert.Equal(0, each.Files.EventPolls.Count);
        }
    }

    [Fact]
    public void A_file_with_more_watches_than_a_step_tells_nothing_once_it_is_closed()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong inner = Poll(kernel, init);
        (ulong read, ulong write) = Pipe(kernel, init);
        Put(kernel, init, write);
        ulong poll = Poll(kernel, init);
        for (int i = 0; i < Many; i++)
        {
            ulong copy = (ulong)kernel.Do(init, 32, read);
            Add(kernel, init, poll, copy, In, (ulong)i);
        }
        Assert.Equal(8, Told(kernel, init, poll).Length);
        kernel.Do(init, 436, 0, 4096, 0);
        Assert.NotEqual(inner, poll);
        while (kernel.Files.Closing.HasWork)
            kernel.Files.Closing.Step();
        Assert.Equal(0, kernel.Files.EventPolls.WatchCount);
    }

    [Fact]
    public void A_long_list_is_gone_through_in_steps_and_told_once()
    {
        const int watches = 600;
        var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong poll = Poll(kernel, init);
        (ulong read, ulong write) = Pipe(kernel, init);
        for (int i = 0; i < watches; i++)
            Add(kernel, init, poll, (ulong)kernel.Do(init, 32, read), In, (ulong)i);
        Put(kernel, init, write);
        Assert.Equal(watches, kernel.Do(init, 232, poll, Scratch + 0x4000, 2000, 0));
        var told = new HashSet<ulong>();
        for (int i = 0; i < watches; i++)
            told.Add(kernel.Peek<LinuxEpollEvent>(init, Scratch + 0x4000 + (ulong)(i * LinuxEpollEvent.Bytes)).Data);
        Assert.Equal(watches, told.Count);
        kernel.Do(init, 0, read, Data, 1);
        Assert.Equal(0, kernel.Do(init, 232, poll, Scratch + 0x4000, 2000, 0));
        kernel.Dispose();
    }

    /// <summary>While a wait lets others run, in the middle of a long list, it stands in no queue.</summary>
    [Fact]
    public void What_comes_in_the_middle_of_a_look_is_told()
    {
        var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong poll = Poll(kernel, init);
        (ulong early, ulong earlyEnd) = Pipe(kernel, init);
        (ulong read, ulong write) = Pipe(kernel, init);
        Add(kernel, init, poll, early, In, 7);
        for (int i = 0; i < 300; i++)
            Add(kernel, init, poll, (ulong)kernel.Do(init, 32, read), In, 8);
        foreach ((ulong from, ulong to) in new[] { (early, earlyEnd), (read, write) })
        {
            Put(kernel, init, to);
            kernel.Do(init, 0, from, Data, 1);
        }
        Thread* waiter = kernel.Fork(init);
        UserContext* context = waiter->Context;
        (context->Rax, context->Rdi, context->Rsi, context->Rdx, context->R10) = (232, poll, Events, 8, ulong.MaxValue);
        context->Trap = UserContext.SystemCallTrap;
        context->Rip += 2;
        kernel.Trap(waiter);
        Assert.Equal(ThreadState.Runnable, waiter->State);
        Put(kernel, init, earlyEnd);
        Assert.Equal(1, kernel.Resume(waiter));
        Assert.Equal(7UL, kernel.Peek<LinuxEpollEvent>(waiter, Events).Data);
        kernel.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public void There_are_so_many_watches_and_no_more(uint user)
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, 4096UL);
        kernel.Poke(init, Scratch + 8, 4096UL);
        kernel.Do(init, 160, 7, Scratch);
        Thread* child = kernel.Fork(init);
        if (user != 0)
            kernel.Do(child, 105, user);
        ulong read = Pipe(kernel, child).Read;
        int limit = kernel.Files.EventPolls.MostWatches;
        int made = 0;
        ulong first = 0;
        long result = 0;
        ulong[] polls = [.. Enumerable.Range(0, 40).Select(_ => Poll(kernel, kernel.ThreadOf(child->Id)))];
        for (int i = 0; result == 0 && i < limit; i++)
        {
            ulong copy = i % 40 == 0 ? read = (ulong)kernel.Do(child, 32, read) : read;
            result = Control(kernel, child, polls[i % 40], 1, copy, In, 0);
            made += result == 0 ? 1 : 0;
            first = i == 0 ? copy : first;
        }
        Assert.Equal(user == 0 ? limit : (limit - (limit / UserAccounts.ObjectReserveShare)) / 2, made);
        Assert.Equal(-(long)Errno.ENOSPC, Control(kernel, child, polls[0], 1, Pipe(kernel, child).Read, In, 0));
        Assert.Equal(0, Control(kernel, child, polls[0], 2, first, In, 0));
        Assert.Equal(0, Control(kernel, child, polls[0], 1, first, In, 0));
    }
}
