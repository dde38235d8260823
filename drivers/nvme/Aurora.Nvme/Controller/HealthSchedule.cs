namespace Aurora.Nvme;

/// <summary>When a controller has to be looked at next.</summary>
internal sealed class HealthSchedule(ControllerState state, AdminState admin, NvmeOptions options)
{
    /// <summary>How soon to look again while an admin command or a reset is under way.</summary>
    public const ulong BusyCheckNanoseconds = 500_000;

    /// <summary>The idle loop need not wake for the device before.</summary>
    public ulong NextNanoseconds => state.State switch
    {
        NvmeState.Ready => state.IsIdle && !admin.IsBusy ? state.LastHealthCheck + options.IdleCheckNanoseconds : state.NextHealthCheck,
        NvmeState.Resetting or NvmeState.Stopping => state.NextHealthCheck,
        _ => ulong.MaxValue,
    };

    /// <summary>The controller has been looked at.</summary>
    public void Plan(ulong now)
    {
        state.LastHealthCheck = now;
        state.NextHealthCheck = now + (admin.IsBusy ? BusyCheckNanoseconds : options.HealthCheckNanoseconds);
    }
}
