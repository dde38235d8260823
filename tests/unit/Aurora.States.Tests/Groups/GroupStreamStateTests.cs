using System;
using System.IO;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Checkpoint.Tests;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>
/// A group with something of everything that is sent and received by a program of the host, with its system calls; and that program
/// captured in the middle.
/// </summary>
public sealed unsafe class GroupStreamStateTests
{
    private const int StreamRead = 0x5A018;
    private const int StreamWrite = 0x5A019;
    private const ulong Buffer = ProgramDriver.Arena + 0x4000;
    private const ulong BufferBytes = 0x3000;

    [Fact]
    public void What_is_sent_and_received_is_the_same_object_by_object_and_goes_on()
    {
        using GroupWorld world = MakeWorld(TestSession.NewDevice());
        GroupPicture source = world.PictureOf(world.Find("a"));
        byte[] stream = Send(world);
        Receive(world, "got", stream);
        world.Do(GroupVerb.Restore, "got", "b");
        world.Settle();
        Assert.Null(source.DifferenceTo(world.PictureOf(world.Find("b"))));
        Assert.Null(source.DifferenceTo(world.PictureOf(world.Find("a"))));
        BusyGroup.AssertGoesOn(world, world.Find("b"));
        BusyGroup.AssertGoesOn(world, world.Find("a"));
    }

    /// <summary>Who waits in one of the calls is restored, and told that there is no such stream.</summary>
    [Theory]
    [InlineData(GroupVerb.Send)]
    [InlineData(GroupVerb.Receive)]
    [InlineData(GroupVerb.Dump)]
    public void A_program_that_is_captured_in_the_middle_of_a_stream_is_restored_and_told(GroupVerb verb)
    {
        MemoryBlockDevice device = TestSession.NewDevice();
        bool isIncoming = verb == GroupVerb.Receive;
        using (GroupWorld world = MakeWorld(device))
        {
            string target = verb switch { GroupVerb.Receive => "got", GroupVerb.Dump => "1", _ => "" };
            long number = world.Do(verb, isIncoming ? "" : "a", target);
            Thread* init = world.Programs.Init(world.Host);
            // The fiber has not begun: nothing is there to be read, and nobody takes the end of what is written.
            Assert.Null(world.Programs.Call(
                init, isIncoming ? StreamWrite : StreamRead, (ulong)number, Buffer, isIncoming ? 0 : BufferBytes));
            Assert.True(init->Call.Active);
            world.Settle();
        }
        using GroupWorld again = GroupWorld.Start(device);
        Thread* restored = again.Programs.Init(again.Host);
        Assert.True(restored->Call.Active);
        again.StandsStill = false;
        again.Settle();
        Assert.False(restored->Call.Active);
        Assert.Equal(-(long)Errno.ECANCELED, (long)restored->Context->Rax);
        Assert.Equal(["host", "a"], again.Names());
    }

    private static GroupWorld MakeWorld(MemoryBlockDevice device)
    {
        GroupWorld world = GroupWorld.Create(device);
        world.Do(GroupVerb.Run, target: "a");
        world.Settle();
        BusyGroup.Build(world, world.Find("a"));
        world.Settle();
        return world;
    }

    private static byte[] Send(GroupWorld world)
    {
        var stream = new MemoryStream();
        var number = (ulong)world.Do(GroupVerb.Send, "a");
        Thread* init = world.Programs.Init(world.Host);
        long? got = null;
        void ReadSome()
        {
            if (init->Call.Active)
                return;
            got = world.Programs.Call(init, StreamRead, number, Buffer, BufferBytes);
            if (got is not > 0)
                return;
            byte[] piece = new byte[got.Value];
            world.Programs.Get(init, Buffer, piece);
            stream.Write(piece);
        }
        world.Serve(isIncoming: false, ReadSome);
        do
            ReadSome();
        while (got > 0);
        Assert.Equal(0, got);
        return stream.ToArray();
    }

    private static void Receive(GroupWorld world, string name, byte[] stream)
    {
        var number = (ulong)world.Do(GroupVerb.Receive, target: name);
        Thread* init = world.Programs.Init(world.Host);
        int at = 0;
        void WriteSome()
        {
            if (init->Call.Active || at == stream.Length)
                return;
            int count = Math.Min((int)BufferBytes, stream.Length - at);
            world.Programs.Put(init, Buffer, stream.AsSpan(at, count));
            at += (int)(world.Programs.Call(init, StreamWrite, number, Buffer, (ulong)count) ?? 0);
        }
        world.Serve(isIncoming: true, WriteSome);
        Assert.Equal(stream.Length, at);
        Assert.True(world.Programs.Do(init, StreamWrite, number, 0, 0) > 0);
    }
}
