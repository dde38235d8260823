using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

public sealed unsafe class MemoryPressureTests
{
    private const ulong At = 0x4000_0000;

    [Fact]
    public void Without_frames_a_store_is_out_of_memory_and_nothing_is_lost()
    {
        using var machine = new TestMachine(frames: 64);
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 100);
        ulong page = 0;
        while (machine.TryAccess(space, At + (page << 12), FaultAccess.Write, out byte* pointer) == MemoryStatus.Ok)
            *(ulong*)pointer = ++page;
        Assert.InRange(page, 40UL, 63UL);
        Assert.Equal(0UL, machine.Frames.FreeFrames);
        for (ulong check = 0; check < page; check++)
            Assert.Equal(check + 1, machine.Load64(space, At + (check << 12)));
        Assert.Equal(MemoryStatus.OutOfMemory, machine.Memory.Spaces.Fork(space, out _));
        machine.Memory.Spaces.Release(space);
        machine.AssertNothingLeft();
    }

    [Fact]
    public void While_an_epoch_is_in_flight_a_store_waits_for_its_frames()
    {
        using var machine = new TestMachine(frames: 64);
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 40);
        for (ulong page = 0; page < 40; page++)
            machine.Store64(space, At + (page << 12), page);
        machine.Freeze();
        FaultResult fault = default;
        for (ulong page = 0; fault.Status == MemoryStatus.Ok; page++)
            fault = machine.Memory.Faults.Handle(space, new VirtualAddress(At + (page << 12)), FaultAccess.Write);
        Assert.Equal(MemoryStatus.WouldBlock, fault.Status);
        *fault.Wait = new WaitQueue { First = (WaitEntry*)1 };
        machine.ReleaseOldest();
        Assert.True(machine.Waker.WasWoken(fault.Wait));
        *fault.Wait = default;
        for (ulong page = 0; page < 40; page++)
            machine.Store64(space, At + (page << 12), page + 1);
    }

    [Fact]
    public void Every_failing_allocation_in_a_fork_leaves_the_parent_whole()
    {
        for (ulong spare = 0; spare < 12; spare++)
        {
            using var machine = new TestMachine(frames: 256);
            AddressSpace* parent = machine.NewSpace();
            for (ulong index = 0; index < 4; index++)
            {
                machine.MapAnonymous(parent, At + (index << 21), 4);
                machine.Store64(parent, At + (index << 21), index);
            }
            ulong reserved = machine.Frames.FreeFrames - spare;
            Assert.True(machine.Frames.TryReserve(reserved));
            MemoryStatus status = machine.Memory.Spaces.Fork(parent, out AddressSpace* child);
            machine.Frames.Unreserve(reserved);
            machine.Memory.Verifier.VerifyAll();
            for (ulong index = 0; index < 4; index++)
                Assert.Equal(index, machine.Load64(parent, At + (index << 21)));
            if (status == MemoryStatus.Ok)
                machine.Memory.Spaces.Release(child);
            machine.Memory.Spaces.Release(parent);
            machine.AssertNothingLeft();
        }
    }

    [Fact]
    public void Reserved_frames_are_there_when_they_are_drawn()
    {
        using var machine = new TestMachine(frames: 16);
        ulong free = machine.Frames.FreeFrames;
        Assert.False(machine.Frames.TryReserve(free + 1));
        Assert.True(machine.Frames.TryReserve(free));
        Assert.Equal(0UL, machine.Frames.Allocate(FrameFlags.Data).Value);
        FrameNumber frame = machine.Frames.AllocateReserved(FrameFlags.Data);
        Assert.NotEqual(0UL, frame.Value);
        machine.Frames.Unreserve(free - 1);
        machine.Frames.Pin(frame);
        machine.Frames.Release(frame);
        Assert.Equal(free - 1, machine.Frames.FreeFrames);
        machine.Frames.Unpin(frame);
        Assert.Equal(free, machine.Frames.FreeFrames);
    }
}
