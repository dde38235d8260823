using System;
using Aurora.Testing;
using Xunit;

namespace Aurora.Base.Tests;

/// <summary>Whoever touches what the kernel lock protects without it stops the machine.</summary>
public sealed unsafe class KernelLockTests
{
    private struct Thing
    {
        public ObjectHeader Header;
    }

    public KernelLockTests() => HostEnvironment.Install();

    [Fact]
    public void What_it_protects_is_touched_only_by_who_holds_it()
    {
        using var pages = new HostPageAllocator();
        var slab = new Slab<Thing>(pages, 100);
        var tracked = new TrackedObjects(pages);
        ObjectTracker group = tracked.Add(0, new ObjectId(1));
        Thing* thing = slab.Allocate();
        group.Register(&thing->Header, ObjectKind.Pipe);
        group.ClearChanged(&thing->Header);
        pages.Lock.Release();
        Refuses(() => slab.Allocate());
        Refuses(() => slab.Free(thing));
        Refuses(() => group.MarkChanged(&thing->Header));
        Refuses(() => tracked.MarkChanged(&thing->Header));
        Refuses(() => group.Remove(&thing->Header));
        Refuses(() => tracked.Add(1, new ObjectId(1)));
        Refuses(pages.Lock.Release);
        pages.Lock.Take();
        group.MarkChanged(&thing->Header);
        group.Remove(&thing->Header);
        slab.Free(thing);
        Refuses(pages.Lock.Take);
    }

    [Fact]
    public void A_handler_runs_without_it_whoever_it_interrupts()
    {
        using var pages = new HostPageAllocator();
        var slab = new Slab<Thing>(pages, 100);
        bool wasHeld = pages.Lock.BeginInterrupt();
        Refuses(() => slab.Allocate());
        pages.Lock.EndInterrupt(wasHeld);
        Assert.True(slab.Allocate() != null);
        pages.Lock.Release();
        pages.Lock.EndInterrupt(pages.Lock.BeginInterrupt());
        Assert.False(pages.Lock.IsHeld);
    }

    private static void Refuses(Action action)
    {
        PanicException failure = Assert.Throws<PanicException>(action);
        Assert.Contains("kernel lock", failure.Message, StringComparison.Ordinal);
    }
}
