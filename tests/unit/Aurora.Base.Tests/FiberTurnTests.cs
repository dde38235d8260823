using Xunit;

namespace Aurora.Base.Tests;

/// <summary>How long user threads wait for fibers, by a clock that only the test moves.</summary>
public sealed class FiberTurnTests
{
    [Fact]
    public void A_turn_is_over_after_a_slice_whoever_has_used_it_up()
    {
        FiberTurn turn = default;
        turn.Begin(5_000);
        Assert.False(turn.IsOver(5_000));
        Assert.False(turn.IsOver(5_000 + FiberTurn.SliceNanoseconds - 1));
        Assert.True(turn.IsOver(5_000 + FiberTurn.SliceNanoseconds));
    }

    [Fact]
    public void The_longest_turn_is_remembered()
    {
        FiberTurn turn = default;
        foreach ((ulong start, ulong end) in ((ulong, ulong)[])[(0, 10), (100, 350), (400, 420)])
        {
            turn.Begin(start);
            turn.End(end);
        }
        Assert.Equal(250UL, turn.LongestNanoseconds);
    }

    [Fact]
    public void A_slice_is_a_few_hundred_microseconds_at_most() => Assert.InRange(FiberTurn.SliceNanoseconds, 10_000UL, 500_000UL);
}
