using Aurora.Base;

namespace Aurora.Memory;

/// <summary>The arguments of <see cref="MemoryManager.Remap"/> (mremap).</summary>
public struct RemapRequest
{
    public VirtualAddress Address;
    public ulong OldLength;
    public ulong NewLength;
    public bool MayMove;

    /// <summary>Move to exactly <see cref="NewAddress"/>, replacing what is there.</summary>
    public bool IsFixed;
    public VirtualAddress NewAddress;
}
