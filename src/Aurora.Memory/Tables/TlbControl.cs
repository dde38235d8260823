using Aurora.Base;

namespace Aurora.Memory;

/// <summary>
/// Makes changes to page tables take effect. Each call returns only when no CPU can use the old translation any more. An address
/// space is named by the frame of its top-level table, as in CR3.
/// </summary>
public abstract class TlbControl
{
    /// <summary>Forgets one page of one address space.</summary>
    public abstract void InvalidatePage(FrameNumber root, VirtualAddress address);

    /// <summary>Forgets every user page of one address space, paging-structure caches included.</summary>
    public abstract void InvalidateSpace(FrameNumber root);

    /// <summary>Forgets the user pages of all address spaces.</summary>
    public abstract void InvalidateAll();
}
