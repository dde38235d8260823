using System;
using System.Text;
using FsCheck.Xunit;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed class BootConfigurationTests
{
    [Fact]
    public void The_defaults_start_a_shell()
    {
        Assert.Equal(BootStatus.Ok, BootConfiguration.Parse(default, out BootConfiguration configuration, out _));
        Assert.True(configuration.TryGetArgument(0, out ReadOnlySpan<byte> program));
        Assert.Equal("/bin/busybox"u8, program);
        Assert.True(configuration.TryGetArgument(1, out ReadOnlySpan<byte> applet));
        Assert.Equal("sh"u8, applet);
        Assert.False(configuration.TryGetArgument(2, out _));
        Assert.False(configuration.TryGetEnvironment(0, out _));
        Assert.True(configuration.IsInteractive);
        Assert.True(configuration.Persists);
        Assert.Equal(10u, configuration.PeriodMilliseconds);
        Assert.Equal("/"u8, configuration.WorkingDirectory);
    }

    [Fact]
    public void Every_key_is_understood()
    {
        ReadOnlySpan<byte> text = "arg=/bin/a\0env=A=1\0arg=\0env=B=\0cwd=/tmp\0tty=0\0rows=50\0cols=132\0"u8
            + "period_ms=25\0persist=0\0hold=1\0uid=1000\0gid=100\0group=4\0group=4294967294\0bench=nvme\0destroy=scratch\0new=x\0"u8;
        Assert.Equal(BootStatus.Ok, BootConfiguration.Parse(text, out BootConfiguration configuration, out _));
        Assert.Equal(2, configuration.ArgumentCount);
        Assert.True(configuration.TryGetArgument(1, out ReadOnlySpan<byte> empty));
        Assert.True(empty.IsEmpty);
        Assert.Equal(2, configuration.EnvironmentCount);
        Assert.True(configuration.TryGetEnvironment(0, out ReadOnlySpan<byte> variable));
        Assert.Equal("A=1"u8, variable);
        Assert.False(configuration.TryGetEnvironment(2, out _));
        Assert.Equal("/tmp"u8, configuration.WorkingDirectory);
        Assert.False(configuration.IsInteractive);
        Assert.False(configuration.Persists);
        Assert.Equal(50, configuration.Rows);
        Assert.Equal(132, configuration.Columns);
        Assert.Equal(25u, configuration.PeriodMilliseconds);
        Assert.Equal((1000u, 100u, 2), (configuration.UserId, configuration.GroupId, configuration.GroupCount));
        Assert.True(configuration.TryGetGroup(1, out uint group));
        Assert.Equal(4_294_967_294u, group);
        Assert.False(configuration.TryGetGroup(2, out _));
        Assert.Equal("nvme"u8, configuration.Benchmark);
        Assert.Equal("scratch"u8, configuration.DestroyableDisk);
        Assert.Equal(1, configuration.UnknownKeyCount);
    }

    [Theory]
    [InlineData("arg=a\0arg=b", BootStatus.ConfigurationNotTerminated, 6)]
    [InlineData("arg=a\0=b\0", BootStatus.ConfigurationWithoutKey, 6)]
    [InlineData("arg\0", BootStatus.ConfigurationWithoutKey, 0)]
    [InlineData("\0", BootStatus.ConfigurationWithoutKey, 0)]
    [InlineData("rows=0\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("rows=65536\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("cols=8x\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("tty=2\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("persist=\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("hold=2\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("uid=-1\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("gid=4294967295\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("group=wheel\0", BootStatus.ConfigurationBadNumber, 0)]
    [InlineData("period_ms=99999999999999999999\0", BootStatus.ConfigurationBadNumber, 0)]
    public void Malformed_strings_are_refused_with_their_place(string text, BootStatus expected, int offset)
    {
        Assert.Equal(expected, BootConfiguration.Parse(Encoding.UTF8.GetBytes(text), out _, out int fault));
        Assert.Equal(offset, fault);
    }

    [Fact]
    public void More_groups_than_a_process_can_have_are_refused()
    {
        string most = string.Concat(System.Linq.Enumerable.Repeat("group=7\0", BootConfiguration.MaxGroups));
        Assert.Equal(BootStatus.Ok, BootConfiguration.Parse(Encoding.UTF8.GetBytes(most), out _, out _));
        Assert.Equal(BootStatus.ConfigurationBadNumber, BootConfiguration.Parse(Encoding.UTF8.GetBytes(most + "group=7\0"), out _, out _));
    }

    [Property]
    public bool Any_bytes_are_parsed_or_refused(byte[] bytes)
    {
        BootStatus status = BootConfiguration.Parse(bytes, out BootConfiguration configuration, out _);
        if (status != BootStatus.Ok)
            return true;
        int arguments = 0;
        while (configuration.ArgumentCount > 0 && configuration.TryGetArgument(arguments, out _))
            arguments++;
        return arguments == configuration.ArgumentCount;
    }
}
