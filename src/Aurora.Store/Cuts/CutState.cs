
namespace Aurora.Store;

/// <summary>Where the making of cuts stands. Protected by the kernel lock.</summary>
internal sealed class CutState
{
    /// <summary>A fiber is making a cut; others wait in the queue Cut.</summary>
    public bool IsCutting;

    /// <summary>So many cuts have been made, or given up.</summary>
    public ulong Ended;
    public bool IsDue;

    /// <summary>The maintenance fiber is to return.</summary>
    public bool IsStopping;

    /// <summary>The commit time at which the last cut fell due.</summary>
    public ulong LastTime;

    /// <summary>The device does not take discards.</summary>
    public bool IsDiscardRefused;
}
