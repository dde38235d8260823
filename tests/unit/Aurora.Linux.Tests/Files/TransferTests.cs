using System;
using Aurora.Linux.Files;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>Transfers that programs try to trip up, that are long, or that end half way.</summary>
public sealed unsafe class TransferTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Buffer = Scratch + 0x4000;

    private sealed class Always : Preemption
    {
        public int Asked { get; private set; }

        public override bool IsDue => ++Asked > 0;
    }

    [Fact]
    public void A_vector_that_the_read_overwrites_is_the_one_that_was_given()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/data", [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 7]);
        Assert.Equal(0, kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/data"), 0));
        kernel.Poke(init, Scratch + 64, Scratch + 80);
        kernel.Poke(init, Scratch + 72, 16UL);
        kernel.Poke(init, Scratch + 80, Buffer);
        kernel.Poke(init, Scratch + 88, 8UL);
        Assert.Equal(24, kernel.Do(init, 19, 0, Scratch + 64, 2));
        Assert.Equal(0x0707_0707_0707_0707UL, kernel.Peek<ulong>(init, Buffer));
    }

    /// <summary>Elements that end where a step does, that follow each other in memory, or lie in each other: all of 64 KiB.</summary>
    [Theory]
    [InlineData(0, 16, 64, false)]
    [InlineData(0, 16, 64, true)]
    [InlineData(0, 8, 64, false)]
    [InlineData(0, 8, 64, true)]
    [InlineData(40, 0, 16, true)]
    public void A_vector_is_written_element_by_element(int first, int second, int third, bool isPaused)
    {
        const ulong area = 0x30_0000_0000;
        using var kernel = new TestKernel();
        Thread* program = kernel.Fork(kernel.Boot());
        kernel.Map(program->Process->AddressSpace, area, 96 << 12, Protection.Read | Protection.Write);
        for (ulong page = 0; page < 96; page++)
            kernel.Poke(program, area + (page << 12), page + 1);
        ulong path = kernel.PokeText(program, Scratch, "/file");
        Assert.Equal(0, kernel.Do(program, 2, path, OpenFlags.Create | OpenFlags.ReadWrite, 0x1B6));
        int[] starts = [first, second, third];
        for (int i = 0; i < 3; i++)
        {
            kernel.Poke(program, Scratch + 0x200 + (16 * (ulong)i), area + ((ulong)starts[i] << 12));
            kernel.Poke(program, Scratch + 0x208 + (16 * (ulong)i), 65536UL);
        }
        if (isPaused)
            kernel.Preemption.Now = new Always();
        Assert.Equal(3 * 65536, kernel.Do(program, 20, 0, Scratch + 0x200, 3));
        for (int page = 0; page < 48; page++)
        {
            Assert.Equal(8, kernel.Do(program, 17, 0, Buffer, 8, (ulong)page << 12));
            Assert.Equal((ulong)(starts[page / 16] + (page % 16) + 1), kernel.Peek<ulong>(program, Buffer));
        }
    }

    private sealed class LittleSpace : StorageSpace
    {
        public ulong Pages { get; set; }

        public override void Describe(out ulong total, out ulong free) => (total, free) = (1000, Pages);

        public override bool IsFullFor(ushort group) => Pages == 0;

        public override PageAccess Take(ushort group, ulong pages)
        {
            if (pages > Pages)
                return new PageAccess { Status = MemoryStatus.OutOfMemory };
            Pages -= pages;
            return new PageAccess { Status = MemoryStatus.Ok };
        }
    }

    [Fact]
    public void A_full_store_refuses_what_would_need_room_and_takes_the_rest()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        var space = new LittleSpace { Pages = 30 };
        kernel.Space.Now = space;
        ulong path = kernel.PokeText(init, Scratch, "/file");
        Assert.Equal(0, kernel.Do(init, 2, path, OpenFlags.Create | OpenFlags.ReadWrite, 0x1B6));
        // Steps of 64 KiB: the first has room, the second has not.
        Assert.Equal(65536, kernel.Do(init, 1, 0, Buffer, 200_000));
        space.Pages = 0;
        Assert.Equal(-(long)Errno.ENOSPC, kernel.Call(init, 1, 0, Buffer, 10));
        Assert.Equal(-(long)Errno.ENOSPC, kernel.Call(init, 83, kernel.PokeText(init, Scratch + 0x100, "/dir"), 0x1ED));
        Assert.Equal(10, kernel.Do(init, 17, 0, Buffer, 10, 0));
        kernel.Do(init, 77, 0, 100);
        Assert.Equal(0, kernel.Do(init, 87, path));
        kernel.Do(init, 138, 0, Buffer);
        Assert.Equal((1000UL, 0UL), (kernel.Peek<ulong>(init, Buffer + 16), kernel.Peek<ulong>(init, Buffer + 24)));
    }

    [Fact]
    public void A_long_call_stops_every_64_KiB_when_others_wait_and_only_a_kill_ends_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        byte[] contents = new byte[180_000];
        new Random(1).NextBytes(contents);
        kernel.WriteFile("/data", contents);
        Assert.Equal(0, kernel.Do(program, 2, kernel.PokeText(program, Scratch, "/data"), 0));
        var preemption = new Always();
        kernel.Preemption.Now = preemption;
        Assert.Equal(180_000, kernel.Do(program, 0, 0, Buffer, 200_000));
        Assert.Equal(2, preemption.Asked);
        Assert.Equal(contents[179_999], kernel.Peek<byte>(program, Buffer + 179_999));
        kernel.Do(program, 8, 0, 0, 0);
        Start(kernel, program, 0, 0, Buffer, 200_000);
        Assert.Equal(65536u, program->Call.Progress);
        Assert.Equal(ThreadState.Runnable, program->State);
        kernel.Signals.Send(program, SignalInfo.FromKernel(Signal.SIGKILL));
        Assert.Null(kernel.Resume(program));
        Assert.False(kernel.IsAlive(program));
    }

    [Fact]
    public void A_long_write_whose_position_is_moved_away_meanwhile_tells_what_it_has_written()
    {
        using var kernel = new TestKernel();
        Thread* program = kernel.Fork(kernel.Boot());
        ulong path = kernel.PokeText(program, Scratch, "/file");
        Assert.Equal(0, kernel.Do(program, 2, path, OpenFlags.Create | OpenFlags.ReadWrite, 0x1B6));
        kernel.Preemption.Now = new Always();
        Start(kernel, program, 1, 0, Buffer, 200_000);
        Assert.Equal(65536u, program->Call.Progress);
        Descriptors.Find((DescriptorTable*)program->Process->Descriptors, 0)->Offset = long.MaxValue - 10;
        Assert.Equal(65536, kernel.Resume(program));
    }

    // One dispatch of a call, and no further.
    private static void Start(TestKernel kernel, Thread* thread, ulong number, ulong a, ulong b, ulong c)
    {
        thread->Context->Rax = number;
        thread->Context->Rdi = a;
        thread->Context->Rsi = b;
        thread->Context->Rdx = c;
        thread->Context->Trap = Base.UserContext.SystemCallTrap;
        kernel.Trap(thread);
    }

    [Fact]
    public void A_signal_ends_a_long_getrandom_with_what_it_has()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Preemption.Now = new Always();
        kernel.Poke(init, Scratch, new SignalAction { Handler = TestKernel.Code, Flags = SignalAction.HasRestorer, Restorer = TestKernel.Code });
        kernel.Do(init, 13, 10, Scratch, 0, 8);
        Start(kernel, init, 318, Buffer, 200_000, 0);
        kernel.Signals.Send(init, SignalInfo.FromKernel(Signal.SIGUSR1));
        Assert.NotNull(kernel.Resume(init));
        Assert.Equal(10UL, init->Context->Rdi);
        Assert.False(init->Call.Active);
    }

    [Fact]
    public void A_signal_in_a_blocked_copy_leaves_the_offset_where_the_count_says()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.WriteFile("/data", new byte[150_000]);
        Assert.Equal(0, kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/data"), 0));
        kernel.Do(init, 22, Scratch + 0x100);
        kernel.Poke(init, Scratch + 0x200, 1000UL);
        Assert.Null(kernel.Call(init, 40, 2, 0, Scratch + 0x200, 100_000));
        Assert.Equal(1000 + 65536UL, kernel.Peek<ulong>(init, Scratch + 0x200));
        // What the program stores there meanwhile is nobody's business.
        kernel.Poke(init, Scratch + 0x200, ulong.MaxValue);
        var table = (DescriptorTable*)init->Process->Descriptors;
        OpenFile* reader = Descriptors.Find(table, kernel.Peek<int>(init, Scratch + 0x100));
        byte[] drained = new byte[30_000];
        fixed (byte* memory = drained)
        {
            var transfer = new FileTransfer(kernel.Files.Transfers, null, memory, 30_000);
            Assert.Equal(30_000, kernel.Files.Pipes.Read(reader, ref transfer).Value);
        }
        Assert.Null(kernel.Resume(init));
        Assert.Equal(1000 + init->Call.Progress, kernel.Peek<ulong>(init, Scratch + 0x200));
        Assert.True(init->Call.Progress > 65536);
    }

    [Fact]
    public void A_page_written_from_its_own_mapping_keeps_its_contents()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        byte[] contents = new byte[4096];
        new Random(2).NextBytes(contents);
        Inode* inode = kernel.WriteFile("/data", contents);
        Assert.Equal(0, kernel.Do(init, 2, kernel.PokeText(init, Scratch, "/data"), 2));
        ulong map = (ulong)kernel.Do(init, 9, 0, 4096, 3, 1, 0, 0);
        var image = new TestKernel.Image();
        for (int i = 0; i < 3; i++)
        {
            kernel.Capture(image);
            Assert.Equal(4096, kernel.Do(init, 18, 0, map, 4096, 0));
        }
        byte[] back = new byte[4096];
        Assert.True(kernel.Files.Data.Read(inode, 0, back, out _).IsOk);
        Assert.Equal(contents, back);
    }

    [Fact]
    public void A_pipe_that_breaks_half_way_raises_its_signal_and_returns_the_count()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Do(init, 22, Scratch);
        Thread* program = kernel.Fork(init);
        kernel.Do(program, 3, 0);
        kernel.Do(init, 3, 1);
        kernel.Do(program, 14, 0, kernel.PokeMask(program, Signal.SIGPIPE), 0, 8);
        Assert.Null(kernel.Call(program, 1, 1, Buffer, 100_000));
        kernel.Do(init, 3, 0);
        Assert.Equal(65536, kernel.Resume(program));
        Assert.True(program->Pending.Set.Contains(Signal.SIGPIPE));
    }

    [Fact]
    public void Poll_takes_no_more_entries_than_there_can_be_descriptors()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Poke(init, Scratch, ulong.MaxValue);
        kernel.Poke(init, Scratch + 8, ulong.MaxValue);
        kernel.Call(init, 160, 7, Scratch);
        Assert.Equal(-(long)Errno.EINVAL, kernel.Call(init, 7, 0, uint.MaxValue, 0));
    }

    [Fact]
    public void A_fifo_hangs_up_only_after_a_writer_has_been_there()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong path = kernel.PokeText(init, Scratch, "/fifo");
        kernel.Do(init, 133, path, 0x1180);
        Assert.Equal(0, kernel.Do(init, 2, path, OpenFlags.NonBlocking));
        kernel.Poke(init, Scratch + 0x100, new LinuxPollDescriptor { Descriptor = 0, Events = PollEvents.In });
        Assert.Equal(0, kernel.Do(init, 7, Scratch + 0x100, 1, 0));
        var image = new TestKernel.Image();
        kernel.Capture(image);
        using TestKernel restored = TestKernel.Restore(image);
        init = restored.ThreadOf(1);
        Assert.Equal(0, restored.Do(init, 7, Scratch + 0x100, 1, 0));
        Assert.Equal(1, restored.Do(init, 2, path, OpenFlags.WriteOnly));
        restored.Do(init, 3, 1);
        Assert.Equal(1, restored.Do(init, 7, Scratch + 0x100, 1, 0));
        Assert.Equal(PollEvents.HangUp, restored.Peek<LinuxPollDescriptor>(init, Scratch + 0x100).Returned);
    }

    [Fact]
    public void A_writer_killed_while_it_opens_a_fifo_is_not_waited_for()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        ulong path = kernel.PokeText(init, Scratch, "/fifo");
        kernel.Do(init, 133, path, 0x1180);
        Thread* writer = kernel.Fork(init);
        Assert.Null(kernel.Call(writer, 2, path, OpenFlags.WriteOnly));
        Assert.Equal(0, kernel.Do(init, 2, path, OpenFlags.NonBlocking));
        Assert.Equal(ThreadState.Runnable, writer->State);
        kernel.Do(init, 62, (ulong)writer->Process->Id, 9);
        Assert.Null(kernel.Resume(writer));
        kernel.Do(init, 72, 0, 4, 0);
        Assert.Equal(0, kernel.Call(init, 0, 0, Buffer, 10));
    }

    [Fact]
    public void A_pipe_that_got_its_memory_is_captured_even_if_the_write_must_wait()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        kernel.Do(init, 22, Scratch);
        var image = new TestKernel.Image();
        kernel.Capture(image);
        Pipe* pipe = Descriptors.Find((DescriptorTable*)init->Process->Descriptors, 1)->Inode->Pipe;
        Assert.Equal(-(long)Errno.EFAULT, kernel.Call(init, 1, 1, 0x1000, 10));
        Assert.True(pipe->Data != null);
        Assert.True((pipe->Header.Flags & Base.ObjectFlags.Changed) != 0);
    }
}
