
namespace Aurora.Store;

/// <summary>Where the background scrub is. Protected by the kernel lock.</summary>
internal sealed class ScrubState
{
    /// <summary>The commit time of the last step.</summary>
    public ulong Time;
    public ulong Volume = VolumeId.First.Value;
    public ulong Object;
    public ulong Page;

    /// <summary>Where the round goes on when the tree cannot be read at its place; no object has the largest number.</summary>
    public ulong NextObject;
    public ulong NextPage;

    /// <summary>The last fault found.</summary>
    public StoreFault LastFault;
}
