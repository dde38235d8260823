using System;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

public sealed unsafe class UserMemoryTests : IDisposable
{
    private const ulong At = 0x4000_0000;
    private readonly TestMachine _machine = new();
    private readonly AddressSpace* _space;

    public UserMemoryTests()
    {
        _space = _machine.NewSpace();
        _machine.MapAnonymous(_space, At, 3);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void What_was_found_is_copied_without_another_walk_and_no_further()
    {
        using var machine = new TestMachine();
        AddressSpace* space = machine.NewSpace();
        machine.MapAnonymous(space, At, 20);
        for (ulong page = 0; page < 20; page++)
            machine.Store64(space, At + (page << 12), page + 1);
        UserPages found = default;
        var start = new VirtualAddress(At + 4092);
        Assert.Equal(4100UL, machine.User.Probe(space, start, 4100, write: false, &found).Bytes);
        byte[] bytes = new byte[4100];
        Assert.True(found.Covers(start, 4100));
        found.CopyTo(start, bytes);
        Assert.Equal(2, bytes[4]);
        Assert.False(found.Covers(start, 4101));
        Assert.False(found.Covers(new VirtualAddress(At + 4091), 1));
        Assert.True(found.Covers(new VirtualAddress(At + 8191), 1));
        Assert.False(default(UserPages).Covers(start, 1));
        UserPages many = default;
        machine.User.Probe(space, new VirtualAddress(At), 20 << 12, write: false, &many);
        Assert.True(many.Covers(new VirtualAddress(At), 17 << 12));
        Assert.False(many.Covers(new VirtualAddress(At), (17 << 12) + 1));
    }

    [Fact]
    public void Bytes_go_out_and_come_back_across_pages()
    {
        byte[] bytes = new byte[9000];
        new Random(1).NextBytes(bytes);
        Assert.Equal(9000UL, _machine.User.Write(_space, new VirtualAddress(At + 1000), bytes).Bytes);
        byte[] back = new byte[9000];
        Assert.True(_machine.User.Read(_space, new VirtualAddress(At + 1000), back).IsOk);
        Assert.Equal(bytes, back);
        _machine.User.Write(_space, new VirtualAddress(At + 4093), 0x1122334455667788UL);
        Assert.True(_machine.User.Read(_space, new VirtualAddress(At + 4093), out ulong value).IsOk);
        Assert.Equal(0x1122334455667788UL, value);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(At - 1)]
    [InlineData(0x0000_7FFF_FFFF_FFFF)]
    [InlineData(0x0000_8000_0000_0000)]
    [InlineData(0x8000_0000_0000_0000)]
    [InlineData(0xFFFF_8000_0000_0000)]
    [InlineData(0xFFFF_FFFF_8000_0000)]
    [InlineData(ulong.MaxValue - 3)]
    [InlineData(ulong.MaxValue)]
    public void Addresses_that_are_not_the_programs_are_a_fault(ulong address)
    {
        var at = new VirtualAddress(address);
        byte[] buffer = new byte[10000];
        Assert.Equal(MemoryStatus.Fault, _machine.User.Read(_space, at, buffer).Status);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Write(_space, at, buffer).Status);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Read(_space, at, out ulong _).Status);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Write(_space, at, 1UL).Status);
        Assert.Equal(MemoryStatus.Fault, _machine.User.ReadString(_space, at, buffer).Status);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Fill(_space, at, ulong.MaxValue, 1).Status);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Probe(_space, at, ulong.MaxValue, write: true).Status);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Locate(_space, at, write: false, out byte* _).Status);
    }

    [Fact]
    public void A_range_that_runs_off_its_mapping_tells_how_far_it_got()
    {
        AccessResult result = _machine.User.Fill(_space, new VirtualAddress(At + 4096), ulong.MaxValue, 7);
        Assert.Equal(MemoryStatus.Fault, result.Status);
        Assert.Equal(8192UL, result.Bytes);
        Assert.True(_machine.User.Probe(_space, new VirtualAddress(At), 3 << 12, write: true).IsOk);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Probe(_space, new VirtualAddress(At), (3 << 12) + 1, write: true).Status);
        Assert.True(_machine.User.Probe(_space, default, 0, write: true).IsOk);
    }

    [Fact]
    public void Protection_binds_the_kernel_too()
    {
        _machine.Memory.Mappings.Protect(_space, new VirtualAddress(At), 4096, Protection.Read);
        _machine.Memory.Mappings.Protect(_space, new VirtualAddress(At + 4096), 4096, Protection.None);
        Assert.True(_machine.User.Read(_space, new VirtualAddress(At), out ulong _).IsOk);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Write(_space, new VirtualAddress(At), 1UL).Status);
        Assert.Equal(MemoryStatus.Fault, _machine.User.Read(_space, new VirtualAddress(At + 4096), out ulong _).Status);
    }

    [Fact]
    public void Strings_end_at_their_nul_or_are_too_long()
    {
        _machine.User.Write(_space, new VirtualAddress(At + 4090), "hello, world\0"u8);
        byte[] buffer = new byte[12];
        AccessResult result = _machine.User.ReadString(_space, new VirtualAddress(At + 4090), buffer);
        Assert.True(result.IsOk);
        Assert.Equal(12UL, result.Bytes);
        Assert.Equal("hello, world"u8.ToArray(), buffer);
        result = _machine.User.ReadString(_space, new VirtualAddress(At + 4090), buffer.AsSpan(0, 11));
        Assert.Equal(MemoryStatus.TooLong, result.Status);
        Assert.True(_machine.User.ReadString(_space, new VirtualAddress(At), Span<byte>.Empty).IsOk);
        _machine.User.Fill(_space, new VirtualAddress(At + 8192), 4096, (byte)'x');
        Assert.Equal(MemoryStatus.Fault, _machine.User.ReadString(_space, new VirtualAddress(At + 8192), new byte[5000]).Status);
    }

    [Fact]
    public void Vectors_are_read_as_address_and_length()
    {
        ulong[] words = [At, 5, At + 4096, ulong.MaxValue];
        fixed (ulong* raw = words)
            _machine.User.Write(_space, new VirtualAddress(At + 8), new ReadOnlySpan<byte>(raw, 32));
        UserVector[] vectors = new UserVector[2];
        Assert.True(_machine.User.ReadVectors(_space, new VirtualAddress(At + 8), vectors).IsOk);
        Assert.Equal(At + 4096, vectors[1].Address.Value);
        Assert.Equal(5UL, vectors[0].Length);
        Assert.Equal(ulong.MaxValue, vectors[1].Length);
    }
}
