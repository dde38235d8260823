// LMDB with its default synchronization: a transaction is durable when it has been committed.
using System;
using LightningDB;

namespace Aurora.HostBench;

/// <summary>LMDB, as a store of rows.</summary>
internal sealed class LmdbFile : IDisposable
{
    private const long MapBytes = 2L << 30;

    private readonly LightningEnvironment _environment;

    public LmdbFile(string path)
    {
        _environment = new LightningEnvironment(path, new EnvironmentConfiguration { MapSize = MapBytes });
        _environment.Open(EnvironmentOpenFlags.NoSubDir);
    }

    /// <summary>Sets some rows in one transaction.</summary>
    public void Write(Rows rows, long firstKey)
    {
        using LightningTransaction transaction = _environment.BeginTransaction();
        using LightningDatabase database = transaction.OpenDatabase();
        for (int row = 0; row < rows.Count; row++)
            Check(transaction.Put(database, Rows.Key(firstKey + row), rows.Value(row)));
        Check(transaction.Commit());
    }

    /// <summary>Reads a row; its length.</summary>
    public int Read(long key)
    {
        using LightningTransaction transaction = _environment.BeginTransaction(TransactionBeginFlags.ReadOnly);
        using LightningDatabase database = transaction.OpenDatabase();
        (MDBResultCode result, _, MDBValue value) = transaction.Get(database, Rows.Key(key));
        Check(result);
        return value.AsSpan().Length;
    }

    public void Dispose() => _environment.Dispose();

    private static void Check(MDBResultCode result)
    {
        if (result != MDBResultCode.Success)
            throw new InvalidOperationException($"LMDB answered {result}");
    }
}
