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
            ulong at = _kernel.Clock.Now + i;
            _kernel.Trace.Tell(group, TraceKind.Freeze, ref at, 5, i);
        }
    }

    private void SetPosition(ulong position) => _kernel.Poke(_init, Position, position);

    // The trace's number; the position becomes that of the event behind its beginning.
    private ulong Start(ulong shortest, ulong flags = 0)
    {
        long? number = Call(Begin, shortest, flags);
        Assert.True(number > 0, $"{number}");
        SetPosition((ulong)number.Value + 1);
        return (ulong)number.Value;
    }

    [Fact]
    public void Events_are_read_from_a_position_on_in_pieces_until_there_are_no_more()
    {
        // The calls themselves are not long enough.
        ulong number = Start(1_000_000_000);
        Tell(20);
        SetPosition(number);
        Assert.Equal(1, Call(Read, 0, Position, Events, 1));
        TraceEvent begin = _kernel.Peek<TraceEvent>(_init, Events);
        Assert.Equal(((ushort)TraceKind.Begin, 1_000_000_000UL, TraceEvent.NoGroup), (begin.Kind, begin.Argument, begin.Group));
        Assert.Equal(2, Call(Read, 0, Position, Events, 2));
        Assert.Equal(number + 3, _kernel.Peek<ulong>(_init, Position));
        Assert.Equal(16, Call(Read, 0, Position, Events, 100));
        TraceEvent third = _kernel.Peek<TraceEvent>(_init, Events);
        Assert.Equal((2UL, 5UL, (uint)HostNumber), (third.Argument, third.DurationNanoseconds, third.Group));
        Assert.Equal(2, Call(Read, 0, Position, Events, 100));
        Assert.Equal(0, Call(Read, 0, Position, Events, 100));
        Assert.Equal(number + 21, _kernel.Peek<ulong>(_init, Position));
        Assert.Equal(0, Call(End, number));
        Tell(1);
        Assert.Equal(0, Call(Read, 0, Position, Events, 100));
        Assert.Equal(number + 21, Start(0));
    }

    [Fact]
    public void Long_calls_are_told_and_a_group_that_has_gone_is_nobody()
    {
        ulong number = Start(0);
        _kernel.Do(_init, 39);
        Assert.Equal(0, Call(End, number));
        Tell(1, group: 3);
        Assert.Equal(1, Call(Read, 0, Position, Events, 1));
        TraceEvent call = _kernel.Peek<TraceEvent>(_init, Events);
        Assert.Equal(((ushort)TraceKind.Call, 39UL, (uint)HostNumber), (call.Kind, call.Argument, call.Group));

        Assert.Equal(number + 2, Start(1_000_000_000));
        Tell(1, group: 3);
        Assert.Equal(1, Call(Read, 0, Position, Events, 1));
        Assert.Equal(TraceEvent.NoGroup, _kernel.Peek<TraceEvent>(_init, Events).Group);
    }

    [Fact]
    public void One_is_made_at_a_time_and_one_that_nobody_reads_ends_by_itself()
    {
        ulong first = Start(1_000_000_000);
        Assert.Equal(-(long)Errno.EBUSY, Call(Begin, 0, 1));
        Assert.False(_kernel.Trace.TellsFaults);

        // Who reads nothing says that he listens; whose trace has ended learns it, and does not end another's.
        for (int i = 0; i < 3; i++)
        {
            _kernel.Clock.Advance(TraceLog.SilenceNanoseconds - 1);
            SetPosition(first);
            Assert.Equal(0, Call(Read, 0, Position, Events, 0));
        }
        Assert.Equal(-(long)Errno.EBUSY, Call(Begin, 0));
        _kernel.Clock.Advance(TraceLog.SilenceNanoseconds);
        Assert.Equal(-(long)Errno.ETIMEDOUT, Call(End, first));
        Assert.False(_kernel.Trace.IsOn);
        ulong second = Start(1_000_000_000);
        Assert.Equal(-(long)Errno.ETIMEDOUT, Call(End, first));
        Assert.True(_kernel.Trace.IsOn);
        Assert.Equal(0, Call(End, second));
    }

    [Fact]
    public void Who_began_one_before_the_machine_was_started_anew_is_told()
    {
        // A boot before; this one's ring begins behind all positions of that.
        ulong before = _kernel.Clock.Realtime - 1_000_000;
        SetPosition(before);
        Assert.Equal(-(long)Errno.ECANCELED, Call(Read, 0, Position, Events, 0));
        Assert.Equal(-(long)Errno.ECANCELED, Call(Read, 0, Position, Events, 1));
        Assert.Equal(before, _kernel.Peek<ulong>(_init, Position));
        ulong number = Start(1_000_000_000);
        Assert.Equal(-(long)Errno.ECANCELED, Call(End, before));
        Assert.True(_kernel.Trace.IsOn);
        SetPosition(number + 2);
        Assert.Equal(-(long)Errno.ECANCELED, Call(Read, 0, Position, Events, 1));
    }

    [Fact]
    public void Only_root_of_the_host_may_and_what_makes_no_sense_is_refused()
    {
        Assert.Equal(-(long)Errno.EINVAL, Call(0));
        Assert.Equal(-(long)Errno.EINVAL, Call(4));
        Assert.Equal(-(long)Errno.EINVAL, Call(Begin, 0, 2));
        Assert.Equal(-(long)Errno.ENOENT, Call(Read, 1, Position, Events, 1));
        Assert.Equal(-(long)Errno.EFAULT, Call(Read, 0, Nowhere, Events, 1));

        // Faults are told as long as somebody wants them.
        ulong number = Start(1_000_000_000, 1);
        Assert.True(_kernel.Trace.TellsFaults);
        Assert.Equal(0, Call(End, number));
        Assert.False(_kernel.Trace.TellsFaults);
        Start(1_000_000_000);
        Assert.False(_kernel.Trace.TellsFaults);
        Tell(1);
        Assert.Equal(-(long)Errno.EFAULT, Call(Read, 0, Position, Nowhere, 1));
        Assert.Equal(1, Call(Read, 0, Position, Events, 1));
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        foreach (ulong operation in (ulong[])[Begin, End, Read])
            Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Trace, operation, 0, Position, Events, 1));
        _kernel.Groups.IsInHost = false;
        Assert.Equal(-(long)Errno.EPERM, Call(Read, 0, Position, Events, 1));
        Assert.True(_kernel.Trace.IsOn);
    }
}
