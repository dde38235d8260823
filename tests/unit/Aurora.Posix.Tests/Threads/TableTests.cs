using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Posix.Time;
using Aurora.Testing;
using Xunit;

namespace Aurora.Posix.Tests.Threads;

/// <summary>Ids, deadlines, waits, register blocks and queued signals at their boundaries.</summary>
public sealed unsafe class TableTests
{
    private const int IdsPerPage = PageSize.Bytes / 48;
    private const int FirstReused = 300;

    private sealed class StillClock : Clock
    {
        public override ulong MonotonicNanoseconds => 1000;
        public override ulong RealtimeNanoseconds => 1000;
    }

    public TableTests() => HostEnvironment.Install();

    [Theory]
    [MemberData(nameof(Boundaries.Of), IdsPerPage, 200, MemberType = typeof(Boundaries))]
    public void Any_number_of_ids_is_given_out_once_each(int count)
    {
        using var pages = new HostPageAllocator();
        IdState state = default;
        var ids = new IdTable(pages, &state);
        var seen = new HashSet<int>();
        for (int i = 0; i < count; i++)
        {
            int id = ids.Allocate();
            Assert.True(id > 0 && seen.Add(id));
            ids.Find(id)->Process = (Process*)1;
        }
    }

    [Fact]
    public void Ids_that_may_be_in_use_are_found_from_any_id_on()
    {
        using var pages = new HostPageAllocator();
        IdState state = default;
        var ids = new IdTable(pages, &state);
        Assert.Equal(IdTable.Limit, ids.NextPossible(1));
        int far = 20 * IdsPerPage;
        foreach (int id in new[] { 1, far + 3 })
            ids.Take(id)->Process = (Process*)1;
        Assert.Equal((0, 1, IdsPerPage - 1), (ids.NextPossible(-1), ids.NextPossible(1), ids.NextPossible(IdsPerPage - 1)));
        Assert.Equal((far, far, far + 4), (ids.NextPossible(IdsPerPage), ids.NextPossible(far - 1), ids.NextPossible(far + 4)));
        Assert.Equal((IdTable.Limit, IdTable.Limit), (ids.NextPossible(far + IdsPerPage), ids.NextPossible(IdTable.Limit)));
    }

    [Fact]
    public void When_all_ids_are_taken_the_next_is_refused_until_one_is_free_and_so_it_is_without_memory()
    {
        using var pages = new HostPageAllocator { PageLimit = 5 };
        IdState state = default;
        var ids = new IdTable(pages, &state);
        int count = 0;
        for (int id = ids.Allocate(); id != 0; id = ids.Allocate(), count++)
            ids.Find(id)->Thread = (Thread*)1;
        Assert.Equal((4 * IdsPerPage) - 1, count);
        pages.PageLimit = long.MaxValue;
        for (int id = ids.Allocate(); id != 0; id = ids.Allocate(), count++)
            ids.Find(id)->Thread = (Thread*)1;
        // The number that was passed over for want of memory is found when the numbers begin again.
        Assert.Equal(IdTable.Limit - 1, count);
        foreach (int free in new[] { IdTable.Limit - 1, FirstReused, FirstReused + 1, 4096 })
        {
            ids.Find(free)->Thread = null;
            ids.Vacate(free);
            Assert.Equal(free, ids.Allocate());
            ids.Find(free)->Thread = (Thread*)1;
            Assert.Equal(0, ids.Allocate());
        }
    }

