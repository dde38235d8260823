using Aurora.Base;

namespace Aurora.Testing;

/// <summary>The fiber scheduler of a host test: there is one flow of control, so blocking can only mean that nobody will ever wake it.</summary>
public sealed unsafe class HostFibers : FiberScheduler
{
    public override void Block(FiberQueue* queue) => Panic.Fail("host fibers: blocked for ever"u8);

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
