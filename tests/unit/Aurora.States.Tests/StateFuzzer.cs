// Random legal programs build up kernel state; the state is captured as the checkpoint engine captures it (only what changed since the
// last time), restored into a fresh kernel, and compared with the original object by object, field by field, and in what its programs can
// read. Then both go on with the same calls, and all that the programs see must be the same, up to the next capture. A state is one
// capture with its restore and comparison. Now and then the restored kernel replaces the original.
//
// With several groups each operation is done in one of them, and what it does to another shows (StateFuzzer.Groups); all are captured,
// restored and compared. Now and then a group of the original goes, beside the others that run on, and a copy of another one, or what it
// was itself some time ago, takes its place.
using System;
using System.Collections.Generic;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Tests;

namespace Aurora.States.Tests;

/// <summary>What went wrong with a program.</summary>
internal sealed class StateException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A program and the choices made on its way.</summary>
internal sealed record StateProgram(IReadOnlyList<StateStep> Steps);

/// <summary>An operation, and what is done after it.</summary>
internal readonly record struct StateStep(Operation Operation, bool Settles, bool Captures, bool ComparesMemory, bool Replaces)
{
    /// <summary>Everything in regions is persisted before a capture: otherwise those who show them hear of what is lost.</summary>
    public bool Persists { get; init; }

    /// <summary>The group in which it is done.</summary>
    public int Group { get; init; }

    /// <summary>A group that is captured becomes a copy of <see cref="Source"/>, or goes back, if that is itself; 0 for none.</summary>
    public int Target { get; init; }
    public int Source { get; init; }
}

/// <summary>Runs programs.</summary>
internal sealed partial class StateFuzzer(SeededCodecFault? fault = null, int groups = 1)
{
    private const int StepsPerProgram = 80;

    // Every so many programs are mostly about regions.
    private const int RegionPrograms = 4;

    private static readonly TestKernel.Image _boot = World.Boot();

    /// <summary>States captured, restored and compared.</summary>
    public long States { get; private set; }

    /// <summary>Calls that programs made, in the original.</summary>
    public long Operations { get; private set; }

    /// <summary>Restores after which somebody heard that a region is not what it was, or ended.</summary>
    public long Told { get; private set; }

    /// <summary>Groups that began again since their init had to hear that.</summary>
    public long Restarts { get; private set; }

    /// <summary>Groups that became copies of others, or went back.</summary>
    public long Copies { get; private set; }

    public static StateProgram Generate(int seed, int groups = 1)
    {
        var random = new Random(seed);
        var steps = new List<StateStep>(StepsPerProgram);
        for (int i = 0; i < StepsPerProgram; i++)
        {
            Operation operation = seed % RegionPrograms == 0 ? Tests.Operations.DrawOfRegions(random, i) : Tests.Operations.Draw(random);
            var step = new StateStep(operation, random.Next(8) != 0, random.Next(4) != 0, random.Next(16) == 0,
                random.Next(10) == 0) { Persists = random.Next(4) != 0 };
            steps.Add(groups == 1 ? step : step with
            {
                Group = random.Next(groups), Target = random.Next(8) == 0 ? random.Next(1, groups) : 0, Source = random.Next(groups),
            });
        }
        return new StateProgram(steps);
    }

    /// <summary>Runs a program; throws <see cref="StateException"/> where something differs.</summary>
    public void Run(StateProgram program, StringBuilder? trace = null)
    {
        fault?.Forget();
        var moments = new GroupMoments(_boot, groups);
        World original = World.Restore(moments.Images, fault, new RegionDisk());
        original.Trace = trace;
        World? restored = null;
        try
        {
            foreach (StateStep step in program.Steps)
                Step(step, moments, ref original, ref restored);
        }
        catch (Exception failure) when (failure is not StateException)
        {
            throw new StateException(failure.Message, failure);
        }
        finally
        {
            original.Dispose();
            restored?.Dispose();
        }
    }

    private void Step(StateStep step, GroupMoments moments, ref World original, ref World? restored)
    {
        Operations++;
        original.Trace?.AppendLine(groups == 1 ? Tests.Operations.NameOf(step.Operation)
            : $"group {step.Group}: {Tests.Operations.NameOf(step.Operation)}");
        Do(original, step, watchesOthers: step.ComparesMemory && groups > 1);
        if (restored != null)
        {
            Do(restored, step, watchesOthers: false);
            CompareSeen(original, restored);
        }
        if (!step.Captures)
            return;
        if (step.Persists)
            PersistAll(original, restored);
        if (restored != null)
            Compare(original, restored, step.ComparesMemory, "after going on");
        restored?.Dispose();
        restored = null;
        restored = Move(original, moments, step);
        States++;
        if (!step.Replaces)
            return;
        restored.Trace = original.Trace;
        original.Trace?.AppendLine("-- the restored goes on alone");
        original.Dispose();
        original = restored;
        restored = null;
    }

