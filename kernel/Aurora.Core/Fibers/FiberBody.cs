namespace Aurora.Core;

/// <summary>What a fiber does. Made at boot, with all it works on; it may be started again when it has ended.</summary>
public abstract class FiberBody
{
    /// <summary>Runs on the fiber's stack; the fiber ends when it returns.</summary>
    public abstract void Run();
}
