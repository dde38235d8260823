using System;
using System.Collections.Generic;
using System.Threading;
using Aurora.Base;

namespace Aurora.Store.Tests;

/// <summary>
/// Real fibers for a test: each has a thread, but only the holder of the baton runs, and it is passed on only where a fiber would switch. The order is
/// random from a seed, so a failure can be repeated.
/// </summary>
#pragma warning disable CA1001 // The semaphores end with the test's threads.
public sealed unsafe class BatonFibers(int seed) : FiberScheduler
{
    // Unwinds a fiber that will not go on.
    private sealed class MachineOverException : Exception;

    private sealed class Fiber
    {
        public readonly SemaphoreSlim Baton = new(0);
        public bool IsDone;
    }

#pragma warning restore CA1001

    private readonly Random _random = new(seed);
    private readonly List<Fiber> _ready = [];
    private readonly Dictionary<nint, List<Fiber>> _waiting = [];
    private readonly ManualResetEventSlim _finished = new();
    private readonly List<Thread> _threads = [];
    private readonly List<Fiber> _fibers = [];
    private Fiber _current = null!;
    private int _alive;
    private volatile bool _isOver;

    /// <summary>Called when no fiber can run: completes device requests. False when there are none.</summary>
    public Func<bool> Idle { get; set; } = () => false;

    /// <summary>What went wrong in a fiber, if anything.</summary>
    public Exception? Failure { get; private set; }

    public int Switches { get; private set; }

    /// <summary>How often somebody has given way.</summary>
    public int Yields { get; private set; }

    public void Start(Action body)
    {
        var fiber = new Fiber();
        _fibers.Add(fiber);
        _alive++;
        _ready.Add(fiber);
        var thread = new Thread(() =>
        {
            try
            {
                Await(fiber);
                body();
            }
            catch (MachineOverException)
            {
                return;
            }
            catch (Exception failure)
            {
                Failure ??= failure;
            }
            if (_isOver)
                return;
            fiber.IsDone = true;
            _alive--;
            PassOn();
        })
        { IsBackground = true };
        _threads.Add(thread);
        thread.Start();
    }

    /// <summary>The machine is over for all fibers, wherever they wait; the caller returns.</summary>
    public void End()
    {
        _isOver = true;
        foreach (Fiber fiber in _fibers)
            fiber.Baton.Release();
        _finished.Set();
    }

    /// <summary>Runs until every fiber has ended, or one of them has ended all.</summary>
    public void Run(TimeSpan limit)
    {
        PassOn();
        if (!_finished.Wait(limit))
            throw new TimeoutException($"the fibers did not finish within {Switches} switches");
        if (Failure != null)
            throw new InvalidOperationException("a fiber failed: " + Failure, Failure);
    }

    public override void Block(FiberQueue* queue)
    {
        if (!_waiting.TryGetValue((nint)queue, out List<Fiber>? waiters))
            _waiting[(nint)queue] = waiters = [];
        Fiber me = _current;
        waiters.Add(me);
        PassOn();
        Await(me);
    }

    public override void Yield()
    {
        Yields++;
        Idle();
        if (_alive == 0 || _random.Next(3) != 0)
            return;
        Fiber me = _current;
        _ready.Add(me);
        PassOn();
        Await(me);
    }

    public override void WakeOne(FiberQueue* queue)
    {
        if (!_waiting.TryGetValue((nint)queue, out List<Fiber>? waiters) || waiters.Count == 0)
            return;
        _ready.Add(waiters[0]);
        waiters.RemoveAt(0);
    }

    public override void WakeAll(FiberQueue* queue)
    {
        if (_waiting.Remove((nint)queue, out List<Fiber>? waiters))
            _ready.AddRange(waiters);
    }

    private void Await(Fiber fiber)
    {
        fiber.Baton.Wait();
        if (_isOver)
            throw new MachineOverException();
    }

    private void PassOn()
    {
        while (_ready.Count == 0 && _alive > 0 && Failure == null && Idle())
        {
        }
        if (_alive == 0 || _ready.Count == 0 || Failure != null)
        {
            if (_alive > 0)
                Failure ??= new InvalidOperationException($"deadlock: {_alive} fibers wait for ever");
            _finished.Set();
            return;
        }
        int index = _random.Next(_ready.Count);
        _current = _ready[index];
        _ready.RemoveAt(index);
        Switches++;
        _current.Baton.Release();
    }
}

/// <summary>A memory device whose requests take effect and complete later, in random order, when no fiber can run (or by chance before).</summary>
public sealed unsafe class SlowDevice : Aurora.Testing.MemoryBlockDevice
{
    private readonly List<nint> _pending = [];
    private readonly BatonFibers _fibers;
    private readonly Random _random;

    public SlowDevice(ulong blocks, BatonFibers fibers, int seed)
        : base(blocks)
    {
        _fibers = fibers;
        _random = new Random(seed);
        fibers.Idle = CompleteOne;
    }

    public bool IsImmediate { get; set; } = true;

    public override void Submit(BlockRequest* request)
    {
        if (IsImmediate)
        {
            base.Submit(request);
            return;
        }
        request->Status = BlockStatus.Pending;
        _pending.Add((nint)request);
        if (_random.Next(6) == 0)
            CompleteOne();
    }

    public override BlockStatus Wait(BlockRequest* request)
    {
        while (request->Status == BlockStatus.Pending)
            _fibers.Block(&request->Waiters);
        return request->Status;
    }

    private bool CompleteOne()
    {
        if (_pending.Count == 0)
            return false;
        int index = _random.Next(_pending.Count);
        var request = (BlockRequest*)_pending[index];
        _pending.RemoveAt(index);
        base.Submit(request);
        _fibers.WakeAll(&request->Waiters);
        return true;
    }
}
