using Aurora.Base;

namespace Aurora.Store;

/// <summary>Taking much memory for an arena: it is cleared as it is taken, so others run in between.</summary>
internal static class ArenaSteps
{
    private const ulong BytesPerStep = 64 << 10;

    /// <summary>
    /// As <see cref="Arena.Reserve"/>, for an arena that nobody else takes from meanwhile. When it fails the arena may hold more than it
    /// held. Blocks.
    /// </summary>
    public static bool Reserve(Arena arena, ulong bytes, FiberScheduler fibers)
    {
        for (ulong part = BytesPerStep; part < bytes && arena.Reserve(part); part += BytesPerStep)
            fibers.GiveWay();
        return arena.Reserve(bytes);
    }
}
