using Aurora.Base;
using Aurora.Checkpoint;

namespace Aurora.Kernel;

/// <summary>Keeps the lists of dirty pages bounded in a session that is not persisted: nobody will ever freeze them.</summary>
internal sealed class UnpersistedChanges(Clock clock, GroupSession group)
{
    private const ulong PeriodNanoseconds = 1_000_000_000;

    private ulong _forgottenNanoseconds;

    /// <summary>Called every turn of the main loop.</summary>
    public void Forget()
    {
        ulong now = clock.MonotonicNanoseconds;
        if (group.Engine.IsEnabled || now - _forgottenNanoseconds < PeriodNanoseconds)
            return;
        _forgottenNanoseconds = now;
        group.Memory.Epochs.DropTracking(group.Tracker);
    }
}
