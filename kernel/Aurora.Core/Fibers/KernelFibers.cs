// The kernel's cooperative threads. The main loop calls RunTurn; it switches to the first ready fiber's stack and returns when that fiber
// blocks, yields or ends. Fibers never switch to each other directly, so the main loop's stack is always the one that decides. A wake
// moves a fiber from its queue to the end of the ready list. Stacks are guarded and kept: an ended fiber's stack serves the next one.
// The lowest word of each stack is a canary, checked at every switch: it catches what the guard page cannot, a frame that just fits.
// Protected by the kernel lock.
using System.Runtime;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core;

/// <summary>Runs fibers on the machine.</summary>
public sealed unsafe class KernelFibers : FiberScheduler
{
    private const int StackPages = 8;
    private const int MaxFibers = 1024;
    private const int MaxBodies = 64;
    private const ulong Canary = 0x0A07_04A2_1BE2_C0DE;

    /// <summary>What fiber_switch pops (six registers) and then returns to; one more word keeps the stack aligned as after a call.</summary>
    private const int InitialWords = 8;
    private const int ReturnAddressWord = 6;

    private struct State
    {
        public FiberQueue Ready;
        public FiberQueue Soon;
        public FiberQueue Idle;
        public Fiber* Current;
        public ulong MainStackPointer;
    }

    // A fiber begins in assembly, which has nowhere to keep a reference to the scheduler. Used by Main alone.
    private static KernelFibers s_instance = null!;

    private readonly FramePool _frames;
    private readonly KernelLock _lock;
    private readonly Slab<Fiber> _fibers;
    private readonly State* _state;
    private readonly Clock _clock;
    private FiberTurn _turn;
    private readonly FiberBody?[] _bodies = new FiberBody?[MaxBodies];
    private int _bodyCount;

    /// <summary>The scheduler; there is one.</summary>
    public KernelFibers(FramePool frames, PageAllocator pages, Clock clock, TraceLog? trace = null)
        : base(trace)
    {
        Panic.Unless(s_instance == null, "fibers: a second scheduler"u8);
        _frames = frames;
        _lock = pages.Lock;
        _clock = clock;
        _fibers = new Slab<Fiber>(pages, MaxFibers);
        _state = (State*)pages.Allocate(1);
        Panic.Unless(_state != null, "fibers: no memory for the scheduler"u8);
        s_instance = this;
    }

    public bool HasReady => !_state->Ready.IsEmpty;

    /// <summary>Some are ready when the main loop comes to them, and it need not come at once.</summary>
    public bool HasSoon => !_state->Soon.IsEmpty;

    /// <summary>True while a fiber is running, false in the main loop.</summary>
    public bool IsInFiber => _state->Current != null;

    /// <summary>Fibers that have been started and have not ended.</summary>
    public int Count { get; private set; }

    /// <summary>Makes a body known, which then may be started, more than once; at boot.</summary>
    public void Add(FiberBody body)
    {
        Panic.Unless(_bodyCount < MaxBodies, "fibers: too many bodies"u8);
        _bodies[_bodyCount++] = body;
    }

    /// <summary>Makes a fiber that runs a known body when the main loop comes to it; false when memory is short.</summary>
    public bool Start(FiberBody body)
    {
        int number = 0;
        while (number < _bodyCount && _bodies[number] != body)
            number++;
        Panic.Unless(number < _bodyCount, "fibers: an unknown body"u8);
        Fiber* fiber = FiberList.RemoveFirst(&_state->Idle);
        if (fiber == null)
            fiber = Create();
        if (fiber == null)
            return false;
        fiber->BodyNumber = number;
        fiber->Group = TraceEvent.NoGroup;
        PrepareStack(fiber);
        Count++;
        FiberList.Append(&_state->Ready, fiber);
        return true;
    }

    /// <summary>
    /// Gives the processor to ready fibers, at most so many, until their slice is over: what a user thread waits for. For the main loop
    /// only.
    /// </summary>
    public void RunTurn(int most)
    {
        while (HasSoon)
            FiberList.Append(&_state->Ready, FiberList.RemoveFirst(&_state->Soon));
        if (!HasReady)
            return;
        ulong now = _clock.MonotonicNanoseconds;
        _turn.Begin(now);
        while (most-- > 0 && SwitchToNext())
        {
            now = _clock.MonotonicNanoseconds;
            if (_turn.IsOver(now))
                break;
        }
        _turn.End(now);
    }

