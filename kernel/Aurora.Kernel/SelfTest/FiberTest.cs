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

    public static void Run(KernelFibers fibers, BareMachine machine)
    {
        var shared = (Shared*)machine.Pages.Allocate(1);
        var end = new Ending(shared);
        fibers.Add(end);
        Panic.Unless(Start(fibers, new Counting(fibers, shared, 0)) && Start(fibers, new Counting(fibers, shared, 1)),
            "selftest: no memory for fibers"u8);
        while (fibers.RunOne())
        {
        }
        SelfTest.Expect((ulong)shared->Counter, Rounds, "the fibers' counter"u8);
        SelfTest.Expect((ulong)shared->Ended, 2, "fibers that ended"u8);
        ulong free = machine.Frames.FreeFrames;
        for (int i = 0; i < Rounds; i++)
        {
            fibers.Start(end);
            Panic.Unless(fibers.RunOne(), "selftest: a started fiber is not ready"u8);
        }
        SelfTest.Expect((ulong)shared->Ended, 2 + Rounds, "fibers that ended"u8);
        SelfTest.Expect(machine.Frames.FreeFrames, free, "free frames after reusing stacks"u8);
        TestSoon(fibers, shared, new Waiting(fibers, shared));
        SelfTest.Expect((ulong)fibers.Count, 0, "fibers left"u8);
        SelfTest.Passed("fibers"u8);
    }

    // What is ready soon keeps nobody from running on, and runs with the next turn.
    private static void TestSoon(KernelFibers fibers, Shared* shared, FiberBody waiting)
    {
        int before = shared->Ended;
        Panic.Unless(Start(fibers, waiting) && fibers.RunOne(), "selftest: no memory for fibers"u8);
        fibers.WakeSoon(&shared->Even);
        Panic.Unless(!fibers.HasReady && fibers.HasSoon, "selftest: a fiber that is ready soon is ready"u8);
        fibers.RunTurn(1);
        Panic.Unless(!fibers.HasReady && !fibers.HasSoon, "selftest: a fiber that was ready soon has not run"u8);
        SelfTest.Expect((ulong)(shared->Ended - before), 1, "fibers that ended"u8);
    }

    private static bool Start(KernelFibers fibers, FiberBody body)
    {
        fibers.Add(body);
        return fibers.Start(body);
    }

    private sealed class Counting(KernelFibers fibers, Shared* shared, int remainder) : FiberBody
    {
        public override void Run()
        {
            FiberQueue* mine = remainder == 0 ? &shared->Even : &shared->Odd;
            FiberQueue* others = remainder == 0 ? &shared->Odd : &shared->Even;
            while (shared->Counter < Rounds)
            {
                while ((shared->Counter & 1) != remainder && shared->Counter < Rounds)
                    fibers.Block(mine);
                if (shared->Counter < Rounds)
                    shared->Counter++;
                fibers.WakeAll(others);
                fibers.Yield();
            }
            shared->Ended++;
        }
    }

    private sealed class Waiting(KernelFibers fibers, Shared* shared) : FiberBody
    {
        public override void Run()
        {
            fibers.Block(&shared->Even);
            shared->Ended++;
        }
    }

    private sealed class Ending(Shared* shared) : FiberBody
    {
        public override void Run() => shared->Ended++;
    }
}
