using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Testing;
using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Base.Tests;

public sealed unsafe class UserAccountTests : IDisposable
{
    private const int Limit = 1600;
    private const int OfUsers = Limit - (Limit / UserAccounts.ObjectReserveShare);

    private struct Thing
    {
        public fixed ulong Words[6];
    }

    private readonly HostPageAllocator _pages = new();

    public UserAccountTests() => HostEnvironment.Install();

    public void Dispose() => _pages.Dispose();

    [Fact]
    public void A_greedy_user_gets_half_and_each_further_one_half_of_what_is_left()
    {
        var slab = new Slab<Thing>(_pages, Limit, ChargeKind.Inode);
        int left = OfUsers;
        foreach (uint user in new uint[] { 1000, 1001, 1002, 1003 })
        {
            int taken = TakeAll(slab, user).Count;
            Assert.Equal((left + 1) / 2, taken);
            left -= taken;
        }
        Assert.True(_pages.Accounts.Refusals >= 4);
        _pages.Accounts.Leave();
        Assert.Equal(Limit - OfUsers + left, TakeAll(slab, 0).Count);
    }

    [Fact]
    public void A_privileged_user_gets_everything_and_root_without_privilege_leaves_the_reserve()
    {
        var slab = new Slab<Thing>(_pages, Limit, ChargeKind.Inode);
        _pages.Accounts.Enter(0, isPrivileged: false);
        Assert.Equal(OfUsers, TakeWhileAdmitted(slab).Count);
        _pages.Accounts.Enter(1000, isPrivileged: true);
        Assert.Equal(Limit - OfUsers, TakeWhileAdmitted(slab).Count);
        _pages.Accounts.Leave();
    }

    [Fact]
    public void Kinds_are_shared_each_for_itself()
    {
        var inodes = new Slab<Thing>(_pages, Limit, ChargeKind.Inode);
        var pipes = new Slab<Thing>(_pages, Limit, ChargeKind.Pipe);
        TakeAll(inodes, 1000);
        Assert.Equal((OfUsers + 1) / 2, TakeAll(pipes, 1000).Count);
    }

    [Fact]
    public void Of_memory_a_user_gets_half_whatever_kinds_he_takes_and_root_has_its_reserve()
    {
        _pages.PageLimit = 400;
        var inodes = new Slab<Thing>(_pages, 1 << 20, ChargeKind.Inode);
        var pipes = new Slab<Thing>(_pages, 1 << 20, ChargeKind.Pipe);
        TakeAll(inodes, 1000);
        Assert.InRange(TakeAll(pipes, 1000).Count, 0, 300);
        Assert.InRange(_pages.PagesOutstanding, 400 * 7 / 8 / 2 - 10, (400 * 7 / 8 / 2) + 10);
        for (uint user = 1001; user < 1006; user++)
            Assert.NotEmpty(TakeAll(inodes, user));
        Assert.True(TakeAll(inodes, 0).Count * sizeof(Thing) > 400 / 8 * PageSize.Bytes / 2);
    }

    [Fact]
    public void Pages_that_an_object_holds_count_for_its_user_whoever_gives_them_to_it()
    {
        _pages.PageLimit = 400;
        var slab = new Slab<Thing>(_pages, Limit, ChargeKind.Inode);
        _pages.Accounts.Enter(1000, isPrivileged: false);
        Thing* holder = slab.Allocate();
        _pages.Accounts.Leave();
        ulong before = _pages.Accounts.BytesOf(1000);
        void* given = _pages.AllocateFor(holder, 3);
        Assert.Equal(before + (3 * PageSize.Bytes), _pages.Accounts.BytesOf(1000));
        _pages.Accounts.Enter(1000, isPrivileged: false);
        var taken = new List<nint>();
        for (void* page = _pages.AllocateFor(holder, 1); page != null; page = _pages.AllocateFor(holder, 1))
            taken.Add((nint)page);
        Assert.InRange(taken.Count, 400 * 7 / 8 / 2 - 10, 400 * 7 / 8 / 2);
        foreach (nint page in taken)
            _pages.FreeFor(holder, (void*)page, 1);
        _pages.FreeFor(holder, given, 3);
        slab.Free(holder);
        Assert.Equal(0UL, _pages.Accounts.BytesOf(1000));
    }

    [Fact]
    public void An_object_is_given_back_to_who_made_it()
    {
        var slab = new Slab<Thing>(_pages, Limit, ChargeKind.Inode);
        _pages.Accounts.Enter(1000, isPrivileged: false);
        Thing* thing = slab.Allocate();
        Assert.Equal(1000U, SlabSlot.UserOf(thing));
        _pages.Accounts.Enter(1001, isPrivileged: false);
        Assert.NotEqual(0UL, _pages.Accounts.BytesOf(1000));
        slab.Free(thing);
        Assert.Equal(0UL, _pages.Accounts.BytesOf(1000));
        Assert.Equal(0U, SlabSlot.UserOf(slab.Allocate()) - 1001);
    }

    [Property(MaxTest = 60)]
    public void Whatever_users_take_and_give_back_the_accounts_are_what_is_there(int seed)
    {
        var random = new Random(seed);
        using var pages = new HostPageAllocator { PageLimit = random.Next(40, 400) };
        Slab<Thing>[] slabs = [new(pages, 500, ChargeKind.Inode), new(pages, 5000, ChargeKind.Pipe, bytesBeside: 512)];
        var held = new List<(uint User, int Slab, nint Thing)>();
        for (int step = 0; step < 4000; step++)
        {
            uint user = (uint)random.Next(6) * 512;
            bool isPrivileged = user == 0 || random.Next(20) == 0;
            pages.Accounts.Enter(user, isPrivileged);
            int slab = random.Next(2);
            Thing* thing = random.Next(3) == 0 ? null : slabs[slab].Allocate();
            if (thing != null)
                held.Add((user, slab, (nint)thing));
            else if (held.Count > 0)
                GiveBack(slabs, held, random.Next(held.Count));
        }
        Assert.All(held.Where(one => one.User != 0).GroupBy(one => one.User),
            group => Assert.NotEqual(0UL, pages.Accounts.BytesOf(group.Key)));
        while (held.Count > 0)
            GiveBack(slabs, held, held.Count - 1);
        pages.Accounts.Leave();
        for (uint user = 1; user < 6; user++)
            Assert.Equal(0UL, pages.Accounts.BytesOf(user * 512));
    }

    private static void GiveBack(Slab<Thing>[] slabs, List<(uint User, int Slab, nint Thing)> held, int index)
    {
        slabs[held[index].Slab].Free((Thing*)held[index].Thing);
        held.RemoveAt(index);
    }

    private List<nint> TakeAll(Slab<Thing> slab, uint user)
    {
        _pages.Accounts.Enter(user, isPrivileged: user == 0);
        return TakeWhileAdmitted(slab);
    }

    private static List<nint> TakeWhileAdmitted(Slab<Thing> slab)
    {
        var taken = new List<nint>();
        for (Thing* thing = slab.Allocate(); thing != null; thing = slab.Allocate())
            taken.Add((nint)thing);
        return taken;
    }
}
