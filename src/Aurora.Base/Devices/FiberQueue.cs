namespace Aurora.Base;

/// <summary>A first-in first-out queue of blocked fibers; the scheduler owns its contents. Zero is empty.</summary>
public unsafe struct FiberQueue
{
    public void* First;
    public void* Last;

    public readonly bool IsEmpty => First == null;
}
