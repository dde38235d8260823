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
    private readonly ObjectTracker _group;
    private readonly ObjectTracker _other;
    private readonly List<nint> _threads = [];
    private readonly WaitQueue* _queue = (WaitQueue*)NativeMemory.AllocZeroed(16);

    public SchedulerTests()
    {
        HostEnvironment.Install();
        var pages = new HostPageAllocator();
        var tracked = new TrackedObjects(pages);
        _group = tracked.Add(0, new ObjectId(1));
        _other = tracked.Add(1, new ObjectId(1));
        _scheduler = new ThreadScheduler(pages, tracked, new GroupClocks(_clock, tracked));
    }

    public void Dispose()
    {
        foreach (nint thread in _threads)
            NativeMemory.Free((void*)thread);
        NativeMemory.Free(_queue);
    }

    private Thread* Add() => Add(_group);

    private Thread* Add(ObjectTracker group)
    {
        Thread* thread = (Thread*)NativeMemory.AllocZeroed((nuint)sizeof(Thread));
        group.Lend(&thread->Header);
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
        Assert.True(_scheduler.TakePassed(_clock.Now, out DeadlineNode* passed));
        Assert.True(passed->Kind == DeadlineKind.Thread && passed->Owner == thread);
        _scheduler.Wake(thread);
        Assert.True(_scheduler.PickNext() == thread);
        Assert.True(_queue->IsEmpty);
        _scheduler.BlockOn(thread, _queue);
        _scheduler.BlockUntil(thread, 100);
        _scheduler.Sleep(thread, true);
        _scheduler.Wake(_queue);
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

    [Fact]
    public void Threads_of_a_held_group_run_on_in_order_when_it_goes_on_and_others_do_not_notice()
    {
        Thread*[] held = [Add(), Add(), Add()];
        Thread* free = Add(_other);
        Assert.True(_scheduler.PickNext() == held[0]);
        _scheduler.Hold(_group);
        Assert.True(_scheduler.IsHeld(_group) && !_scheduler.IsHeld(_other));
        for (int turn = 0; turn < 5; turn++)
        {
            Assert.True(_scheduler.PickNext() == free);
            _scheduler.Yield(free);
        }
        Assert.Equal(1, _scheduler.RunnableCount);
        _scheduler.Sleep(free, isInterruptible: true);
        Assert.True(_scheduler.PickNext() == null);
        Assert.Equal(0, _scheduler.RunnableCount);
        _scheduler.Resume(_group);
        Assert.Equal(3, _scheduler.RunnableCount);
        var order = new List<int>();
        for (int turn = 0; turn < 3; turn++)
        {
            Thread* thread = _scheduler.PickNext();
            order.Add(thread->Id);
            _scheduler.Yield(thread);
        }
        Assert.Equal([held[0]->Id, held[1]->Id, held[2]->Id], order);
    }

    [Fact]
    public void A_thread_of_a_held_group_that_sleeps_wakes_or_ends_is_never_run_and_never_counted_twice()
    {
        Thread* sleeper = Add();
        Thread* ending = Add();
        Thread* free = Add(_other);
        _scheduler.BlockOn(sleeper, _queue);
        _scheduler.Sleep(sleeper, isInterruptible: true);
        _scheduler.Hold(_group);
        _scheduler.WakeAll(_queue);
        Assert.True(_scheduler.PickNext() == free);
        _scheduler.Yield(free);
        Assert.True(_scheduler.PickNext() == free);
        _scheduler.Suspend(ending, ThreadState.Dead);
        Assert.Equal(1, _scheduler.RunnableCount);
        _scheduler.Resume(_group);
        Assert.Equal(2, _scheduler.RunnableCount);
        Assert.True(_scheduler.PickNext() == sleeper);
    }

    [Fact]
    public void Each_group_is_told_of_its_own_threads_that_ran()
    {
        Add();
        Add(_other);
        _scheduler.Yield(_scheduler.PickNext());
        _scheduler.Yield(_scheduler.PickNext());
        Assert.Equal((1, 1), (_scheduler.RanCountOf(_group), _scheduler.RanCountOf(_other)));
        _scheduler.ForgetRan((Thread*)_threads[0]);
        Assert.Equal((0, 1), (_scheduler.RanCountOf(_group), _scheduler.RanCountOf(_other)));
    }
}
