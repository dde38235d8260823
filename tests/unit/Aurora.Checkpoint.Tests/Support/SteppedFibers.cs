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

    private bool _isTurning;

    /// <summary>
    /// These fibers as the store sees them. In the middle of an operation of the store others would wait for its turn, which nothing here
    /// can do: the rest of the machine takes none.
    /// </summary>
    public FiberScheduler OfStore => _ofStore ??= new StoreFibers(this);

    private StoreFibers? _ofStore;

    /// <summary>What the rest of the machine does when a fiber waits or yields outside of <see cref="Run"/>; null for nothing.</summary>
    public Action? Turn { get; set; }

    /// <summary>
    /// Other fibers, which run while one waits in the middle of something when nothing takes a turn; false when they had nothing to do.
    /// </summary>
    public Func<bool>? Beside { get; set; }

    /// <summary>How often somebody has asked whether it is time to give way.</summary>
    public int Looks { get; private set; }

    /// <summary>How often somebody has woken all who wait in a queue.</summary>
    public int Wakes { get; private set; }

    /// <summary>How often somebody has woken one of those who wait in a queue.</summary>
    public int WakesOfOne { get; private set; }

    /// <summary>Whoever looks is to give way.</summary>
    public bool IsSliceOver { get; set; }

    public override bool MustGiveWay
    {
        get
        {
            Looks++;
            return IsSliceOver;
        }
    }

    public override void Block(FiberQueue* queue)
    {
        if (!TakesTurn() && !RunsBeside())
            throw new FiberBlocked();
    }

    private bool RunsBeside()
    {
        if (Beside == null || _isTurning)
            return false;
        _isTurning = true;
        try
        {
            return Beside();
        }
        finally
        {
            _isTurning = false;
        }
    }

    public override void Yield() => TakesTurn();

    /// <summary>The rest of the machine takes a turn; false where there is none, or it is taking one.</summary>
    public bool TakesTurn()
    {
        if (Turn == null || _isTurning)
            return false;
        _isTurning = true;
        try
        {
            Turn();
        }
        finally
        {
            _isTurning = false;
        }
        return true;
    }

    public override void WakeOne(FiberQueue* queue) => WakesOfOne++;

    public override void WakeAll(FiberQueue* queue) => Wakes++;

    private sealed class StoreFibers(SteppedFibers fibers) : FiberScheduler
    {
        public override bool MustGiveWay => fibers.MustGiveWay;

        public override void Block(FiberQueue* queue)
        {
            if (fibers.Turn == null || fibers._isTurning)
                throw new FiberBlocked();
        }

        public override void Yield()
        {
        }

        public override void WakeOne(FiberQueue* queue)
        {
        }

        public override void WakeAll(FiberQueue* queue) => fibers.WakeAll(queue);
    }
}
