using System.Runtime.InteropServices;

namespace Aurora.Store;

/// <summary>How often in a row the session's machine has failed soon after its start. On-disk format; version v is in block 4 + (v &amp; 1).</summary>
[StructLayout(LayoutKind.Sequential, Size = 4096)]
internal struct StartBlock
{
    public const ulong StartMagic = 0x3154534154535541; // "AUSTATS1"
    public const ulong First = 4;
    public const int ChecksumOffset = 4088;

    public ulong Magic;

    /// <summary>Counts writes; the newest whole block wins.</summary>
    public ulong WriteVersion;
    public uint FailedStarts;
}
