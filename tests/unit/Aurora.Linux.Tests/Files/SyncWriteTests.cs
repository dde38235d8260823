using System;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>
/// Writes that must be durable wait for the commit, as fsync does: O_SYNC, O_DSYNC, RWF_SYNC, RWF_DSYNC, sync_file_range.
/// </summary>
public sealed unsafe class SyncWriteTests : IDisposable
{
    private readonly CallWorld _calls = new();

    public void Dispose() => _calls.Dispose();

    private void BecomesDurable(long expected)
    {
        Assert.Equal(CallWorld.Blocked, _calls.Resume());
        _calls.Checkpoints.DurableEpoch = _calls.Checkpoints.Requested;
        Assert.Equal(expected, _calls.Resume());
    }

    [Theory]
    [InlineData(OpenFlags.DataSync)]
    [InlineData(OpenFlags.Sync)]
    public void Every_kind_of_write_to_a_synchronous_file_waits(uint flag)
    {
        ulong file = (ulong)_calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite | flag);
        ulong source = (ulong)_calls.Open("/s", OpenFlags.Create | OpenFlags.ReadWrite);
        _calls.Call(77, source, 5000);
        Assert.Equal(CallWorld.Blocked, _calls.Call(1, file, CallWorld.Memory, 100));
        BecomesDurable(100);
        Assert.Equal(100UL, _calls.World.At("/f")->Size);
        Assert.Equal(CallWorld.Blocked, _calls.Call(18, file, CallWorld.Memory, 10, 5));
        BecomesDurable(10);
        Assert.Equal(CallWorld.Blocked, _calls.Call(40, file, source, 0, 3000));
        BecomesDurable(3000);
        Assert.Equal(CallWorld.Blocked, _calls.Call(326, source, 0, file, 0, 1000, 0));
        BecomesDurable(1000);
        Assert.Equal(0, _calls.Call(1, file, CallWorld.Memory, 0));
        Assert.Equal(10, _calls.Call(17, file, CallWorld.Memory, 10, 0));
        Assert.Equal(4100UL, _calls.World.At("/f")->Size);
    }

    [Theory]
    [InlineData(2UL)]
    [InlineData(4UL)]
    public void A_write_may_ask_for_it_itself(ulong flag)
    {
        ulong file = (ulong)_calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        _calls.Poke(CallWorld.Memory + 4096, CallWorld.Memory);
        _calls.Poke(CallWorld.Memory + 4104, 50UL);
        Assert.Equal(CallWorld.Blocked, _calls.Call(328, file, CallWorld.Memory + 4096, 1, 0, 0, flag));
        BecomesDurable(50);
        Assert.Equal(50, _calls.Call(328, file, CallWorld.Memory + 4096, 1, 0, 0, 0));
        Assert.Equal(50, _calls.Call(327, file, CallWorld.Memory + 4096, 1, 0, 0, flag));
    }

    [Fact]
    public void A_commit_that_fails_fails_the_write()
    {
        ulong file = (ulong)_calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite | OpenFlags.DataSync);
        Assert.Equal(CallWorld.Blocked, _calls.Call(1, file, CallWorld.Memory, 100));
        _calls.Checkpoints.Failed = true;
        Assert.Equal(-(long)Errno.EIO, _calls.Resume());
    }

    [Fact]
    public void Nothing_but_files_is_waited_for()
    {
        Assert.Equal(0, _calls.Call(22, CallWorld.Memory));
        ulong writer = _calls.Peek<uint>(CallWorld.Memory + 4);
        ulong null_ = (ulong)_calls.Open("/dev/null", OpenFlags.WriteOnly | OpenFlags.Sync);
        Assert.Equal(5, _calls.Call(1, writer, CallWorld.Memory, 5));
        Assert.Equal(5, _calls.Call(1, null_, CallWorld.Memory, 5));
    }

    [Fact]
    public void Sync_file_range_waits_when_it_is_asked_to()
    {
        ulong file = (ulong)_calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        _calls.Call(22, CallWorld.Memory);
        ulong reader = _calls.Peek<uint>(CallWorld.Memory);
        Assert.Equal(0, _calls.Call(277, file, 0, 0, 0));
        Assert.Equal(0, _calls.Call(277, file, 0, 100, 2));
        Assert.Equal(CallWorld.Blocked, _calls.Call(277, file, 0, 100, 7));
        BecomesDurable(0);
        Assert.Equal(-(long)Errno.ESPIPE, _calls.Call(277, reader, 0, 1, 4));
        Assert.Equal(-(long)Errno.EINVAL, _calls.Call(277, reader, 0, 1, 8));
        Assert.Equal(-(long)Errno.EBADF, _calls.Call(277, 77, 0, 1, 8));
        Assert.Equal(-(long)Errno.EINVAL, _calls.Call(277, file, ulong.MaxValue, 1, 4));
        Assert.Equal(-(long)Errno.EINVAL, _calls.Call(277, file, long.MaxValue, 1, 4));
    }

    [Fact]
    public void Positioned_calls_answer_in_Linux_order()
    {
        ulong file = (ulong)_calls.Open("/f", OpenFlags.Create | OpenFlags.WriteOnly);
        _calls.Call(22, CallWorld.Memory);
        ulong writer = _calls.Peek<uint>(CallWorld.Memory + 4);
        ulong vectors = CallWorld.Memory + 4096;
        _calls.Poke(vectors, CallWorld.Memory);
        _calls.Poke(vectors + 8, 50UL);
        Assert.Equal(-(long)Errno.EINVAL, _calls.Call(17, 99, CallWorld.Memory, 1, ulong.MaxValue));
        Assert.Equal(-(long)Errno.EBADF, _calls.Call(17, 99, CallWorld.Memory, 1, 0));
        Assert.Equal(-(long)Errno.ESPIPE, _calls.Call(17, writer, CallWorld.Memory, 1, 0));
        Assert.Equal(-(long)Errno.EBADF, _calls.Call(17, file, CallWorld.Memory, 1, 0));
        Assert.Equal(-(long)Errno.EINVAL, _calls.Call(295, 99, vectors, 1, unchecked((ulong)-2L)));
        Assert.Equal(-(long)Errno.ESPIPE, _calls.Call(295, writer, 0x77, 1, 0));
        Assert.Equal(-(long)Errno.EFAULT, _calls.Call(295, file, 0x77, 1, 0));
        Assert.Equal(-(long)Errno.EBADF, _calls.Call(327, file, vectors, 1, 0, 0, 64));
        Assert.Equal(-(long)Errno.EOPNOTSUPP, _calls.Call(328, file, vectors, 1, 0, 0, 64));
        Assert.Equal(-(long)Errno.EBADF, _calls.Call(328, 99, vectors, 1, 0, 0, 64));
        Assert.Equal(-(long)Errno.EINVAL, _calls.Call(328, file, vectors, unchecked((ulong)-1L), 0, 0, 0));
    }

    [Fact]
    public void A_write_may_append_by_itself()
    {
        ulong file = (ulong)_calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        _calls.Call(1, file, CallWorld.Memory, 100);
        _calls.Call(8, file, 10, 0);
        _calls.Poke(CallWorld.Memory + 4096, CallWorld.Memory);
        _calls.Poke(CallWorld.Memory + 4104, 50UL);
        Assert.Equal(50, _calls.Call(328, file, CallWorld.Memory + 4096, 1, 0, 0, 16));
        Assert.Equal((150UL, 10L), (_calls.World.At("/f")->Size, _calls.Call(8, file, 0, 1)));
        Assert.Equal(50, _calls.Call(328, file, CallWorld.Memory + 4096, 1, ulong.MaxValue, 0, 16));
        Assert.Equal((200UL, 200L), (_calls.World.At("/f")->Size, _calls.Call(8, file, 0, 1)));
    }
}
