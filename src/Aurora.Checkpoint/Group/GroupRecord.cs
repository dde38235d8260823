using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The state record of a consistency group. On-disk format, version 1.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct GroupRecord
{
    public const int Size = 72;

    public ulong Epoch;
    public ulong MonotonicNanoseconds;
    public ulong RealtimeNanoseconds;

    /// <summary>The id the next new object gets; ids are never reused, even across a restore.</summary>
    public ulong NextObjectId;
    public MachineIdentity Machine;
}
