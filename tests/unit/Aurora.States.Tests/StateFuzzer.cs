// Random legal programs build up kernel state; the state is captured as the checkpoint engine captures it (only what changed since the
// last time), restored into a fresh kernel, and compared with the original object by object, field by field, and in what its programs can
// read. Then both go on with the same calls, and all that the programs see must be the same, up to the next capture. A state is one
// capture with its restore and comparison. Now and then the restored kernel replaces the original.
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
internal readonly record struct StateStep(Operation Operation, bool Settles, bool Captures, bool ComparesMemory, bool Replaces);

/// <summary>Runs programs.</summary>
internal sealed class StateFuzzer(SeededCodecFault? fault = null)
{
    private const int StepsPerProgram = 80;

    private static readonly TestKernel.Image _boot = World.Boot();

    /// <summary>States captured, restored and compared.</summary>
    public long States { get; private set; }

    /// <summary>Calls that programs made, in the original.</summary>
    public long Operations { get; private set; }

    public static StateProgram Generate(int seed)
    {
        var random = new Random(seed);
        var steps = new List<StateStep>(StepsPerProgram);
        for (int i = 0; i < StepsPerProgram; i++)
            steps.Add(new StateStep(Tests.Operations.Draw(random), random.Next(8) != 0, random.Next(4) != 0, random.Next(16) == 0,
                random.Next(10) == 0));
        return new StateProgram(steps);
    }

    /// <summary>Runs a program; throws <see cref="StateException"/> where something differs.</summary>
    public void Run(StateProgram program, StringBuilder? trace = null)
    {
        fault?.Forget();
        TestKernel.Image image = _boot.Copy();
        World original = World.Restore(image, fault);
        original.Trace = trace;
        World? restored = null;
        try
        {
            foreach (StateStep step in program.Steps)
                Step(step, image, ref original, ref restored);
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

    private void Step(StateStep step, TestKernel.Image image, ref World original, ref World? restored)
    {
        Operations++;
        original.Trace?.AppendLine(Tests.Operations.NameOf(step.Operation));
        Do(original, step);
        if (restored != null)
        {
            Do(restored, step);
            CompareSeen(original, restored);
        }
        if (!step.Captures)
            return;
        if (restored != null)
            Compare(original, restored, step.ComparesMemory, "after going on");
        restored?.Dispose();
        restored = null;
        restored = Move(original, image, step);
        States++;
        if (!step.Replaces)
            return;
        restored.Trace = original.Trace;
        original.Trace?.AppendLine("-- the restored goes on alone");
        original.Dispose();
        original = restored;
        restored = null;
    }

    private static void Do(World world, StateStep step)
    {
        world.Forget();
        Tests.Operations.Run(world, step.Operation);
        if (step.Settles)
            world.Settle();
        world.Stop();
    }

    private World Move(World original, TestKernel.Image image, StateStep step)
    {
        original.Kernel.Capture(image);
        IReadOnlyList<int> order = original.OrderOfThreads();
        World restored = World.Restore(image, fault);
        original.Trace?.AppendLine("-- captured");
        original.Forget();
        original.Reseed(States);
        restored.Reseed(States);
        original.ForgetTraps();
        restored.ForgetTraps();
        // What is due by now happens, as before the main loop idles.
        original.Kernel.Deadlines.Expire();
        restored.Kernel.Deadlines.Expire();
        TerminalOperations.ReachGroups(original);
        TerminalOperations.ReachGroups(restored);
        // Whoever had been woken goes first on both sides; then only those run who wait again.
        order = original.WokenFirst(order);
        IReadOnlyList<int> woken = original.Woken();
        original.SettleIn(order);
        restored.Wake(order, woken);
        try
        {
            Compare(original, restored, step.ComparesMemory, "after a restore");
        }
        catch
        {
            restored.Dispose();
            throw;
        }
        return restored;
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
        string? difference = StateComparison.Difference(original.View, restored.View);
        if (difference == null && withMemory)
            difference = StateComparison.MemoryDifference(original.View, restored.View);
        if (difference != null)
            throw new StateException($"{when}: {difference}");
    }
}
