using BenchmarkDotNet.Attributes;

namespace Aurora.HostBench;

/// <summary>A batch of rows that is atomic and durable. The keys go round, so that later batches replace rows.</summary>
public class CommitBenchmarks
{
    private const int Batches = 64;

    private BenchFolder _folder = null!;
    private Rows _rows = null!;
    private StoreFile _store = null!;
    private SqliteFile _sqlite = null!;
    private LmdbFile _lmdb = null!;
    private long _batch;

    [Params(1, 16, 256)]
    public int RowCount { get; set; }

    [Params(200, 2000)]
    public int ValueBytes { get; set; }

    [GlobalSetup]
    public void Open()
    {
        _folder = new BenchFolder();
        _rows = new Rows(RowCount, ValueBytes);
        _store = StoreFile.Create(_folder.File("store.img"));
        _sqlite = new SqliteFile(_folder.File("rows.db"));
        _lmdb = new LmdbFile(_folder.File("rows.mdb"));
    }

    [GlobalCleanup]
    public void Close()
    {
        _store.Dispose();
        _sqlite.Dispose();
        _lmdb.Dispose();
        _folder.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void Aurora() => _store.Write(_rows, NextKey());

    [Benchmark]
    public void Sqlite() => _sqlite.Write(_rows, NextKey());

    [Benchmark]
    public void Lmdb() => _lmdb.Write(_rows, NextKey());

    private long NextKey() => _batch++ % Batches * RowCount;
}
