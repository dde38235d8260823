using System;
using Aurora.Posix.Persistence;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;
using Xunit;

namespace Aurora.Linux.Tests;

/// <summary>Who may send and receive regions, what is asked for, and what who asked is told: a number, or why not.</summary>
public sealed unsafe class RegionStreamCallTests : IDisposable
{
    private const int Send = 0x5A02B;
    private const int Receive = 0x5A02C;
    private const ulong Name = TestKernel.Scratch + 0x400;

    private readonly TestKernel _kernel = new();
    private readonly Thread* _init;

    public RegionStreamCallTests()
    {
        _init = _kernel.Boot();
        _kernel.PokeText(_init, Name, "db");
        _kernel.Regions.IsAsking = true;
    }

    public void Dispose() => _kernel.Dispose();

    [Fact]
    public void Who_asks_is_given_the_number_of_his_stream()
    {
        Assert.Null(_kernel.Call(_init, Send, Name, 9, 7));
        RegionRequest asked = _kernel.Regions.LastRequest;
        Assert.Equal((RegionRequestKind.Send, 9UL, 7UL), (asked.Kind, asked.Epoch, asked.Since));
        Assert.True(asked.NameBytes.SequenceEqual("db"u8));
        ulong ticket = _init->Call.Progress;
        _kernel.Regions.Serve();
        Assert.Equal((long)ticket, _kernel.Resume(_init));
        Assert.Null(_kernel.Call(_init, Receive, Name));
        asked = _kernel.Regions.LastRequest;
        Assert.Equal((RegionRequestKind.Receive, 0), (asked.Kind, asked.NameLength));
        Assert.True(asked.TargetBytes.SequenceEqual("db"u8));
        ticket = _init->Call.Progress;
        _kernel.Regions.Serve();
        Assert.Equal((long)ticket, _kernel.Resume(_init));
    }

    [Theory]
    [InlineData(Send)]
    [InlineData(Receive)]
    public void Only_root_of_the_host_may_and_names_are_names(int call)
    {
        Assert.Equal(-(long)Errno.EFAULT, _kernel.Call(_init, call, 8, 0, 0));
        _kernel.PokeText(_init, Name, "");
        Assert.Equal(-(long)Errno.EINVAL, _kernel.Call(_init, call, Name, 0, 0));
        _kernel.PokeText(_init, Name, new string('n', 64));
        Assert.Equal(-(long)Errno.ENAMETOOLONG, _kernel.Call(_init, call, Name, 0, 0));
        _kernel.PokeText(_init, Name, "db");
        Thread* user = _kernel.Fork(_init);
        _kernel.Do(user, 105, 1000);
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(user, call, Name, 0, 0));
        _kernel.Groups.IsInHost = false;
        Assert.Equal(-(long)Errno.EPERM, _kernel.Call(_init, call, Name, 0, 0));
    }

    /// <summary>A thread that waits is captured; after a restart nobody knows what it asked for, and in a copy it never asked.</summary>
    [Theory]
    [InlineData(Send, true)]
    [InlineData(Send, false)]
    [InlineData(Receive, true)]
    [InlineData(Receive, false)]
    public void Who_waits_is_told_that_nobody_knows_of_it(int call, bool isCopy)
    {
        Assert.Null(_kernel.Call(_init, call, Name, 0, 0));
        _kernel.Groups.IsInHost = !isCopy;
        _kernel.Regions.Forget();
        Assert.Equal(-(long)Errno.ECANCELED, _kernel.Resume(_init));
    }
}
