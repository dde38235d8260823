using System;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Linux.Files;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>
/// Sockets over restores that nothing announces, their tables, and what only the kernel sees. What the calls answer is in
/// guests/c/sockets.c and guests/c/passes.c.
/// </summary>
public sealed unsafe class SocketTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const ulong Data = Scratch + 0x800;
    private const ulong Name = Scratch + 0x1000;
    private const ulong Stream = 1, Datagram = 2;

    internal static (ulong One, ulong Other) Pair(TestKernel kernel, Thread* thread, ulong type)
    {
        Assert.Equal(0, kernel.Do(thread, 53, 1, type, 0, Scratch + 0x40));
        return ((ulong)kernel.Peek<int>(thread, Scratch + 0x40), (ulong)kernel.Peek<int>(thread, Scratch + 0x44));
    }

    internal static ulong PokeName(TestKernel kernel, Thread* thread, string name)
    {
        kernel.Poke(thread, Name, (ushort)1);
        kernel.PokeText(thread, Name + 2, name);
        return (ulong)(2 + name.Length);
    }

    internal static ulong Listener(TestKernel kernel, Thread* thread, string name, ulong backlog)
    {
        var file = (ulong)kernel.Do(thread, 41, 1, Stream, 0);
        ulong length = PokeName(kernel, thread, name);
        Assert.Equal(0, kernel.Do(thread, 49, file, Name, length));
        Assert.Equal(0, kernel.Do(thread, 50, file, backlog));
        return file;
    }

    internal static ulong Client(TestKernel kernel, Thread* thread, string name)
    {
        var file = (ulong)kernel.Do(thread, 41, 1, Stream, 0);
        ulong length = PokeName(kernel, thread, name);
        Assert.Equal(0, kernel.Do(thread, 42, file, Name, length));
        return file;
    }

    // One byte with open files.
    internal static long Pass(TestKernel kernel, Thread* thread, ulong socket, params ulong[] files)
    {
        const ulong header = Scratch + 0x1200, vector = Scratch + 0x1280, control = Scratch + 0x1300;
        kernel.Poke(thread, vector, Data);
        kernel.Poke(thread, vector + 8, 1UL);
        kernel.Poke(thread, control, new LinuxControlHeader { Length = 16 + ((ulong)files.Length * 4), Level = 1, Type = 1 });
        for (int i = 0; i < files.Length; i++)
            kernel.Poke(thread, control + 16 + ((ulong)i * 4), (int)files[i]);
        kernel.Poke(thread, header, new LinuxMessageHeader
        {
            Vectors = vector, VectorCount = 1, Control = control, ControlLength = (16 + ((ulong)files.Length * 4) + 7) & ~7UL,
        });
        return kernel.Call(thread, 46, socket, header, 0)!.Value;
    }

    // The descriptors that come with one byte.
    internal static int[] Receive(TestKernel kernel, Thread* thread, ulong socket, ulong flags = 0)
    {
        const ulong header = Scratch + 0x1200, vector = Scratch + 0x1280, control = Scratch + 0x1300;
        kernel.Poke(thread, vector, Data);
        kernel.Poke(thread, vector + 8, 1UL);
        kernel.Poke(thread, header, new LinuxMessageHeader { Vectors = vector, VectorCount = 1, Control = control, ControlLength = 1040 });
        Assert.Equal(1, kernel.Do(thread, 47, socket, header, flags));
        ulong length = kernel.Peek<LinuxMessageHeader>(thread, header).ControlLength;
        if (length == 0)
            return [];
        ulong bytes = kernel.Peek<LinuxControlHeader>(thread, control).Length - 16;
        return [.. Enumerable.Range(0, (int)bytes / 4).Select(i => kernel.Peek<int>(thread, control + 16 + ((ulong)i * 4)))];
    }

    /// <summary>A connection with messages, one that waits, a bound node and an abstract name, and files in messages.</summary>
    internal static void Fill(TestKernel kernel, Thread* thread)
    {
        (ulong one, ulong other) = Pair(kernel, thread, Stream);
        kernel.Do(thread, 1, one, Data, 100);
        kernel.Do(thread, 0, other, Data, 30);
        Assert.Equal(1, Pass(kernel, thread, one, 0, other));
        (ulong datagrams, _) = Pair(kernel, thread, Datagram);
        kernel.Do(thread, 1, datagrams, Data, 10);
        ulong listener = Listener(kernel, thread, "/node", 3);
        kernel.Do(thread, 1, Client(kernel, thread, "/node"), Data, 5);
        Assert.True(listener > 0);
        Listener(kernel, thread, "\0abstract", 3);
    }

    internal static TestKernel Move(TestKernel kernel, TestKernel.Image image)
    {
        kernel.Capture(image);
        bool isPlain = kernel.IsPlain;
        kernel.Dispose();
        return TestKernel.Restore(image, isPlain);
    }

    internal static void Close(TestKernel kernel)
    {
        for (int steps = 0; kernel.Files.Closing.HasWork; steps++)
        {
            Assert.True(steps < 10_000);
            kernel.Files.Closing.Step();
        }
    }

    [Fact]
    public void Structures_and_records_have_their_sizes()
    {
        Assert.Equal(SocketRecord.Bytes, sizeof(SocketRecord));
        Assert.Equal(SocketSettings.Bytes, sizeof(SocketSettings));
        Assert.Equal(32, (int)Marshal.OffsetOf<SocketRecord>(nameof(SocketRecord.Settings)));
        Assert.Equal(112, (int)Marshal.OffsetOf<SocketRecord>(nameof(SocketRecord.Type)));
        Assert.Equal(SocketMessageRecord.Bytes, sizeof(SocketMessageRecord));
        Assert.Equal(SocketRightsRecord.Bytes, sizeof(SocketRightsRecord));
        Assert.Equal(LinuxMessageHeader.Bytes, sizeof(LinuxMessageHeader));
        Assert.Equal(LinuxMessageOfMany.Bytes, sizeof(LinuxMessageOfMany));
        Assert.Equal(LinuxControlHeader.Bytes, sizeof(LinuxControlHeader));
        Assert.Equal(LinuxCredentials.Bytes, sizeof(LinuxCredentials));
        Assert.Equal(768u, SocketMessage.ChargeOf(SocketType.Stream, 1));
        Assert.Equal(768u, SocketMessage.ChargeOf(SocketType.Datagram, 192));
        Assert.Equal(1280u, SocketMessage.ChargeOf(SocketType.Datagram, 193));
        Assert.Equal(4352u, SocketMessage.ChargeOf(SocketType.Stream, 3776));
    }

    [Fact]
    public void Files_in_messages_are_kept_though_nobody_else_has_them()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        (ulong one, ulong other) = Pair(kernel, init, Stream);
        kernel.Do(init, 293, Scratch + 0x40, 0);
        ulong reader = (ulong)kernel.Peek<int>(init, Scratch + 0x40), writer = (ulong)kernel.Peek<int>(init, Scratch + 0x44);
        kernel.Do(init, 1, writer, Data, 7);
        Assert.Equal(1, Pass(kernel, init, one, reader, writer));
        kernel.Do(init, 3, reader);
        kernel.Do(init, 3, writer);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        int[] got = Receive(kernel, init, other);
        Assert.Equal(2, got.Length);
        Assert.Equal(7, kernel.Do(init, 0, (ulong)got[0], Data, 100));
        kernel.Dispose();
    }

    /// <summary>
    /// Sockets that only messages lead to, in circles, nested, and at a connection nobody has accepted, whose listener is in its own queue.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_nobody_can_receive_goes(bool isMoved)
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        (ulong a, ulong b) = Pair(kernel, init, Stream);
        (ulong c, ulong d) = Pair(kernel, init, Datagram);
        ulong listener = Listener(kernel, init, "\0x", 3);
        ulong client = Client(kernel, init, "\0x");
        Pass(kernel, init, a, b, a, c);
        Pass(kernel, init, c, d, b);
        Pass(kernel, init, client, listener, client);
        foreach (ulong file in new[] { a, b, c, d, listener })
            kernel.Do(init, 3, file);
        if (isMoved)
        {
            kernel = Move(kernel, image);
            init = kernel.ThreadOf(1);
        }
        Close(kernel);
        // The client, and its former peer, which is dead.
        Assert.Equal((2, 0), (kernel.Files.SocketFiles.Count, kernel.Files.SocketFiles.MessageCount));
        kernel.Do(init, 3, client);
        Assert.Equal(0, kernel.Files.SocketFiles.Count);
        kernel.Dispose();
    }

    /// <summary>What can still be received stays, however deep it is in messages.</summary>
    [Fact]
    public void What_somebody_can_receive_stays()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong a, ulong b) = Pair(kernel, init, Stream);
        (ulong c, ulong d) = Pair(kernel, init, Stream);
        (ulong e, ulong f) = Pair(kernel, init, Stream);
        Pass(kernel, init, e, f);
        Pass(kernel, init, c, e, f);
        Pass(kernel, init, a, c, d);
        foreach (ulong file in new[] { c, d, e, f })
            kernel.Do(init, 3, file);
        Close(kernel);
        int[] inner = Receive(kernel, init, b);
        Assert.Equal(2, inner.Length);
        int[] innermost = Receive(kernel, init, (ulong)inner[1]);
        Assert.Equal(2, innermost.Length);
        Assert.Single(Receive(kernel, init, (ulong)innermost[1]));
    }

    [Fact]
    public void Half_closed_ones_with_much_in_them_are_closed_in_steps_over_a_restore()
    {
        var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        (ulong one, ulong other) = Pair(kernel, init, Datagram);
        while (kernel.Call(init, 44, one, Data, 1, 0x40, 0, 0) == 1)
        {
        }
        kernel.Do(init, 3, other);
        Assert.True(kernel.Files.Closing.HasWork);
        kernel = Move(kernel, image);
        init = kernel.ThreadOf(1);
        Assert.Equal(-(long)Errno.ECONNREFUSED, kernel.Call(init, 1, one, Data, 1));
        Close(kernel);
        kernel.Do(init, 3, one);
        Close(kernel);
        Assert.Equal((0, 0), (kernel.Files.SocketFiles.Count, kernel.Files.SocketFiles.MessageCount));
        kernel.Dispose();
    }

    /// <summary>A message's bytes are captured with it; those of the rest are not written again.</summary>
    [Fact]
    public void An_unread_megabyte_is_not_captured_again()
    {
        using var kernel = new TestKernel();
        var image = new TestKernel.Image();
        Thread* init = kernel.Boot();
        (ulong one, ulong _) = Pair(kernel, init, Stream);
        for (int i = 0; i < 20; i++)
            kernel.Do(init, 1, one, Scratch, 8000);
        kernel.Capture(image);
        kernel.Do(init, 1, one, Data, 1);
        Assert.True(kernel.Tracker.ChangedCount <= 6);
    }

    [Fact]
    public void A_full_table_of_messages_refuses_and_recovers()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        long result = 0;
        (ulong one, ulong other) = (0, 0);
        for (int pairs = 0; pairs < 20 && result != -(long)Errno.ENOBUFS; pairs++)
        {
            (one, other) = Pair(kernel, init, Datagram);
            do
                result = kernel.Call(init, 44, one, Data, 1, 0x40, 0, 0)!.Value;
            while (result == 1);
        }
        Assert.Equal(-(long)Errno.ENOBUFS, result);
        Assert.Equal(1, kernel.Do(init, 0, other, Data, 1));
        Assert.Equal(1, kernel.Do(init, 1, one, Data, 1));
    }

    [Fact]
    public void A_queue_that_goes_around_and_is_spread_keeps_its_bytes()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong one, ulong other) = Pair(kernel, init, Datagram);
        var random = new Random(5);
        var expected = new System.Collections.Generic.Queue<(int Length, byte Mark)>();
        for (int step = 0; step < 4000; step++)
        {
            int length = 1 + (random.Next(4) == 0 ? random.Next(30_000) : random.Next(300));
            byte mark = (byte)step;
            kernel.Poke(init, Scratch + 0x2000, mark);
            kernel.Poke(init, Scratch + 0x2000 + (ulong)length - 1, mark);
            if (random.Next(5) < 3 && kernel.Call(init, 44, one, Scratch + 0x2000, (ulong)length, 0x40, 0, 0) > 0)
                expected.Enqueue((length, mark));
            if (random.Next(5) >= 3 && expected.TryDequeue(out (int Length, byte Mark) next))
            {
                Assert.Equal(next.Length, kernel.Do(init, 0, other, Scratch + 0x2000, 40_000));
                Assert.Equal(next.Mark, kernel.Peek<byte>(init, Scratch + 0x2000));
                Assert.Equal(next.Mark, kernel.Peek<byte>(init, Scratch + 0x2000 + (ulong)next.Length - 1));
            }
        }
        Assert.True(expected.Count > 0);
    }

    [Fact]
    public void A_time_out_is_for_the_calls_that_begin_after_it_was_set()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        (ulong one, ulong other) = Pair(kernel, init, 2);
        Thread* endless = kernel.Fork(init);
        Assert.Null(kernel.Call(endless, 0, one, Scratch, 8));
        SetTimeout(kernel, init, one, 1);
        Thread* bounded = kernel.Fork(init);
        Assert.Null(kernel.Call(bounded, 0, one, Scratch, 8));
        SetTimeout(kernel, init, one, 0);
        (int endlessId, int boundedId) = (endless->Id, bounded->Id);
        using TestKernel restored = Move(kernel, new TestKernel.Image());
        Thread* again = restored.ThreadOf(endlessId);
        Assert.Null(restored.Resume(again));
        Assert.Null(restored.Resume(restored.ThreadOf(boundedId)));
        restored.Advance(2_000_000_000);
        Assert.Equal(-(long)Errno.EAGAIN, restored.Resume(restored.ThreadOf(boundedId)));
        Assert.Null(restored.Resume(again));
        Assert.Equal(5, restored.Do(restored.ThreadOf(1), 1, other, Scratch, 5));
        Assert.Equal(5, restored.Resume(again));
    }

    private static void SetTimeout(TestKernel kernel, Thread* thread, ulong socket, ulong seconds)
    {
        kernel.Poke(thread, Scratch, seconds);
        kernel.Poke(thread, Scratch + 8, 0UL);
        kernel.Do(thread, 54, socket, 1, 20, Scratch, 16);
    }
}
