using System;
using System.Text;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Who may detach and attach whom, and how it shows.</summary>
public sealed unsafe class AttachCallTests : IDisposable
{
    private const int Of = 0x5A00E;
    private const int Attach = 0x5A012;
    private const int Detach = 0x5A013;
    private const ulong Name = TestKernel.Scratch + 0x400;
    private const ulong Buffer = TestKernel.Scratch + 0x8000;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public AttachCallTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    [Fact]
    public void A_process_detaches_itself_and_its_children_and_is_attached_again()
    {
        Thread* child = _kernel.Fork(_init);
        Assert.Equal(0, _kernel.Call(child, Detach, 0));
        Assert.True(child->Process->IsDetached);
        Thread* grandchild = _kernel.Fork(child);
        Assert.True(grandchild->Process->IsDetached);
        Assert.Equal(0, _kernel.Call(_init, Attach, (ulong)child->Process->Id));
        Assert.False(child->Process->IsDetached);
        Assert.True(grandchild->Process->IsDetached);
        Assert.Equal(0, _kernel.Call(_init, Detach, (ulong)child->Process->Id));
        Assert.True(child->Process->IsDetached);
    }

    [Fact]
    public void Who_may_kill_a_process_may_do_so_and_init_is_never_meant()
    {
        Thread* mine = _kernel.Fork(_init);
        Thread* other = _kernel.Fork(_init);
        Thread* also = _kernel.Fork(_init);
        foreach ((IntPtr thread, ulong user) in new[] { ((IntPtr)mine, 1000UL), ((IntPtr)other, 1001UL), ((IntPtr)also, 1000UL) })
            Assert.Equal(0, _kernel.Do((Thread*)thread, 105, user));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(mine, Detach, (ulong)other->Process->Id));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(mine, Detach, 1));
        Assert.Equal(0, _kernel.Call(mine, Detach, (ulong)also->Process->Id));
        Assert.Equal(0, _kernel.Call(_init, Detach, (ulong)other->Process->Id));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Detach, 0));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Detach, 1));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Detach, ulong.MaxValue));
        Assert.Equal(-(long)Errno.ESRCH, _kernel.Call(_init, Detach, 77));
    }

    [Fact]
    public void The_host_s_root_does_it_for_a_group()
    {
        Thread* child = _kernel.Fork(_init);
        _kernel.PokeText(_init, Name, "host");
        Assert.Equal(0, _kernel.Call(_init, Of, Name, Detach, (ulong)child->Process->Id));
        Assert.True(child->Process->IsDetached);
        Assert.Equal(0, _kernel.Call(_init, Of, Name, Attach, (ulong)child->Process->Id));
        Assert.False(child->Process->IsDetached);
        Assert.Equal(-(long)Errno.ESRCH, _kernel.Call(_init, Of, Name, Detach, 0));
    }

    [Fact]
    public void Its_status_tells()
    {
        Thread* child = _kernel.Fork(_init);
        Assert.DoesNotContain("Detached", StatusOf(child), StringComparison.Ordinal);
        _kernel.Call(child, Detach, 0);
        Assert.EndsWith("\nDetached:\t1\n", StatusOf(child), StringComparison.Ordinal);
    }

    private string StatusOf(Thread* thread)
    {
        ulong path = _kernel.PokeText(thread, TestKernel.Scratch, "/proc/self/status");
        long descriptor = _kernel.Call(thread, 2, path, 0)!.Value;
        long count = _kernel.Do(thread, 0, (ulong)descriptor, Buffer, 0x2000);
        _kernel.Do(thread, 3, (ulong)descriptor);
        var text = new StringBuilder();
        for (ulong i = 0; i < (ulong)count; i++)
            text.Append((char)_kernel.Peek<byte>(thread, Buffer + i));
        return text.ToString();
    }
}
