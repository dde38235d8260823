using System.Collections.Generic;
using Aurora.Linux.Tests;
using Aurora.Memory;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;

namespace Aurora.States.Tests;

/// <summary>Processes and threads come, share all that can be shared, wait for each other and go.</summary>
internal static unsafe class ProcessOperations
{
    private const int MaxThreads = 10;

    private const ulong Memory = 0x100, FileContext = 0x200, Descriptors = 0x400, Actions = 0x800, Sibling = 0x8000, IsThread = 0x10000;
    private const ulong ThreadPointer = 0x80000, ParentTid = 0x100000, ClearChildTid = 0x200000, ChildTid = 0x1000000,
        WaitsForMemory = 0x4000;

    public static IEnumerable<(string, int, OperationBody)> All { get; } =
    [
        ("fork", 10, Fork), ("vfork", 2, Vfork), ("clone", 8, Clone), ("thread", 6, StartThread), ("exit", 3, Exit), ("exit_group", 4,
            ExitGroup),
        ("wait", 5, Wait), ("wait for ever", 3, WaitBlocking), ("setpgid", 3, SetGroup), ("setsid", 2, SetSession), ("execve", 2, Execute),
        ("from outside", 2, FromOutside), ("detach", 3, Detach), ("attach", 1, Attach), ("detached end", 1, EndDetached),
    ];

    private static Thread* Parent(World world, Operation operation)
        => world.Threads().Count >= MaxThreads ? null : world.Actor(operation.A, maySleep: false);

    private static void Fork(World world, Operation operation)
    {
        Thread* thread = Parent(world, operation);
        if (thread != null)
            world.Call(thread, "fork", 57);
    }

