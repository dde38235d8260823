using System;
using System.Text;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>What this kernel does not have is refused with the error by which programs know to go on without it.</summary>
public sealed unsafe class AbsentTests : IDisposable
{
    private const ulong Name = CallWorld.Memory;
    private const ulong Unmapped = 0x10;

    private readonly CallWorld _calls = new();

    public void Dispose() => _calls.Dispose();

    [Theory]
    [InlineData(188, "user.x", Errno.EOPNOTSUPP)]
    [InlineData(189, "user.x", Errno.EOPNOTSUPP)]
    [InlineData(191, "system.posix_acl_access", Errno.EOPNOTSUPP)]
    [InlineData(192, "security.selinux", Errno.EOPNOTSUPP)]
    [InlineData(197, "user.x", Errno.EOPNOTSUPP)]
    [InlineData(198, "user.x", Errno.EOPNOTSUPP)]
    [InlineData(191, "", Errno.ERANGE)]
    [InlineData(194, "", Errno.Ok)]
    [InlineData(195, "", Errno.Ok)]
    public void Attributes_of_a_file_by_name(int call, string name, Errno expected)
    {
        _calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        _calls.Poke(Name, Encoding.ASCII.GetBytes(name + "\0"));
        Assert.Equal(-(long)expected, _calls.Call((uint)call, _calls.Path("/f"), Name, 0, 0, 0));
        Assert.Equal(-(long)Errno.ENOENT, _calls.Call((uint)call, _calls.Path("/nope"), Name, 0, 0, 0));
    }

    [Theory]
    [InlineData(190, Errno.EOPNOTSUPP)]
    [InlineData(193, Errno.EOPNOTSUPP)]
    [InlineData(196, Errno.Ok)]
    [InlineData(199, Errno.EOPNOTSUPP)]
    public void Attributes_of_an_open_file(int call, Errno expected)
    {
        ulong file = (ulong)_calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        _calls.Poke(Name, "user.x\0"u8.ToArray());
        Assert.Equal(-(long)expected, _calls.Call((uint)call, file, Name, 0, 0, 0));
        Assert.Equal(-(long)Errno.EBADF, _calls.Call((uint)call, 99, Name, 0, 0, 0));
    }

    [Fact]
    public void Attributes_with_bad_arguments()
    {
        _calls.Open("/f", OpenFlags.Create | OpenFlags.ReadWrite);
        Assert.Equal(-(long)Errno.EFAULT, _calls.Call(191, _calls.Path("/f"), Unmapped, 0, 0));
        _calls.Poke(Name, Encoding.ASCII.GetBytes(new string('n', 256) + "\0"));
        Assert.Equal(-(long)Errno.ERANGE, _calls.Call(191, _calls.Path("/f"), Name, 0, 0));
        _calls.Poke(Name, "user.x\0"u8.ToArray());
        Assert.Equal(-(long)Errno.EINVAL, _calls.Call(188, _calls.Path("/f"), Name, 0, 0, 4));
        Assert.Equal(-(long)Errno.E2BIG, _calls.Call(188, _calls.Path("/f"), Name, 0, 65537, 0));
    }

    [Theory]
    [InlineData(1u, 1u, Errno.EAFNOSUPPORT)]
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
