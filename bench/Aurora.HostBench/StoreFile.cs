// Aurora's object store on a file, as the host's tools have it: a record an object, in the first volume.
using System;
using System.IO;
using System.Text;
using Aurora.Base;
using Aurora.Host;
using Aurora.Store;

namespace Aurora.HostBench;

/// <summary>The object store, as a store of rows.</summary>
internal sealed unsafe class StoreFile : IDisposable
{
    // Objects below are for the store's users' own fixed ones.
    private const ulong FirstObject = 1 << 20;
    private const long Bytes = 2L << 30;
    private const int NanosecondsPerTick = 100;

    private readonly FileBlockDevice _device;
    private readonly HostPages _pages = new();
    private readonly ObjectStore _store;
    private ulong _epoch;

    private StoreFile(string path)
    {
        Panic.Hook = &Throw;
        _device = FileBlockDevice.Open(path, readOnly: false);
        StoreStatus status = ObjectStore.Open(
            _device, _pages, new SynchronousFibers(), default, out ObjectStore? store, out StoreFault fault);
        Check(status);
        _store = store ?? throw new InvalidDataException($"the store does not open: {fault.Status}");
        _epoch = _store.LastSequence;
    }

    public static StoreFile Create(string path)
    {
        using (FileBlockDevice device = FileBlockDevice.Create(path, Bytes))
        using (var pages = new HostPages())
            Check(ObjectStore.Format(device, pages, new SynchronousFibers(), new FormatOptions { UuidLow = 1, UuidHigh = 1 }));
        return new StoreFile(path);
    }

    public static StoreFile Open(string path) => new(path);

    /// <summary>Sets some rows in one commit and waits until it is durable.</summary>
    public void Write(Rows rows, long firstKey)
    {
        StoreCommit* commit = _store.Begin(VolumeId.First);
        if (commit == null)
            throw new InvalidOperationException("no commit can be begun");
        for (int row = 0; row < rows.Count; row++)
            Check(_store.PutRecord(commit, new ObjectId(FirstObject + (ulong)(firstKey + row)), rows.Value(row)));
        var info = new CommitInfo
        {
            Epoch = new Epoch(++_epoch),
            RealtimeNanoseconds = (ulong)(DateTime.UtcNow - DateTime.UnixEpoch).Ticks * NanosecondsPerTick,
        };
        Check(_store.Submit(commit, info));
        Check(_store.WaitDurable(commit));
        _store.Release(commit);
    }

    /// <summary>Reads a row; its length.</summary>
    public int Read(long key, Span<byte> value)
    {
        Check(_store.ReadRecord(VolumeId.First, new ObjectId(FirstObject + (ulong)key), value, out int length));
        return length;
    }

    /// <summary>Puts everything into the trees, so that lookups descend them.</summary>
    public void Settle() => Check(_store.CutNow());

    /// <summary>As after a power cut: nothing more is written.</summary>
    public void Dispose()
    {
        _store.Abandon();
        _pages.Dispose();
        _device.Dispose();
    }

    private static void Check(StoreStatus status)
    {
        if (status != StoreStatus.Ok)
            throw new InvalidOperationException($"the store answered {status}");
    }

    private static void Throw(ReadOnlySpan<byte> message) => throw new InvalidOperationException(Encoding.UTF8.GetString(message));
}
