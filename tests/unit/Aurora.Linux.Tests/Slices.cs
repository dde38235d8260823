using Aurora.Base;
using Aurora.Posix.Processes;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>What tests of calls that go in steps share.</summary>
internal static unsafe class Slices
{
    public const ulong Scratch = TestKernel.Scratch;
    public const ulong ThreadFlags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000;
    public const ulong GetLock = 5;
    public const ulong SetLock = 6;
    public const ulong OpenFileSetLock = 37;
    public const int Many = 700;

    // Objects changed or ended by one step beside the units it may use: the process, its parent, their groups, and what a unit drags along.
    public const int MostPerStep = (ProcessLife.UnitsPerStep * 4) + 64;

    // A child that shares what it can: the test machine is small.
    public static void Spawn(TestKernel kernel, Thread* parent) => kernel.Do(parent, 56, 0x100 | 0x200 | 0x400 | 17, 0, 0, 0, 0);

    // A program of init's with a second thread; both in user mode.
    public static Thread* TwoThreads(TestKernel kernel, out Thread* init, out Thread* second)
    {
        init = kernel.Boot();
        Thread* program = kernel.Fork(init);
        second = kernel.ThreadOf(kernel.Do(program, 56, ThreadFlags, Scratch + 0x4000));
        Assert.Equal(0, kernel.Resume(second));
        return program;
    }

    // What the next epoch would hold.
    public static int Changes(TestKernel kernel) => kernel.Tracker.ChangedCount + kernel.Tracker.Ended.Count;

    public static void Settle(TestKernel kernel) => kernel.Capture(new TestKernel.Image());

    public static int Open(TestKernel kernel, Thread* thread, string path)
        => (int)kernel.Do(thread, 2, kernel.PokeText(thread, Scratch + 256, path), 0x42, 0x1B6);

    public static void Lock(
        TestKernel kernel, Thread* thread, int file, short type, long start, long length, ulong command = SetLock)
    {
        PokeLock(kernel, thread, type, start, length);
        Assert.Equal(0, kernel.Call(thread, 72, (ulong)file, command, Scratch));
    }

    public static short HeldAt(TestKernel kernel, Thread* thread, int file, long start)
    {
        PokeLock(kernel, thread, 1, start, 1);
        Assert.Equal(0, kernel.Call(thread, 72, (ulong)file, GetLock, Scratch));
        return kernel.Peek<short>(thread, Scratch);
    }

    public static void PokeLock(TestKernel kernel, Thread* thread, short type, long start, long length, ulong address = Scratch)
    {
        kernel.Poke(thread, address, (ulong)(ushort)type);
        kernel.Poke(thread, address + 8, start);
        kernel.Poke(thread, address + 16, length);
        kernel.Poke(thread, address + 24, 0UL);
    }

    public static void Start(Thread* thread, int number, ulong first, ulong second = 0, ulong third = 0)
    {
        UserContext* context = thread->Context;
        context->Rax = (ulong)number;
        context->Rdi = first;
        context->Rsi = second;
        context->Rdx = third;
        context->Trap = UserContext.SystemCallTrap;
        context->Rip += 2;
    }
}
