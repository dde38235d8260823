using System;
using Aurora.Linux.Calls;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>sched_setattr and sched_getattr, compared with Linux 6.1 call by call.</summary>
public sealed unsafe class SchedulingAttributeTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const int SetCall = 314;
    private const int GetCall = 315;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public SchedulingAttributeTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long Set(Thread* thread, SchedulingAttributes attributes, ulong id = 0)
    {
        attributes.Size = attributes.Size == 0 ? 48 : attributes.Size;
        _kernel.Poke(thread, Scratch, attributes);
        return _kernel.Call(thread, SetCall, id, Scratch, 0)!.Value;
    }

    private SchedulingAttributes Get(Thread* thread, uint size = 56)
    {
        _kernel.Poke(thread, Scratch, default(SchedulingAttributes));
        Assert.Equal(0, _kernel.Do(thread, GetCall, 0, Scratch, size, 0));
        return _kernel.Peek<SchedulingAttributes>(thread, Scratch);
    }

    private void Shows(uint policy, int nice, uint priority, ulong flags = 0)
    {
        SchedulingAttributes now = Get(_init);
        Assert.Equal((policy, nice, priority, flags), (now.Policy, now.Nice, now.Priority, now.Flags));
    }

    [Fact]
    public void What_is_set_is_told()
    {
        Shows(0, 0, 0);
        Assert.Equal(0, Set(_init, new() { Nice = 5 }));
        Shows(0, 5, 0);
        Assert.Equal(0, Set(_init, new() { Nice = 30 }));
        Shows(0, 19, 0);
        Assert.Equal(0, Set(_init, new() { Nice = -30 }));
        Shows(0, -20, 0);
        Assert.Equal(0, Set(_init, new() { Nice = 0 }));
        Assert.Equal(0, Set(_init, new() { Policy = 1, Priority = 10 }));
        Assert.Equal(0, Set(_init, new() { Policy = 1, Priority = 5, Nice = 7 }));
        Shows(1, 0, 5);
        foreach (SchedulingAttributes wrong in new SchedulingAttributes[]
        {
            new() { Policy = 1 }, new() { Policy = 1, Priority = 100 }, new() { Priority = 1 }, new() { Policy = 4 }, new() { Policy = 7 },
            new() { Policy = uint.MaxValue }, new() { Flags = 0x80, Policy = 0 }, new() { Flags = 0x20 }, new() { Flags = 16, Policy = 0 },
        })
            Assert.Equal(-(long)Errno.EINVAL, Set(_init, wrong));
        Shows(1, 0, 5);
        Assert.Equal(0, Set(_init, new() { Policy = 3 }));
        Shows(3, 0, 0);
        Assert.Equal(0, Set(_init, new() { Policy = 5, Nice = 9 }));
        Shows(5, 0, 0);
        Assert.Equal(0, Set(_init, new() { Flags = 1 }));
        Shows(0, 0, 0, 1);
        Assert.Equal(0, Set(_init, new()));
        Assert.Equal(0, Set(_init, new() { Flags = 8, Policy = 1, Nice = 2 }));
        Shows(0, 2, 0);
        Assert.Equal(0, Set(_init, new() { Flags = 24, Policy = 1, Nice = 3 }));
        Shows(0, 2, 0);
        Assert.Equal(-(long)Errno.EOPNOTSUPP, Set(_init, new() { Size = 56, Flags = 0x20 }));
    }

    [Fact]
    public void The_structure_tells_its_size()
    {
        foreach (uint size in new uint[] { 47, 4097 })
        {
            Assert.Equal(-(long)Errno.E2BIG, Set(_init, new() { Size = size }));
            Assert.Equal(56U, _kernel.Peek<uint>(_init, Scratch));
            Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, GetCall, 0, Scratch, size, 0));
        }
        _kernel.Poke(_init, Scratch + 56, 0UL);
        Assert.Equal(0, Set(_init, new() { Size = 64 }));
        _kernel.Poke(_init, Scratch + 56, 1UL);
        Assert.Equal(-(long)Errno.E2BIG, Set(_init, new() { Size = 64 }));
        Assert.Equal(48U, Get(_init, 48).Size);
        Assert.Equal(56U, Get(_init, 4096).Size);
        foreach (ulong[] wrong in new ulong[][] { [0, 0, 48, 0], [ulong.MaxValue, Scratch, 48, 0], [0, Scratch, 48, 1] })
            Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, GetCall, wrong));
        foreach (ulong[] wrong in new ulong[][] { [0, 0, 0], [ulong.MaxValue, Scratch, 0], [0, Scratch, 1] })
            Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, SetCall, wrong));
        Assert.Equal(-(long)Errno.ESRCH, _kernel.Call(_init, GetCall, 9999, Scratch, 48, 0));
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, GetCall, 0, 1, 48, 0));
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, SetCall, 0, 1, 0));
        Assert.Equal(-(long)Errno.ESRCH, Set(_init, new(), 9999));
    }

    [Fact]
    public void Users_may_only_become_nicer_and_not_touch_others()
    {
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        Assert.Equal(-(long)Errno.EPERM, Set(user, new() { Policy = 1, Priority = 1 }));
        Assert.Equal(-(long)Errno.EPERM, Set(user, new() { Nice = -1 }));
        Assert.Equal(0, Set(user, new() { Nice = 4 }));
        Assert.Equal(-(long)Errno.EPERM, Set(user, new() { Nice = 3 }));
        Assert.Equal(-(long)Errno.EPERM, Set(user, new() { Nice = 4 }, 1));
        Assert.Equal(0, _kernel.Do(user, GetCall, 1, Scratch, 48, 0));
    }
}
