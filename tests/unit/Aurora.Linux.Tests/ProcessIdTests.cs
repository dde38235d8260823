using System.Collections.Generic;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Ids are taken while something bears them, and whoever took them pays for them, also after a restore.</summary>
public sealed unsafe class ProcessIdTests
{
    private const ulong Scratch = TestKernel.Scratch;
    private const uint User = 1000;
    private const int Limit = IdTable.Limit;

    // How many ids the user is charged for: from what he may still have of a small table of the same kind.
    private static int ChargedTo(TestKernel kernel, uint user)
    {
        kernel.Pages.Accounts.Enter(user, isPrivileged: false);
        int most = 0;
        for (int step = Limit; step > 0; step /= 2)
            if (Takes(kernel, most + step))
                most += step;
        kernel.Pages.Accounts.Leave();
        return Limit - (Limit / UserAccounts.ObjectReserveShare) - most - 1;
    }

    // True if a user may have one more where so many are taken by all: he has fewer than are left.
    private static bool Takes(TestKernel kernel, int taken)
    {
        bool takes = kernel.Pages.Accounts.TryTake(ChargeKind.ProcessId, taken, Limit, out Payer payer);
        if (takes)
            kernel.Pages.Accounts.GiveBack(ChargeKind.ProcessId, payer);
        return takes;
    }

    private static TestKernel Move(TestKernel kernel)
    {
        var image = new TestKernel.Image();
        kernel.Capture(image);
        return TestKernel.Restore(image, kernel.IsPlain);
    }

    [Fact]
    public void An_id_is_its_takers_until_no_process_thread_group_and_session_bears_it()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        kernel.Do(program, 117, User, User, User);
        int before = kernel.Pids.Ids.Count;
        Assert.Equal(0, ChargedTo(kernel, User));
        Thread* leader = kernel.Fork(program);
        kernel.Do(leader, 112);
        Thread* member = kernel.Fork(leader);
        (int leaderId, int memberId) = (leader->Id, member->Id);
        kernel.Do(member, 109, 0, (ulong)member->Id);
        Assert.True(kernel.Do(member, 56, Slices.ThreadFlags, Scratch + 0x4000) > 0);
        Assert.Equal(before + 3, kernel.Pids.Ids.Count);
        Assert.Equal(3, ChargedTo(kernel, User));
        kernel.Call(leader, 231, 0);
        Assert.Equal(leaderId, kernel.Do(program, 61, (ulong)leaderId, 0, 0, 0));
        // The member's, that of its thread, and the session's, which was the leader's.
        AssertHeldUntilItEnds(kernel, memberId, before, held: 3);
    }

    // Here and after a restore.
    private static void AssertHeldUntilItEnds(TestKernel kernel, int memberId, int before, int held)
    {
        using TestKernel restored = Move(kernel);
        foreach (TestKernel each in new[] { kernel, restored })
        {
            Assert.Equal(before + held, each.Pids.Ids.Count);
            Assert.Equal(held, ChargedTo(each, User));
            each.Call(each.ThreadOf(memberId), 231, 0);
            each.Do(each.ThreadOf(1), 61, (ulong)memberId, 0, 0, 0);
            Assert.Equal(before, each.Pids.Ids.Count);
            Assert.Equal(0, ChargedTo(each, User));
        }
    }

    [Fact]
    public void A_group_keeps_the_number_of_a_leader_that_is_gone()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        kernel.Do(program, 117, User, User, User);
        int before = kernel.Pids.Ids.Count;
        Thread* leader = kernel.Fork(program);
        kernel.Do(leader, 112);
        int leaderId = leader->Id;
        int memberId = kernel.Fork(leader)->Id;
        kernel.Call(leader, 231, 0);
        kernel.Do(program, 61, (ulong)leaderId, 0, 0, 0);
        AssertHeldUntilItEnds(kernel, memberId, before, held: 2);
    }

    [Fact]
    public void A_fork_that_is_refused_takes_no_id()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        kernel.Do(program, 117, User, User, User);
        int before = kernel.Pids.Ids.Count;
        var taken = new List<Payer>();
        kernel.Pages.Accounts.Enter(User, isPrivileged: true);
        for (int i = 0; i < Limit; i++)
        {
            Assert.True(kernel.Pages.Accounts.TryTake(ChargeKind.ProcessId, 0, Limit, out Payer payer));
            taken.Add(payer);
        }
        kernel.Pages.Accounts.Leave();
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(program, 57));
        Assert.Equal(-(long)Errno.EAGAIN, kernel.Call(program, 56, Slices.ThreadFlags, Scratch + 0x4000));
        Assert.Equal(before, kernel.Pids.Ids.Count);
        foreach (Payer payer in taken)
            kernel.Pages.Accounts.GiveBack(ChargeKind.ProcessId, payer);
        Assert.True(kernel.Call(program, 57) > 0);
    }
}
