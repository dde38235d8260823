// One processor, no PCIDs: loading CR3 forgets every user translation. The processor stays on the last program's tables while the kernel
// runs, so that going back to the same program costs nothing; the kernel's half is the same in all of them.
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Core;

/// <summary>TLB control on one processor.</summary>
public sealed unsafe class KernelTlb : TlbControl
{
    public override void InvalidatePage(FrameNumber root, VirtualAddress address)
    {
        if (IsLoaded(root))
            Cpu.InvalidatePage(address.Value);
    }

    /// <summary>Leaves the address space altogether, so that its tables may also be freed.</summary>
    public override void InvalidateSpace(FrameNumber root)
    {
        if (IsLoaded(root))
            LoadKernelRoot();
    }

    public override void InvalidateAll() => LoadKernelRoot();

    private static bool IsLoaded(FrameNumber root) => PerCpu.Current->Root == root.Address.Value;

    private static void LoadKernelRoot()
    {
        ulong root = KernelPageTables.Root.Address.Value;
        PerCpu.Current->Root = root;
        Cpu.WriteCr3(root);
    }
}
