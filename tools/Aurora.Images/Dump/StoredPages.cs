// The pages of a process of an image. They are read once, and dropped every now and then as the kernel does when frames are short: however
// large the process is, little of it is held.
using Aurora.Checkpoint;
using Aurora.Images.Session;
using Aurora.Memory;
using Aurora.Store;

namespace Aurora.Images.Dump;

/// <summary>Has the pages read of the process with this number; throws when they cannot be.</summary>
internal sealed class StoredPages(StoredGroup group, int id) : CorePages
{
    // 64 MiB.
    private const ulong MostPagesHeld = 16384;

    // The hand comes to a page once to mark it as idle and once to drop it; where it stands when it starts is not known.
    private const int RoundsToEvict = 3;

    private ulong _passes;

    // Nobody else runs: what is waited for is done at once.
    public override bool Await(in PageAccess access, ulong address)
    {
        if (access.Status == MemoryStatus.OutOfMemory)
            throw new ImageException($"not enough memory to read process {id} of {group.Description}");
        if (access.Status == MemoryStatus.WouldBlock)
        {
            group.Pager.Serve();
            return true;
        }
        StoreStatus failure = group.Pager.LastFailure;
        string reason = failure == StoreStatus.Ok ? access.Status.ToString() : group.Image.Explain(failure);
        throw new ImageException(
            $"process {id} of {group.Description}: the memory at 0x{address:x} cannot be read: {reason}; "
            + "aurora fsck tells what else is damaged, and an earlier checkpoint may be whole (--at)");
    }

    public override void Pass()
    {
        if (_passes++ % MostPagesHeld != MostPagesHeld - 1)
            return;
        for (int rounds = 0; rounds < RoundsToEvict;)
            rounds += group.Session.Memory.Reclaim.Step() ? 1 : 0;
    }
}
