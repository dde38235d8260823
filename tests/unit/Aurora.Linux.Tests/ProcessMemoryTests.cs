using System;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>process_vm_readv and process_vm_writev; and syslog, which shows a machine's doings to its administrator only.</summary>
public sealed unsafe class ProcessMemoryTests : IDisposable
{
    private const ulong Scratch = TestKernel.Scratch;
    private const int ReadCall = 310;
    private const int WriteCall = 311;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public ProcessMemoryTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long Transfer(
        Thread* thread, int number, Thread* target, (ulong Address, ulong Bytes)[] local, (ulong Address, ulong Bytes)[] remote)
    {
        ulong at = Scratch;
        foreach ((ulong Address, ulong Bytes)[] list in new[] { local, remote })
        {
            foreach ((ulong address, ulong bytes) in list)
            {
                _kernel.Poke(thread, at, address);
                _kernel.Poke(thread, at + 8, bytes);
                at += 16;
            }
        }
        ulong second = Scratch + (ulong)(local.Length * 16);
        return _kernel.Call(thread, number, (ulong)target->Id, Scratch, (ulong)local.Length, second, (ulong)remote.Length, 0)!.Value;
    }

    [Fact]
    public void Bytes_go_from_one_process_to_another_however_they_are_divided()
    {
        Thread* child = _kernel.Fork(_init);
        const ulong bytes = 150_000;
        for (ulong i = 0; i < bytes; i += 8)
            _kernel.Poke(child, Scratch + 0x8000 + i, i * 0x9E3779B97F4A7C15);
        Assert.Equal((long)bytes, Transfer(_init, ReadCall, child,
            [(Scratch + 0x5000, 1), (Scratch + 0x8001, bytes - 1)],
            [(Scratch + 0x8000, 77_777), (Scratch + 0x8000 + 77_777, bytes - 77_777)]));
        Assert.Equal(_kernel.Peek<byte>(child, Scratch + 0x8000), _kernel.Peek<byte>(_init, Scratch + 0x5000));
        for (ulong i = 8; i < bytes; i += 8)
            Assert.Equal(i * 0x9E3779B97F4A7C15, _kernel.Peek<ulong>(_init, Scratch + 0x8000 + i));
        _kernel.Poke(_init, Scratch + 0x1000, 42UL);
        Assert.Equal(8, Transfer(_init, WriteCall, child, [(Scratch + 0x1000, 8)], [(Scratch + 0x2000, 100)]));
        Assert.Equal(42UL, _kernel.Peek<ulong>(child, Scratch + 0x2000));
        Assert.Equal(0UL, _kernel.Peek<ulong>(_init, Scratch + 0x2000));
    }

    [Fact]
    public void What_is_not_there_ends_the_call_with_what_was_copied()
    {
        Thread* child = _kernel.Fork(_init);
        ulong end = Scratch + TestKernel.ScratchBytes;
        Assert.Equal(16, Transfer(_init, ReadCall, child, [(Scratch + 0x1000, 100)], [(end - 16, 100)]));
        Assert.Equal(-(long)Errno.EFAULT, Transfer(_init, ReadCall, child, [(Scratch + 0x1000, 100)], [(end, 100)]));
        Assert.Equal(-(long)Errno.EFAULT, Transfer(_init, ReadCall, child, [(end, 100)], [(Scratch, 100)]));
        Assert.Equal(-(long)Errno.EINVAL, Transfer(_init, ReadCall, child, [(Scratch, ulong.MaxValue)], [(Scratch, 100)]));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, ReadCall, 1, Scratch, 1, Scratch, 1, 1));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, ReadCall, 1, Scratch, 1025, Scratch, 1, 0));
        Assert.Equal(0, _kernel.Call(_init, ReadCall, 9999, 0, 0, 0, 0, 0));
        _kernel.Poke(_init, Scratch, Scratch);
        _kernel.Poke(_init, Scratch + 8, 1UL);
        Assert.Equal(-(long)Errno.ESRCH, _kernel.Call(_init, ReadCall, 9999, Scratch, 1, Scratch, 1, 0));
    }

    [Fact]
    public void Nobody_reads_or_writes_what_he_may_not_look_into()
    {
        Thread* user = _kernel.Fork(_init);
        Assert.Equal(0, _kernel.Call(user, 106, 1000));
        Assert.Equal(0, _kernel.Call(user, 105, 1000));
        Assert.Equal(-(long)Errno.EPERM, Transfer(user, ReadCall, _init, [(Scratch + 0x1000, 8)], [(Scratch + 0x1000, 8)]));
        Assert.Equal(-(long)Errno.EPERM, Transfer(user, WriteCall, _init, [(Scratch + 0x1000, 8)], [(Scratch + 0x1000, 8)]));
        Assert.Equal(8, Transfer(user, ReadCall, user, [(Scratch + 0x1000, 8)], [(Scratch + 0x2000, 8)]));
        Assert.Equal(8, Transfer(_init, ReadCall, user, [(Scratch + 0x1000, 8)], [(Scratch + 0x2000, 8)]));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, 103, 3, Scratch, 100));
        Assert.Equal(0, _kernel.Call(_init, 103, 3, Scratch, 100));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, 103, 3, 0, 100));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, 103, 11, Scratch, 100));
    }
}