    [Fact]
    public void A_user_gets_half_of_the_ids_two_a_third_each_and_root_has_a_reserve()
    {
        const uint first = 1000;
        const uint second = 1001;
        const int ofUsers = IdTable.Limit - (IdTable.Limit / UserAccounts.ObjectReserveShare);
        using var pages = new HostPageAllocator();
        IdState state = default;
        var ids = new IdTable(pages, &state);
        int TakeAll(uint user)
        {
            pages.Accounts.Enter(user, isPrivileged: user == 0);
            int taken = 0;
            for (int id = ids.Allocate(); id != 0; id = ids.Allocate(), taken++)
                ids.Find(id)->Process = (Process*)(nint)(user + 1);
            pages.Accounts.Leave();
            return taken;
        }
        Assert.Equal(ofUsers / 2, TakeAll(first));
        Assert.InRange(TakeAll(second), ofUsers / 4, ofUsers / 3);
        for (uint user = second + 1; user < 1100; user++)
            TakeAll(user);
        Assert.InRange(ids.Count, ofUsers - 100, ofUsers);
        int rest = TakeAll(0);
        Assert.Equal(IdTable.Limit - 1, ids.Count);
        Assert.InRange(rest, (IdTable.Limit / UserAccounts.ObjectReserveShare) - 1, IdTable.Limit);
        for (int id = 1; id < IdTable.Limit; id++)
        {
            ids.Find(id)->Process = null;
            ids.Vacate(id);
        }
        Assert.Equal(0, ids.Count);
        Assert.Equal(ofUsers / 2, TakeAll(first));
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), 256, 200, MemberType = typeof(Boundaries))]
    public void Any_number_of_deadlines_ends_in_order(int count)
    {
        var heap = new DeadlineHeap();
        var random = new Random(count);
        var nodes = (DeadlineNode*)NativeMemory.AllocZeroed((nuint)count + 1, (nuint)sizeof(DeadlineNode));
        for (int i = 0; i < count; i++)
            Arm(heap, nodes + i, (ulong)random.Next(count));
        for (int i = 0; i < count; i += 3)
            Arm(heap, nodes + i, (ulong)random.Next(count));
        int left = count;
        for (int i = 1; i < count; i += 4, left--)
            heap.Disarm(nodes + i);
        Assert.Equal(left, heap.Count);
        ulong last = 0;
        for (; heap.First != null; left--)
        {
            Assert.True(heap.First->Nanoseconds >= last);
            last = heap.First->Nanoseconds;
            heap.Disarm(heap.First);
        }
        Assert.Equal(0, left);
        NativeMemory.Free(nodes);
    }

    private static void Arm(DeadlineHeap heap, DeadlineNode* node, ulong time) => heap.Arm(node, time, time);

    /// <summary>A thread that finds no place in a queue looks again soon instead of sleeping for ever.</summary>
    [Fact]
    public void Without_a_place_in_a_queue_a_wait_has_an_end()
    {
        using var pages = new HostPageAllocator();
        var tracked = new TrackedObjects(pages);
        tracked.Add(0, new ObjectId(1));
        var scheduler = new ThreadScheduler(pages, tracked, new GroupClocks(new StillClock(), tracked));
        Thread* thread = (Thread*)NativeMemory.AllocZeroed((nuint)sizeof(Thread));
        WaitQueue* queue = (WaitQueue*)NativeMemory.AllocZeroed(16);
        int count = 0;
        for (; !thread->Deadline.IsArmed; count++)
            scheduler.BlockOn(thread, queue);
        Assert.Equal((1 << 18) + 1, count);
        scheduler.LeaveQueues(thread);
        Assert.True(queue->IsEmpty && !thread->Deadline.IsArmed);
        pages.PageLimit = 0;
        for (count = 0; count < 100_000 && !thread->Deadline.IsArmed; count++)
            scheduler.BlockOn(thread, queue);
        Assert.True(thread->Deadline.IsArmed);
        pages.PageLimit = long.MaxValue;
        scheduler.LeaveQueues(thread);
        scheduler.BlockOn(thread, queue);
        Assert.False(queue->IsEmpty || thread->Deadline.IsArmed);
        scheduler.LeaveQueues(thread);
        NativeMemory.Free(thread);
        NativeMemory.Free(queue);
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), 2, 1000, MemberType = typeof(Boundaries))]
    public void Register_blocks_are_aligned_distinct_and_refused_without_memory(int count)
    {
        using var pages = new HostPageAllocator { PageLimit = (count + 1) / 2 };
        var pool = new ThreadContextPool(pages);
        for (int round = 0; round < 2; round++)
        {
            var blocks = new HashSet<nint>();
            for (int i = 0; i < count; i++)
            {
                UserContext* context = pool.Allocate();
                Assert.True(context != null && (nint)context % 64 == 0 && (nint)context->ExtendedState % 64 == 0);
                Assert.True(blocks.Add((nint)context));
            }
            Assert.Equal(count % 2, pool.Allocate() == null ? 0 : 1);
            Assert.True(pool.Allocate() == null);
            foreach (nint block in blocks)
                pool.Free((UserContext*)block);
            if (count % 2 != 0)
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Boundaries.Of), SignalQueue.Limit, 3, MemberType = typeof(Boundaries))]
    [MemberData(nameof(Boundaries.Of), SignalQueue.Limit + SignalBacklog.Capacity, 3, MemberType = typeof(Boundaries))]
    [MemberData(nameof(Boundaries.Of), SignalQueue.Limit + (3 * SignalBacklog.Capacity), 3, MemberType = typeof(Boundaries))]
    public void Signals_queue_in_order_up_to_the_limit_and_the_sender_is_told(int count)
    {
        const int limit = SignalQueue.Limit + (3 * SignalBacklog.Capacity);
        using var pages = new HostPageAllocator();
        var tracker = new TrackedObjects(pages).Add(0, new ObjectId(1));
        var queue = new SignalQueue(pages, tracker.Objects);
        Process process = default;
        process.Limits[Resource.PendingSignals] = new ResourceLimit(limit, limit);
        tracker.Register(&process.Header, ObjectKind.Process);
        PendingSignals* pending = &process.Pending;
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < count; i++)
            {
                var info = new SignalInfo { Number = 40, Code = SignalCode.Queue, Value = (ulong)i };
                Assert.Equal(i < limit ? Errno.Ok : Errno.EAGAIN, queue.Add(&process, null, in info));
            }
            // kill is never refused, and of a standard signal it does not even lose the details.
            Assert.Equal(Errno.Ok, queue.Add(&process, null, new SignalInfo { Number = 15, Code = SignalCode.User, Pid = 7 }));
            Assert.Equal(Errno.Ok, queue.Add(&process, null, new SignalInfo { Number = 41, Code = SignalCode.User, Pid = 7 }));
            Assert.True(pending->Set.Contains((Signal)15) && pending->Set.Contains((Signal)41));
            Assert.Equal(7, SignalQueue.Peek(pending, (Signal)15).Pid);
            Assert.Equal(count + 1 < limit ? 7 : 0, SignalQueue.Peek(pending, (Signal)41).Pid);
            queue.Take(&process, null, (Signal)15);
            queue.Take(&process, null, (Signal)41);
            for (int i = 0; i < Math.Min(count, limit); i++)
            {
                Assert.Equal((ulong)i, SignalQueue.Peek(pending, (Signal)40).Value);
                queue.Take(&process, null, (Signal)40);
            }
            Assert.True(pending->Set.IsEmpty && pending->Count == 0 && pending->First == null && pending->Last == null);
            Assert.True(pending->Backlog == null && pending->LastBacklog == null);
            Assert.Equal((0, 1), (queue.Users.CountOf(0), tracker.Count));
        }
        pages.PageLimit = 0;
        queue = new SignalQueue(pages, tracker.Objects);
        Assert.Equal(Errno.EAGAIN, queue.Add(&process, null, new SignalInfo { Number = 40, Code = SignalCode.Queue }));
        Assert.True(pending->Set.IsEmpty);
        Assert.Equal(Errno.Ok, queue.Add(&process, null, new SignalInfo { Number = 40, Code = SignalCode.User }));
        Assert.True(pending->Set.Contains((Signal)40));
    }

    [Fact]
    public void A_backlog_of_signals_that_are_taken_in_any_order_stays_short_and_keeps_its_order()
    {
        using var pages = new HostPageAllocator();
        var tracker = new TrackedObjects(pages).Add(0, new ObjectId(1));
        var queue = new SignalQueue(pages, tracker.Objects);
        Process process = default;
        process.Limits[Resource.PendingSignals] = new ResourceLimit(2000, 2000);
        tracker.Register(&process.Header, ObjectKind.Process);
        var random = new Random(7);
        var expected = new Dictionary<int, Queue<ulong>>();
        for (int signal = 34; signal <= 64; signal++)
            expected[signal] = new Queue<ulong>();
        int count = 0;
        for (ulong step = 0; step < 40_000; step++)
        {
            int signal = random.Next(34, 65);
            bool adds = random.Next(100) < (step / 5000 % 2 == 0 ? 70 : 30);
            if (adds && queue.Add(&process, null, new SignalInfo { Number = signal, Code = SignalCode.Queue, Value = step }) == Errno.Ok)
            {
                expected[signal].Enqueue(step);
                count++;
            }
            else if (!adds && random.Next(400) == 0)
            {
                Assert.Equal(expected[signal].Count > 0, queue.Flush(&process, null, SignalSet.Of((Signal)signal)));
                count -= expected[signal].Count;
                expected[signal].Clear();
            }
            else if (!adds && expected[signal].TryDequeue(out ulong value))
            {
                Assert.Equal(value, SignalQueue.Peek(&process.Pending, (Signal)signal).Value);
                queue.Take(&process, null, (Signal)signal);
                count--;
            }
            Assert.Equal(expected[signal].Count > 0, process.Pending.Set.Contains((Signal)signal));
            Assert.Equal(count, queue.Users.CountOf(0));
            Assert.InRange(tracker.Count - 1, 0, (2 * count / SignalBacklog.Capacity) + 2);
        }
    }
}
