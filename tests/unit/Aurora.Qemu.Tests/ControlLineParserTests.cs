using System;
using System.Threading.Tasks;
using Xunit;

namespace Aurora.Qemu.Tests;

public sealed class ControlLineParserTests
{
    [Fact]
    public void Every_event_is_recognised()
    {
        Assert.IsType<ReadyEvent>(ControlLineParser.Parse("@ready\r"));
        var resumed = Assert.IsType<ResumedEvent>(ControlLineParser.Parse("@resumed processes=4 epoch=123 ms=9"));
        Assert.Equal((4, 123ul, "9"), (resumed.Processes, resumed.Epoch, resumed.Values["ms"]));
        Assert.Equal(255, Assert.IsType<ExitEvent>(ControlLineParser.Parse("@exit 255")).Status);
        Assert.Equal(2, Assert.IsType<UnstartedEvent>(ControlLineParser.Parse("@unstarted 2")).Error);
        Assert.IsType<PowerOffEvent>(ControlLineParser.Parse("@poweroff 0"));
        Assert.Equal("store: torn log", Assert.IsType<PanicEvent>(ControlLineParser.Parse("@panic store: torn log")).Reason);
        Assert.Equal("avx2 is missing", Assert.IsType<RefusedEvent>(ControlLineParser.Parse("@refused avx2 is missing")).Reason);
        Assert.Equal(ulong.MaxValue, Assert.IsType<DurableEvent>(ControlLineParser.Parse("@durable 18446744073709551615")).Epoch);
        Assert.Equal("1", Assert.IsType<StatEvent>(ControlLineParser.Parse("@stat a=1 b= c")).Values["a"]);
        Assert.Equal("frame 1", Assert.IsType<TraceEvent>(ControlLineParser.Parse("@trace frame 1")).Text);
        var exec = Assert.IsType<ExecEvent>(ControlLineParser.Parse("@exec 7 refused the number is in use"));
        Assert.Equal((7ul, "refused", "the number is in use"), (exec.Number, exec.Word, exec.Rest));
        Assert.Equal("AAA=", Assert.IsType<ExecEvent>(ControlLineParser.Parse("@exec 1 out AAA=")).Rest);
        Assert.Equal("", Assert.IsType<ExecEvent>(ControlLineParser.Parse("@exec 1 go")).Rest);
        Assert.Equal("nvme: 1 namespace", Assert.IsType<LogEvent>(ControlLineParser.Parse("nvme: 1 namespace")).Line);
    }

    [Theory]
    [InlineData("@exit")]
    [InlineData("@exit 256")]
    [InlineData("@exit -1")]
    [InlineData("@unstarted")]
    [InlineData("@unstarted 2147483648")]
    [InlineData("@durable x")]
    [InlineData("@exec")]
    [InlineData("@exec 1")]
    [InlineData("@exec x go")]
    [InlineData("@exec 1 go on")]
    [InlineData("@exec 1 out AAA")]
    [InlineData("@exec 1 ended")]
    [InlineData("@exec 1 ended 2147483648")]
    [InlineData("@exec 1 done 3")]
    [InlineData("@resumed epoch=1")]
    [InlineData("@nonsense 1")]
    [InlineData("@")]
    [InlineData("")]
    public void A_malformed_event_is_a_log_line(string line) => Assert.IsType<LogEvent>(ControlLineParser.Parse(line));

    [Fact]
    public async Task Waits_find_events_that_came_before_and_move_forward()
    {
        var log = new EventLog();
        log.Add(ControlLineParser.Parse("@durable 1"));
        log.Add(ControlLineParser.Parse("@durable 2"));
        Assert.Equal(1ul, (await log.WaitAsync<DurableEvent>(TimeSpan.FromSeconds(1))).Epoch);
        Assert.Equal(2ul, (await log.WaitAsync<DurableEvent>(TimeSpan.FromSeconds(1))).Epoch);
        Task<DurableEvent> third = log.WaitAsync<DurableEvent>(TimeSpan.FromSeconds(30), item => item.Epoch > 3);
        log.Add(ControlLineParser.Parse("@durable 3"));
        Assert.False(third.IsCompleted);
        log.Add(ControlLineParser.Parse("@durable 4"));
        Assert.Equal(4ul, (await third).Epoch);
    }

    [Fact]
    public async Task A_wait_has_a_deadline_and_shows_the_log()
    {
        var log = new EventLog();
        log.Add(ControlLineParser.Parse("nvme: hangs"));
        MachineException failure = await Assert.ThrowsAsync<MachineException>(() => log.WaitAsync<ReadyEvent>(TimeSpan.FromMilliseconds(20)));
        Assert.Contains("nvme: hangs", failure.Message, StringComparison.Ordinal);
    }
}
