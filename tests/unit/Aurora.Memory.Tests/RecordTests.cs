using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

public sealed unsafe class RecordTests
{
    [Fact]
    public void Records_have_the_layout_of_the_disk_format()
    {
        Assert.Equal(24, sizeof(MemoryObjectRecord));
        Assert.Equal(MemoryObjectRecord.SizeOfVersion1, OffsetOf<MemoryObjectRecord>(nameof(MemoryObjectRecord.Backing)));
        Assert.Equal(8, OffsetOf<MemoryObjectRecord>(nameof(MemoryObjectRecord.Flags)));
        Assert.Equal(56, sizeof(AddressSpaceRecord));
        Assert.Equal(48, AddressSpaceRecord.SizeOfVersion1);
        Assert.Equal(48, OffsetOf<AddressSpaceRecord>(nameof(AddressSpaceRecord.LocksFuture)));
        Assert.Equal(49, OffsetOf<AddressSpaceRecord>(nameof(AddressSpaceRecord.Barriers)));
        Assert.Equal(16, OffsetOf<AddressSpaceRecord>(nameof(AddressSpaceRecord.MapTop)));
        Assert.Equal(24, OffsetOf<AddressSpaceRecord>(nameof(AddressSpaceRecord.Limits)));
        Assert.Equal(80, sizeof(MappingRecord));
        Assert.Equal(MappingRecord.SizeWithoutRegion, OffsetOf<MappingRecord>(nameof(MappingRecord.RegionTaken)));
        Assert.Equal(52, OffsetOf<MappingRecord>(nameof(MappingRecord.IsRegionDirty)));
        Assert.Equal(64, OffsetOf<MappingRecord>(nameof(MappingRecord.RegionIdentity)));
        Assert.Equal(16, OffsetOf<MappingRecord>(nameof(MappingRecord.Start)));
        Assert.Equal(40, OffsetOf<MappingRecord>(nameof(MappingRecord.File)));
        Assert.Equal(48, OffsetOf<MappingRecord>(nameof(MappingRecord.Flags)));
        Assert.Equal(50, OffsetOf<MappingRecord>(nameof(MappingRecord.Protection)));
        Assert.Equal(51, OffsetOf<MappingRecord>(nameof(MappingRecord.MaxProtection)));
    }

    [Fact]
    public void Lists_and_vectors_have_the_sizes_their_users_count_on()
    {
        Assert.Equal(512, sizeof(DirtyChunk));
        Assert.Equal(512, sizeof(ProtectChunk));
        Assert.Equal(16, sizeof(FrozenPage));
        Assert.Equal(16, sizeof(FrameInfo));
        Assert.Equal(16, sizeof(UserVector));
        Assert.Equal(0, OffsetOf<VmObject>(nameof(VmObject.Header)));
        Assert.Equal(0, OffsetOf<AddressSpace>(nameof(AddressSpace.Header)));
        Assert.Equal(0, OffsetOf<Mapping>(nameof(Mapping.Header)));
    }

    [Fact]
    public void Hostile_records_are_refused()
    {
        using var machine = new TestMachine();
        var codec = new MappingCodec(machine.Memory);
        var good = new MappingRecord { Start = 0x4000_0000, Pages = 1, Protection = Protection.Read, MaxProtection = Protection.Read };
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Start = 0x4000_0001 }));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Start = 0 }));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Start = 0xFFFF_8000_0000_0000 }));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Pages = 0 }));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Pages = ulong.MaxValue }));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { PageOffset = ulong.MaxValue }));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Flags = (MappingFlags)0x8000 }));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { MaxProtection = Protection.None }));
        Assert.Equal(
            RestoreStatus.BadRecord,
            Create(codec, machine, good with { Protection = Protection.Write, MaxProtection = Protection.Write }));
        Assert.Equal(RestoreStatus.UnknownVersion, codec.Create(machine.Tracker, new ObjectId(7), 9, []));
        Assert.Equal(RestoreStatus.BadRecord, codec.Create(machine.Tracker, new ObjectId(7), 1, new byte[55]));
        Assert.Equal(RestoreStatus.Ok, Create(codec, machine, good));
        Assert.Equal(
            RestoreStatus.MissingReference,
            codec.Link(machine.Tracker, machine.Tracker.Find(new ObjectId(7)), PayloadOf(good)));

        var objects = new MemoryObjectCodec(machine.Memory);
        var tooLarge = new MemoryObjectRecord { SizePages = ulong.MaxValue };
        Assert.Equal(RestoreStatus.BadRecord, objects.Create(machine.Tracker, new ObjectId(8), 1, MemoryMarshal.AsBytes([tooLarge])));
        var spaces = new AddressSpaceCodec(machine.Memory);
        var backwards = new AddressSpaceRecord { BreakStart = 2, BreakEnd = 1 };
        Assert.Equal(RestoreStatus.BadRecord, spaces.Create(machine.Tracker, new ObjectId(8), 1, MemoryMarshal.AsBytes([backwards])));
    }

    [Fact]
    public void A_mapping_of_a_region_says_which_and_no_other_mapping_does()
    {
        using var machine = new TestMachine();
        var codec = new MappingCodec(machine.Memory);
        var good = new MappingRecord
        {
            Start = 0x4000_0000, Pages = 1, Protection = Protection.Read, MaxProtection = Protection.Read, Object = new ObjectId(9),
            Flags = MappingFlags.Shared | MappingFlags.Region, RegionTaken = 5, RegionIdentity = new RegionIdentity { Low = 1, High = 2 },
        };
        Assert.Equal(80, PayloadOf(good).Length);
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good, 2));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { RegionIdentity = default }, 3));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { IsRegionDirty = 2 }, 3));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Object = default }, 3));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Flags = MappingFlags.Region }, 3));
        Assert.Equal(RestoreStatus.BadRecord, Create(codec, machine, good with { Flags = MappingFlags.Shared, IsRegionDirty = 1 }, 3));
        Assert.Equal(RestoreStatus.BadRecord, codec.Create(machine.Tracker, new ObjectId(7), 3, PayloadOf(good).AsSpan(0, 79)));
        Assert.Equal(RestoreStatus.Ok, Create(codec, machine, good, 3));
    }

    private static byte[] PayloadOf(MappingRecord record) => MemoryMarshal.AsBytes([record])[..record.Size].ToArray();

    private static RestoreStatus Create(MappingCodec codec, TestMachine machine, MappingRecord record, byte version = 1) =>
        codec.Create(machine.Tracker, new ObjectId(7), version, PayloadOf(record));

    private static int OffsetOf<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}
