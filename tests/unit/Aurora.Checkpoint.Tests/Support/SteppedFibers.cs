using System;
using Aurora.Base;

namespace Aurora.Checkpoint.Tests;

/// <summary>Runs the body of a fiber on the test's own flow of control until it has nothing more to do.</summary>
internal sealed unsafe class SteppedFibers : FiberScheduler
{
    private sealed class FiberBlocked : Exception;

    /// <summary>Runs <paramref name="body"/> until it blocks.</summary>
    public static void Run(Action body)
    {
        try
        {
            body();
        }
        catch (FiberBlocked)
        {
            // The body waits for work: its turn is over.
        }
    }

    /// <summary>How often somebody has asked whether it is time to give way.</summary>
    public int Looks { get; private set; }

    /// <summary>How often somebody has woken all who wait in a queue.</summary>
    public int Wakes { get; private set; }

    public override bool MustGiveWay
    {
        get
        {
            Looks++;
            return false;
        }
    }

    public override void Block(FiberQueue* queue) => throw new FiberBlocked();

    public override void Yield()
    {
    }

    public override void WakeOne(FiberQueue* queue)
    {
    }

    public override void WakeAll(FiberQueue* queue) => Wakes++;
}