    public override bool MustGiveWay
    {
        get
        {
            Trace.Look();
            return _turn.IsOver(_clock.MonotonicNanoseconds);
        }
    }

    public override ulong MonotonicNanoseconds => _clock.MonotonicNanoseconds;

    public override ulong LongestTurnNanoseconds => _turn.LongestNanoseconds;

    /// <summary>Gives the processor to one ready fiber until it blocks; false when none is ready. For loops without user threads.</summary>
    public bool RunOne()
    {
        _turn.Begin(_clock.MonotonicNanoseconds);
        return SwitchToNext();
    }

    private bool SwitchToNext()
    {
        _lock.AssertHeld();
        Panic.Unless(_state->Current == null, "fibers: a fiber tried to schedule"u8);
        Fiber* fiber = FiberList.RemoveFirst(&_state->Ready);
        if (fiber == null)
            return false;
        _state->Current = fiber;
        ulong start = Trace.Enter((ushort)(fiber->BodyNumber + 1), fiber->Group);
        fiber_switch(&_state->MainStackPointer, fiber->StackPointer);
        fiber->Group = Trace.Group;
        Trace.Leave(start);
        _state->Current = null;
        Panic.Unless(*CanaryOf(fiber) == Canary, "fibers: a fiber overran its stack"u8);
        return true;
    }

    public override void Block(FiberQueue* queue)
    {
        Fiber* fiber = Running();
        FiberList.Append(queue, fiber);
        Leave(fiber);
    }

    public override void Yield()
    {
        Fiber* fiber = Running();
        FiberList.Append(&_state->Ready, fiber);
        Leave(fiber);
    }

    public override void WakeOne(FiberQueue* queue)
    {
        _lock.AssertHeld();
        Fiber* fiber = FiberList.RemoveFirst(queue);
        if (fiber != null)
            FiberList.Append(&_state->Ready, fiber);
    }

    public override void WakeSoon(FiberQueue* queue)
    {
        _lock.AssertHeld();
        Fiber* fiber = FiberList.RemoveFirst(queue);
        if (fiber != null)
            FiberList.Append(&_state->Soon, fiber);
    }

    public override void WakeAll(FiberQueue* queue)
    {
        while (!queue->IsEmpty)
            WakeOne(queue);
    }

    /// <summary>Where every fiber begins, on its own stack.</summary>
    [RuntimeExport("AuroraFiberMain")]
    private static void Main()
    {
        KernelFibers scheduler = s_instance;
        Fiber* fiber = scheduler.Running();
        scheduler._bodies[fiber->BodyNumber]!.Run();
        scheduler.Count--;
        FiberList.Append(&scheduler._state->Idle, fiber);
        scheduler.Leave(fiber);
        Panic.Fail("fibers: an ended fiber ran"u8);
    }

    private Fiber* Running()
    {
        Panic.Unless(_state->Current != null, "fibers: blocked outside a fiber"u8);
        return _state->Current;
    }

    private void Leave(Fiber* fiber) => fiber_switch(&fiber->StackPointer, _state->MainStackPointer);

    private Fiber* Create()
    {
        Fiber* fiber = _fibers.Allocate();
        if (fiber == null)
            return null;
        fiber->StackTop = KernelStacks.Allocate(_frames, StackPages);
        if (fiber->StackTop == 0)
        {
            _fibers.Free(fiber);
            return null;
        }
        *CanaryOf(fiber) = Canary;
        return fiber;
    }

    private static ulong* CanaryOf(Fiber* fiber) => (ulong*)(fiber->StackTop - (StackPages * PageSize.Bytes));

    private static void PrepareStack(Fiber* fiber)
    {
        ulong* words = (ulong*)fiber->StackTop - InitialWords;
        for (int i = 0; i < InitialWords; i++)
            words[i] = 0;
        words[ReturnAddressWord] = (ulong)fiber_start_address();
        fiber->StackPointer = (ulong)words;
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern void fiber_switch(ulong* leaving, ulong arriving);

    [DllImport("*"), SuppressGCTransition]
    private static extern void* fiber_start_address();
}
