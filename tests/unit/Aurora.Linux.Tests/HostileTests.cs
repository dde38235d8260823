using System;
using Aurora.Posix.Processes;
using Aurora.Posix.Signals;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Aurora.Testing;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Programs that make every call with every kind of argument: the kernel answers or ends them, and never panics.</summary>
public sealed unsafe class HostileTests
{
    private const ulong Scratch = TestKernel.Scratch;

    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 3, 4, 8, 16, 64, 100, 255, 4095, 4096, 65536, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1UL << 32, 1UL << 40, 1UL << 63, ulong.MaxValue,
        unchecked((ulong)-100L), unchecked((ulong)-4096L), 0x7FFF_FFFF_F000, 0x7FFF_FFFF_EFFF, 0xFFFF_8000_0000_0000, 0x10, Scratch, Scratch + 1, Scratch + 8,
        Scratch + 4090, Scratch + TestKernel.ScratchBytes - 4, Scratch + 0x1000, TestKernel.Code,
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_calls_with_random_arguments_never_panic(int seed)
    {
        using var kernel = new TestKernel(frames: 16384);
        Thread* init = kernel.Boot();
        kernel.OpenTerminal(init);
        kernel.WriteFile("/prog", ElfBuilder.Build());
        var random = new Random(seed);
        Thread* program = Start(kernel, init);
        for (int round = 0; round < 4000; round++)
        {
            if (!kernel.IsAlive(program) || program->State != ThreadState.Runnable)
                program = Recover(kernel, init, program);
            int number = random.Next(20) == 0 ? 0x5A000 + random.Next(256) : random.Next(460);
            ulong[] arguments = new ulong[6];
            for (int i = 0; i < arguments.Length; i++)
                arguments[i] = random.Next(4) == 0 ? (ulong)random.NextInt64() : Interesting[random.Next(Interesting.Length)];
            Scribble(kernel, program, random);
            try
            {
                kernel.Call(program, number, arguments);
            }
            catch (PanicException panic)
            {
                throw new InvalidOperationException($"call {number}({string.Join(", ", arguments)}) in round {round}: {panic.Message}", panic);
            }
            kernel.Advance((ulong)random.Next(1_000_000));
            RunOthers(kernel, init, program);
        }
        Assert.Null(kernel.Machine.SessionStatus);
    }

    private static Thread* Start(TestKernel kernel, Thread* init)
    {
        Thread* program = kernel.Fork(init);
        kernel.Do(program, 112);
        return program;
    }

    // The program sleeps, stopped or ended: end it and everything it made, and start another.
    private static Thread* Recover(TestKernel kernel, Thread* init, Thread* program)
    {
        Process* process;
        int id = 2;
        while ((process = kernel.Pids.NextProcess(id)) != null)
        {
            id = process->Id + 1;
            if (process->State == ProcessState.Alive)
                kernel.Life.EndProcess(process, WaitStatus.Killed(9));
        }
        while (kernel.Call(init, 61, ulong.MaxValue, 0, 0x4000_0001, 0) > 0)
        {
        }
        return Start(kernel, init);
    }

    // Whoever else the program made runs a little: one call each, then it sleeps for ever.
    private static void RunOthers(TestKernel kernel, Thread* init, Thread* program)
    {
        for (int id = 2; ;)
        {
            Process* process = kernel.Pids.NextProcess(id);
            if (process == null)
                return;
            id = process->Id + 1;
            Thread* thread = process->FirstThread;
            if (thread != null && thread != program && thread->State == ThreadState.Runnable && kernel.Resume(thread) != null)
                kernel.Call(thread, 34);
        }
    }

    private static void Scribble(TestKernel kernel, Thread* program, Random random)
    {
        if (program->Process->AddressSpace == null)
            return;
        Span<byte> noise = stackalloc byte[256];
        random.NextBytes(noise);
        for (int i = 0; i < 8; i++)
            BitConverter.TryWriteBytes(noise[(i * 8)..], Interesting[random.Next(Interesting.Length)]);
        kernel.User.Write(program->Process->AddressSpace, new Base.VirtualAddress(Scratch), noise);
        kernel.User.Write(program->Process->AddressSpace, new Base.VirtualAddress(Scratch + 0x1000), "/prog\0"u8);
    }

    [Fact]
    public void Unknown_calls_are_refused_counted_and_listed()
    {
        using var kernel = new TestKernel();
        Thread* init = kernel.Boot();
        Assert.Equal(-(long)Errno.ENOSYS, kernel.Call(init, 450));
        Assert.Equal(-(long)Errno.ENOSYS, kernel.Call(init, 450));
        Assert.Equal(-(long)Errno.ENOSYS, kernel.Call(init, int.MaxValue));
        Assert.Equal(2UL, kernel.Linux.Calls.UnknownCallsOf(450));
        Assert.Equal(3UL, kernel.Linux.Calls.UnknownCount);
        kernel.Do(init, 0x5A006, 0, Scratch);
        Assert.Equal(450UL, kernel.Peek<ulong>(init, Scratch));
        Assert.Equal(2UL, kernel.Peek<ulong>(init, Scratch + 8));
        Assert.Equal(-(long)Errno.ENOENT, kernel.Call(init, 0x5A006, 1, Scratch));
    }
}
