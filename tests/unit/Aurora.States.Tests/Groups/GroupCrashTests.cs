using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Checkpoint;
using Aurora.Checkpoint.Tests;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Store;
using Aurora.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.States.Tests;

/// <summary>Groups that are copied, go back, stop and end beside each other, with the power cut after any write of all this.</summary>
public sealed unsafe class GroupCrashTests(ITestOutputHelper output)
{
    // After so many cuts a machine not only has what it must have, but goes on.
    private const int GoesOnEvery = 8;

    // After so many the power fails again after every write of a machine that starts.
    private const int FailsAgainEvery = 4;

    private const int HistorySteps = 16;

    [Fact]
    public void Wherever_the_power_is_cut_every_group_is_as_its_newest_durable_checkpoint_has_it()
        => CutEverywhere(1, Live);

    /// <summary>AURORA_CRASH_SEED and AURORA_GROUP_HISTORIES: from which seed on, and how many.</summary>
    [Fact]
    public void So_it_is_in_random_histories()
    {
        int seed = StateRun.Number("AURORA_CRASH_SEED", 1);
        for (int last = seed + StateRun.Number("AURORA_GROUP_HISTORIES", 3); seed < last; seed++)
            CutEverywhere(3, (world, chronicle) => new GroupHistory(world, chronicle, seed).Run(HistorySteps), $"history {seed}: ");
    }

    private void CutEverywhere(int stride, Action<GroupWorld, GroupChronicle> live, string name = "")
    {
        var device = new TracedDevice(1 << 15);
        TestSession.Format(device);
        GroupWorld.Create(device).Dispose();
        using GroupWorld world = GroupWorld.Start(device);
        world.StandsStill = false;
        world.Settle();
        BusyGroup.Build(world, world.Host);
        world.Do(GroupVerb.Run, target: "a");
        world.Settle();
        BusyGroup.Build(world, world.Find("a"));
        world.Settle();
        var chronicle = new GroupChronicle(world, device);
        live(world, chronicle);
        int cuts = 0;
        for (int writes = 0; writes <= device.Count; writes += stride)
            cuts += Cut(device, chronicle, writes, name);
        output.WriteLine($"attack: power cuts of groups: {cuts} cuts, {chronicle.Pictures} states of groups");
    }

    /// <summary>What a copy has of its source and what not, by name.</summary>
    [Fact]
    public void A_copy_has_memory_files_and_processes_of_its_source_and_randomness_clock_and_generation_of_its_own()
    {
        using GroupWorld world = GroupWorld.Create(TestSession.NewDevice());
        world.Do(GroupVerb.Run, target: "a");
        world.Settle();
        ObjectTracker a = world.Find("a");
        BusyGroup.Build(world, a);
        world.Settle();
        GroupPicture source = world.PictureOf(a);
        world.Do(GroupVerb.Fork, "a", "b");
        ObjectTracker b = world.Find("b");
        world.Settle();
        Assert.Null(source.DifferenceTo(world.PictureOf(a)));
        Assert.Null(source.DifferenceTo(world.PictureOf(b)));
        Assert.Equal(ThreadsOf(world, a), ThreadsOf(world, b));
        Assert.Equal((0UL, 1UL), (world.ObjectOf(a)->Generation, world.ObjectOf(b)->Generation));
        Assert.NotEqual(Random(world, a), Random(world, b));
        Assert.InRange(Time(world, b, monotonic: true), 1, Time(world, a, monotonic: true));
        long real = Time(world, a, monotonic: false);
        SetTime(world, b, real / 2);
        Assert.Equal((real, real / 2), (Time(world, a, monotonic: false), Time(world, b, monotonic: false)));
        BusyGroup.AssertGoesOn(world, b);
        Assert.True(world.Programs.Thread(a, 2)->Call.Active);
        BusyGroup.AssertGoesOn(world, a);
    }

    private static void Live(GroupWorld world, GroupChronicle chronicle)
    {
        int round = 1;
        void Mark(params string[] names)
        {
            foreach (string name in names)
                Undisturbed(world, [name], () => BusyGroup.Mark(world, world.Find(name), name, round));
            round++;
            world.Settle();
        }
        void Do(GroupVerb verb, string name, string target = "", ulong epoch = 0)
            => Undisturbed(world, [name, target], () => chronicle.Do(verb, name, target, epoch));

        Do(GroupVerb.Fork, "a", "b");
        Mark("a", "b");
        Mark("b");
        ulong then = NameCheckpoint(world, "b");
        Mark("a", "b", "host");
        Do(GroupVerb.Fork, "b", "c");
        Mark("c", "a");
        Do(GroupVerb.Rewind, "b", epoch: then);
        Mark("b", "host");
        Do(GroupVerb.Suspend, "a");
        Mark("c", "b");
        Do(GroupVerb.Kill, "c");
        Do(GroupVerb.Remove, "c");
        Mark("b", "host");
    }

