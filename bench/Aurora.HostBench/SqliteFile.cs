// SQLite with its write-ahead log and full synchronization: a transaction is durable when it has been committed.
using System;
using Microsoft.Data.Sqlite;

namespace Aurora.HostBench;

/// <summary>SQLite, as a store of rows.</summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _select;

    public SqliteFile(string path)
    {
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        _connection.Open();
        Run("PRAGMA journal_mode=WAL");
        Run("PRAGMA synchronous=FULL");
        Run("CREATE TABLE IF NOT EXISTS rows(key INTEGER PRIMARY KEY, value BLOB)");
        _insert = Command("INSERT OR REPLACE INTO rows VALUES($key, $value)", "$key", "$value");
        _select = Command("SELECT value FROM rows WHERE key = $key", "$key");
    }

    /// <summary>Sets some rows in one transaction.</summary>
    public void Write(Rows rows, long firstKey)
    {
        using SqliteTransaction transaction = _connection.BeginTransaction();
        _insert.Transaction = transaction;
        for (int row = 0; row < rows.Count; row++)
        {
            _insert.Parameters[0].Value = firstKey + row;
            _insert.Parameters[1].Value = rows.Value(row).ToArray();
            _insert.ExecuteNonQuery();
        }
        transaction.Commit();
    }

    /// <summary>Reads a row; its length.</summary>
    public int Read(long key)
    {
        _select.Parameters[0].Value = key;
        return ((byte[])_select.ExecuteScalar()!).Length;
    }

    /// <summary>Puts everything into the database file itself.</summary>
    public void Settle() => Run("PRAGMA wal_checkpoint(TRUNCATE)");

    public void Dispose()
    {
        _insert.Dispose();
        _select.Dispose();
        _connection.Dispose();
    }

    private SqliteCommand Command(string text, params string[] parameters)
    {
        SqliteCommand command = _connection.CreateCommand();
        command.CommandText = text;
        foreach (string parameter in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        return command;
    }

    private void Run(string text)
    {
        using SqliteCommand command = Command(text);
        command.ExecuteNonQuery();
    }
}
