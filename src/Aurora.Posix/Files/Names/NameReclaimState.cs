using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>What the hand is going over (<see cref="NameReclaim"/>).</summary>
internal enum NameHandPart : byte
{
    Inodes = 0,
    ShortNames = 1,
    LongNames = 2,
}

/// <summary>Where the hand stands, and who waits for the room it makes. Made once at boot. Protected by the kernel lock.</summary>
internal unsafe struct NameReclaimState
{
    public NameHandPart Part;

    /// <summary>The place of an object in its slab.</summary>
    public uint Place;

    /// <summary>Inodes and entries dropped since boot.</summary>
    public ulong Dropped;

    /// <summary>Objects are being put together that only seem to be unused.</summary>
    public bool IsHeld;

    /// <summary>A fiber makes room: lack of it is worth waiting for.</summary>
    public bool HasReclaim;

    /// <summary>The last attempt to make room has found nothing that could go, or become so.</summary>
    public bool IsExhausted;

    /// <summary>Where threads wait for room.</summary>
    public WaitQueue Waiters;
}
