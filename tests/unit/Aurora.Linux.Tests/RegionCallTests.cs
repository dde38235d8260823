using System;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>The calls of regions: their arguments, whose pages they take, who waits and for what.</summary>
public sealed unsafe class RegionCallTests : IDisposable
{
    private const int Open = 0x5A020;
    private const int Persist = 0x5A021;
    private const int Wait = 0x5A022;
    private const int Abort = 0x5A023;
    private const int Resize = 0x5A024;
    private const int Delete = 0x5A025;
    private const int Clone = 0x5A026;
    private const int List = 0x5A027;
    private const int Notify = 0x5A028;
    private const int Rollback = 0x5A029;
    private const int History = 0x5A02A;
    private const ulong Name = TestKernel.Scratch + 0x400;
    private const ulong Out = TestKernel.Scratch + 0x800;
    private const ulong Creates = 1;
    private const ulong Async = 1;
    private const ulong Global = 2;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public RegionCallTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    [Fact]
    public void A_program_opens_stores_and_persists_and_another_sees_it_at_the_same_address()
    {
        (ulong md, ulong at) = Make(_init, "db", 8192);
        Assert.Equal(0x6000_0000_0000UL, at);
        _kernel.Poke(_init, at + 4096, 42UL);
        Assert.Equal(1, _kernel.Call(_init, Persist, md, 0));
        Thread* child = _kernel.Fork(_init);
        Assert.Equal(42UL, _kernel.Peek<ulong>(child, at + 4096));
        (ulong again, ulong same) = Make(child, "db", 4096);
        Assert.Equal((md, at), (again, same));
        Assert.Equal(1, _kernel.Call(child, Persist, md, 0));
    }

