using Aurora.Base;
using Aurora.Core;

namespace Aurora.Kernel;

/// <summary>Two fibers that hand a counter back and forth through queues, then many that come and go.</summary>
internal static unsafe class FiberTest
{
    private const int Rounds = 100;

    private struct Shared
    {
        public FiberQueue Even;
        public FiberQueue Odd;
        public int Counter;
        public int Ended;
    }

    private static KernelFibers s_fibers = null!;

    public static void Run(KernelFibers fibers, Machine machine)
    {
        s_fibers = fibers;
        var shared = (Shared*)machine.Pages.Allocate(1);
        Panic.Unless(fibers.Start(&CountEven, shared) && fibers.Start(&CountOdd, shared), "selftest: no memory for fibers"u8);
        while (fibers.RunOne())
        {
        }
        SelfTest.Expect((ulong)shared->Counter, Rounds, "the fibers' counter"u8);
        SelfTest.Expect((ulong)shared->Ended, 2, "fibers that ended"u8);
        ulong free = machine.Frames.FreeFrames;
        for (int i = 0; i < Rounds; i++)
        {
            fibers.Start(&End, shared);
            Panic.Unless(fibers.RunOne(), "selftest: a started fiber is not ready"u8);
        }
        SelfTest.Expect((ulong)shared->Ended, 2 + Rounds, "fibers that ended"u8);
        SelfTest.Expect(machine.Frames.FreeFrames, free, "free frames after reusing stacks"u8);
        SelfTest.Expect((ulong)fibers.Count, 0, "fibers left"u8);
        SelfTest.Passed("fibers"u8);
    }

    private static void CountEven(void* argument) => Count((Shared*)argument, 0);

    private static void CountOdd(void* argument) => Count((Shared*)argument, 1);

    private static void Count(Shared* shared, int remainder)
    {
        FiberQueue* mine = remainder == 0 ? &shared->Even : &shared->Odd;
        FiberQueue* others = remainder == 0 ? &shared->Odd : &shared->Even;
        while (shared->Counter < Rounds)
        {
            while ((shared->Counter & 1) != remainder && shared->Counter < Rounds)
                s_fibers.Block(mine);
            if (shared->Counter < Rounds)
                shared->Counter++;
            s_fibers.WakeAll(others);
            s_fibers.Yield();
        }
        shared->Ended++;
    }

    private static void End(void* argument) => ((Shared*)argument)->Ended++;
}
