using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Posix.Tests.Files;

public sealed unsafe class PipeTests
{
    private const long WouldBlock = -1000;

    private static (nint Reader, nint Writer) MakePipe(FileWorld world, uint flags = OpenFlags.NonBlocking)
    {
        FileCaller caller = world.Caller;
        Assert.Equal(Errno.Ok, world.Files.OpenFiles.CreatePipe(in caller, flags, out OpenFile* reader, out OpenFile* writer));
        return ((nint)reader, (nint)writer);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public void A_pipe_is_a_queue_of_bytes_across_reboots(int seed)
    {
        var random = new Random(seed);
        var world = new FileWorld();
        (nint r, nint w) = MakePipe(world);
        Assert.Equal(Errno.Ok, world.Files.Descriptors.Install(world.Table, (OpenFile*)r, 0, 100, false, out _));
        Assert.Equal(Errno.Ok, world.Files.Descriptors.Install(world.Table, (OpenFile*)w, 0, 100, false, out _));
        var model = new Queue<byte>();
        for (int step = 0; step < 600; step++)
        {
            OpenFile* reader = Descriptors.Find(world.Table, 0);
            OpenFile* writer = Descriptors.Find(world.Table, 1);
            byte[] bytes = new byte[random.Next(1, random.Next(3) == 0 ? 90_000 : 6_000)];
            if (random.Next(2) == 0)
            {
                random.NextBytes(bytes);
                long written = world.Write(writer, bytes);
                int free = 65536 - model.Count;
                if (bytes.Length <= free)
                    Assert.Equal(bytes.Length, written);
                else if (bytes.Length <= 4096 || free == 0)
                    Assert.Equal(-(long)Errno.EAGAIN, written);
                else
                    Assert.Equal(free, written);
                for (int i = 0; i < written; i++)
                    model.Enqueue(bytes[i]);
            }
            else
            {
                long read = world.Read(reader, bytes);
                Assert.Equal(model.Count == 0 ? -(long)Errno.EAGAIN : Math.Min(bytes.Length, model.Count), read);
                for (int i = 0; i < read; i++)
                    Assert.Equal(model.Dequeue(), bytes[i]);
            }
            if (step % 50 == 49)
            {
                FileWorld next = world.Reboot();
                world.Dispose();
                world = next;
            }
        }
        world.Dispose();
    }

    [Fact]
    public void Ends_see_each_other_go()
    {
        using var world = new FileWorld();
        (nint r, nint w) = MakePipe(world);
        byte[] buffer = new byte[10];
        Assert.Equal(3, world.Write((OpenFile*)w, "abc"u8));
        world.Files.OpenFiles.Release((OpenFile*)w);
        Assert.Equal(PollEvents.Readable | PollEvents.HangUp, world.Files.Pipes.Poll((OpenFile*)r, PollEvents.In, null));
        Assert.Equal(3, world.Read((OpenFile*)r, buffer));
        Assert.Equal(0, world.Read((OpenFile*)r, buffer));
        world.Files.OpenFiles.Release((OpenFile*)r);

        (r, w) = MakePipe(world);
        world.Files.OpenFiles.Release((OpenFile*)r);
        Assert.Equal(-(long)Errno.EPIPE, world.Write((OpenFile*)w, "x"u8));
        Assert.Equal(PollEvents.Writable | PollEvents.Error, world.Files.Pipes.Poll((OpenFile*)w, PollEvents.Out, null));
        world.Files.OpenFiles.Release((OpenFile*)w);
    }

    [Fact]
    public void Nothing_is_left_of_a_closed_pipe()
    {
        using var world = new FileWorld();
        world.Checkpoint();
        int objects = world.Tracker.Count;
        ulong frames = world.Frames.UsedFrames;
        (nint r, nint w) = MakePipe(world);
        world.Write((OpenFile*)w, new byte[50_000]);
        world.Checkpoint();
        world.Files.OpenFiles.Release((OpenFile*)r);
        world.Files.OpenFiles.Release((OpenFile*)w);
        world.Checkpoint();
        Assert.Equal(objects, world.Tracker.Count);
        Assert.Equal(frames, world.Frames.UsedFrames);
    }

    [Fact]
    public void The_capacity_can_change_while_the_bytes_fit()
    {
        using var world = new FileWorld();
        (nint r, nint w) = MakePipe(world);
        Pipe* pipe = ((OpenFile*)w)->Inode->Pipe;
        Assert.Equal(4096u, Resize(world, pipe, 1));
        Assert.Equal(4096, world.Write((OpenFile*)w, new byte[10_000]));
        Assert.Equal(131072u, Resize(world, pipe, 70_000));
        Assert.Equal(131072 - 4096, world.Write((OpenFile*)w, new byte[200_000]));
        Assert.Equal(Errno.EBUSY, PipeOperations.CheckCapacity(pipe, 4096, Pipe.MaxCapacity, out _));
        byte[] all = new byte[200_000];
        Assert.Equal(131072, world.Read((OpenFile*)r, all));
        world.Files.OpenFiles.Release((OpenFile*)r);
        world.Files.OpenFiles.Release((OpenFile*)w);
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public void A_pipe_stays_a_queue_whenever_its_capacity_changes_across_reboots(int seed)
    {
        var random = new Random(seed);
        var world = new FileWorld();
        (nint r, nint w) = MakePipe(world);
        Assert.Equal(Errno.Ok, world.Files.Descriptors.Install(world.Table, (OpenFile*)r, 0, 100, false, out _));
        Assert.Equal(Errno.Ok, world.Files.Descriptors.Install(world.Table, (OpenFile*)w, 0, 100, false, out _));
        var model = new Queue<byte>();
        int rests = 0;
        for (int step = 0; step < 1500; step++)
        {
            OpenFile* reader = Descriptors.Find(world.Table, 0);
            OpenFile* writer = Descriptors.Find(world.Table, 1);
            Pipe* pipe = writer->Inode->Pipe;
            ulong wanted = 4096UL << random.Next(5);
            if (random.Next(3) == 0 && PipeOperations.CheckCapacity(pipe, wanted, Pipe.MaxCapacity, out _) == Errno.Ok)
                Resize(world, pipe, wanted);
            rests += pipe->Rest != null ? 1 : 0;
            byte[] bytes = new byte[random.Next(4097, 20_000)];
            random.NextBytes(bytes);
            if (random.Next(2) == 0 && pipe->Free > 0)
            {
                uint free = pipe->Free;
                long written = world.Write(writer, bytes);
                Assert.Equal(Math.Min(bytes.Length, free), written);
                for (int i = 0; i < written; i++)
                    model.Enqueue(bytes[i]);
            }
            else if (model.Count > 0)
            {
                Array.Resize(ref bytes, random.Next(1, 9000));
                long read = world.Read(reader, bytes);
                Assert.Equal(Math.Min(bytes.Length, model.Count), read);
                for (int i = 0; i < read; i++)
                    Assert.Equal(model.Dequeue(), bytes[i]);
            }
            if (step % 30 != 29)
                continue;
            FileWorld next = world.Reboot();
            world.Dispose();
            world = next;
        }
        Assert.True(rests > 10, $"{rests} rests");
        world.Dispose();
    }

    [Fact]
    public void A_change_of_capacity_moves_no_bytes()
    {
        using var world = new FileWorld();
        (nint r, nint w) = MakePipe(world);
        Pipe* pipe = ((OpenFile*)w)->Inode->Pipe;
        Resize(world, pipe, Pipe.MaxCapacity);
        world.Write((OpenFile*)w, new byte[Pipe.MaxCapacity]);
        byte[] some = new byte[9000];
        Assert.Equal(9000, world.Read((OpenFile*)r, some));
        Assert.Equal(9000, world.Write((OpenFile*)w, some));
        world.Checkpoint();
        ulong frames = world.Frames.UsedFrames;
        Assert.Equal(Errno.Ok, PipeOperations.CheckCapacity(pipe, 4 * Pipe.MaxCapacity, Pipe.LargestCapacity, out uint capacity));
        Assert.Equal(MemoryStatus.Ok, world.Files.Pipes.SetCapacity(pipe, capacity));
        Assert.Equal(frames, world.Frames.UsedFrames);
        world.Files.OpenFiles.Release((OpenFile*)r);
        world.Files.OpenFiles.Release((OpenFile*)w);
    }

    private static uint Resize(FileWorld world, Pipe* pipe, ulong bytes)
    {
        Assert.Equal(Errno.Ok, PipeOperations.CheckCapacity(pipe, bytes, Pipe.MaxCapacity, out uint capacity));
        Assert.Equal(MemoryStatus.Ok, world.Files.Pipes.SetCapacity(pipe, capacity));
        return capacity;
    }

    [Fact]
    public void A_blocked_reader_is_woken_by_bytes()
    {
        using var world = new FileWorld();
        (nint r, nint w) = MakePipe(world, 0);
        byte[] buffer = new byte[10];
        Assert.Equal(WouldBlock, world.Read((OpenFile*)r, buffer));
        Assert.True(world.Thread->Waits != null);
        world.Write((OpenFile*)w, "go"u8);
        Assert.True(world.Thread->Waits == null);
        Assert.Equal(2, world.Read((OpenFile*)r, buffer));
        world.Files.OpenFiles.Release((OpenFile*)r);
        world.Files.OpenFiles.Release((OpenFile*)w);
    }

    [Fact]
    public void Opening_a_fifo_waits_for_the_other_end_even_if_that_leaves_again()
    {
        using var world = new FileWorld();
        world.Build.Make("/fifo"u8, InodeMode.Fifo | 0x1B6);
        Inode* inode = world.At("/fifo");
        Thread* reader = world.StartProcess();
        Thread* writer = world.StartProcess();
        Assert.False(PipeOperations.MayOpen(inode, OpenFlags.WriteOnly | OpenFlags.NonBlocking));
        OpenFile* receiver = world.Open(inode, OpenFlags.ReadOnly);
        Assert.True(world.Files.Pipes.MustWait(reader, receiver));
        Assert.True(PipeOperations.MayOpen(inode, OpenFlags.WriteOnly | OpenFlags.NonBlocking));
        OpenFile* sender = world.Open(inode, OpenFlags.WriteOnly);
        Assert.True(reader->Waits == null);
        Assert.False(world.Files.Pipes.MustWait(writer, sender));
        Assert.Equal(5, world.Write(sender, "hello"u8));
        world.Files.OpenFiles.Release(sender);
        Assert.False(world.Files.Pipes.MustWait(reader, receiver));
        byte[] buffer = new byte[10];
        Assert.Equal(5, world.Read(receiver, buffer));
        Assert.Equal("hello"u8.ToArray(), buffer.Take(5));
        Assert.Equal(0, world.Read(receiver, buffer));
        world.Files.OpenFiles.Release(receiver);
        Assert.True(inode->Pipe == null);
    }
}
