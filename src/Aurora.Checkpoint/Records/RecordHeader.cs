using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Checkpoint;

/// <summary>The first bytes of every stored record; the codec's payload follows. On-disk format.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct RecordHeader
{
    public const int Size = 4;

    public ObjectKind Kind;

    /// <summary>The payload's format version, the codec's own.</summary>
    public byte Version;

    /// <summary>Zero.</summary>
    public ushort Reserved;
}
