using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>
/// The state record of a consistency group. On-disk format, version 3: LeftRanges follow, which version 2 had not; version 1 ends before LastProcessId.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
public struct GroupRecord
{
    public const int Size = 80;
    public const int SizeOfVersion1 = 72;

    public ulong Epoch;
    public ulong MonotonicNanoseconds;
    public ulong RealtimeNanoseconds;

    /// <summary>The id the next new object gets; ids are never reused, even across a restore.</summary>
    public ulong NextObjectId;
    public MachineIdentity Machine;

    /// <summary>The process id handed out last; the next one follows it.</summary>
    public int LastProcessId;

    /// <summary>The memory of the machine that wrote this, in MiB; zero in records older than the field.</summary>
    public uint MemoryMebibytes;
}
