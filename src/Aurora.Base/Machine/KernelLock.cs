// The kernel lock: who holds it may look at and change everything that says "protected by the kernel lock". That is nearly all there is:
//
//   objects of slabs, and the slabs themselves          Slab, UserAccounts, the page allocators
//   ids, changed and ended objects of groups            TrackedObjects, ObjectTracker
//   threads, run queues, wait queues, deadlines         ThreadScheduler
//   fibers                                              KernelFibers
//   processes, signals, files, memory, checkpoints      whatever is made of the above
//
// The main loop holds it while it does kernel work and gives it up where others may come in: while a program runs in user mode, and while
// the processor waits for an interrupt (ThreadTurn, IdleTimer, BootLoop). Fibers run on the main loop's behalf, within its hold. What is
// not protected by it: what interrupt handlers post to and the main loop takes from (PostedEvents, the rings of serial ports), and what
// only the processor it belongs to uses (PerCpu). A handler interrupts whoever holds the lock, and must not touch what that one is in the
// middle of: for as long as it runs nobody holds the lock, so every assertion in what it calls fails.
//
// One processor runs, so nobody ever waits for the lock, and it comes to the assertion alone. A host that has no user mode holds it always.
using System.Runtime.CompilerServices;

namespace Aurora.Base;

/// <summary>Says whether the kernel is at work, and stops the machine when somebody touches its state who is not it.</summary>
public sealed class KernelLock
{
    private bool _isHeld;

    /// <summary>A lock that its maker holds: a machine begins in the kernel.</summary>
    public KernelLock() => _isHeld = true;

    public bool IsHeld => _isHeld;

    /// <summary>Kernel work begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take()
    {
        if (_isHeld)
            Panic.Fail("kernel lock: taken by who holds it"u8);
        _isHeld = true;
    }

    /// <summary>Kernel work pauses: what the lock protects is as anybody may find it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Release()
    {
        AssertHeld();
        _isHeld = false;
    }

    /// <summary>At the entrances of what the lock protects.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AssertHeld()
    {
        if (!_isHeld)
            FailNotHeld();
    }

    /// <summary>An interrupt handler runs; what this returns is for <see cref="EndInterrupt"/>.</summary>
    public bool BeginInterrupt()
    {
        bool wasHeld = _isHeld;
        _isHeld = false;
        return wasHeld;
    }

    /// <summary>The handler has ended; who was interrupted goes on.</summary>
    public void EndInterrupt(bool wasHeld) => _isHeld = wasHeld;

    private static void FailNotHeld() => Panic.Fail("kernel lock: touched what it protects without it"u8);
}
