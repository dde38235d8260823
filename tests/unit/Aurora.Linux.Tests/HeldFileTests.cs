using System.Linq;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>A call that waits keeps its files, whatever becomes of their descriptors and names; over a restore too.</summary>
public sealed unsafe class HeldFileTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Text = Scratch + 0x100;
    private const ulong Data = Scratch + 0x8000;
    private const ulong ThreadFlags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;

    private static TestKernel Move(TestKernel kernel)
    {
        TestKernel.Image image = kernel.Source ?? new TestKernel.Image();
        kernel.Capture(image);
        kernel.Dispose();
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    private static TestKernel MoveIf(bool moves, TestKernel kernel) => moves ? Move(kernel) : kernel;

    private static Thread* Boot(TestKernel kernel)
    {
        Thread* init = kernel.Boot();
        kernel.Do(init, 14, 0, kernel.PokeMask(init, Signal.SIGPIPE), 0, 8);
        return init;
    }

    private static Thread* StartThread(TestKernel kernel, Thread* maker)
    {
        Thread* thread = kernel.ThreadOf(kernel.Do(maker, 56, ThreadFlags, Scratch + 0x4000));
        Assert.Equal(0, kernel.Resume(thread));
        return thread;
    }

    private static (ulong Reader, ulong Writer) Pipe(TestKernel kernel, Thread* thread, ulong flags = 0)
    {
        kernel.Do(thread, 293, Scratch, flags);
        return (kernel.Peek<uint>(thread, Scratch), kernel.Peek<uint>(thread, Scratch + 4));
    }

    private static ulong Open(TestKernel kernel, Thread* thread, string path, ulong flags = 2)
        => (ulong)kernel.Do(thread, 2, kernel.PokeText(thread, Text, path), flags);

    private static string Read(TestKernel kernel, Thread* thread, ulong descriptor)
        => string.Concat(Enumerable.Range(0, (int)kernel.Do(thread, 0, descriptor, Data, 100)).Select(i => (char)kernel.Peek<byte>(thread, Data + (ulong)i)));

    private static void Write(TestKernel kernel, Thread* thread, ulong descriptor, string text)
        => Assert.Equal(text.Length, kernel.Do(thread, 1, descriptor, kernel.PokeText(thread, Data, text), (ulong)text.Length));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_blocked_read_stays_with_its_pipe_when_another_file_takes_the_descriptor(bool moves)
    {
        TestKernel kernel = new();
        Thread* init = Boot(kernel);
        kernel.WriteFile("/other", "OTHERFILE!"u8);
        (ulong reader, ulong writer) = Pipe(kernel, init);
        ulong other = Open(kernel, init, "/other");
        int id = StartThread(kernel, init)->Id;
        Assert.Null(kernel.Call(kernel.ThreadOf(id), 0, reader, Scratch + 0xA000, 10));
        Assert.Equal((long)reader, kernel.Do(init, 33, other, reader));
        kernel = MoveIf(moves, kernel);
        init = kernel.ThreadOf(1);
        Assert.Null(moves ? kernel.Resume(kernel.ThreadOf(id)) : null);
        Write(kernel, init, writer, "from a pipe");
        Assert.Equal(10, kernel.Resume(kernel.ThreadOf(id)));
        Assert.Equal("from a pip", kernel.PeekText(init, Scratch + 0xA000)[..10]);
        Assert.Equal("OTHERFILE!", Read(kernel, init, other));
        // With the call the last reader has gone.
        Assert.Equal(-(long)Errno.EPIPE, kernel.Call(init, 1, writer, Data, 1));
        kernel.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_blocked_write_goes_on_into_its_pipe_after_close(bool moves)
    {
        TestKernel kernel = new();
        Thread* init = Boot(kernel);
        (ulong reader, ulong writer) = Pipe(kernel, init);
        kernel.Do(init, 72, writer, 1031, 4096);
        int id = StartThread(kernel, init)->Id;
        Assert.Null(kernel.Call(kernel.ThreadOf(id), 1, writer, Scratch + 0x10000, 10_000));
        kernel.Do(init, 3, writer);
        kernel = MoveIf(moves, kernel);
        init = kernel.ThreadOf(1);
        long total = 0;
        for (long count; (count = kernel.Do(init, 0, reader, Data, 3000)) > 0; total += count)
            kernel.Resume(kernel.ThreadOf(id));
        Assert.Equal((10_000, 10_000L), (total, (long)kernel.ThreadOf(id)->Context->Rax));
        kernel.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_blocked_flock_locks_its_file_and_lets_go_with_it(bool moves)
    {
        TestKernel kernel = new();
        Thread* init = Boot(kernel);
        kernel.WriteFile("/l", "x"u8);
        kernel.WriteFile("/log", ""u8);
        ulong first = Open(kernel, init, "/l");
        ulong second = Open(kernel, init, "/l");
        ulong log = Open(kernel, init, "/log");
        kernel.Do(init, 73, first, 2);
        int id = StartThread(kernel, init)->Id;
        Assert.Null(kernel.Call(kernel.ThreadOf(id), 73, second, 2));
        kernel.Do(init, 33, log, second);
        kernel = MoveIf(moves, kernel);
        init = kernel.ThreadOf(1);
        kernel.Do(init, 73, first, 8);
        Assert.Equal(0, kernel.Resume(kernel.ThreadOf(id)));
        Assert.Equal(0, kernel.Do(init, 73, Open(kernel, init, "/l"), 2 | 4));
        Assert.Equal(0, kernel.Do(init, 73, Open(kernel, init, "/log"), 2 | 4));
        kernel.Dispose();
    }

    [Fact]
    public void A_record_lock_that_comes_after_its_descriptor_was_closed_is_given_back()
    {
        using TestKernel kernel = new();
        Thread* init = Boot(kernel);
        kernel.WriteFile("/l", "x"u8);
        ulong file = Open(kernel, init, "/l");
        Thread* child = kernel.Fork(init);
        Thread* waiter = StartThread(kernel, child);
        kernel.Poke(init, Scratch + 512, new LinuxLock { Type = LinuxLock.Write });
        kernel.Poke(child, Scratch + 512, new LinuxLock { Type = LinuxLock.Write });
        kernel.Do(init, 72, file, 6, Scratch + 512);
        Assert.Null(kernel.Call(waiter, 72, file, 7, Scratch + 512));
        kernel.Do(child, 3, file);
        kernel.Do(init, 3, file);
        Assert.Equal(-(long)Errno.EBADF, kernel.Resume(waiter));
        file = Open(kernel, init, "/l");
        Assert.Equal(0, kernel.Do(init, 72, file, 6, Scratch + 512));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    [InlineData(70, true)]
    public void Poll_sleeps_on_the_files_it_found_though_their_descriptors_are_closed(int pipes, bool moves)
    {
        TestKernel kernel = new();
        Thread* init = Boot(kernel);
        ulong writer = 0;
        for (int i = 0; i < pipes; i++)
        {
            (ulong reader, writer) = Pipe(kernel, init);
            kernel.Poke(init, Data + ((ulong)i * 8), new LinuxPollDescriptor { Descriptor = (int)reader, Events = PollEvents.In });
        }
        int id = StartThread(kernel, init)->Id;
        Assert.Null(kernel.Call(kernel.ThreadOf(id), 7, Data, (ulong)pipes, ulong.MaxValue));
        for (int i = 0; i < pipes; i++)
            kernel.Do(init, 3, (ulong)kernel.Peek<int>(init, Data + ((ulong)i * 8)));
        Assert.Equal(ThreadState.Blocked, kernel.ThreadOf(id)->State);
        kernel = MoveIf(moves, kernel);
        init = kernel.ThreadOf(1);
        // Held by the call, the last pipe still has a reader; what is written wakes it, and it finds its descriptors gone.
        kernel.Do(init, 1, writer, Scratch, 1);
        Assert.Equal(pipes, kernel.Resume(kernel.ThreadOf(id)));
        Assert.Equal(PollEvents.Invalid, kernel.Peek<LinuxPollDescriptor>(init, Data).Returned);
        Assert.Equal(-(long)Errno.EPIPE, kernel.Call(init, 1, writer, Scratch, 1));
        kernel.Dispose();
    }

    [Fact]
    public void An_interrupted_call_lets_its_file_go()
    {
        using TestKernel kernel = new();
        Thread* init = Boot(kernel);
        (ulong reader, ulong writer) = Pipe(kernel, init);
        Thread* waiter = StartThread(kernel, init);
        Assert.Null(kernel.Call(waiter, 0, reader, Data, 10));
        kernel.Do(init, 3, reader);
        Assert.True(Descriptors.Find((DescriptorTable*)init->Process->Descriptors, (int)writer)->Inode->Pipe->HasReader);
        kernel.Do(init, 234, (ulong)init->Process->Id, (ulong)waiter->Id, (ulong)Signal.SIGSTOP);
        kernel.Resume(waiter);
        Assert.False(Descriptors.Find((DescriptorTable*)init->Process->Descriptors, (int)writer)->Inode->Pipe->HasReader);
    }

    [Fact]
    public void A_thread_that_ends_in_a_call_lets_its_file_go()
    {
        using TestKernel kernel = new();
        Thread* init = Boot(kernel);
        Thread* child = kernel.Fork(init);
        (ulong reader, ulong writer) = Pipe(kernel, child);
        Thread* waiter = StartThread(kernel, child);
        Pipe* pipe = Descriptors.Find((DescriptorTable*)child->Process->Descriptors, (int)writer)->Inode->Pipe;
        Assert.Null(kernel.Call(waiter, 0, reader, Data, 10));
        kernel.Do(child, 3, reader);
        Assert.Equal((1, 1), (pipe->Readers, pipe->Writers));
        int open = kernel.Tracker.Count;
        kernel.Call(child, 231, 0);
        Assert.True(kernel.Tracker.Count < open - 4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_blocked_open_of_a_fifo_goes_on_though_its_name_is_gone(bool moves)
    {
        TestKernel kernel = new();
        Thread* init = Boot(kernel);
        kernel.Do(init, 133, kernel.PokeText(init, Text, "/fifo"), 0x11B6);
        kernel.Do(init, 86, kernel.PokeText(init, Text, "/fifo"), kernel.PokeText(init, Text + 64, "/second"));
        int id = kernel.Fork(init)->Id;
        Assert.Null(kernel.Call(kernel.ThreadOf(id), 2, kernel.PokeText(kernel.ThreadOf(id), Text, "/fifo"), 0));
        kernel.Do(init, 87, kernel.PokeText(init, Text, "/fifo"));
        kernel = MoveIf(moves, kernel);
        init = kernel.ThreadOf(1);
        Assert.Null(moves ? kernel.Resume(kernel.ThreadOf(id)) : null);
        // The other end comes and goes before the reader runs: it opens all the same, and reads what was left there.
        ulong writer = Open(kernel, init, "/second", 1);
        Write(kernel, init, writer, "hello");
        kernel.Do(init, 3, writer);
        kernel = MoveIf(moves, kernel);
        Thread* reader = kernel.ThreadOf(id);
        long? opened = kernel.Resume(reader);
        Assert.True(opened >= 0);
        Assert.Equal("hello", Read(kernel, reader, (ulong)opened!.Value));
        Assert.Equal(0, kernel.Do(reader, 0, (ulong)opened.Value, Data, 5));
        kernel.Dispose();
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    public void An_interrupted_open_of_a_fifo_leaves_nothing(ulong access)
    {
        using TestKernel kernel = new();
        Thread* init = Boot(kernel);
        kernel.Do(init, 133, kernel.PokeText(init, Text, "/fifo"), 0x11B6);
        Thread* child = kernel.Fork(init);
        Assert.Null(kernel.Call(child, 2, kernel.PokeText(child, Text, "/fifo"), access));
        ulong other = Open(kernel, init, "/fifo", (access ^ 1) | 0x800);
        kernel.Call(init, 62, (ulong)child->Id, (ulong)Signal.SIGKILL);
        kernel.Resume(child);
        if (access == 0)
            Assert.Equal(-(long)Errno.EPIPE, kernel.Call(init, 1, other, Data, 1));
        else
            Assert.Equal(0, kernel.Do(init, 0, other, Data, 1));
        kernel.Do(init, 3, other);
        // Nobody is there any more: an open that does not wait is refused.
        Assert.Equal(-(long)Errno.ENXIO, kernel.Call(init, 2, Text, 1 | 0x800));
    }

    [Fact]
    public void Opening_a_pipe_through_proc_never_waits()
    {
        using TestKernel kernel = new();
        Thread* init = Boot(kernel);
        (ulong reader, ulong writer) = Pipe(kernel, init);
        Write(kernel, init, writer, "abc");
        kernel.Do(init, 3, writer);
        ulong again = Open(kernel, init, $"/proc/self/fd/{reader}", 0);
        Assert.Equal("abc", Read(kernel, init, again));
        Assert.Equal(0, kernel.Do(init, 0, again, Data, 10));
        kernel.Poke(init, Data, new LinuxPollDescriptor { Descriptor = (int)again, Events = PollEvents.In });
        Assert.Equal(1, kernel.Do(init, 7, Data, 1, 0));
        (reader, writer) = Pipe(kernel, init);
        kernel.Do(init, 3, reader);
        again = Open(kernel, init, $"/dev/fd/{writer}", 1 | 0x800);
        Assert.Equal(-(long)Errno.EPIPE, kernel.Call(init, 1, again, Data, 1));
    }

    [Fact]
    public void A_wait_does_not_keep_what_an_earlier_call_used()
    {
        TestKernel kernel = new();
        Thread* init = Boot(kernel);
        kernel.WriteFile("/text", "text"u8);
        ulong source = Open(kernel, init, "/text", 0);
        (ulong reader, ulong writer) = Pipe(kernel, init);
        (ulong quiet, _) = Pipe(kernel, init);
        int id = StartThread(kernel, init)->Id;
        Assert.Equal(4, kernel.Do(kernel.ThreadOf(id), 40, writer, source, 0, 4));
        kernel.Poke(init, Scratch + 0xA000, new LinuxPollDescriptor { Descriptor = (int)quiet, Events = PollEvents.Readable });
        Assert.Null(kernel.Call(kernel.ThreadOf(id), 7, Scratch + 0xA000, 1, ulong.MaxValue));
        kernel = Move(kernel);
        init = kernel.ThreadOf(1);
        Assert.Null(kernel.Resume(kernel.ThreadOf(id)));
        kernel.Do(init, 3, writer);
        Assert.Equal("text", Read(kernel, init, reader));
        Assert.Equal("", Read(kernel, init, reader));
        kernel.Dispose();
    }
}
