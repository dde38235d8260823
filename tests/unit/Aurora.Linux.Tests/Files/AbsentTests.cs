using System;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>What this kernel does not have is refused with the error by which programs know to go on without it.</summary>
public sealed unsafe class AbsentTests : IDisposable
{
    private const ulong Name = CallWorld.Memory;

    private readonly CallWorld _calls = new();

    public void Dispose() => _calls.Dispose();

    [Theory]
    [InlineData(2u, 1u, Errno.EAFNOSUPPORT)]
    [InlineData(16u, 0x80003u, Errno.EAFNOSUPPORT)]
    [InlineData(46u, 1u, Errno.EAFNOSUPPORT)]
    [InlineData(uint.MaxValue, 1u, Errno.EAFNOSUPPORT)]
    [InlineData(1u, 11u, Errno.EINVAL)]
    [InlineData(1u, 0x101u, Errno.EINVAL)]
    public void Sockets_of_every_family(uint family, uint type, Errno expected)
    {
        Assert.Equal(-(long)expected, _calls.Call(41, family, type, 0));
        Assert.Equal(-(long)expected, _calls.Call(53, family, type, 0, Name));
    }

    [Theory]
    [InlineData(42)]
    [InlineData(45)]
    [InlineData(52)]
    [InlineData(55)]
    [InlineData(288)]
    [InlineData(307)]
    public void A_file_is_no_socket(int call)
    {
        ulong file = (ulong)_calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        Assert.Equal(-(long)Errno.ENOTSOCK, _calls.Call((uint)call, file, Name, 0, 0, 0));
        Assert.Equal(-(long)Errno.EBADF, _calls.Call((uint)call, 99, Name, 0, 0, 0));
    }
}
