using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The arguments of <see cref="Remaps.Remap"/> (mremap).</summary>
public struct RemapRequest
{
    public VirtualAddress Address;
    public ulong OldLength;
    public ulong NewLength;
    public bool MayMove;

    /// <summary>Move to exactly <see cref="NewAddress"/>, replacing what is there.</summary>
    public bool IsFixed;

    /// <summary>Where to, if <see cref="IsFixed"/>; a hint, if <see cref="KeepsOld"/>.</summary>
    public VirtualAddress NewAddress;

    /// <summary>
    /// The old range stays mapped, as it would be had nothing been stored there (MREMAP_DONTUNMAP); the lengths are the same.
    /// </summary>
    public bool KeepsOld;
}
