using Aurora.Base;

namespace Aurora.Host;

/// <summary>Host tools have one flow of control and devices that complete at once, so nothing ever has to wait.</summary>
public sealed unsafe class SynchronousFibers : FiberScheduler
{
    public override void Block(FiberQueue* queue) => Panic.Fail("host: waiting for something that nobody does"u8);

    public override void Yield()
    {
    }

    public override void WakeOne(FiberQueue* queue)
    {
    }

    public override void WakeAll(FiberQueue* queue)
    {
    }
}
