using System.Linq;
using Aurora.Base;
using Aurora.Linux.Signals;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;
using static Aurora.Linux.Tests.Slices;

namespace Aurora.Linux.Tests;

/// <summary>Leases, and those who wait for them, over restores; many at a time. What the calls answer is in guests/c/leases.c.</summary>
public sealed unsafe class LeaseTests
{
    private const ulong SetLease = 1024;
    private const ulong GetLease = 1025;
    private const ulong SetSignal = 10;
    private const ulong Second = 1_000_000_000;
    private const int Told = 40;

    private static TestKernel Move(bool moves, TestKernel kernel)
    {
        if (!moves)
            return kernel;
        TestKernel.Image image = kernel.Source ?? new TestKernel.Image();
        // They ran, though not by the scheduler.
        for (Process* each = kernel.Pids.NextProcess(1); each != null; each = kernel.Pids.NextProcess(each->Id + 1))
            kernel.Tracker.MarkChanged(&each->FirstThread->Header);
        kernel.Capture(image);
        kernel.Dispose();
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static ulong OpenFile(TestKernel kernel, Thread* thread, ulong flags)
        => (ulong)kernel.Do(thread, 2, kernel.PokeText(thread, Scratch, "/f"), flags);

    // Init has a lease, by which it is told with a signal that it blocks; a program opens the file, and waits.
    private static ulong Begin(TestKernel kernel, ulong lease, out int opener, int call, ulong flags)
    {
        Thread* init = kernel.Boot();
        kernel.WriteFile("/f", "12345"u8);
        kernel.Do(init, 14, 0, kernel.PokeMask(init, (Signal)Told), 0, 8);
        Thread* child = kernel.Fork(init);
        ulong file = OpenFile(kernel, init, 0);
        kernel.Do(init, 72, file, SetLease, lease);
        kernel.Do(init, 72, file, SetSignal, Told);
        Assert.Null(kernel.Call(child, call, kernel.PokeText(child, Scratch, "/f"), flags));
        opener = child->Id;
        return file;
    }

    private static int TakeSignals(TestKernel kernel, Thread* thread, ulong file)
    {
        int count = 0;
        kernel.Poke(thread, Scratch + 0x80, 0UL);
        kernel.Poke(thread, Scratch + 0x88, 0UL);
        while (kernel.Call(thread, 128, kernel.PokeMask(thread, (Signal)Told), Scratch + 0x100, Scratch + 0x80, 8) == Told)
        {
            Assert.Equal((SignalCode.FileMessage, (int)file),
                (kernel.Peek<int>(thread, Scratch + 0x108), kernel.Peek<int>(thread, Scratch + 0x118)));
            count++;
        }
        return count;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_opens_waits_until_the_holder_has_given_the_lease_up(bool moves)
    {
        TestKernel kernel = new();
        ulong file = Begin(kernel, 0, out int opener, 2, OpenFlags.WriteOnly | OpenFlags.Truncate);
        kernel = Move(moves, kernel);
        Thread* init = kernel.ThreadOf(1);
        Assert.Null(kernel.Resume(kernel.ThreadOf(opener)));
        Assert.Equal(2, kernel.Do(init, 72, file, GetLease));
        Assert.Equal(1, TakeSignals(kernel, init, file));
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(init, 72, file, SetLease, 0));
        Assert.Equal(5, kernel.Do(init, 8, file, 0, 2));
        kernel.Do(init, 72, file, SetLease, 2);
        kernel = Move(moves, kernel);
        Assert.True(kernel.Resume(kernel.ThreadOf(opener)) >= 0);
        Assert.Equal(0, kernel.Do(kernel.ThreadOf(1), 8, file, 0, 2));
        kernel.Dispose();
    }

    [Theory]
    [InlineData(false, 44)]
    [InlineData(true, 44)]
    [InlineData(true, 0)]
    public void Who_opens_waits_no_longer_than_the_holder_has_to_answer(bool moves, int seconds)
    {
        TestKernel kernel = new();
        ulong file = Begin(kernel, 1, out int opener, 2, OpenFlags.ReadOnly);
        kernel.Advance((ulong)seconds * Second);
        Assert.Null(kernel.Resume(kernel.ThreadOf(opener)));
        kernel = Move(moves, kernel);
        Assert.Null(kernel.Resume(kernel.ThreadOf(opener)));
        Assert.Equal(0, kernel.Do(kernel.ThreadOf(1), 72, file, GetLease));
        kernel.Advance((ulong)(45 - seconds) * Second);
        Assert.True(kernel.Resume(kernel.ThreadOf(opener)) >= 0);
        Assert.Equal(1, TakeSignals(kernel, kernel.ThreadOf(1), file));
        // What it is now is no break any more: there is nothing to run out.
        kernel.Advance(100 * Second);
        Assert.Equal(0, kernel.Do(kernel.ThreadOf(1), 72, file, GetLease));
        kernel.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Who_truncates_waits_with_the_file_open_for_writing(bool moves)
    {
        TestKernel kernel = new();
        ulong file = Begin(kernel, 0, out int opener, 76, 1);
        kernel = Move(moves, kernel);
        Thread* init = kernel.ThreadOf(1);
        Assert.Null(kernel.Resume(kernel.ThreadOf(opener)));
        Assert.Equal(-(long)Errno.ETXTBSY, kernel.Call(init, 59, kernel.PokeText(init, Scratch, "/f"), 0, 0));
        Assert.Equal(5, kernel.Do(init, 8, file, 0, 2));
        kernel.Do(init, 3, file);
        Assert.Equal(0, kernel.Resume(kernel.ThreadOf(opener)));
        file = OpenFile(kernel, init, 0);
        Assert.Equal(1, kernel.Do(init, 8, file, 0, 2));
        // Nobody has it open any more: it can have any lease.
        kernel.Do(init, 72, file, SetLease, 1);
        kernel.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_signal_ends_the_wait_and_what_the_call_had_open(bool moves)
    {
        TestKernel kernel = new();
        ulong file = Begin(kernel, 0, out int opener, 2, OpenFlags.ReadWrite);
        kernel = Move(moves, kernel);
        kernel.Do(kernel.ThreadOf(1), 62, (ulong)opener, 9);
        Assert.Null(kernel.Resume(kernel.ThreadOf(opener)));
        // Broken it is all the same, but nobody writes.
        Assert.Equal(2, kernel.Do(kernel.ThreadOf(1), 72, file, GetLease));
        Assert.Equal(0, kernel.Do(kernel.ThreadOf(1), 72, file, SetLease, 0));
        kernel.Advance(45 * Second);
        Assert.Equal(2, kernel.Do(kernel.ThreadOf(1), 72, file, GetLease));
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(kernel.ThreadOf(1), 72, file, SetLease, 2));
        kernel.Dispose();
    }

    [Fact]
    public void Leases_are_restored_in_every_state_they_can_be_in()
    {
        TestKernel kernel = new();
        Thread* init = kernel.Boot();
        kernel.Do(init, 14, 0, kernel.PokeMask(init, (Signal)Told), 0, 8);
        kernel.WriteFile("/f", "12345"u8);
        ulong file = OpenFile(kernel, init, 0);
        kernel.Do(init, 72, file, SetSignal, Told);
        (ulong Set, ulong? Opens, int Expected)[] steps =
            [(0, null, 0), (1, null, 1), (1, 0, 0), (1, null, 0), (1, 1, 2), (0, null, 2), (0, 1, 2)];
        foreach ((ulong set, ulong? opens, int expected) in steps)
        {
            kernel.Do(init, 72, file, SetLease, set);
            if (opens is { } flags)
                Assert.Equal(-(long)Errno.EAGAIN,
                    kernel.Call(init, 2, kernel.PokeText(init, Scratch, "/f"), flags | OpenFlags.NonBlocking));
            FileLease before = Descriptors.Find((DescriptorTable*)init->Process->Descriptors, (int)file)->Lease;
            kernel = Move(true, kernel);
            init = kernel.ThreadOf(1);
            Assert.Equal(before, Descriptors.Find((DescriptorTable*)init->Process->Descriptors, (int)file)->Lease);
            Assert.Equal(expected, kernel.Do(init, 72, file, GetLease));
        }
        kernel.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Many_leases_are_broken_and_time_out_in_steps(bool moves)
    {
        TestKernel kernel = new();
        Thread* init = kernel.Boot();
        kernel.Do(init, 14, 0, kernel.PokeMask(init, (Signal)Told), 0, 8);
        kernel.WriteFile("/f", "12345"u8);
        Thread* opener = kernel.Fork(init);
        for (int i = 0; i < Many; i++)
            kernel.Do(init, 72, OpenFile(kernel, init, 0), SetLease, 0);
        int id = opener->Id;
        if (!moves)
            Settle(kernel);
        kernel = Move(moves, kernel);
        opener = kernel.ThreadOf(id);
        Assert.True(!moves || kernel.Resume(opener) != null);
        kernel.PokeText(opener, Scratch, "/f");
        Start(opener, 2, Scratch, OpenFlags.WriteOnly);
        kernel.Trap(opener);
        int steps = GoOn(ref kernel, id, moves, out bool isOpen);
        Assert.True(steps >= Many / ProcessLife.UnitsPerStep, $"{steps} steps");
        Assert.False(isOpen);
        kernel.Advance(46 * Second);
        steps = GoOn(ref kernel, id, moves, out isOpen);
        Assert.True(steps >= Many / ProcessLife.UnitsPerStep, $"{steps} steps");
        Assert.True(isOpen);
        Assert.Equal(Many, LeaselessFiles(kernel));
        kernel.Dispose();
    }

    private static int GoOn(ref TestKernel kernel, int id, bool moves, out bool isOpen)
    {
        int steps = 0;
        for (; kernel.ThreadOf(id)->State == ThreadState.Runnable; steps++)
        {
            Assert.InRange(Changes(kernel), 0, MostPerStep);
            if (moves)
                kernel = Move(true, kernel);
            else
                Settle(kernel);
            isOpen = kernel.Executive.PrepareToRun(kernel.ThreadOf(id));
            if (isOpen)
                return steps + 1;
        }
        isOpen = false;
        return steps;
    }

    private static int LeaselessFiles(TestKernel kernel)
    {
        var table = (DescriptorTable*)kernel.ThreadOf(1)->Process->Descriptors;
        return Enumerable.Range(0, DescriptorTable.MaxDescriptors).Count(fd => Descriptors.Find(table, fd) is var file && file != null
            && file->Kind == FileKind.Regular && file->Lease.Kind == LeaseKind.None);
    }

    [Fact]
    public void Who_has_the_number_of_an_owner_that_is_gone_is_not_told()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/f", "12345"u8);
        Thread* owner = kernel.Fork(init);
        int number = owner->Id;
        ulong file = OpenFile(kernel, init, 0);
        kernel.Do(init, 72, file, 8, (ulong)number);
        kernel.Do(init, 72, file, SetLease, 0);
        kernel.Call(owner, 231, 0);
        kernel.Do(init, 61, (ulong)number, 0, 0, 0);
        kernel.Pids.Ids.GoOnFrom(number - 1);
        Thread* other = kernel.Fork(init);
        Assert.Equal(number, other->Id);
        Assert.Equal(0, kernel.Do(init, 72, file, 9));
        Assert.Equal(-(long)Errno.EAGAIN,
            kernel.Call(init, 2, kernel.PokeText(init, Scratch, "/f"), OpenFlags.WriteOnly | OpenFlags.NonBlocking));
        Assert.False(SignalService.HasDeliverable(other));
    }
}
