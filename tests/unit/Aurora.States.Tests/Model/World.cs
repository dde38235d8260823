// A kernel and the programs that run on it, driven as the main loop drives them: one thread at a time runs in user mode, makes a call,
// sleeps or goes on, and whoever was woken has its turn. All that happens follows from the calls made, so two worlds in the same state to
// which the same is done stay in the same state. The order in which threads went to sleep is remembered: a restored world wakes them in
// that order, so that they stand in every queue as they did.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Text;
using Aurora.Base;
using Aurora.Linux.Tests;
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.States.Tests;

/// <summary>One of the two machines that a fuzzer compares.</summary>
internal sealed unsafe partial class World : IDisposable
{
    /// <summary>What a call notes when its thread sleeps, stopped or ended.</summary>
    public const long NoResult = long.MinValue;

    private const ulong InterruptVector = 48;
    private const int MaxTurns = 400;

    private readonly RecycledMemory _memory;
    private readonly List<ObjectTracker> _groups = [];
    private readonly Dictionary<int, long>[] _sleepersOf;
    private Dictionary<int, long> _sleepers;
    private long _sleeps;
    private StoredRegions _regions = null!;

    private World(SeededCodecFault? fault, int groups, RegionDisk disk)
    {
        _memory = RecycledMemory.Take(groups);
        _sleepersOf = [.. Enumerable.Range(0, groups).Select(_ => new Dictionary<int, long>())];
        _sleepers = _sleepersOf[0];
        Kernel = new TestKernel(_memory.Pages, _memory.Frames, OptionsFor(groups), LimitsFor(groups), isPlain: false,
            kernel =>
            {
                _regions = new StoredRegions(kernel, disk);
                return (_regions, _regions.Keeper);
            });
        Kernel.Signals.MembersAtOnce = 1;
        // Who waited for a page is woken by the pager, and is the one that runs.
        Kernel.BeforeTurn = thread => SchedulerDoor.Run(Kernel.Scheduler, (Thread*)thread);
        fault?.Seed(Kernel);
    }

    public TestKernel Kernel { get; }

    /// <summary>Regions of all its groups.</summary>
    public StoredRegions Regions => _regions;

    /// <summary>What is compared.</summary>
    public GroupView View
        => new(Kernel.Tracker, Kernel.Names, Kernel.Files, Kernel.Pids, Kernel.Memory, Kernel.User, Kernel.ServePager);

    /// <summary>What programs have seen since the last <see cref="Forget"/>: results of calls and what they read.</summary>
    public List<long> Seen { get; } = [];

    /// <summary>When set, every call is written here as a line.</summary>
    public StringBuilder? Trace { get; set; }

    /// <summary>The state in which every program begins: a tree, a terminal, and init in it.</summary>
    public static TestKernel.Image Boot()
    {
        using var world = new World(null, 1, new RegionDisk());
        Thread* init = world.Kernel.Boot();
        SchedulerDoor.Run(world.Kernel.Scheduler, init);
        world.Kernel.OpenTerminal(init);
        world.Kernel.WriteFile("/prog", ElfBuilder.Build());
        world.Kernel.WriteFile("/tmp/f0", Encoding.ASCII.GetBytes(new string('x', 5000)), 0x81B6);
        world.Begin(init);
        world.Stop();
        var image = new TestKernel.Image();
        world.Kernel.Capture(image);
        return image;
    }

    private static MemoryOptions OptionsFor(int groups)
        => new() { MaxObjects = 1024 * groups, MaxMappings = 2048 * groups, MaxSpaces = 64 * groups, MaxDirtyPages = 8192 * groups,
            MaxPageIns = 32 };

    private static FileLimits LimitsFor(int groups)
        => new() { MaxInodes = 512 * groups, MaxEntries = 512 * groups, MaxOpenFiles = 256 * groups, MaxTables = 64 * groups };

    /// <summary>A fresh machine whose groups go on from the images.</summary>
    public static World Restore(IReadOnlyList<TestKernel.Image> images, SeededCodecFault? fault, RegionDisk disk)
    {
        var world = new World(fault, images.Count, disk);
        try
        {
            world.Kernel.Clock.Now = images[0].Monotonic;
            world.Kernel.Clock.Realtime = images[0].Realtime;
            for (int group = 0; group < images.Count; group++)
                world.Begin(group == 0 ? world.Kernel.Tracker : world.Kernel.AddGroup(), images[group]);
            world.Enter(0);
        }
        catch
        {
            world.Dispose();
            throw;
        }
        return world;
    }

