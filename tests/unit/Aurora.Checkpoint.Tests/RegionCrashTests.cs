using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Testing;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>
/// Power cuts between any two writes of persists: the region is what it was after one of them, whole, and no older than promised.
/// </summary>
public sealed unsafe class RegionCrashTests
{
    private const ulong Page = 4096;
    private const int Accounts = 100;
    private const int Pages = 10;
    private const ulong Each = 1000;

    private readonly List<(int Writes, ulong Durable)> _promised = [];
    private readonly Dictionary<ulong, ulong[]> _states = [];

    [Fact]
    public void Transfers_are_whole_wherever_the_power_is_cut()
    {
        var device = new TracedDevice(1 << 14);
        TestSession.Format(device);
        using var session = new RegionSession(TestSession.CreateOn(device));
        session.Session.Checkpoint();
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("bank", Pages);
        ulong at = session.Map(space, region);
        ulong[] balances = new ulong[Accounts];
        Array.Fill(balances, Each);
        Write(session, space, at, balances, 0);
        device.Begin();
        Keep(region, balances, session.Persist(region, 0) == Errno.Ok, device);
        var random = new Random(1);
        for (int round = 0; round < 6; round++)
        {
            Transfer(balances, random);
            Write(session, space, at, balances, round % 3);
            ulong number = session.Begin(region, -1);
            _states[number] = (ulong[])balances.Clone();
            // A checkpoint of the group, and one more persist, while the first is on its way.
            if (round % 2 == 1)
                session.Session.Checkpoint();
            session.RunPersists();
            Keep(region, balances, session.Regions.StateOf(region, number) == Errno.Ok, device);
        }
        for (int writes = 0; writes <= device.Count; writes++)
            AssertWhole(device.After(writes), writes, at);
        Assert.True(device.Count > 60);
    }

    [Fact]
    public void A_clone_is_its_maker_s_or_is_not_there_wherever_the_power_is_cut()
    {
        var device = new TracedDevice(1 << 14);
        TestSession.Format(device);
        using var session = new RegionSession(TestSession.CreateOn(device));
        session.Session.Checkpoint();
        session.Open("source", 3);
        device.Begin();
        RegionRequest request = RegionSession.Request(RegionRequestKind.Clone, "source");
        request.SetTarget("copy"u8);
        request.User = 7;
        Assert.Equal(Errno.Ok, session.Ask(in request, out _));
        Assert.True(device.Count > 2);
        for (int writes = 0; writes <= device.Count; writes++)
        {
            using var after = new RegionSession(TestSession.Open(device.After(writes)));
            Assert.True(after.Session.Group.Restore(skipUnknownKinds: false).IsOk);
            List<string> names = after.Names();
            Assert.Contains("source", names);
            bool isMade = names.Remove("copy");
            Assert.True(names.Count == 1 && (isMade || writes < device.Count));
            byte[] name = new byte[RegionRequest.MaxNameBytes];
            Assert.Equal(isMade, after.Regions.Read(0, 7, isPrivileged: false, out _, name, out _));
        }
    }

    // Neighbours are in different pages.
    private static ulong PlaceOf(ulong at, int account) => at + ((ulong)(account % Pages) * Page) + ((ulong)(account / Pages) * 8);

    private static void Transfer(ulong[] balances, Random random)
    {
        for (int i = 0; i < Accounts; i++)
        {
            int from = random.Next(Accounts);
            ulong amount = (ulong)random.Next((int)balances[from] + 1);
            balances[from] -= amount;
            balances[(from + 1 + random.Next(Accounts - 1)) % Accounts] += amount;
        }
    }

    private static void Write(RegionSession session, AddressSpace* space, ulong at, ulong[] balances, int thread)
    {
        for (int account = 0; account < Accounts; account++)
            session.Store(thread, space, PlaceOf(at, account), balances[account]);
    }

    private void Keep(Region* region, ulong[] balances, bool isDurable, TracedDevice device)
    {
        Assert.True(isDurable);
        _states[region->Taken] = (ulong[])balances.Clone();
        _promised.Add((device.Count, region->Taken));
    }

    private void AssertWhole(MemoryBlockDevice device, int writes, ulong at)
    {
        using var session = new RegionSession(TestSession.Open(device));
        Assert.True(session.Session.Group.Restore(skipUnknownKinds: false).IsOk);
        AddressSpace* space = session.NewSpace();
        Region* region = session.Open("bank");
        Assert.Equal(at, session.Map(space, region));
        ulong last = session.Regions.StatusOf(region).Durable;
        ulong promised = 0;
        foreach ((int count, ulong number) in _promised)
            promised = count <= writes ? number : promised;
        Assert.True(last >= promised, $"after {writes} writes persist {last} is the last, and {promised} was promised");
        ulong sum = 0;
        for (int account = 0; account < Accounts; account++)
        {
            ulong balance = session.Session.Load(space, PlaceOf(at, account));
            Assert.Equal(_states.TryGetValue(last, out ulong[]? balances) ? balances[account] : 0, balance);
            sum += balance;
        }
        Assert.Equal(_states.ContainsKey(last) ? Accounts * Each : 0, sum);
    }
}
