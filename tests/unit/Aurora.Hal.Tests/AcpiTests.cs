using System;
using System.Buffers.Binary;
using Xunit;

namespace Aurora.Hal.Tests;

public sealed unsafe class AcpiTests
{
    private const ulong Base = 0xe0000;
    private const ulong RootPointer = Base + 0x40;
    private const ulong Root = Base + 0x100;
    private const ulong Madt = Base + 0x200;
    private const ulong Mcfg = Base + 0x300;

    private readonly MemoryImage _memory = new(Base, 0x20000);

    public AcpiTests()
    {
        PutFirstRevision();
        _memory.PutTable(Root, AcpiSignature.Rsdt, RootEntries(4, Madt, Mcfg));
        _memory.PutTable(Madt, AcpiSignature.Madt, new byte[8]);
        _memory.PutTable(Mcfg, AcpiSignature.Mcfg, new byte[8]);
    }

    private static byte[] RootEntries(int width, params ulong[] addresses)
    {
        byte[] body = new byte[width * addresses.Length];
        for (int i = 0; i < addresses.Length; i++)
            BitConverter.GetBytes(addresses[i]).AsSpan(0, width).CopyTo(body.AsSpan(i * width));
        return body;
    }

    private void PutFirstRevision()
    {
        _memory.Put(RootPointer, new AcpiRootPointer { Signature = AcpiRootPointer.ExpectedSignature, RsdtAddress = (uint)Root });
        _memory.At(RootPointer)[8] = MemoryImage.ChecksumOf(_memory.At(RootPointer)[..20]);
    }

    private void PutSecondRevision(ulong xsdt)
    {
        var pointer = new AcpiRootPointer { Signature = AcpiRootPointer.ExpectedSignature, Revision = 2, Length = 36, RsdtAddress = 1, XsdtAddress = xsdt };
        _memory.Put(RootPointer, pointer);
        _memory.At(RootPointer)[8] = MemoryImage.ChecksumOf(_memory.At(RootPointer)[..20]);
        _memory.At(RootPointer)[32] = MemoryImage.ChecksumOf(_memory.At(RootPointer)[..36]);
    }

    private AcpiStatus Find(uint signature)
    {
        AcpiStatus status = AcpiTables.Open(_memory, RootPointer, out AcpiTables tables);
        return status == AcpiStatus.Ok ? tables.Find(signature, out _) : status;
    }

    [Theory]
    [InlineData(RootPointer)]
    [InlineData(0)]
    public void Tables_are_found_with_and_without_the_loaders_pointer(ulong pointer)
    {
        Assert.Equal(AcpiStatus.Ok, AcpiTables.Open(_memory, pointer, out AcpiTables tables));
        Assert.Equal(AcpiStatus.Ok, tables.Find(AcpiSignature.Mcfg, out ReadOnlySpan<byte> table));
        Assert.Equal(AcpiTableHeader.Bytes + 8, table.Length);
        Assert.Equal(AcpiStatus.TableMissing, tables.Find(AcpiSignature.Fadt, out _));
    }

    [Fact]
    public void Revision_two_uses_the_64_bit_root()
    {
        PutSecondRevision(Root);
        _memory.PutTable(Root, AcpiSignature.Xsdt, RootEntries(8, Madt, Mcfg));
        Assert.Equal(AcpiStatus.Ok, Find(AcpiSignature.Mcfg));
    }

    [Fact]
    public void No_root_pointer_anywhere_is_reported()
    {
        _memory.At(RootPointer)[0] ^= 1;
        Assert.Equal(AcpiStatus.NoRootPointer, AcpiTables.Open(_memory, 0, out _));
        Assert.Equal(AcpiStatus.BadRootPointerSignature, AcpiTables.Open(_memory, RootPointer, out _));
        Assert.Equal(AcpiStatus.RootPointerOutsideMemory, AcpiTables.Open(_memory, 0x10, out _));
    }

    [Fact]
    public void Every_flipped_byte_is_noticed()
    {
        foreach (ulong address in new[] { RootPointer, Root, Mcfg })
        {
            int length = address == RootPointer ? 20 : AcpiTableHeader.Bytes + 8;
            for (int i = 0; i < length; i++)
            {
                _memory.At(address)[i] ^= 0x10;
                Assert.NotEqual(AcpiStatus.Ok, Find(AcpiSignature.Mcfg));
                _memory.At(address)[i] ^= 0x10;
            }
        }
        Assert.Equal(AcpiStatus.Ok, Find(AcpiSignature.Mcfg));
    }

    [Fact]
    public void A_table_that_leaves_memory_is_refused()
    {
        _memory.PutTable(Root, AcpiSignature.Rsdt, RootEntries(4, 0x10, Mcfg));
        Assert.Equal(AcpiStatus.TableOutsideMemory, Find(AcpiSignature.Mcfg));
        _memory.PutTable(Root, AcpiSignature.Rsdt, RootEntries(4, Base + 0x1fff0, Mcfg));
        Assert.Equal(AcpiStatus.Ok, Find(AcpiSignature.Mcfg));
        BinaryPrimitives.WriteUInt32LittleEndian(_memory.At(Mcfg + 4), 0x1ff000);
        Assert.Equal(AcpiStatus.TableOutsideMemory, Find(AcpiSignature.Mcfg));
        BinaryPrimitives.WriteUInt32LittleEndian(_memory.At(Mcfg + 4), 35);
        Assert.Equal(AcpiStatus.BadTableLength, Find(AcpiSignature.Mcfg));
        BinaryPrimitives.WriteUInt32LittleEndian(_memory.At(Mcfg + 4), uint.MaxValue);
        Assert.Equal(AcpiStatus.BadTableLength, Find(AcpiSignature.Mcfg));
    }

    [Fact]
    public void A_second_revision_pointer_with_a_bad_length_or_sum_is_refused()
    {
        PutSecondRevision(Root);
        _memory.At(RootPointer)[24] ^= 1;
        Assert.Equal(AcpiStatus.BadRootPointerChecksum, Find(AcpiSignature.Mcfg));
        PutSecondRevision(Root);
        BinaryPrimitives.WriteUInt32LittleEndian(_memory.At(RootPointer + 20), 20);
        Assert.Equal(AcpiStatus.BadRootPointerLength, Find(AcpiSignature.Mcfg));
    }
}
