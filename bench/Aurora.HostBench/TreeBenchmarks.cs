using System;
using BenchmarkDotNet.Attributes;

namespace Aurora.HostBench;

/// <summary>Lookups of rows at random among many, all of which are in the trees.</summary>
public class TreeBenchmarks
{
    private const int RowsPerCommit = 1000;
    private const int ValueBytes = 200;
    private const int Lookups = 1000;
    private const int Seed = 7;

    private BenchFolder _folder = null!;
    private StoreFile _store = null!;
    private SqliteFile _sqlite = null!;
    private LmdbFile _lmdb = null!;
    private byte[] _value = null!;
    private long[] _keys = null!;

    [Params(1_000, 100_000)]
    public int RowCount { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        _folder = new BenchFolder();
        _value = new byte[ValueBytes];
        var random = new Random(Seed);
        _keys = new long[Lookups];
        for (int i = 0; i < Lookups; i++)
            _keys[i] = random.Next(RowCount);
        _store = StoreFile.Create(_folder.File("store.img"));
        _sqlite = new SqliteFile(_folder.File("rows.db"));
        _lmdb = new LmdbFile(_folder.File("rows.mdb"));
        var rows = new Rows(RowsPerCommit, ValueBytes);
        for (long key = 0; key < RowCount; key += RowsPerCommit)
        {
            _store.Write(rows, key);
            _sqlite.Write(rows, key);
            _lmdb.Write(rows, key);
        }
        _store.Settle();
        _sqlite.Settle();
    }

    [GlobalCleanup]
    public void Close()
    {
        _store.Dispose();
        _sqlite.Dispose();
        _lmdb.Dispose();
        _folder.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    public int Aurora()
    {
        int bytes = 0;
        foreach (long key in _keys)
            bytes += _store.Read(key, _value);
        return bytes;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public int Sqlite()
    {
        int bytes = 0;
        foreach (long key in _keys)
            bytes += _sqlite.Read(key);
        return bytes;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public int Lmdb()
    {
        int bytes = 0;
        foreach (long key in _keys)
            bytes += _lmdb.Read(key);
        return bytes;
    }
}
