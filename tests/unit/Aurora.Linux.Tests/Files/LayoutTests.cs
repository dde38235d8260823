using System.Runtime.InteropServices;
using Aurora.Linux.Files;
using Xunit;

namespace Aurora.Linux.Tests.Files;

/// <summary>The structures programs share with the kernel, as Linux's headers lay them out on x86-64.</summary>
public sealed class LayoutTests
{
    [Fact]
    public void Structures_have_their_sizes()
    {
        Assert.Equal(144, Marshal.SizeOf<LinuxStat>());
        Assert.Equal(256, Marshal.SizeOf<LinuxStatx>());
        Assert.Equal(120, Marshal.SizeOf<LinuxStatFs>());
        Assert.Equal(19, Marshal.SizeOf<LinuxDirent64>());
        Assert.Equal(8, Marshal.SizeOf<LinuxPollDescriptor>());
        Assert.Equal(32, Marshal.SizeOf<LinuxLock>());
        Assert.Equal(24, Marshal.SizeOf<LinuxOpenHow>());
        Assert.Equal(16, Marshal.SizeOf<LinuxTimestamp>());
        Assert.Equal(16, Marshal.SizeOf<LinuxStatxTimestamp>());
    }

    [Theory]
    [InlineData(nameof(LinuxStat.Inode), 8)]
    [InlineData(nameof(LinuxStat.Links), 16)]
    [InlineData(nameof(LinuxStat.Mode), 24)]
    [InlineData(nameof(LinuxStat.Uid), 28)]
    [InlineData(nameof(LinuxStat.SpecialDevice), 40)]
    [InlineData(nameof(LinuxStat.Size), 48)]
    [InlineData(nameof(LinuxStat.BlockSize), 56)]
    [InlineData(nameof(LinuxStat.Blocks), 64)]
    [InlineData(nameof(LinuxStat.AccessTime), 72)]
    [InlineData(nameof(LinuxStat.ModifyTime), 88)]
    [InlineData(nameof(LinuxStat.ChangeTime), 104)]
    public void Stat_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<LinuxStat>(field));

    [Theory]
    [InlineData(nameof(LinuxStatx.BlockSize), 4)]
    [InlineData(nameof(LinuxStatx.Attributes), 8)]
    [InlineData(nameof(LinuxStatx.Links), 16)]
    [InlineData(nameof(LinuxStatx.Mode), 28)]
    [InlineData(nameof(LinuxStatx.Inode), 32)]
    [InlineData(nameof(LinuxStatx.Size), 40)]
    [InlineData(nameof(LinuxStatx.Blocks), 48)]
    [InlineData(nameof(LinuxStatx.AccessTime), 64)]
    [InlineData(nameof(LinuxStatx.BirthTime), 80)]
    [InlineData(nameof(LinuxStatx.ChangeTime), 96)]
    [InlineData(nameof(LinuxStatx.ModifyTime), 112)]
    [InlineData(nameof(LinuxStatx.SpecialDeviceMajor), 128)]
    [InlineData(nameof(LinuxStatx.DeviceMinor), 140)]
    [InlineData(nameof(LinuxStatx.MountId), 144)]
    public void Statx_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<LinuxStatx>(field));

    [Theory]
    [InlineData(nameof(LinuxStatFs.Blocks), 16)]
    [InlineData(nameof(LinuxStatFs.Files), 40)]
    [InlineData(nameof(LinuxStatFs.NameLength), 64)]
    [InlineData(nameof(LinuxStatFs.Flags), 80)]
    public void Statfs_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<LinuxStatFs>(field));

    [Theory]
    [InlineData(nameof(LinuxLock.Whence), 2)]
    [InlineData(nameof(LinuxLock.Start), 8)]
    [InlineData(nameof(LinuxLock.Length), 16)]
    [InlineData(nameof(LinuxLock.Process), 24)]
    public void Flock_offsets(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<LinuxLock>(field));
}