    private static void Vfork(World world, Operation operation)
    {
        Thread* thread = world.Threads().Count >= MaxThreads ? null : world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "vfork", 58);
    }

    private static void Clone(World world, Operation operation)
    {
        ulong flags = operation.B & (Memory | FileContext | Descriptors | Actions | Sibling | ParentTid | ClearChildTid | ChildTid
            | ThreadPointer);
        if ((flags & Actions) != 0)
            flags |= Memory;
        flags |= (operation.C % 4) switch { 0 => 0UL, 1 => 10, _ => 17 };
        Start(world, Parent(world, operation), flags);
    }

    private static void StartThread(World world, Operation operation)
        => Start(world, Parent(world, operation), Memory | Actions | IsThread | (operation.B & (FileContext | Descriptors | ClearChildTid
            | ChildTid)));

    private static void Start(World world, Thread* thread, ulong flags)
    {
        if (thread == null)
            return;
        // init's children and threads that are its siblings would be nobody's.
        if (thread->Process->Id == 1)
            flags &= ~Sibling;
        int number = world.Kernel.Pids.Ids.Last + 1;
        ulong stack = (flags & Memory) != 0 ? World.StackOf(number) : 0;
        world.Call(thread, "clone", 56, flags, stack, World.Futexes + 0x100, World.Futexes + 0x200 + ((ulong)(number % 16) * 4),
            World.Shared);
    }

    private static void Exit(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "exit", 60, operation.B % 256);
    }

    private static void ExitGroup(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "exit_group", 231, operation.B % 256);
    }

    private static void Wait(World world, Operation operation) => Wait(world, operation, 1, maySleep: false);

    private static void WaitBlocking(World world, Operation operation) => Wait(world, operation, 0, maySleep: true);

    // One child by its number: which of several a wait for any reports first is nobody's right.
    private static void Wait(World world, Operation operation, ulong options, bool maySleep)
    {
        Thread* thread = world.Actor(operation.A, maySleep);
        if (thread == null)
            return;
        var children = new List<int>();
        for (Process* child = thread->Process->FirstChild; child != null; child = child->NextSibling)
            children.Add(child->Id);
        children.Sort();
        ulong which = children.Count == 0 ? ulong.MaxValue : (ulong)children[(int)(operation.B % (uint)children.Count)];
        ulong slot = World.SlotOf(thread);
        // Untraced, continued, and those of other threads.
        options |= operation.C & 0x4000_000A;
        bool byWait4 = operation.D % 3 != 0;
        long result = byWait4
            ? world.Call(thread, "wait4", 61, which, slot, options, 0)
            : world.Call(thread, "waitid", 247, which == ulong.MaxValue ? 0UL : 1, which == ulong.MaxValue ? 0 : which, slot, options | 4
                | (operation.D & 0x0100_0000), 0);
        if (result >= 0)
            world.NoteWords(thread, slot, byWait4 ? 1 : 4);
    }

    // An execve that waits for the program's pages begins again, and its objects get other numbers: they are read first.
    private static void Load(World world, Thread* thread, ulong slot)
    {
        world.Get<ulong>(thread, World.Futexes);
        long fd = world.Call(thread, "open", 2, slot, 0, 0);
        if (fd < 0)
            return;
        world.Call(thread, "pread64", 17, (ulong)fd, World.Buffer, 0x2000, 0);
        world.Call(thread, "close", 3, (ulong)fd);
    }

    private static void SetGroup(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        Process* child = thread->Process->FirstChild;
        ulong which = operation.B % 2 == 0 || child == null ? 0 : (ulong)child->Id;
        ulong group = (operation.C % 3) switch { 0 => 0UL, 1 => (ulong)thread->Process->ProcessGroup->Id, _ => (ulong)thread->Process->Id };
        world.Call(thread, "setpgid", 109, which, group);
    }

    private static void SetSession(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread != null)
            world.Call(thread, "setsid", 112);
    }

    private static void Execute(World world, Operation operation)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        // The others of its memory must not be left without theirs: only a process that shares nothing gets new scratch memory.
        if (thread == null || thread->Process->ThreadCount > 1)
            return;
        int id = thread->Id;
        ulong slot = World.SlotOf(thread);
        world.PutText(thread, slot, "/prog");
        Load(world, thread, slot);
        if (thread->Call.Active)
            return;
        world.Put(thread, slot + 0x20, slot);
        world.Put(thread, slot + 0x28, 0UL);
        world.Call(thread, "execve", 59, slot, slot + 0x20, slot + 0x28);
        GiveScratch(world, id);
    }

    // A program that was not there before has no scratch memory.
    private static void GiveScratch(World world, int id)
    {
        world.Settle();
        Thread* thread = world.Kernel.Pids.FindThread(id);
        bool isAnew = thread != null && !thread->Call.Active && thread->State == ThreadState.Runnable
            && thread->Process->AddressSpace != null
            && MappingTable.Find(thread->Process->AddressSpace, new Base.VirtualAddress(TestKernel.Scratch)) == null;
        if (isAnew)
            world.MapScratch(thread);
    }

    private static void Detach(World world, Operation operation) => SetDetached(world, operation, "sls_detach", 0x5A013);

    private static void Attach(World world, Operation operation) => SetDetached(world, operation, "sls_attach", 0x5A012);

    private static void SetDetached(World world, Operation operation, string name, int number)
    {
        Thread* thread = world.Actor(operation.A, maySleep: true);
        if (thread == null)
            return;
        Process* child = thread->Process->FirstChild;
        ulong which = (operation.B % 3) switch { 0 => 0UL, 1 => child == null ? 1 : (ulong)child->Id, _ => operation.C % 16 };
        world.Call(thread, name, number, which);
    }

    // What is done after a restore that is not done for a comparison: here it is done in both worlds.
    private static void EndDetached(World world, Operation operation)
    {
        world.EndDetached();
        world.EquipInit();
    }

    // A process without a parent, as somebody outside of the group has it made.
    private static void FromOutside(World world, Operation operation)
    {
        Thread* reader = Parent(world, operation);
        if (reader == null)
            return;
        Load(world, reader, world.PutText(reader, World.SlotOf(reader), "/prog"));
        if (reader->Call.Active)
            return;
        TestKernel kernel = world.Kernel;
        Thread* thread = kernel.Life.CreateAlone(kernel.Tracker);
        thread->Process->AddressSpace = kernel.Memory.Spaces.Create(kernel.Tracker, SpaceLimits.Default);
        thread->Context->PageTableRoot = thread->Process->AddressSpace->Root.Address.Value;
        Xunit.Assert.Equal(Posix.SystemCalls.Errno.Ok, kernel.FileTables.Start(thread->Process, kernel.Names, 0x12));
        kernel.Execs.Expect(thread->Process, ["/prog"], []);
        thread->Call.Active = true;
        thread->Call.Number = Posix.SystemCalls.CallContinuation.FirstProgram;
        kernel.Life.Start(thread);
        GiveScratch(world, thread->Id);
    }
}
