using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Aurora.Testing;
using Xunit;

namespace Aurora.Posix.Tests.Threads;

public sealed unsafe class SchedulerTests : IDisposable
{
    private sealed class ManualClock : Clock
    {
        public ulong Now { get; set; }
        public override ulong MonotonicNanoseconds => Now;
        public override ulong RealtimeNanoseconds => Now;
    }

    private readonly ManualClock _clock = new();
    private readonly ThreadScheduler _scheduler;
    private readonly List<nint> _threads = [];
    private readonly WaitQueue* _queue = (WaitQueue*)NativeMemory.AllocZeroed(16);

    public SchedulerTests()
    {
        HostEnvironment.Install();
        var pages = new HostPageAllocator();
        var tracked = new TrackedObjects(pages);
        tracked.Add(0, new ObjectId(1));
        _scheduler = new ThreadScheduler(pages, new GroupClocks(_clock, tracked));
    }

    public void Dispose()
    {
        foreach (nint thread in _threads)
            NativeMemory.Free((void*)thread);
        NativeMemory.Free(_queue);
    }

    private Thread* Add()
    {
        Thread* thread = (Thread*)NativeMemory.AllocZeroed((nuint)sizeof(Thread));
        thread->Id = _threads.Count + 1;
        thread->State = ThreadState.Stopped;
        _threads.Add((nint)thread);
        _scheduler.MakeRunnable(thread);
        return thread;
    }

    [Fact]
    public void Threads_that_compute_take_turns_by_slices()
    {
        for (int i = 0; i < 3; i++)
            Add();
        var order = new List<int>();
        for (int i = 0; i < 6; i++)
        {
            Thread* thread = _scheduler.PickNext();
            order.Add(thread->Id);
            _scheduler.Charge(thread, ThreadScheduler.SliceNanoseconds / 2);
            Assert.True(_scheduler.PickNext() == thread);
            _scheduler.Charge(thread, ThreadScheduler.SliceNanoseconds);
        }
        Assert.Equal([1, 2, 3, 1, 2, 3], order);
    }

    [Fact]
    public void A_woken_thread_goes_first_and_still_nobody_starves()
    {
        Thread* busy = Add();
        Thread* ping = Add();
        Thread* pong = Add();
        int busyTurns = 0;
        for (int i = 0; i < 400; i++)
        {
            Thread* thread = _scheduler.PickNext();
            if (thread == busy)
            {
                busyTurns++;
                _scheduler.Charge(thread, ThreadScheduler.SliceNanoseconds);
                continue;
            }
            Thread* other = thread == ping ? pong : ping;
            _scheduler.BlockOn(thread, _queue);
            _scheduler.Sleep(thread, true);
            _scheduler.Wake(other);
            if (_scheduler.RunnableCount == 1)
                _scheduler.WakeAll(_queue);
        }
        Assert.InRange(busyTurns, 10, 60);
    }

    [Fact]
    public void A_sleeper_is_woken_by_its_queue_or_its_deadline_and_leaves_both()
    {
        Thread* thread = Add();
        Assert.True(_scheduler.PickNext() == thread);
        _scheduler.BlockOn(thread, _queue);
        _scheduler.BlockUntil(thread, 100);
        _scheduler.BlockUntil(thread, 50);
        _scheduler.BlockUntil(thread, 70);
        _scheduler.Sleep(thread, true);
        Assert.Equal(50UL, _scheduler.NextDeadlineNanoseconds);
        Assert.True(_scheduler.PickNext() == null);
        _clock.Now = 50;
        DeadlineNode* passed = _scheduler.TakePassed(_clock.Now);
        Assert.True(passed->Kind == DeadlineKind.Thread && passed->Owner == thread);
        _scheduler.Wake(thread);
        Assert.True(_scheduler.PickNext() == thread);
        Assert.True(_queue->IsEmpty);
        _scheduler.BlockOn(thread, _queue);
        _scheduler.BlockUntil(thread, 100);
        _scheduler.Sleep(thread, true);
        _scheduler.WakeOne(_queue);
        Assert.Equal(ulong.MaxValue, _scheduler.NextDeadlineNanoseconds);
        Assert.True(_scheduler.PickNext() == thread);
    }

    [Fact]
    public void Waking_a_queue_ends_even_if_somebody_on_it_is_not_asleep_yet()
    {
        Thread* thread = Add();
        _scheduler.BlockOn(thread, _queue);
        _scheduler.BlockOn(thread, _queue);
        _scheduler.WakeAll(_queue);
        Assert.True(_queue->IsEmpty);
        Assert.True(thread->Waits == null);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_heap_of_deadlines_agrees_with_a_sorted_list(int seed)
    {
        const int nodes = 200;
        var random = new Random(seed);
        DeadlineNode* memory = (DeadlineNode*)NativeMemory.AllocZeroed(nodes, (nuint)sizeof(DeadlineNode));
        var heap = new DeadlineHeap();
        var model = new Dictionary<int, ulong>();
        for (int step = 0; step < 20000; step++)
        {
            int index = random.Next(nodes);
            if (random.Next(3) > 0)
            {
                ulong deadline = (ulong)random.Next(1000);
                heap.Arm(&memory[index], deadline, deadline);
                model[index] = deadline;
            }
            else if (random.Next(2) == 0)
            {
                heap.Disarm(&memory[index]);
                model.Remove(index);
            }
            else if (heap.First != null)
            {
                model.Remove((int)(heap.First - memory));
                heap.Disarm(heap.First);
            }
            Assert.Equal(model.Count, heap.Count);
            Assert.Equal(model.Count == 0, heap.First == null);
            if (model.Count > 0)
                Assert.Equal(model.Values.Min(), heap.First->Nanoseconds);
        }
        NativeMemory.Free(memory);
    }
}