    /// <summary>
    /// Random numbers are new after a restore; both worlds get the same ones, so that what follows from them is the same.
    /// </summary>
    public void Reseed(long number)
    {
        KeyOf(Kernel.Random).AsSpan().Clear();
        Kernel.Random.Reseed(BitConverter.GetBytes(number));
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_key")]
    private static extern ref uint[] KeyOf(Posix.Files.RandomSource random);

    /// <summary>
    /// Lets the threads of a restored world make their waits again, in this order; those that the original has woken for a signal take it
    /// here too.
    /// </summary>
    public void Wake(IReadOnlyList<int> order, IReadOnlyList<int> woken)
    {
        foreach (int id in order)
            SleepOn(Kernel.Pids.FindThread(id));
        foreach (int id in woken)
            if (Kernel.Pids.FindThread(id) is var thread && thread != null && thread->State == ThreadState.Blocked
                && SignalService.HasDeliverable(thread))
                Kernel.Scheduler.Wake(thread);
        SettleIn(order);
    }

    /// <summary>The order with those first whom something has woken since: it is they who take the signals of their processes.</summary>
    public IReadOnlyList<int> WokenFirst(IReadOnlyList<int> order) => [.. order.OrderByDescending(IsRunnable)];

    /// <summary>Those who run, or something has woken.</summary>
    public IReadOnlyList<int> Woken() => [.. Threads().Select(each => ((Thread*)each)->Id).Where(IsRunnable)];

    private bool IsRunnable(int id)
        => Kernel.Pids.FindThread(id) is var thread && thread != null && thread->State == ThreadState.Runnable;

    /// <summary>
    /// Lets those go on who have something to do in the kernel, in this order: which thread takes a signal of its process follows from it.
    /// </summary>
    public void SettleIn(IReadOnlyList<int> order)
    {
        foreach (int id in order)
            if (Kernel.Pids.FindThread(id) is var thread && thread != null && thread->State == ThreadState.Runnable
                && HasToGoOn(thread))
                GoOn(thread);
        Settle();
    }

    // Those that a restore puts to sleep itself, in the same order.
    private void SleepOn(Thread* thread)
    {
        if (thread == null || !ThreadScheduler.MustSleepOn(thread))
            return;
        Kernel.Scheduler.LeaveQueues(thread);
        Kernel.Linux.Futexes.Restore(thread);
        _sleepers[thread->Id] = ++_sleeps;
    }

    public void Dispose() => _memory.Return();

    public void Forget() => Seen.Clear();

    public void Note(long value) => Seen.Add(value);

    /// <summary>Woken threads first, then the sleeping ones in the order in which they fell asleep.</summary>
    public IReadOnlyList<int> OrderOfThreads()
    {
        var woken = new List<int>();
        var asleep = new List<(long Since, int Id)>();
        foreach (nint each in Threads())
        {
            Thread* thread = (Thread*)each;
            if (thread->State == ThreadState.Runnable)
                woken.Add(thread->Id);
            else
                asleep.Add((_sleepers.GetValueOrDefault(thread->Id), thread->Id));
        }
        asleep.Sort();
        woken.AddRange(asleep.Select(sleeper => sleeper.Id));
        return woken;
    }

    /// <summary>All threads by id.</summary>
    public List<nint> Threads()
    {
        var threads = new List<nint>();
        for (Process* process = Kernel.Pids.NextProcess(1); process != null; process = Kernel.Pids.NextProcess(process->Id + 1))
            for (Thread* each = process->FirstThread; each != null; each = each->NextOfProcess)
                threads.Add((nint)each);
        threads.Sort((left, right) => ((Thread*)left)->Id.CompareTo(((Thread*)right)->Id));
        return threads;
    }

    /// <summary>
    /// Makes a call for a thread in user mode and notes its result. A signal may have stopped or ended it after the call before: then it
    /// makes none.
    /// </summary>
    public long Call(Thread* thread, string name, int number, params ulong[] arguments)
    {
        int id = thread->Id;
        if (!Kernel.IsAlive(thread) || thread->State != ThreadState.Runnable || !IsInUserMode(thread))
        {
            Note(NoResult);
            return NoResult;
        }
        Run(thread);
        Describe(id, name, arguments);
        long result = Kernel.Call(thread, number, arguments) ?? NoResult;
        NoteEnd(id);
        Trace?.AppendLine(result == NoResult ? "" : $" = {result}");
        Note(result);
        return result;
    }

    /// <summary>True for a thread that computes if it is runnable: neither in a call nor taking the steps of its process's end.</summary>
    public static bool IsInUserMode(Thread* thread) => !thread->Call.Active && !thread->Process->IsEnding;

    private static bool HasToGoOn(Thread* thread) => !IsInUserMode(thread) || SignalService.HasDeliverable(thread);

    /// <summary>Lets everybody run who can, until all are in user mode, asleep, stopped or gone.</summary>
    public void Settle()
    {
        for (int turns = 0; ; turns++)
        {
            bool isSettled = true;
            foreach (nint each in Threads())
            {
                Thread* thread = (Thread*)each;
                if (!Kernel.IsAlive(thread) || thread->State != ThreadState.Runnable)
                    continue;
                if (!HasToGoOn(thread))
                    continue;
                isSettled = false;
                GoOn(thread);
            }
            if (isSettled)
                break;
            Assert.True(turns < MaxTurns, "programs wake each other for ever");
        }
        Stop();
    }

    /// <summary>What is not kept because it means nothing: what last brought a thread into the kernel.</summary>
    public void ForgetTraps()
    {
        foreach (nint each in Threads())
        {
            UserContext* context = ((Thread*)each)->Context;
            context->Trap = ulong.MaxValue;
            context->ErrorCode = 0;
            context->FaultAddress = 0;
        }
    }

    /// <summary>An interrupt: whoever ran is charged for it, and nobody runs now.</summary>
    public void Stop()
    {
        Thread* thread = SchedulerDoor.Stop(Kernel.Scheduler);
        if (thread == null)
            return;
        thread->Context->Trap = InterruptVector;
        Kernel.Trap(thread);
    }

    /// <summary>Time passes while all sleep.</summary>
    public void Advance(ulong nanoseconds)
    {
        Trace?.AppendLine(CultureInfo.InvariantCulture, $"  {nanoseconds} ns pass");
        Kernel.Advance(nanoseconds);
    }

    /// <summary>A thread computes: time passes in user mode.</summary>
    public void Compute(Thread* thread, ulong nanoseconds)
    {
        Trace?.AppendLine(CultureInfo.InvariantCulture, $"  thread {thread->Id} computes for {nanoseconds} ns");
        GoOn(thread);
        Kernel.Advance(nanoseconds);
        Stop();
    }

    private void GoOn(Thread* thread)
    {
        int id = thread->Id;
        Run(thread);
        bool wasInCall = thread->Call.Active;
        long? result = Kernel.Resume(thread);
        NoteEnd(id);
        if (wasInCall)
            Note(result ?? NoResult);
        if (wasInCall && result != null)
            Trace?.AppendLine(CultureInfo.InvariantCulture, $"  thread {id} goes on: {result}");
    }

    // Whoever ran before was interrupted; who runs has what was sent to its group.
    private void Run(Thread* thread)
    {
        if (Kernel.Scheduler.Current != thread)
            Stop();
        Kernel.Signals.CatchUp(thread->Process);
        SchedulerDoor.Run(Kernel.Scheduler, thread);
    }

    // A thread that waited for a page on its way is not the current one any more, but it is the one that runs.
    private void NoteEnd(int id)
    {
        Thread* thread = Kernel.Pids.FindThread(id);
        if (thread == null)
            return;
        if (thread->State == ThreadState.Runnable)
            SchedulerDoor.Run(Kernel.Scheduler, thread);
        else
            _sleepers[id] = ++_sleeps;
    }

    /// <summary>These threads stand at the end of a queue now, in the order in which they stood before.</summary>
    public void NoteRequeued(IEnumerable<int> threads)
    {
        foreach (int id in threads.OrderBy(id => _sleepers.GetValueOrDefault(id)).ToArray())
            _sleepers[id] = ++_sleeps;
    }

    private void Describe(int id, string name, ulong[] arguments)
    {
        if (Trace is null)
            return;
        Trace.Append(CultureInfo.InvariantCulture, $"  thread {id}: {name}(");
        Trace.AppendJoin(", ", arguments.Select(value => value < 0x1_0000 ? $"{value}" : (long)value is < 0 and > -0x1_0000
            ? $"{(long)value}" : $"0x{value:x}"));
        Trace.Append(')');
    }
}
