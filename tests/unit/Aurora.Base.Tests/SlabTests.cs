using Aurora.Base;
using Aurora.Testing;
using Xunit;

namespace Aurora.Base.Tests;

public sealed unsafe class SlabTests
{
    private struct Thing
    {
        public fixed ulong Words[3];
    }

    public SlabTests() => HostEnvironment.Install();

    [Fact]
    public void A_handle_to_a_freed_object_panics_even_after_the_slot_is_reused()
    {
        var slab = new Slab<Thing>(new HostPageAllocator(), 100);
        Thing* first = slab.Allocate();
        Handle<Thing> handle = slab.HandleOf(first);
        Assert.True(slab.Get(handle) == first);
        slab.Free(first);
        Thing* second = slab.Allocate();
        Assert.True(first == second);
        Assert.True(slab.TryGet(handle) == null);
        Assert.Throws<PanicException>(() => slab.Get(handle));
    }

    [Fact]
    public void An_object_is_zero_whether_its_place_was_used_before_or_not_and_when_its_chunk_comes_again()
    {
        var slab = new Slab<Thing>(new HostPageAllocator(), 4000);
        var things = new nint[2000];
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < things.Length; i++)
            {
                Thing* thing = slab.Allocate();
                Assert.True(thing->Words[0] == 0 && thing->Words[1] == 0 && thing->Words[2] == 0);
                thing->Words[0] = thing->Words[1] = thing->Words[2] = ulong.MaxValue;
                things[i] = (nint)thing;
            }
            foreach (nint thing in things)
                slab.Free((Thing*)thing);
        }
    }

    [Fact]
    public void Freeing_twice_panics()
    {
        var slab = new Slab<Thing>(new HostPageAllocator(), 100);
        Thing* thing = slab.Allocate();
        slab.Free(thing);
        Assert.Throws<PanicException>(() => slab.Free(thing));
    }

    [Fact]
    public void The_limit_and_the_end_of_memory_give_null()
    {
        var pages = new HostPageAllocator();
        var slab = new Slab<Thing>(pages, 3);
        for (int i = 0; i < 3; i++)
            Assert.True(slab.Allocate() != null);
        Assert.True(slab.Allocate() == null);
        pages.PageLimit = 0;
        Assert.True(new Slab<Thing>(pages, 3).Allocate() == null);
    }

    [Fact]
    public void Empty_chunks_go_back_and_their_handles_never_fit_a_later_object()
    {
        var pages = new HostPageAllocator();
        var slab = new Slab<Thing>(pages, 10_000);
        var stale = new Handle<Thing>[10_000];
        for (int round = 0; round < 3; round++)
        {
            var things = new nint[10_000];
            for (int index = 0; index < things.Length; index++)
            {
                Thing* thing = slab.Allocate();
                Assert.Equal(default, *thing);
                things[index] = (nint)thing;
                Assert.True(slab.TryGet(stale[index]) == null);
            }
            Assert.True(slab.Allocate() == null);
            long most = pages.PagesOutstanding;
            for (int index = 0; index < things.Length; index++)
                stale[index] = slab.HandleOf((Thing*)things[index]);
            for (int index = 0; index < things.Length; index += 2)
                slab.Free((Thing*)things[index]);
            Assert.Equal(most, pages.PagesOutstanding);
            for (int index = 1; index < things.Length; index += 2)
                slab.Free((Thing*)things[index]);
            Assert.Equal(5, pages.PagesOutstanding);
            Assert.Equal(0, slab.Count);
            for (uint index = 0; index < slab.IndexBound; index++)
                Assert.True(slab.LiveAt(index) == null);
        }
    }
}
