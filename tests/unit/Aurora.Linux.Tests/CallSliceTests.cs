using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>Calls that were asked for much at once do some of it, and go on later, after a restore too.</summary>
public sealed unsafe class CallSliceTests
{
    private const ulong Area = 0x20_0000_0000;
    private const ulong Vector = 0x30_0000_0000;

    [Fact]
    public void Mincore_of_a_large_range_goes_in_steps()
    {
        const ulong pages = 200_000;
        TestKernel kernel = new();
        Thread* init = kernel.Boot();
        kernel.Map(init->Process->AddressSpace, Area, pages << 12, Protection.None);
        kernel.Map(init->Process->AddressSpace, Vector, 1 << 18, Protection.Read | Protection.Write);
        // What is locked counts as resident, touched or not.
        kernel.Do(init, 149, Area, pages << 12);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Start(init, 27, Area, pages << 12, Vector);
        kernel.Trap(init);
        int steps = 1;
        for (; init->Call.Active; steps++)
        {
            Assert.InRange(steps, 1, 100);
            Assert.Equal(0, kernel.Peek<byte>(init, Vector + pages - 1));
            kernel.Tracker.MarkChanged(&init->Header);
            kernel.Capture(image);
            kernel.Dispose();
            kernel = TestKernel.Restore(image);
            init = kernel.ThreadOf(1);
            // It waits for its pages first.
            for (ulong before = init->Call.Progress; init->Call.Active && init->Call.Progress == before; )
            {
                kernel.ServePager();
                kernel.Executive.PrepareToRun(init);
            }
        }
        Assert.InRange(steps, 4, 10);
        Assert.Equal(0UL, init->Context->Rax);
        for (ulong page = 0; page < pages; page += 1111)
            Assert.Equal(1, kernel.Peek<byte>(init, Vector + page));
        Assert.Equal(1, kernel.Peek<byte>(init, Vector + pages - 1));
        Assert.Equal(0, kernel.Peek<byte>(init, Vector + pages));
        kernel.Dispose();
    }

    [Fact]
    public void A_large_directory_is_read_in_pieces_whatever_the_room()
    {
        const int files = 3000;
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Do(init, 83, kernel.PokeText(init, Scratch, "/many"), 0x1ED);
        for (int i = 0; i < files; i++)
            Assert.Equal(0, kernel.Call(init, 133, kernel.PokeText(init, Scratch, $"/many/{i}"), 0x81A4, 0));
        long directory = kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/many"), 0x10000, 0);
        int found = 0;
        for (long bytes = 1; bytes > 0; )
        {
            bytes = kernel.Do(init, 217, (ulong)directory, Scratch + 0x1000, 0x30000);
            Assert.InRange(bytes, 0, 1 << 16);
            for (long at = 0; at < bytes; at += kernel.Peek<ushort>(init, Scratch + 0x1000 + (ulong)at + 16))
                found++;
        }
        Assert.Equal(files + 2, found);
    }

    [Fact]
    public void Empty_arguments_without_number_are_refused_before_all_are_read()
    {
        const ulong most = 512 * 469; // whole pages
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/next", ElfBuilder.Build(false));
        kernel.Map(init->Process->AddressSpace, Vector, most * 8, Protection.Read | Protection.Write);
        ulong path = kernel.PokeText(init, Scratch, "/next");
        for (ulong i = 0; i < most; i++)
            kernel.Poke(init, Vector + (8 * i), path + 5);
        // What follows is not mapped: a call that had read on would have failed for that.
        Assert.Equal(-(long)Errno.E2BIG, kernel.Call(init, 59, path, Vector, 0));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_child_forked_while_a_signal_goes_round_gets_it_although_the_numbers_have_wrapped(bool isGroup)
    {
        TestKernel kernel = new();
        Thread* init = kernel.Boot();
        Thread* sender = kernel.Fork(init);
        kernel.Do(sender, 112);
        kernel.Poke(sender, Scratch, SignalSet.Of(Signal.SIGUSR1).Bits);
        kernel.Do(sender, 14, 0, Scratch, 0, 8);
        kernel.Pids.Ids.GoOnFrom(IdTable.Limit - Many - 4);
        for (int i = 0; i < Many; i++)
            Spawn(kernel, sender);
        int youngest = kernel.Pids.Ids.Last;
        int senderId = sender->Process->Id;
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Start(sender, 62, isGroup ? (ulong)-senderId : ulong.MaxValue, 10);
        kernel.Trap(sender);
        int steps = 1;
        for (; sender->Call.Active && sender->Call.Number == 62 && steps < Many; steps++)
        {
            if (steps == 1)
            {
                Thread* forker = kernel.ThreadOf(youngest);
                for (int i = 0; i < 10; i++)
                    Spawn(kernel, forker);
                Assert.InRange(kernel.Pids.Ids.Last, 300, 1000);
                kernel.Tracker.MarkChanged(&sender->Header);
                kernel.Capture(image);
                kernel.Dispose();
                kernel = TestKernel.Restore(image);
                sender = kernel.ThreadOf(senderId);
            }
            kernel.ServePager();
            kernel.Executive.PrepareToRun(sender);
        }
        Assert.Equal((Many / ProcessLife.UnitsPerStep) + 1, steps);
        int heard = 0;
        for (Process* each = kernel.Pids.NextProcess(2); each != null; each = kernel.Pids.NextProcess(each->Id + 1))
            heard += each->Pending.Set.Contains(Signal.SIGUSR1) ? 1 : 0;
        Assert.Equal(Many + 10 + (isGroup ? 1 : 0), heard);
        kernel.Dispose();
    }
}
