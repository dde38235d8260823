// Fibers are the kernel's own threads of control: cooperative, each on its own guarded stack, running under the kernel lock and
// switching only inside Block (and whatever calls it, such as BlockDevice.Wait). User threads have no kernel stack and never run here.
namespace Aurora.Base;

/// <summary>Blocks and wakes kernel fibers. On the host, where nothing runs beside the test, Block on a queue nobody wakes is a panic.</summary>
public abstract unsafe class FiberScheduler
{
    /// <summary>Releases the kernel lock, sleeps until woken through <paramref name="queue"/>, takes the lock again. Callers re-check their condition.</summary>
    public abstract void Block(FiberQueue* queue);

    /// <summary>Lets other fibers and user threads run before going on: long work calls it between steps.</summary>
    public abstract void Yield();

    public abstract void WakeOne(FiberQueue* queue);

    public abstract void WakeAll(FiberQueue* queue);
}
