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
        Assert.Equal(0UL, bases.Hold(1, Stored, 4).Value);
        Assert.Equal(0UL, bases.Hold(2, Stored, 5).Value);
        Assert.Equal(0UL, bases.Hold(1, new ObjectId(8), 5).Value);
        Assert.Equal(frame, bases.Hold(1, Stored, 5));
        Assert.Equal(2, machine.Frames.InfoOf(frame)->References);
        machine.Frames.Release(frame);
        bases.Keep(1, Stored, 5, frame);
        Assert.Equal((1, 1), (bases.Count, machine.Frames.InfoOf(frame)->References));
    }

    [Fact]
    public void There_are_at_most_so_many_and_those_in_use_stay()
    {
        using var machine = new TestMachine();
        BaseFrames bases = machine.Memory.Bases;
        FrameNumber shown = machine.Frames.Allocate(FrameFlags.Data);
        bases.Keep(1, Stored, 0, shown);
        for (ulong page = 1; page < 3 * (ulong)bases.Capacity; page++)
            Keep(machine, 1, page);
        Assert.Equal(bases.Capacity, bases.Count);
        Assert.Equal(shown, bases.Hold(1, Stored, 0));
        machine.Frames.Release(shown, 2);
    }

    [Fact]
    public void The_hand_gives_back_what_nobody_shows_or_has_asked_for()
    {
        using var machine = new TestMachine();
        ulong used = machine.Frames.UsedFrames;
        BaseFrames bases = machine.Memory.Bases;
        FrameNumber shown = machine.Frames.Allocate(FrameFlags.Data);
        bases.Keep(1, Stored, 0, shown);
        Keep(machine, 1, 1);
        FrameNumber asked = Keep(machine, 1, 2);
        machine.Frames.Release(bases.Hold(1, Stored, 2));
        Round(machine);
        Assert.Equal((2, used + 2), (bases.Count, machine.Frames.UsedFrames));
        Assert.Equal(0UL, bases.Hold(1, Stored, 1).Value);
        Assert.Equal(asked, bases.Hold(1, Stored, 2));
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
        for (uint at = 0; !bases.DropOf(1, ref at);)
        {
        }
        Assert.Equal((8, used + 8), (bases.Count, machine.Frames.UsedFrames));
        Assert.Equal(0UL, bases.Hold(1, Stored, 3).Value);
        for (uint at = 0; !bases.DropOf(2, ref at);)
        {
        }
        Assert.Equal((0, used), (bases.Count, machine.Frames.UsedFrames));
    }

    private static FrameNumber Keep(TestMachine machine, ulong volume, ulong page)
    {
        FrameNumber frame = machine.Frames.Allocate(FrameFlags.Data);
        machine.Memory.Bases.Keep(volume, Stored, page, frame);
        machine.Frames.Release(frame);
        return frame;
    }

    private static void Round(TestMachine machine)
    {
        while (!machine.Memory.Reclaim.Step())
        {
        }
    }
}
