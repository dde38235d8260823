using System;
using Aurora.Base;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Who may have the kernel tell what it does, and how it is read.</summary>
public sealed unsafe class TraceCallTests : IDisposable
{
    private const int Trace = 0x5A01A;
    private const int Begin = 1;
    private const int End = 2;
    private const int Read = 3;
    private const ulong Position = TestKernel.Scratch;
    private const ulong Events = TestKernel.Scratch + 64;
    private const ulong Nowhere = 8;
    private const ulong HostNumber = 7;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public TraceCallTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long? Call(ulong operation, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0)
        => _kernel.Call(_init, Trace, operation, a, b, c, d);

    private void Tell(int count, uint group = 0)
    {
        for (ulong i = 0; i < (ulong)count; i++)
        {
            ulong at = 1000 + i;
            _kernel.Trace.Tell(group, TraceKind.Freeze, ref at, 5, i);
        }
    }

    private void SetPosition(ulong position) => _kernel.Poke(_init, Position, position);

    [Fact]
    public void Events_are_read_from_a_position_on_in_pieces_until_there_are_no_more()
    {
        // The calls themselves are not long enough.
        Assert.Equal(0, Call(Begin, 1_000_000_000));
        Tell(20);
        SetPosition(0);
        Assert.Equal(2, Call(Read, 0, Position, Events, 2));
        Assert.Equal(2UL, _kernel.Peek<ulong>(_init, Position));
        Assert.Equal(16, Call(Read, 0, Position, Events, 100));
        TraceEvent third = _kernel.Peek<TraceEvent>(_init, Events);
        Assert.Equal((2UL, 5UL, (uint)HostNumber), (third.Argument, third.DurationNanoseconds, third.Group));
        Assert.Equal(2, Call(Read, 0, Position, Events, 100));
        Assert.Equal(0, Call(Read, 0, Position, Events, 100));
        Assert.Equal(20UL, _kernel.Peek<ulong>(_init, Position));
        Assert.Equal(0, Call(End));
        Tell(1);
        Assert.Equal(0, Call(Read, 0, Position, Events, 100));
        Assert.Equal(20, Call(Begin, 0));
    }

    [Fact]
    public void Long_calls_are_told_and_a_group_that_has_gone_is_nobody()
    {
        Assert.Equal(0, Call(Begin, 0));
        _kernel.Do(_init, 39);
        Assert.Equal(0, Call(End));
        Tell(1, group: 3);
        SetPosition(0);
        Assert.Equal(1, Call(Read, 0, Position, Events, 1));
        TraceEvent call = _kernel.Peek<TraceEvent>(_init, Events);
        Assert.Equal(((ushort)TraceKind.Call, 39UL, (uint)HostNumber), (call.Kind, call.Argument, call.Group));

        Assert.Equal(1, Call(Begin, 1_000_000_000));
        Tell(1, group: 3);
        Assert.Equal(1, Call(Read, 0, Position, Events, 1));
        Assert.Equal(TraceEvent.NoGroup, _kernel.Peek<TraceEvent>(_init, Events).Group);
    }

    [Fact]
    public void Only_root_of_the_host_may_and_what_makes_no_sense_is_refused()
    {
        SetPosition(0);
        Assert.Equal(-(long)Errno.EINVAL, Call(0));
        Assert.Equal(-(long)Errno.EINVAL, Call(4));
        Assert.Equal(-(long)Errno.EINVAL, Call(Begin, 0, 2));
        Assert.Equal(-(long)Errno.ENOENT, Call(Read, 1, Position, Events, 1));
        Assert.Equal(-(long)Errno.EFAULT, Call(Read, 0, Nowhere, Events, 1));
        Assert.Equal(0, Call(Begin, 1_000_000_000));
        Tell(1);
        Assert.Equal(-(long)Errno.EFAULT, Call(Read, 0, Position, Nowhere, 1));
        Assert.Equal(1, Call(Read, 0, Position, Events, 1));

        // Faults are told as long as somebody wants them.
        Assert.False(_kernel.Trace.TellsFaults);
        Assert.Equal(1, Call(Begin, 1_000_000_000, 1));
        Assert.True(_kernel.Trace.TellsFaults);
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        foreach (ulong operation in (ulong[])[Begin, End, Read])
            Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Trace, operation, 0, Position, Events, 1));
        _kernel.Groups.IsInHost = false;
        Assert.Equal(-(long)Errno.EPERM, Call(Read, 0, Position, Events, 1));
        Assert.True(_kernel.Trace.IsOn);
    }
}
