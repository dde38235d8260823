using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>How far a stream has come.</summary>
internal enum StreamPhase : byte
{
    None,

    /// <summary>Its place is taken by who finds out what it is to be.</summary>
    Taken,

    /// <summary>The fiber is to begin with it.</summary>
    Asked,
    Running,

    /// <summary>The fiber has come to its end, well or not.</summary>
    Done,
}

/// <summary>
/// A volume on its way out of the machine or into it; not saved (<see cref="VolumeStreamTable"/>). The bytes under way are in a ring;
/// positions count all that were ever put into it.
/// </summary>
internal unsafe struct VolumeStream
{
    public const int RingBytes = 64 << 10;
    public const int NameBytes = 64;

    public StreamPhase Phase;
    public bool IsIncoming;

    /// <summary>Who asked is there, and has not been told everything. Without him a stream is broken off.</summary>
    public bool HasAsker;

    /// <summary>Of one that comes in: there will be no more than what is in the ring.</summary>
    public bool HasEnded;
    public ulong Number;

    /// <summary>The process that asked, by its id in the host.</summary>
    public ulong Asker;

    /// <summary>What goes out: a checkpoint of a volume, and the one that the receiver has already; 0 for none.</summary>
    public ulong Volume, Sequence, BaseSequence;

    /// <summary>The process whose core file goes out instead; 0 for none.</summary>
    public int ProcessId;

    /// <summary>It is of a region; else of a group.</summary>
    public bool IsOfRegion;

    /// <summary>Of a region that goes out: it is what was persisted last, whatever that is by then.</summary>
    public bool IsNewest;

    /// <summary>Of a region that comes in: the user it is to belong to.</summary>
    public uint User;

    /// <summary>What is made of what comes in.</summary>
    public fixed byte Name[NameBytes];
    public int NameLength;

    public byte* Ring;

    /// <summary>Taken &lt;= Written &lt;= Taken + RingBytes.</summary>
    public ulong Written, Taken;

    /// <summary>When it is done.</summary>
    public Errno Error;
    public ulong Made;

    /// <summary>Woken when the other side has moved: the fiber of this direction, and threads of the program.</summary>
    public FiberQueue Moved;
    public WaitQueue Changed;

    public readonly int Used => (int)(Written - Taken);

    /// <summary>The bytes to be taken next that lie together.</summary>
    public readonly System.ReadOnlySpan<byte> Bytes
    {
        get
        {
            int at = (int)(Taken % RingBytes);
            return new System.ReadOnlySpan<byte>(Ring + at, System.Math.Min(Used, RingBytes - at));
        }
    }

    /// <summary>Where the next ones go, as far as it lies together.</summary>
    public readonly System.Span<byte> Room
    {
        get
        {
            int at = (int)(Written % RingBytes);
            return new System.Span<byte>(Ring + at, System.Math.Min(RingBytes - Used, RingBytes - at));
        }
    }
}
