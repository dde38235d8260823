// Fibers are the kernel's own threads of control: cooperative, each on its own guarded stack, running under the kernel lock and
// switching only inside Block (and whatever calls it, such as BlockDevice.Wait). User threads have no kernel stack and never run here.
namespace Aurora.Base;

/// <summary>Blocks and wakes kernel fibers. On the host, where nothing runs beside the test, Block on a queue nobody wakes is a panic.</summary>
public abstract unsafe class FiberScheduler
{
    /// <param name="trace">What is told of what the fibers do; none where nobody could read it.</param>
    protected FiberScheduler(TraceLog? trace = null) => Trace = trace ?? new TraceLog();

    /// <summary>What is told of what the fibers of this processor do.</summary>
    public TraceLog Trace { get; }

    /// <summary>The machine's clock; zero where no time passes.</summary>
    public virtual ulong MonotonicNanoseconds => 0;

    /// <summary>Releases the kernel lock, sleeps until woken through <paramref name="queue"/>, takes the lock again. Callers re-check their condition.</summary>
    public abstract void Block(FiberQueue* queue);

    /// <summary>Lets other fibers and user threads run before going on: long work calls it between steps.</summary>
    public abstract void Yield();

    /// <summary>
    /// As <see cref="Yield"/>, but only when the fibers have had the processor for as long as they should: long work calls it every few
    /// pages. Who may not wait at that point must not call it.
    /// </summary>
    public void GiveWay()
    {
        if (MustGiveWay)
            Yield();
    }

    /// <summary>
    /// The fibers have had the processor for as long as they should. On the host always, so that tests meet every change.
    /// </summary>
    public virtual bool MustGiveWay => true;

    /// <summary>The longest time for which user threads have waited for fibers to give way.</summary>
    public virtual ulong LongestTurnNanoseconds => 0;

    public abstract void WakeOne(FiberQueue* queue);

    public abstract void WakeAll(FiberQueue* queue);

    /// <summary>
    /// As <see cref="WakeOne"/>, for what nobody waits for: a user thread that runs goes on first, until it enters the kernel again, or for
    /// some microseconds.
    /// </summary>
    public virtual void WakeSoon(FiberQueue* queue) => WakeOne(queue);
}
