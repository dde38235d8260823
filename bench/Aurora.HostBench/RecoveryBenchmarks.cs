using System.IO;
using BenchmarkDotNet.Attributes;

namespace Aurora.HostBench;

/// <summary>Opening what was left without being closed, with commits that are in the log only, up to the first row read.</summary>
public class RecoveryBenchmarks
{
    private const int RowsPerCommit = 16;
    private const int ValueBytes = 200;

    private BenchFolder _folder = null!;
    private byte[] _value = null!;
    private SqliteFile _left = null!;

    [Params(10, 1000)]
    public int Commits { get; set; }

    [GlobalSetup]
    public void Leave()
    {
        _folder = new BenchFolder();
        _value = new byte[ValueBytes];
        var rows = new Rows(RowsPerCommit, ValueBytes);
        using StoreFile store = StoreFile.Create(_folder.File("store.img"));
        using var lmdb = new LmdbFile(_folder.File("rows.mdb"));

        // Whoever closes SQLite's last connection puts the log into the database: this one stays open.
        _left = new SqliteFile(_folder.File("rows.db"));
        for (int commit = 0; commit < Commits; commit++)
        {
            long firstKey = (long)commit * RowsPerCommit;
            store.Write(rows, firstKey);
            _left.Write(rows, firstKey);
            lmdb.Write(rows, firstKey);
        }
    }

    // A second connection to the same files would find the index of the log in shared memory, and recover nothing.
    [IterationSetup(Target = nameof(Sqlite))]
    public void TakeCopy()
    {
        File.Delete(_folder.File("taken.db-shm"));
        foreach (string part in (string[])["", "-wal"])
            File.Copy(_folder.File("rows.db" + part), _folder.File("taken.db" + part), overwrite: true);
    }

    [GlobalCleanup]
    public void Close()
    {
        _left.Dispose();
        _folder.Dispose();
    }

    [Benchmark(Baseline = true)]
    public int Aurora()
    {
        using StoreFile store = StoreFile.Open(_folder.File("store.img"));
        return store.Read(0, _value);
    }

    [Benchmark]
    public int Sqlite()
    {
        using var sqlite = new SqliteFile(_folder.File("taken.db"));
        return sqlite.Read(0);
    }

    [Benchmark]
    public int Lmdb()
    {
        using var lmdb = new LmdbFile(_folder.File("rows.mdb"));
        return lmdb.Read(0);
    }
}