    [Fact]
    public void Arguments_that_cannot_be_are_refused()
    {
        _kernel.PokeText(_init, Name, "x");
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Open, Name, Out, 4096, 8));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Open, Name, Out, 0, Creates));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Open, Name, Out, 4096, 2));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Open, Name, Out, ulong.MaxValue, Creates));
        Assert.Equal(-(long)Errno.ENOENT, _kernel.Call(_init, Open, Name, Out, 4096, 0));
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, Open, Name, 8, 4096, Creates));
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, Open, 8, Out, 4096, Creates));
        _kernel.PokeText(_init, Name, "");
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Open, Name, Out, 4096, Creates));
        _kernel.PokeText(_init, Name, new string('n', 64));
        Assert.Equal(-(long)Errno.ENAMETOOLONG, _kernel.Call(_init, Open, Name, Out, 4096, Creates));
        (ulong md, _) = Make(_init, "y", 4096);
        _kernel.PokeText(_init, Name, "y");
        Assert.Equal(-(long)Errno.ERANGE, _kernel.Call(_init, Open, Name, Out, 8192, 0));
        Assert.Equal(-(long)Errno.EEXIST, _kernel.Call(_init, Open, Name, Out, 4096, Creates | 2));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Persist, md, 4));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Abort, md, 1));
        foreach (int call in new[] { Persist, Wait, Abort, Resize })
            Assert.Equal(-(long)Errno.EBADF, _kernel.Call(_init, call, 77, call == Resize ? 4096UL : 0));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Wait, md, 5));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Resize, md, 0));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Notify, 65));
    }

    [Fact]
    public void Who_does_not_show_a_region_can_do_nothing_to_it()
    {
        (ulong md, ulong at) = Make(_init, "mine", 4096);
        Assert.Equal(0, _kernel.Do(_init, 11, at, 64UL << 20));
        Assert.Equal(-(long)Errno.EBADF, _kernel.Call(_init, Persist, md, 0));
        Assert.Equal(-(long)Errno.EBADF, _kernel.Call(_init, Abort, md, Global));
        Assert.Equal(0, _kernel.Call(_init, Persist, ulong.MaxValue, 0));
    }

    [Fact]
    public void A_persist_waits_until_it_is_durable_and_an_asynchronous_one_is_waited_for()
    {
        (ulong md, ulong at) = Make(_init, "slow", 8192);
        _kernel.Regions.IsHolding = true;
        _kernel.Poke(_init, at, 1UL);
        Assert.Null(_kernel.Call(_init, Persist, md, 0));
        _kernel.Regions.Land();
        Assert.Equal(1, _kernel.Resume(_init));
        _kernel.Poke(_init, at, 2UL);
        Assert.Equal(2, _kernel.Call(_init, Persist, md, Async));
        Assert.Null(_kernel.Call(_init, Wait, md, 2));
        _kernel.Regions.Land();
        Assert.Equal(0, _kernel.Resume(_init));
        Assert.Equal(0, _kernel.Call(_init, Abort, md, 0));
        Assert.Equal(2UL, _kernel.Peek<ulong>(_init, at));
    }

    [Fact]
    public void Each_thread_has_its_pages_and_one_call_takes_all()
    {
        (ulong md, ulong at) = Make(_init, "two", 8192);
        Thread* child = _kernel.Fork(_init);
        _kernel.Do(_init, 39);
        _kernel.Poke(_init, at, 1UL);
        _kernel.Do(child, 39);
        _kernel.Poke(child, at + 4096, 2UL);
        Region* region = _kernel.Regions.Find(md);
        Assert.Equal((1UL, 1UL), (Regions.DirtyPagesOf(region, &_init->Regions), Regions.DirtyPagesOf(region, &child->Regions)));
        Assert.Equal(1, _kernel.Call(child, Persist, md, 0));
        Assert.Equal((1UL, 0UL), (Regions.DirtyPagesOf(region, &_init->Regions), Regions.DirtyPagesOf(region, &child->Regions)));
        Assert.Equal(2, _kernel.Call(child, Persist, md, Global));
        Assert.Equal(0UL, region->DirtyPages);
    }

    [Fact]
    public void All_regions_that_are_dirty_are_persisted_together_and_at_most_eight()
    {
        (_, ulong at) = Make(_init, "one", 4096);
        (_, ulong second) = Make(_init, "other", 4096);
        Assert.Equal(0, _kernel.Call(_init, Persist, ulong.MaxValue, 0));
        _kernel.Poke(_init, second, 1UL);
        Assert.Equal(1, _kernel.Call(_init, Persist, ulong.MaxValue, 0));
        _kernel.Poke(_init, at, 1UL);
        _kernel.Poke(_init, second, 2UL);
        Assert.Equal(1, _kernel.Call(_init, Persist, ulong.MaxValue, 0));
        Assert.Equal(0, _kernel.Call(_init, Persist, ulong.MaxValue, 0));
        for (int i = 0; i < 6; i++)
        {
            (_, ulong more) = Make(_init, "more" + i, 4096);
            _kernel.Poke(_init, more, 1UL);
        }
        _kernel.Poke(_init, at, 3UL);
        _kernel.Poke(_init, second, 4UL);
        Assert.Equal(2, _kernel.Call(_init, Persist, ulong.MaxValue, 0));
        for (int i = 0; i < 7; i++)
            _kernel.Poke(_init, Make(_init, "ninth" + i, 4096).Address, 1UL);
        _kernel.Poke(_init, at, 5UL);
        _kernel.Poke(_init, second, 6UL);
        Assert.Equal(-(long)Errno.E2BIG, _kernel.Call(_init, Persist, ulong.MaxValue, 0));
    }

    [Fact]
    public void All_regions_wait_for_what_is_not_back_from_a_refused_persist()
    {
        (_, ulong at) = Make(_init, "one", 4096);
        _kernel.Poke(_init, at, 1UL);
        _kernel.Regions.IsUnsettled = true;
        Assert.Null(_kernel.Call(_init, Persist, ulong.MaxValue, 0));
        _kernel.Regions.IsUnsettled = false;
        _kernel.Regions.Wake();
        Assert.Equal(1, _kernel.Resume(_init));
    }

    [Fact]
    public void What_is_asked_for_reaches_who_does_it_and_regions_are_listed()
    {
        (ulong md, _) = Make(_init, "a", 4096);
        Assert.Equal(0, _kernel.Call(_init, Resize, md, 9000));
        RegionRequest asked = _kernel.Regions.LastRequest;
        Assert.Equal((RegionRequestKind.Resize, md, 3UL), (asked.Kind, asked.Number, asked.Pages));
        _kernel.PokeText(_init, Name, "a");
        _kernel.PokeText(_init, Name + 64, "b");
        Assert.Equal(0, _kernel.Call(_init, Clone, Name, 9, Name + 64));
        Assert.Equal((RegionRequestKind.Clone, 9UL), (_kernel.Regions.LastRequest.Kind, _kernel.Regions.LastRequest.Epoch));
        Assert.Equal(0, _kernel.Call(_init, Delete, Name));
        Assert.Equal(RegionRequestKind.Delete, _kernel.Regions.LastRequest.Kind);
        Assert.Equal(0, _kernel.Call(_init, List, 0, Out, 128));
        Assert.Equal("a", _kernel.PeekText(_init, Out + 64));
        Assert.Equal(4096UL, _kernel.Peek<ulong>(_init, Out + 16));
        Assert.Equal(-(long)Errno.ENOENT, _kernel.Call(_init, List, 1, Out, 128));
    }

    [Fact]
    public void A_region_goes_back_and_its_states_are_told_as_far_as_there_is_room()
    {
        Make(_init, "a", 4096);
        _kernel.PokeText(_init, Name, "a");
        Assert.Equal(0, _kernel.Call(_init, Rollback, Name, 9));
        Assert.Equal((RegionRequestKind.Rollback, 9UL), (_kernel.Regions.LastRequest.Kind, _kernel.Regions.LastRequest.Epoch));
        _kernel.Regions.IsAsking = true;
        foreach ((ulong room, ulong told) in new[] { (8UL, 3UL), (2UL, 2UL), (0UL, 0UL) })
        {
            Assert.Null(_kernel.Call(_init, History, Name, 4, Out, room));
            _kernel.Regions.Serve();
            Assert.Equal((long)told, _kernel.Resume(_init));
        }
        Assert.Equal((5UL, 7UL), (_kernel.Peek<ulong>(_init, Out), _kernel.Peek<ulong>(_init, Out + 8)));
        Assert.Equal(6UL, _kernel.Peek<ulong>(_init, Out + 16));
        Assert.Null(_kernel.Call(_init, History, Name, 4, 0, 8));
        _kernel.Regions.Serve();
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Resume(_init));
        _init->Process->Credentials.Capabilities.Effective = 0;
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(_init, Rollback, Name, 9));
    }

    [Fact]
    public void What_is_asked_for_is_what_was_said_then_whatever_the_memory_says_later()
    {
        Make(_init, "mine", 4096);
        (ulong victim, ulong at) = Make(_init, "victim", 4096);
        Assert.Equal(0, _kernel.Do(_init, 11, at, 64UL << 20));
        _kernel.PokeText(_init, Name, "mine");
        _kernel.Regions.IsAsking = true;
        Assert.Null(_kernel.Call(_init, Open, Name, Out, 4096, 0));
        _kernel.PokeText(_init, Name, "victim");
        _kernel.Regions.Serve();
        Assert.Equal(1, _kernel.Resume(_init));
        Assert.Equal(-(long)Errno.EBADF, _kernel.Call(_init, Persist, victim, 0));
    }

    [Fact]
    public void After_a_restart_what_may_be_done_twice_is_asked_for_again()
    {
        Make(_init, "a", 4096);
        _kernel.Regions.IsAsking = true;
        _kernel.PokeText(_init, Name, "a");
        Assert.Null(_kernel.Call(_init, Open, Name, Out, 4096, 0));
        _kernel.Regions.Forget();
        Assert.Null(_kernel.Resume(_init));
        _kernel.Regions.Serve();
        Assert.Equal(1, _kernel.Resume(_init));
        Assert.Null(_kernel.Call(_init, Delete, Name));
        _kernel.Regions.Forget();
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Resume(_init));
    }

    [Fact]
    public void Who_may_not_administer_uses_regions_and_makes_none()
    {
        (ulong md, ulong at) = Make(_init, "made", 4096);
        _kernel.PokeText(_init, Name, "made");
        _init->Process->Credentials.Capabilities.Effective = 0;
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(_init, Resize, md, 8192));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(_init, Delete, Name));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(_init, Clone, Name, 0, Name));
        _kernel.Poke(_init, at, 1UL);
        Assert.Equal(1, _kernel.Call(_init, Persist, md, 0));
        Assert.Equal((long)md, _kernel.Call(_init, Open, Name, Out, 4096, Creates));
        _kernel.PokeText(_init, Name, "new");
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(_init, Open, Name, Out, 4096, Creates));
    }

    [Fact]
    public void What_is_shown_for_reading_is_not_opened_for_writing_at_the_same_place()
    {
        (_, ulong at) = Make(_init, "shown", 4096);
        _kernel.PokeText(_init, Name, "shown");
        Assert.Equal(-(long)Errno.EEXIST, _kernel.Call(_init, Open, Name, Out, 4096, 4));
        Assert.Equal(0, _kernel.Do(_init, 11, at, 64UL << 20));
        Assert.Equal(1, _kernel.Call(_init, Open, Name, Out, 4096, 4));
        Assert.Equal(-(long)Errno.EEXIST, _kernel.Call(_init, Open, Name, Out, 4096, 0));
    }

    [Fact]
    public void The_signal_is_the_program_s_and_its_children_s()
    {
        Assert.Equal(0, _kernel.Call(_init, Notify, 10));
        Assert.Equal(10, _kernel.Call(_init, Notify, 12));
        Thread* child = _kernel.Fork(_init);
        Assert.Equal(12, _kernel.Call(child, Notify, 0));
    }

    private (ulong Number, ulong Address) Make(Thread* thread, string name, ulong length)
    {
        _kernel.PokeText(thread, Name, name);
        ulong md = (ulong)_kernel.Do(thread, Open, Name, Out, length, Creates);
        return (md, _kernel.Peek<ulong>(thread, Out));
    }
}
