using Aurora.Base;

namespace Aurora.Core;

/// <summary>First-in first-out operations on a <see cref="FiberQueue"/>.</summary>
internal static unsafe class FiberList
{
    public static void Append(FiberQueue* queue, Fiber* fiber)
    {
        fiber->Next = null;
        if (queue->Last != null)
            ((Fiber*)queue->Last)->Next = fiber;
        else
            queue->First = fiber;
        queue->Last = fiber;
    }

    /// <summary>Takes the first fiber, or null.</summary>
    public static Fiber* RemoveFirst(FiberQueue* queue)
    {
        var fiber = (Fiber*)queue->First;
        if (fiber == null)
            return null;
        queue->First = fiber->Next;
        if (fiber->Next == null)
            queue->Last = null;
        fiber->Next = null;
        return fiber;
    }
}
