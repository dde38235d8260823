using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Store;
using Xunit;
using Xunit.Abstractions;

namespace Aurora.Checkpoint.Tests;

/// <summary>Records are input: damaged ones are refused with the object named, and never stop the kernel.</summary>
public sealed unsafe class DamagedRecordTests : IDisposable
{
    private readonly List<(ObjectId Id, byte[] Record)> _records = [];
    private readonly Aurora.Testing.MemoryBlockDevice _device;

    private readonly ITestOutputHelper _output;
    private int _cases;

    public DamagedRecordTests(ITestOutputHelper output)
    {
        _output = output;
        using TestSession session = TestSession.Create();
        _device = session.Device;
        Fill(session);
        byte[] room = new byte[ObjectStore.MaxRecordBytes];
        ObjectId id = default;
        while (session.Store.NextRecord(VolumeId.First, ref id, room, out int length) == StoreStatus.Ok)
            _records.Add((id, room[..length]));
    }

    public void Dispose() => _output.WriteLine($"attack: damaged records of a session: {_cases} cases");

    [Fact]
    public void TheUndamagedRecordsAreRestored() => Assert.Equal(RestoreStatus.Ok, Restore(_records));

    /// <summary>As host tools restore, which have no processes: what belongs to those is left alone.</summary>
    [Fact]
    public void WithoutProcessesTheRestIsRestored() => Assert.Equal(RestoreStatus.Ok, Restore(_records, RestoreScope.KnownKinds));

    [Fact]
    public void TruncatedRecordsAreRefused()
    {
        for (int index = 0; index < _records.Count; index++)
        {
            byte[] record = _records[index].Record;
            foreach (int length in new[] { 0, 3, 4, 5, record.Length / 2, record.Length - 1 })
                Assert.NotEqual(RestoreStatus.Ok, Restore(With(index, record[..length])));
        }
    }

    [Fact]
    public void FlippedBitsNeverStopTheKernel()
    {
        var random = new Random(1);
        for (int run = 0; run < 300; run++)
        {
            int index = random.Next(_records.Count);
            byte[] record = [.. _records[index].Record];
            for (int flips = random.Next(1, 4); flips > 0; flips--)
                record[random.Next(record.Length)] ^= (byte)(1 << random.Next(8));
            Restore(With(index, record));
        }
    }

    [Fact]
    public void FieldsWithExtremeValuesNeverStopTheKernel()
    {
        var random = new Random(2);
        ulong[] values = [0, 1, ulong.MaxValue, long.MaxValue, 1UL << 63, uint.MaxValue, 1UL << 32, (ulong)_records.Count];
        for (int run = 0; run < 400; run++)
        {
            int index = random.Next(_records.Count);
            byte[] record = [.. _records[index].Record];
            if (record.Length < RecordHeader.Size + 8)
                continue;
            int field = RecordHeader.Size + (random.Next((record.Length - RecordHeader.Size) / 8) * 8);
            BitConverter.TryWriteBytes(record.AsSpan(field), values[random.Next(values.Length)]);
            Restore(With(index, record));
        }
    }

    [Fact]
    public void SwappedRecordsNeverStopTheKernel()
    {
        var random = new Random(3);
        for (int run = 0; run < 200; run++)
        {
            int first = random.Next(_records.Count);
            int second = random.Next(_records.Count);
            List<(ObjectId Id, byte[] Record)> records = [.. _records];
            records[first] = (_records[first].Id, _records[second].Record);
            if (random.Next(2) == 0)
                records[second] = (_records[second].Id, _records[first].Record);
            Restore(records);
        }
    }

    [Fact]
    public void MissingAndRepeatedRecordsNeverStopTheKernel()
    {
        for (int index = 0; index < _records.Count; index++)
        {
            List<(ObjectId Id, byte[] Record)> records = [.. _records];
            records.RemoveAt(index);
            Restore(records);
            if (FileIds.IsOnDemand(_records[index].Id))
                continue;
            records = [.. _records[..index], _records[index], .. _records[index..]];
            Assert.Equal(RestoreStatus.BadRecord, Restore(records));
        }
    }

    [Fact]
    public void AnEmptyStoreHasNoGroup()
    {
        using TestSession session = TestSession.Open(TestSession.NewDevice());
        RestoreResult result = session.Group.Restore(skipUnknownKinds: false);
        Assert.False(result.IsOk);
        Assert.Equal(ObjectKind.Group, result.Fault.Kind);
        Assert.NotEmpty(TestSession.Words(result));
    }

    private static void Fill(TestSession session)
    {
        TreeBuilder tree = session.Tree;
        Assert.Equal(Errno.Ok, tree.MakeDirectories("/a/b"u8));
        session.MakeFile("/a/file", new byte[20_000]);
        session.MakeFile("/a/open", "text"u8);
        session.OpenFile("/a/open");
        Assert.Equal(Errno.Ok, tree.MakeHardLink("/a/b/second"u8, "/a/file"u8));
        Assert.Equal(Errno.Ok, tree.MakeLink("/link"u8, "a/file"u8));
        Assert.Equal(Errno.Ok, tree.MakeLink("/long"u8, LongTarget()));
        Assert.Equal(Errno.Ok, tree.Make("/fifo"u8, InodeMode.Fifo | 0x1B6));
        OpenFile* fifo = session.OpenFile("/fifo");
        OpenFile* outer = session.WatchFile(session.WatchFile(fifo));
        Assert.True(EventPolls.Of(outer)->WatchCount == 1);
        session.MakeEventFiles();
        MakeIpc(session);
        session.MakeSockets(fifo);
        Assert.Equal(Errno.Ok, tree.Make("/null"u8, InodeMode.CharacterDevice | 0x1B6, 0x103));
        session.Memory.Spaces.Fork(session.NewSpace(0x4000_0000, 8), out _);
        session.Group.Output.Write(new byte[5_000]);
        session.Checkpoint();
    }

    private static void MakeIpc(TestSession session)
    {
        var process = new Process { Id = 1 };
        session.Tracker.Lend(&process.Header);
        Assert.Equal(Errno.Ok, session.Group.Ipc.Segments.Make(&process, 5, 5_000, 0x1B6, out _));
        Assert.Equal(Errno.Ok, session.Group.Ipc.Sets.Make(&process, 5, 100, 0x1B6, out _));
        Assert.Equal(Errno.Ok, session.Group.Ipc.Queues.Make(&process, 5, 0x1B6, out _));
    }

    private static byte[] LongTarget()
    {
        byte[] target = new byte[3_500];
        Array.Fill(target, (byte)'x');
        return target;
    }

    private List<(ObjectId Id, byte[] Record)> With(int index, byte[] record)
    {
        List<(ObjectId Id, byte[] Record)> records = [.. _records];
        records[index] = (_records[index].Id, record);
        return records;
    }

    // A restore as GroupSession does it, from these records; a panic would be an exception.
    private RestoreStatus Restore(List<(ObjectId Id, byte[] Record)> records, RestoreScope scope = RestoreScope.Whole)
    {
        _cases++;
        using TestSession session = TestSession.Open(_device, records: new ListedFileRecords(records));
        RestoreStatus status = new ObjectRestorer(session.Group.Codecs, session.Pages.Accounts, session.Fibers, session.Group.Files.Loader)
            .Restore(session.Tracker, new ListedRecords(records), scope).Fault.Status;
        bool isWhole = status != RestoreStatus.Ok || session.Group.Names->Root == null || session.TryLoadTree();
        return isWhole ? status : RestoreStatus.BadRecord;
    }
}
