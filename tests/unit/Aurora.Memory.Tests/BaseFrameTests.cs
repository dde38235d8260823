using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>The frames that are kept of volumes which never change.</summary>
public sealed unsafe class BaseFrameTests
{
    private static readonly ObjectId Stored = new(7);

    [Fact]
    public void A_kept_frame_is_found_by_volume_object_and_page()
    {
        using var machine = new TestMachine();
        BaseFrames bases = machine.Memory.Bases;
        FrameNumber frame = Keep(machine, 1, 5);
        Assert.Equal(0UL, bases.Hold(new BaseName(1, 0), Stored, 4).Value);
        Assert.Equal(0UL, bases.Hold(new BaseName(2, 0), Stored, 5).Value);
        Assert.Equal(0UL, bases.Hold(new BaseName(1, 0), new ObjectId(8), 5).Value);
        Assert.Equal(frame, bases.Hold(new BaseName(1, 0), Stored, 5));
        Assert.Equal(2, machine.Frames.InfoOf(frame)->References);
        machine.Frames.Release(frame);
        bases.Keep(new BaseName(1, 0), Stored, 5, frame);
        Assert.Equal((1, 1), (bases.Count, machine.Frames.InfoOf(frame)->References));
    }

    [Fact]
    public void There_are_at_most_so_many_and_a_new_one_takes_the_place_of_one_that_nobody_asks_for()
    {
        using var machine = new TestMachine();
        ulong used = machine.Frames.UsedFrames;
        BaseFrames bases = machine.Memory.Bases;
        FrameNumber shown = machine.Frames.Allocate(FrameFlags.Data);
        for (ulong page = 0; page < (ulong)bases.Capacity; page++)
            bases.Keep(new BaseName(1, 0), Stored, page, shown);
        int full = bases.Count;
        for (ulong page = 0; page < (ulong)bases.Capacity; page++)
        {
            Keep(machine, 2, page);
            Assert.InRange(bases.Count, full, bases.Capacity);
        }
        FrameNumber last = bases.Hold(new BaseName(2, 0), Stored, (ulong)bases.Capacity - 1);
        Assert.NotEqual(0UL, last.Value);
        machine.Frames.Release(last);
        machine.Frames.Release(shown);
        DropAlone(machine);
        DropOf(machine, 1);
        Assert.Equal((0, used), (bases.Count, machine.Frames.UsedFrames));
    }

    [Fact]
    public void Before_memory_is_exhausted_all_goes_that_nobody_shows()
    {
        using var machine = new TestMachine();
        BaseFrames bases = machine.Memory.Bases;
        FrameNumber shown = machine.Frames.Allocate(FrameFlags.Data);
        bases.Keep(new BaseName(1, 0), Stored, 0, shown);
        ulong used = machine.Frames.UsedFrames;
        for (ulong page = 1; page < 9; page++)
        {
            Keep(machine, 1, page);
            machine.Frames.Release(bases.Hold(new BaseName(1, 0), Stored, page));
        }
        DropAlone(machine);
        Assert.Equal((1, used), (bases.Count, machine.Frames.UsedFrames));
    }

    [Fact]
    public void What_was_shown_by_groups_that_have_ended_goes_in_the_next_round()
    {
        using var machine = new TestMachine();
        BaseFrames bases = machine.Memory.Bases;
        FrameNumber frame = Keep(machine, 1, 0);
        Assert.Equal(frame, bases.Hold(new BaseName(1, 0), Stored, 0));
        Round(machine);
        machine.Frames.Release(frame);
        Round(machine);
        Assert.Equal(0, bases.Count);
    }

    [Fact]
    public void The_hand_gives_back_what_nobody_shows_or_has_asked_for()
    {
        using var machine = new TestMachine();
        ulong used = machine.Frames.UsedFrames;
        BaseFrames bases = machine.Memory.Bases;
        FrameNumber shown = machine.Frames.Allocate(FrameFlags.Data);
        bases.Keep(new BaseName(1, 0), Stored, 0, shown);
        Keep(machine, 1, 1);
        FrameNumber asked = Keep(machine, 1, 2);
        machine.Frames.Release(bases.Hold(new BaseName(1, 0), Stored, 2));
        Round(machine);
        Assert.Equal((2, used + 2), (bases.Count, machine.Frames.UsedFrames));
        Assert.Equal(0UL, bases.Hold(new BaseName(1, 0), Stored, 1).Value);
        Assert.Equal(asked, bases.Hold(new BaseName(1, 0), Stored, 2));
        machine.Frames.Release(asked);
        machine.Frames.Release(shown);
        Round(machine);
        Round(machine);
        Assert.Equal((0, used), (bases.Count, machine.Frames.UsedFrames));
    }

    [Fact]
    public void What_is_kept_of_a_volume_goes_with_it()
    {
        using var machine = new TestMachine();
        ulong used = machine.Frames.UsedFrames;
        BaseFrames bases = machine.Memory.Bases;
        for (ulong page = 0; page < 8; page++)
        {
            Keep(machine, 1, page);
            Keep(machine, 2, page);
        }
        DropOf(machine, 1);
        Assert.Equal((8, used + 8), (bases.Count, machine.Frames.UsedFrames));
        Assert.Equal(0UL, bases.Hold(new BaseName(1, 0), Stored, 3).Value);
        DropOf(machine, 2);
        Assert.Equal((0, used), (bases.Count, machine.Frames.UsedFrames));
    }

    private static FrameNumber Keep(TestMachine machine, ulong volume, ulong page)
    {
        FrameNumber frame = machine.Frames.Allocate(FrameFlags.Data);
        machine.Memory.Bases.Keep(new BaseName(volume, 0), Stored, page, frame);
        machine.Frames.Release(frame);
        return frame;
    }

    private static void DropOf(TestMachine machine, ulong volume)
    {
        for (uint at = 0; !machine.Memory.Bases.DropOf(new BaseName(volume, 0), ref at);)
        {
        }
    }

    private static void DropAlone(TestMachine machine)
    {
        for (uint at = 0; !machine.Memory.Bases.DropAlone(ref at);)
        {
        }
    }

    private static void Round(TestMachine machine)
    {
        while (!machine.Memory.Reclaim.Step())
        {
        }
    }
}
