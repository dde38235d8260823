
namespace Aurora.Store;

/// <summary>Where the making of cuts stands. Protected by the kernel lock.</summary>
internal sealed class CutState
{
    /// <summary>A fiber is making a cut; others wait in the queue Cut.</summary>
    public bool IsCutting;

    public bool IsDue;

    /// <summary>The newest cut that somebody waits for, or has waited for.</summary>
    public ulong Wanted;

    /// <summary>The maintenance fiber is to return.</summary>
    public bool IsStopping;

    /// <summary>So many cuts have ended, and how the last one did.</summary>
    public ulong Ended;
    public StoreStatus LastStatus;

    /// <summary>The commit time at which the last cut fell due.</summary>
    public ulong LastTime;

    /// <summary>The device does not take discards.</summary>
    public bool IsDiscardRefused;
}
