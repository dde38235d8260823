using System;
using Aurora.Base;
using Aurora.Core;
using Aurora.Store;

namespace Aurora.Kernel;

/// <summary>Opens the object store on the machine's disk.</summary>
internal sealed class StoreOpening(BareMachine bare, KernelFibers fibers, NvmeDevice disk) : BootStep
{
    // The store's overlays of changes that are not indexed yet, two of them, take at most this share of the memory each.
    private const ulong OverlayShare = 16;
    private const ulong MaxOverlayBytes = 64UL << 20;

    /// <summary>The store, once the step has ended well.</summary>
    public ObjectStore? Store { get; private set; }

    protected override bool Work()
    {
        ulong share = bare.Frames.TotalFrames * PageSize.Bytes / OverlayShare;
        var options = new OpenOptions { BackgroundMaintenance = true, OverlayBytes = Math.Min(share, MaxOverlayBytes) };
        StoreStatus status = ObjectStore.Open(
            disk.Controller, bare.UrgentPages, fibers, in options, out ObjectStore? store, out StoreFault fault);
        Store = store;
        if (status == StoreStatus.OutOfMemory)
            return Refusal.Report("store"u8,
                "the machine has too little memory for the changes in the disk's log: start it with more (-m)"u8);
        return status == StoreStatus.Ok || Refusal.Report("store"u8, StoreMessages.Describe(status, fault, stackalloc byte[160]));
    }
}
