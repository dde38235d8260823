using System.Collections.Generic;
using Aurora.Base;

namespace Aurora.Nvme.Tests.Model;

/// <summary>The machine around the model: while the driver rests, time passes and the device works.</summary>
public sealed unsafe class ModelHost : NvmeHost
{
    private readonly Dictionary<int, int> _pairOfVector = [];
    private readonly ModelFibers _fibers;

    public ModelHost(ModelMemory memory, ModelClock clock)
    {
        Memory = memory;
        ModelClock = clock;
        _fibers = new ModelFibers(this);
    }

    public ModelMemory Memory { get; }

    public ModelClock ModelClock { get; }

    public ControllerModel? Device { get; set; }

    /// <summary>The controller the emulated main loop serves.</summary>
    public NvmeController? Controller { get; set; }

    /// <summary>Vectors to give out; 0 for a machine without MSI-X.</summary>
    public int Vectors { get; set; } = 4;

    public int Processor { get; set; }

    public bool FibersRun { get; set; } = true;

    public ulong PauseNanoseconds { get; set; } = 1_000;

    public bool DmaStopped { get; private set; }

    public int Interrupts { get; private set; }

    public override PageAllocator Pages => Memory;

    public override Clock Clock => ModelClock;

    public override FiberScheduler Fibers => _fibers;

    public override int CurrentProcessor => Processor;

    public override bool CanBlock => FibersRun;

    public override ulong PhysicalOf(void* memory) => Memory.PhysicalOf(memory);

    public override int ConnectInterrupt(int pair)
    {
        if (pair >= Vectors)
            return -1;
        _pairOfVector[pair + 1] = pair;
        return pair + 1;
    }

    public override void Pause()
    {
        ModelClock.Now += PauseNanoseconds;
        Device!.Step();
    }

    public override void StopDma()
    {
        DmaStopped = true;
        Device!.DmaEnabled = false;
    }

    /// <summary>The device sends a message signalled interrupt.</summary>
    public void Raise(int vector)
    {
        if (!_pairOfVector.TryGetValue(vector, out int pair))
            throw new ProtocolViolationException($"the device was told to use vector {vector}, which is not connected");
        Interrupts++;
        Controller!.OnInterrupt(pair);
    }

    /// <summary>One round of what the kernel's main loop does for the driver.</summary>
    public void MainLoopTurn()
    {
        Pause();
        if (Controller!.IsPolled || Controller.HasInterruptPending)
            Controller.ProcessCompletions();
        if (ModelClock.Now >= Controller.NextHealthCheckNanoseconds)
            Controller.CheckHealth(ModelClock.Now);
    }
}

/// <summary>Fibers on the host: blocking runs the main loop until someone wakes the queue.</summary>
public sealed unsafe class ModelFibers(ModelHost host) : FiberScheduler
{
    private const int MostTurns = 10_000_000;

    public override void Block(FiberQueue* queue)
    {
        queue->First = queue;
        for (int turn = 0; queue->First != null; turn++)
        {
            if (turn == MostTurns)
                throw new ProtocolViolationException("a fiber blocked and was never woken");
            host.MainLoopTurn();
        }
    }

    public override void Yield() => host.MainLoopTurn();

    public override void WakeOne(FiberQueue* queue) => queue->First = null;

    public override void WakeAll(FiberQueue* queue) => queue->First = null;
}
