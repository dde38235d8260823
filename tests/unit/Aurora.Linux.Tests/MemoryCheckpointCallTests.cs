using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>sls_memckpt: which memory it takes, and how it waits.</summary>
public sealed unsafe class MemoryCheckpointCallTests : IDisposable
{
    private const int Checkpoint = 0x5A01B;
    private const int Mmap = 9;
    private const ulong Async = 1;
    private const ulong Shared = 0x21;
    private const ulong Private = 0x22;
    private const ulong GrowsDown = 0x100;
    private const ulong ReadWrite = 3;
    private const ulong Page = 4096;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public MemoryCheckpointCallTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    private long? Call(ulong address, ulong flags = 0) => _kernel.Call(_init, Checkpoint, address, flags);

    private ulong Map(ulong flags, ulong file = ulong.MaxValue)
        => (ulong)_kernel.Do(_init, Mmap, 0, 4 * Page, ReadWrite, flags, file, 0);

    [Theory]
    [InlineData(Shared)]
    [InlineData(Private)]
    public void Anonymous_memory_is_taken_by_any_of_its_pages(ulong flags)
    {
        ulong at = Map(flags);
        Assert.Equal(1, Call(at + (2 * Page), Async));
        Assert.True(_kernel.Checkpoints.Memory == MappingTable.Find(_init->Process->AddressSpace, new VirtualAddress(at)));
    }

    [Fact]
    public void Files_stacks_odd_addresses_and_nothing_at_all_are_refused()
    {
        _kernel.WriteFile("/file", new byte[5000]);
        ulong path = _kernel.PokeText(_init, TestKernel.Scratch, "/file");
        ulong file = (ulong)_kernel.Do(_init, 2, path, 2);
        ulong at = Map(Private);
        Assert.Equal(-(long)Errno.EOPNOTSUPP, Call(Map(1, file)));
        Assert.Equal(-(long)Errno.EOPNOTSUPP, Call(Map(2, file)));
        Assert.Equal(-(long)Errno.EOPNOTSUPP, Call(Map(Private | GrowsDown)));
        Assert.Equal(-(long)Errno.EINVAL, Call(at + 1));
        Assert.Equal(-(long)Errno.EINVAL, Call(at, 2));
        Assert.Equal(-(long)Errno.ENOMEM, Call(Page));
        Assert.Equal(-(long)Errno.ENOMEM, Call(ulong.MaxValue - 4095));
        Assert.True(_kernel.Checkpoints.Memory == null);
    }

    [Fact]
    public void It_waits_until_its_epoch_is_durable()
    {
        ulong at = Map(Private);
        Assert.Null(Call(at));
        Assert.Equal(ThreadState.Blocked, _init->State);
        _kernel.Checkpoints.DurableEpoch = 1;
        _kernel.Scheduler.WakeAll(_kernel.Checkpoints.DurableOf(_kernel.Tracker));
        Assert.Equal(1, _kernel.Resume(_init));
        Assert.Equal(1UL, _kernel.Checkpoints.Requested);
    }

    [Fact]
    public void Without_a_place_it_waits_for_one_and_begins_again()
    {
        ulong at = Map(Private);
        _kernel.Checkpoints.MemoryAnswer = Errno.EAGAIN;
        Assert.Null(Call(at, Async));
        _kernel.Checkpoints.MemoryAnswer = Errno.Ok;
        _kernel.Scheduler.WakeAll(_kernel.Checkpoints.DurableOf(_kernel.Tracker));
        Assert.Equal(1, _kernel.Resume(_init));
    }

    [Fact]
    public void An_ephemeral_group_has_none()
    {
        ObjectTracker group = _kernel.Tracked.Add(9, new ObjectId(1));
        group.BeEphemeral();
        Thread* other = _kernel.Life.CreateInit(group);
        other->Process->AddressSpace = _kernel.Memory.Spaces.Create(group, SpaceLimits.Default);
        _kernel.Map(other->Process->AddressSpace, TestKernel.Scratch, Page, Protection.Read | Protection.Write);
        other->Context->PageTableRoot = other->Process->AddressSpace->Root.Address.Value;
        _kernel.Life.Start(other);
        _kernel.Call(other, Checkpoint, TestKernel.Scratch);
        Assert.Equal(-(long)Errno.EOPNOTSUPP, (long)other->Context->Rax);
    }
}
