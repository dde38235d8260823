using System;
using Aurora.Base;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Who is charged for the time between entries into user mode and traps.</summary>
public sealed unsafe class TrapAccountingTests : IDisposable
{
    private const ulong Millisecond = 1_000_000;
    private const int GetParent = 110;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _thread;

    public TrapAccountingTests()
    {
        _thread = _kernel.Boot();
        _kernel.Do(_thread, GetParent);
    }

    [Fact]
    public void A_program_is_charged_for_what_it_computes_and_not_for_sleeping()
    {
        ulong user = _thread->UserNanoseconds, system = _thread->SystemNanoseconds;
        _kernel.Advance(3 * Millisecond);
        _kernel.Do(_thread, GetParent);
        Assert.Equal(3 * Millisecond, _thread->UserNanoseconds - user);
        Assert.Equal(0UL, _thread->SystemNanoseconds - system);
    }

    [Fact]
    public void What_passes_between_a_trap_and_the_next_entry_is_system_time()
    {
        ulong user = _thread->UserNanoseconds, system = _thread->SystemNanoseconds;
        Trap();
        _kernel.Advance(2 * Millisecond);
        Assert.NotNull(_kernel.Resume(_thread));
        _kernel.Advance(Millisecond);
        Trap();
        Assert.Equal(Millisecond, _thread->UserNanoseconds - user);
        Assert.Equal(2 * Millisecond, _thread->SystemNanoseconds - system);
    }

    [Fact]
    public void What_passes_after_a_turn_is_nobodys()
    {
        ulong user = _thread->UserNanoseconds, system = _thread->SystemNanoseconds;
        Trap();
        _kernel.Executive.EndTurn();
        _kernel.Advance(2 * Millisecond);
        Assert.NotNull(_kernel.Resume(_thread));
        Trap();
        Assert.Equal(user, _thread->UserNanoseconds);
        Assert.Equal(system, _thread->SystemNanoseconds);
    }

    [Fact]
    public void What_passes_while_another_runs_is_not_charged_to_who_ran_before()
    {
        Thread* child = _kernel.Fork(_thread);
        _kernel.Do(_thread, GetParent);
        ulong all = _thread->UserNanoseconds + _thread->SystemNanoseconds;
        _kernel.Do(child, GetParent);
        ulong childs = child->UserNanoseconds;
        _kernel.Advance(5 * Millisecond);
        _kernel.Do(child, GetParent);
        _kernel.Do(_thread, GetParent);
        Assert.Equal(5 * Millisecond, child->UserNanoseconds - childs);
        Assert.Equal(all, _thread->UserNanoseconds + _thread->SystemNanoseconds);
    }

    [Fact]
    public void A_thread_that_is_kept_from_entering_is_charged_for_the_kernel()
    {
        ulong system = _thread->SystemNanoseconds;
        Trap();
        _kernel.Advance(Millisecond);
        _kernel.Executive.NotEntered(_thread);
        Assert.Equal(Millisecond, _thread->SystemNanoseconds - system);
        Assert.NotNull(_kernel.Resume(_thread));
        Trap();
        Assert.Equal(Millisecond, _thread->SystemNanoseconds - system);
    }

    // Four seconds are the most that a short conversion takes of a counter of nanoseconds.
    [Theory]
    [InlineData(4_294_967_294UL)]
    [InlineData(4_294_967_295UL)]
    [InlineData(4_294_967_296UL)]
    [InlineData(1UL << 40)]
    public void Any_time_is_charged_whole(ulong nanoseconds)
    {
        ulong user = _thread->UserNanoseconds;
        _kernel.Advance(nanoseconds);
        _kernel.Do(_thread, GetParent);
        Assert.Equal(nanoseconds, _thread->UserNanoseconds - user);
    }

    [Fact]
    public void A_counter_that_went_back_charges_nothing()
    {
        ulong user = _thread->UserNanoseconds, system = _thread->SystemNanoseconds;
        UserContext* context = _thread->Context;
        context->EnteredTicks = _kernel.Clock.Ticks + 10;
        context->TrappedTicks = _kernel.Clock.Ticks;
        context->Trap = UserContext.SystemCallTrap;
        context->Rax = GetParent;
        _kernel.Executive.HandleTrap(_thread);
        Assert.Equal(user, _thread->UserNanoseconds);
        Assert.InRange(_thread->SystemNanoseconds - system, 0UL, 10UL);
    }

    public void Dispose() => _kernel.Dispose();

    private void Trap()
    {
        _thread->Context->Trap = UserContext.SystemCallTrap;
        _thread->Context->Rax = GetParent;
        _kernel.Trap(_thread);
    }
}