    // Two cuts later one without a name may be in the history no more.
    private static ulong NameCheckpoint(GroupWorld world, string group)
    {
        Assert.Equal(Errno.Ok, world.Session.Engine.RequestNamed(world.Find(group), "then"u8, out Epoch epoch));
        world.Settle();
        return epoch.Value;
    }

    // Whatever is done in or with some groups, the others stay as they are.
    private static void Undisturbed(GroupWorld world, string[] concerned, Action action)
    {
        var before = new Dictionary<string, GroupPicture>();
        foreach (string name in world.Names().Except(concerned))
            before[name] = world.PictureOf(world.Find(name));
        action();
        foreach ((string name, GroupPicture picture) in before)
            Assert.Null(picture.DifferenceTo(world.PictureOf(world.Find(name))));
    }

    // The number of power cuts.
    private static int Cut(TracedDevice device, GroupChronicle chronicle, int writes, string name)
    {
        try
        {
            AssertClean(device.After(writes));
            TracedDevice disk = device.TracedAfter(writes);
            using GroupWorld started = GroupWorld.Start(disk);
            chronicle.Check(started, writes);
            int again = writes % FailsAgainEvery == 0 ? disk.Count : 0;
            for (int more = 1; more <= again; more++)
            {
                using GroupWorld later = GroupWorld.Start(disk.After(more));
                chronicle.Check(later, writes);
            }
            if (writes % GoesOnEvery == 0)
                GoOn(started);
            return 1 + again;
        }
        catch (Exception failure)
        {
            string moment = $"{name}the power was cut after {writes} of {device.Count} writes";
            throw new InvalidOperationException($"{moment}: {failure.Message}", failure);
        }
    }

    private static void AssertClean(MemoryBlockDevice device)
    {
        using var pages = new TestPages();
        var options = new CheckOptions { VerifyData = true, Open = TestSession.SmallStore };
        Assert.Equal(StoreStatus.Ok, ObjectStore.Check(device, pages, new SteppedFibers(), options, out CheckReport report));
        Assert.Equal(0UL, report.Faults);
    }

    private static void GoOn(GroupWorld world)
    {
        world.StandsStill = false;
        world.Settle();
        foreach (string name in world.Names())
        {
            ObjectTracker group = world.Find(name);
            GroupFlags flags = world.ObjectOf(group)->Flags;
            Assert.Equal((flags & GroupFlags.IsSuspended) != 0, world.Session.Group.Scheduler.IsHeld(group));
            if (flags == GroupFlags.None)
                BusyGroup.AssertGoesOn(world, group);
        }
        world.Settle();
        world.Do(GroupVerb.Fork, "host", "again");
    }

    private static string ThreadsOf(GroupWorld world, ObjectTracker group)
        => string.Join(" ", world.Programs.Threads(group).Select(each => $"{((Thread*)each)->Process->Id}/{((Thread*)each)->Id}"));

    private static ulong Random(GroupWorld world, ObjectTracker group)
    {
        Thread* init = world.Programs.Init(group);
        Assert.Equal(8, world.Programs.Do(init, 318, BusyGroup.Buffer, 8, 0));
        return world.Programs.Get(init, BusyGroup.Buffer);
    }

    private static long Time(GroupWorld world, ObjectTracker group, bool monotonic)
    {
        Thread* init = world.Programs.Init(group);
        world.Programs.Do(init, 228, monotonic ? 1UL : 0, BusyGroup.Buffer);
        return (long)world.Programs.Get(init, BusyGroup.Buffer);
    }

    private static void SetTime(GroupWorld world, ObjectTracker group, long seconds)
    {
        Thread* init = world.Programs.Init(group);
        world.Programs.Put(init, BusyGroup.Buffer, (ulong)seconds);
        world.Programs.Put(init, BusyGroup.Buffer + 8, 0);
        world.Programs.Do(init, 227, 0, BusyGroup.Buffer);
    }
}
