using System;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Who may read and write streams of volumes, how the calls wait, and what they are told after a restart and in a copy.</summary>
public sealed unsafe class StreamCallTests : IDisposable
{
    private const int Read = 0x5A018;
    private const int Write = 0x5A019;
    private const ulong Bytes = TestKernel.Scratch;
    private const ulong Nowhere = 8;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public StreamCallTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    [Fact]
    public void What_comes_is_read_in_pieces_and_waited_for_until_the_end()
    {
        Assert.Null(Call(Read, Bytes, 3));
        _kernel.Streams.Next = "hello"u8.ToArray();
        _kernel.Scheduler.WakeAll(_kernel.Streams.Changed);
        Assert.Equal(3, _kernel.Resume(_init));
        Assert.Equal((byte)'l', _kernel.Peek<byte>(_init, Bytes + 2));
        Assert.Equal(-(long)Errno.EFAULT, Call(Read, Nowhere, 3));
        Assert.Equal(2, Call(Read, Bytes, 30));
        Assert.Equal((byte)'o', _kernel.Peek<byte>(_init, Bytes + 1));
        _kernel.Streams.Answer = Errno.Ok;
        Assert.Equal(0, Call(Read, Bytes, 3));
        _kernel.Streams.Answer = Errno.EIO;
        Assert.Equal(-(long)Errno.EIO, Call(Read, Bytes, 3));
    }

    [Fact]
    public void What_is_given_goes_as_far_as_there_is_room_and_the_end_waits_for_the_outcome()
    {
        _kernel.PokeText(_init, Bytes, "abcdef");
        Assert.Null(Call(Write, Bytes, 6));
        _kernel.Streams.RoomBytes = 4;
        _kernel.Scheduler.WakeAll(_kernel.Streams.Changed);
        Assert.Equal(4, _kernel.Resume(_init));
        Assert.Equal(-(long)Errno.EFAULT, Call(Write, Nowhere, 2));
        Assert.Equal(2, Call(Write, Bytes + 4, 2));
        Assert.Equal(("abcdef", false), (_kernel.Streams.Given, _kernel.Streams.HasEnded));
        Assert.Null(Call(Write, Nowhere, 0));
        Assert.True(_kernel.Streams.HasEnded);
        (_kernel.Streams.Answer, _kernel.Streams.Made) = (Errno.Ok, 12);
        _kernel.Scheduler.WakeAll(_kernel.Streams.Changed);
        Assert.Equal(12, _kernel.Resume(_init));
        foreach (Errno error in (Errno[])[Errno.ENODATA, Errno.EBADMSG, Errno.EEXIST])
        {
            _kernel.Streams.Answer = error;
            Assert.Equal(-(long)error, Call(Write, Bytes, 0));
        }
    }

    [Fact]
    public void Only_root_of_the_host_may_and_only_with_a_number_of_his_own()
    {
        _kernel.Streams.Next = "x"u8.ToArray();
        _kernel.Streams.RoomBytes = 1;
        Assert.Equal(-(long)Errno.EINVAL, Call(Read, Bytes, 0));
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Call(_init, Read, 8, Bytes, 1));
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Call(_init, Write, 8, Bytes, 1));
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Call(_init, Write, 8, Bytes, 0));
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Read, TestStreams.Number, Bytes, 1));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Write, TestStreams.Number, Bytes, 1));
        _kernel.Groups.IsInHost = false;
        Assert.Equal(-(long)Errno.EPERM, Call(Read, Bytes, 1));
        Assert.Equal(-(long)Errno.EPERM, Call(Write, Bytes, 1));
    }

    /// <summary>A thread that waits is captured; after a restart nobody knows its stream, and in a copy it never asked.</summary>
    [Theory]
    [InlineData(Read, true)]
    [InlineData(Write, true)]
    [InlineData(Read, false)]
    [InlineData(Write, false)]
    public void Who_waits_is_told_that_the_stream_is_broken_off(int call, bool isCopy)
    {
        Assert.Null(Call(call, Bytes, 1));
        _kernel.Groups.IsInHost = !isCopy;
        _kernel.Streams.Answer = isCopy ? Errno.EAGAIN : Errno.ECANCELED;
        _kernel.Scheduler.WakeAll(_kernel.Streams.Changed);
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Resume(_init));
    }

    private long? Call(int number, ulong address, ulong count) => _kernel.Call(_init, number, TestStreams.Number, address, count);
}