    private static void Do(World world, StateStep step, bool watchesOthers)
    {
        world.Forget();
        world.Enter(step.Group);
        if (watchesOthers)
            DoAlone(world, step);
        else
            DoIn(world, step);
        if (step.Settles)
            world.SettleAll();
        world.Stop();
    }

    // Its own group goes on first, whether others are watched meanwhile or not: what programs see is compared in the order in which it is.
    private static void DoIn(World world, StateStep step)
    {
        Tests.Operations.Run(world, step.Operation);
        if (step.Settles)
            world.Settle();
    }

    private World Move(World original, GroupMoments moments, StateStep step)
    {
        for (int group = 0; group < groups; group++)
            moments.Capture(original, group);
        original.Trace?.AppendLine("-- captured");
        if (step.Target != 0)
            CopyAndCapture(original, moments, step);
        // From here on the original is as if its power had failed, as far as regions go.
        original.Regions.Lose();
        RegionDisk disk = original.Regions.Disk.Copy();
        World restored = World.Restore(moments.Images, fault, disk);
        bool[] hasOther = CompareRegions(original, restored, moments);
        original.Forget();
        original.Reseed(States);
        restored.Reseed(States);
        for (int group = 0; group < groups; group++)
        {
            Enter(original, restored, group);
            original.ForgetTraps();
            restored.ForgetTraps();
        }
        // What is due by now happens, as before the main loop idles.
        original.Kernel.Deadlines.Expire();
        restored.Kernel.Deadlines.Expire();
        TerminalOperations.ReachGroups(original);
        TerminalOperations.ReachGroups(restored);
        for (int group = 0; group < groups; group++)
            WakeBoth(original, restored, moments, group, step);
        try
        {
            Compare(original, restored, step.ComparesMemory, "after a restore");
            Tell(original, restored, hasOther);
        }
        catch
        {
            restored.Dispose();
            throw;
        }
        return restored;
    }

    private static void PersistAll(World original, World? restored)
    {
        original.Trace?.AppendLine("-- everything is persisted");
        original.Regions.PersistAll();
        original.SettleAll();
        restored?.Regions.PersistAll();
        restored?.SettleAll();
    }

    // Which groups have somebody whose region is not what it was.
    private bool[] CompareRegions(World original, World restored, GroupMoments moments)
    {
        bool[] hasOther = new bool[groups];
        for (int group = 0; group < groups; group++)
        {
            Enter(original, restored, group);
            if (moments.ShownBy(group).DifferenceTo(restored, restored.Regions.Disk, out hasOther[group]) is { } difference)
                throw new StateException($"after a restore: {difference}");
            moments.ShownBy(group).Mark(original, restored.Regions.Disk);
        }
        return hasOther;
    }

    // Whoever had been woken goes first on both sides; then only those run who wait again.
    private static void WakeBoth(World original, World restored, GroupMoments moments, int group, StateStep step)
    {
        Enter(original, restored, group);
        IReadOnlyList<int> order = original.WokenFirst(moments.OrderOf(group));
        IReadOnlyList<int> woken = original.Woken();
        // One that has just been restored waits again in the original, too.
        if (group == step.Target && group != 0)
            original.Wake(order, woken);
        else
            original.SettleIn(order);
        restored.Wake(order, woken);
    }

    private static void Enter(World original, World restored, int group)
    {
        original.Enter(group);
        restored.Enter(group);
    }

    private static void CompareSeen(World original, World restored)
    {
        if (original.Seen.Count != restored.Seen.Count)
            throw new StateException($"after a restore: programs see {restored.Seen.Count} results instead of {original.Seen.Count}");
        for (int i = 0; i < original.Seen.Count; i++)
            if (original.Seen[i] != restored.Seen[i])
                throw new StateException(
                    $"after a restore: programs see {Show(restored.Seen[i])} instead of {Show(original.Seen[i])} (result {i})");
    }

    private static string Show(long value) => value == World.NoResult
        ? "a call that waits" : value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static void Compare(World original, World restored, bool withMemory, string when)
    {
        for (int group = 0; group < original.Count; group++)
        {
            Enter(original, restored, group);
            string? difference = StateComparison.Difference(original.View, restored.View);
            if (difference == null && withMemory)
                difference = StateComparison.MemoryDifference(original.View, restored.View);
            if (difference != null)
                throw new StateException(original.Count == 1 ? $"{when}: {difference}" : $"{when}: group {group}: {difference}");
        }
    }
}
