namespace Aurora.Base;

/// <summary>
/// Supplies page-aligned unmanaged memory. In the kernel it is physically contiguous, mapped once and for good (the direct map), so
/// a device may read and write it; on the host it is aligned native memory.
/// </summary>
public abstract unsafe class PageAllocator
{
    protected PageAllocator(KernelLock kernelLock)
    {
        Lock = kernelLock;
        Accounts = new UserAccounts(this);
    }

    /// <summary>Protects the allocator, and the objects that are made of its memory.</summary>
    public KernelLock Lock { get; }

    /// <summary>Who pays for the objects made of this memory.</summary>
    public UserAccounts Accounts { get; private set; }

    /// <summary>What users together may still take of it.</summary>
    public virtual ulong BytesLeftForUsers => ulong.MaxValue;

    /// <summary>What may still be taken of it at all.</summary>
    public virtual ulong BytesLeft => ulong.MaxValue;

    /// <summary>Zeroed memory of <paramref name="pages"/> × 4 KiB, or null when there is none.</summary>
    public abstract void* Allocate(int pages);

    /// <summary>Returns memory obtained from <see cref="Allocate"/> with the same page count.</summary>
    public abstract void Free(void* memory, int pages);

    /// <summary>As <see cref="Allocate"/>, for an object of a slab, whose account pays for the pages too.</summary>
    public void* AllocateFor(void* holder, int pages)
    {
        UserAccount* account = SlabSlot.Of(holder)->Account;
        ulong bytes = (ulong)pages * PageSize.Bytes;
        if (!Accounts.TryCharge(account, bytes))
            return null;
        void* memory = Allocate(pages);
        if (memory == null)
            UserAccounts.Refund(account, bytes);
        return memory;
    }

    /// <summary>Returns memory obtained from <see cref="AllocateFor"/>, before the object that held it ends.</summary>
    public void FreeFor(void* holder, void* memory, int pages)
    {
        UserAccounts.Refund(SlabSlot.Of(holder)->Account, (ulong)pages * PageSize.Bytes);
        Free(memory, pages);
    }

    /// <summary>Forgets what is charged, when all memory has been taken back at once.</summary>
    protected void ForgetAccounts() => Accounts = new UserAccounts(this);
}
