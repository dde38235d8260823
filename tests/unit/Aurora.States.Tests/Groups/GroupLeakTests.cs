using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Aurora.Base;
using Aurora.Checkpoint.Tests;
using Aurora.Posix.Persistence;
using Aurora.Store;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.States.Tests;

/// <summary>Groups come and go all day on a machine that never restarts: each gives back all that it took.</summary>
public sealed unsafe class GroupLeakTests(ITestOutputHelper output)
{
    private const int WarmUp = 40;

    // Slabs and tables grow in steps; what leaks grows with every cycle.
    private const long SlackPages = 16;
    private const long SlackBlocks = 512;

    /// <summary>Groups with something of everything are copied, started, go back, end and are removed.</summary>
    [Fact]
    public void Groups_that_come_and_go_leave_memory_objects_and_store_as_they_were()
    {
        int cycles = StateRun.Number("AURORA_GROUP_CYCLES", 2_000);
        using GroupWorld world = GroupWorld.Create(TestSession.NewDevice());
        world.Do(GroupVerb.Run, target: "a");
        world.Settle();
        BusyGroup.Build(world, world.Find("a"));
        world.Settle();
        for (int i = 0; i < WarmUp; i++)
            Cycle(world, i);
        SortedDictionary<string, long> before = BalanceOf(world);
        for (int i = 0; i < cycles; i++)
            Cycle(world, i);
        SortedDictionary<string, long> after = BalanceOf(world);
        foreach ((string what, long count) in before)
            Assert.True(Math.Abs(after[what] - count) <= SlackOf(what), $"{what}: {count} became {after[what]} in {cycles} cycles");
        output.WriteLine($"attack: groups that come and go: {cycles} groups, {before.Count} balances");
    }

    private static void Cycle(GroupWorld world, int number)
    {
        if (number % 4 == 0)
        {
            world.Do(GroupVerb.Run, target: "b");
            world.Settle();
            BusyGroup.Build(world, world.Find("b"));
        }
        else
        {
            world.Do(GroupVerb.Fork, "a", "b");
            world.Settle();
            BusyGroup.Mark(world, world.Find("b"), "b", number % 100);
        }
        if (number % 3 == 0)
        {
            ulong then = world.ObjectOf(world.Find("b"))->Epoch.Value;
            world.Settle();
            world.Do(GroupVerb.Rewind, "b", checkpoint: then.ToString(CultureInfo.InvariantCulture));
        }
        world.Do(GroupVerb.Kill, "b");
        world.Do(GroupVerb.Remove, "b");
    }

    private static long SlackOf(string what) => what switch { "kernel pages" => SlackPages, "store blocks" => SlackBlocks, _ => 0 };

    private static SortedDictionary<string, long> BalanceOf(GroupWorld world)
    {
        world.Settle();
        TestSession session = world.Session;
        session.Group.Staged.DropAll();
        // What has been deleted becomes free two cuts later.
        for (int i = 0; i < 4; i++)
            Assert.Equal(StoreStatus.Ok, session.Store.CutNow());
        TrackedObjects tracked = session.Group.Tracked;
        var balance = new SortedDictionary<string, long>(StringComparer.Ordinal)
        {
            ["frames"] = (long)session.Frames.UsedFrames,
            ["kernel pages"] = session.Pages.Taken,
            ["store blocks"] = (long)(session.Store.TotalBlocks - session.Store.FreeBlocks - session.Store.PendingFreeBlocks),
            ["groups"] = Enumerable.Range(0, GroupTable.MaxGroups).Count(index => tracked.NextGroup(index) == index),
            ["volumes"] = VolumesOf(session.Store),
        };
        foreach (string name in world.Names())
            balance[$"objects of {name}"] = world.Find(name).Count;
        for (ChargeKind kind = ChargeKind.None + 1; kind < ChargeKind.Count; kind++)
            if (session.Pages.Accounts.StockOf(kind) is { } stock)
                balance[$"{kind}"] = stock.Count;
        return balance;
    }

    private static long VolumesOf(ObjectStore store)
    {
        long count = 0;
        VolumeId after = default;
        for (; store.NextVolume(after, out VolumeInfo info) == StoreStatus.Ok; count++)
            after = info.Id;
        return count;
    }
}
