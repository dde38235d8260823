using System.Linq;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed class StartMarkTests
{
    [Fact]
    public void The_mark_is_what_was_set_last_and_touches_no_register_of_the_clock()
    {
        var cmos = new CmosModel();
        var mark = new StartMark(cmos);
        Assert.False(mark.IsSet);
        mark.IsSet = true;
        Assert.True(new StartMark(cmos).IsSet);
        Assert.Equal(0x6E, cmos.Registers.ToList().FindIndex(register => register != 0));
        mark.IsSet = false;
        Assert.False(new StartMark(cmos).IsSet);
    }
}
