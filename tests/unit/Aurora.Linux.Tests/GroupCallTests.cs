using System;
using System.Text;
using Aurora.Base;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Who may do what with groups, and how the calls wait.</summary>
public sealed unsafe class GroupCallTests : IDisposable
{
    private const int GroupCall = 0x5A005;
    private const int Rollback = 0x5A009;
    private const int Manage = 0x5A00B;
    private const int Log = 0x5A00C;
    private const int Input = 0x5A00D;
    private const int Of = 0x5A00E;
    private const ulong Request = TestKernel.Scratch;
    private const ulong Name = TestKernel.Scratch + 0x400;
    private const ulong Place = TestKernel.Scratch + 0x500;
    private const ulong Bytes = TestKernel.Scratch + 0x800;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public GroupCallTests() => _init = _kernel.Boot();

    public void Dispose() => _kernel.Dispose();

    [Fact]
    public void Only_root_of_the_host_manages_groups()
    {
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        Assert.Equal(-(long)Errno.EPERM, Ask(user, GroupVerb.Kill));
        _kernel.PokeText(user, Name, "other");
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Log, Name, Place, Bytes, 10, 0));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Input, Name, Bytes, 1));
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, Of, Name, 0x5A000, 0, 0));
        _kernel.Groups.IsInHost = false;
        Assert.Equal(-(long)Errno.EPERM, Ask(_init, GroupVerb.Kill));
        _kernel.PokeText(_init, Name, "other");
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(_init, Log, Name, Place, Bytes, 10, 0));
        Assert.Equal(0, _kernel.Call(_init, GroupCall, 0, Bytes));
        Assert.Equal(-(long)Errno.ENOENT, _kernel.Call(_init, GroupCall, 1, Bytes));
        Assert.Equal(0UL, _kernel.Groups.Ticket);
    }

    [Fact]
    public void What_is_asked_for_is_waited_for_with_its_result()
    {
        Assert.Null(Ask(_init, GroupVerb.Fork));
        Assert.Equal((GroupVerb.Fork, 1UL), (_kernel.Groups.Asked.Verb, _kernel.Groups.Ticket));
        _kernel.Groups.Result = 7;
        _kernel.Scheduler.WakeAll(_kernel.Groups.Changed);
        Assert.Equal(7, _kernel.Resume(_init));
        Assert.Equal(1UL, _kernel.Groups.Ticket);
    }

    [Fact]
    public void A_copy_of_who_asked_did_not_ask()
    {
        Assert.Null(Ask(_init, GroupVerb.Fork));
        _kernel.Groups.IsInHost = false;
        _kernel.Groups.Result = 7;
        _kernel.Scheduler.WakeAll(_kernel.Groups.Changed);
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Resume(_init));
    }

    [Fact]
    public void A_group_that_goes_back_asks_for_itself_alone()
    {
        _kernel.Groups.IsInHost = false;
        _kernel.PokeText(_init, Name, "then");
        Assert.Null(_kernel.Call(_init, Rollback, Name));
        GroupRequest asked = _kernel.Groups.Asked;
        Assert.Equal((GroupVerb.Rewind, "other", "then"), (asked.Verb, Text(asked.Group), Text(asked.Checkpoint)));
        _kernel.Groups.Result = 3;
        _kernel.Scheduler.WakeAll(_kernel.Groups.Changed);
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Resume(_init));
    }

    [Fact]
    public void The_strings_of_a_program_arrive_and_malformed_requests_do_not()
    {
        _kernel.PokeText(_init, Bytes, "/p");
        _kernel.Poke(_init, Place, Bytes);
        _kernel.Poke(_init, Place + 8, 0UL);
        Assert.Null(Ask(_init, GroupVerb.Run, request => request with { Arguments = Place }));
        Assert.Equal("/p\0", Encoding.UTF8.GetString(_kernel.Groups.Program));
        _kernel.Groups.Result = 1;
        _kernel.Scheduler.WakeAll(_kernel.Groups.Changed);
        Assert.Equal(1, _kernel.Resume(_init));
        Assert.Equal(-(long)Errno.EFAULT, Ask(_init, GroupVerb.Run, request => request with { Arguments = 8 }));
        Assert.Equal(-(long)Errno.EINVAL, Ask(_init, GroupVerb.Kill, request => request with { Flags = 2 }));
        Assert.Equal(-(long)Errno.EINVAL, Ask(_init, GroupVerb.Kill, request => request with { Reserved3 = 1 }));
        Assert.Equal(-(long)Errno.EINVAL, Ask(_init, GroupVerb.Kill, Endless));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Manage, Request, GroupRequest.Size - 1));
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, Manage, 8, GroupRequest.Size));
    }

    [Fact]
    public void A_log_is_read_on_and_waited_for_until_the_group_has_ended()
    {
        _kernel.PokeText(_init, Name, "other");
        _kernel.Poke(_init, Place, 0UL);
        _kernel.Groups.LogBytes = 5;
        Assert.Equal(3, _kernel.Call(_init, Log, Name, Place, Bytes, 3, 0));
        Assert.Equal((3UL, (byte)'c'), (_kernel.Peek<ulong>(_init, Place), _kernel.Peek<byte>(_init, Bytes + 2)));
        Assert.Equal(2, _kernel.Call(_init, Log, Name, Place, Bytes, 100, 1));
        Assert.Equal(0, _kernel.Call(_init, Log, Name, Place, Bytes, 100, 0));
        Assert.Null(_kernel.Call(_init, Log, Name, Place, Bytes, 100, 1));
        _kernel.Groups.LogBytes = 6;
        _kernel.Scheduler.WakeAll(_kernel.Groups.Changed);
        Assert.Equal(1, _kernel.Resume(_init));
        _kernel.Groups.Ended = true;
        Assert.Equal(0, _kernel.Call(_init, Log, Name, Place, Bytes, 100, 1));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Log, Name, Place, Bytes, 100, 2));
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, Log, Name, 8, Bytes, 100, 0));
        _kernel.PokeText(_init, Name, "nobody");
        Assert.Equal(-(long)Errno.ENOENT, _kernel.Call(_init, Log, Name, Place, Bytes, 100, 1));
    }

    [Fact]
    public void A_group_that_moves_is_waited_for()
    {
        _kernel.PokeText(_init, Name, "other");
        _kernel.Poke(_init, Place, 0UL);
        _kernel.Groups.IsMoving = true;
        _kernel.Groups.LogBytes = 1;
        Assert.Null(_kernel.Call(_init, Log, Name, Place, Bytes, 100, 0));
        _kernel.Groups.IsMoving = false;
        _kernel.Scheduler.WakeAll(_kernel.Groups.Changed);
        Assert.Equal(1, _kernel.Resume(_init));
    }

    [Fact]
    public void The_calls_about_checkpoints_are_made_for_a_group()
    {
        _kernel.PokeText(_init, Name, "host");
        Assert.Equal(1, _kernel.Call(_init, Of, Name, 0x5A000, 0, 1));
        Assert.Equal(1UL, _kernel.Checkpoints.Requested);
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Of, Name, 0x5A009, Name));
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, Of, Name, 39, 0));
    }

    /// <summary>The group that is waited for may have lost what was asked for when the power failed.</summary>
    [Theory]
    [InlineData(1, 1L)]
    [InlineData(2, -(long)Errno.ECANCELED)]
    public void A_call_for_a_group_does_not_wait_for_what_was_asked_for_in_an_earlier_boot(ulong boot, long expected)
    {
        _kernel.PokeText(_init, Name, "host");
        Assert.Null(_kernel.Call(_init, Of, Name, 0x5A000, 0, 0));
        _kernel.Groups.CurrentBoot = boot;
        _kernel.Checkpoints.DurableEpoch = boot == 1 ? 1UL : 0;
        _kernel.Scheduler.WakeAll(_kernel.Checkpoints.DurableOf(_kernel.Tracker));
        Assert.Equal(expected, _kernel.Resume(_init));
    }

    private static GroupRequest Endless(GroupRequest request)
    {
        new Span<byte>(request.Target, GroupRequest.NameBytes).Fill((byte)'x');
        return request;
    }

    private static string Text(byte* field) => Encoding.UTF8.GetString(new ReadOnlySpan<byte>(field, 16)).TrimEnd('\0');

    private long? Ask(Thread* thread, GroupVerb verb, Func<GroupRequest, GroupRequest>? change = null)
    {
        var request = new GroupRequest { Verb = verb };
        _kernel.Poke(thread, Request, change == null ? request : change(request));
        return _kernel.Call(thread, Manage, Request, GroupRequest.Size);
    }
}
