using System.Collections.Generic;
using System.IO;
using System.Linq;
using Aurora.Images;
using Aurora.Images.Root;
using BenchmarkDotNet.Attributes;
using Microsoft.Data.Sqlite;

namespace Aurora.HostBench;

/// <summary>
/// A tree of named, empty files made on a new disk image and durable, and the same names as rows of an SQLite table with an index in a new
/// database; and the listing of one folder of them.
/// </summary>
public class NameBenchmarks
{
    private const int FilesPerFolder = 100;
    private const long ImageBytes = 256L << 20;
    private const string Listed = "/tree/3";

    private BenchFolder _folder = null!;
    private string _image = null!;
    private string _database = null!;

    [Params(1_000, 10_000)]
    public int Files { get; set; }

    [GlobalSetup]
    public void Make()
    {
        _folder = new BenchFolder();
        _image = _folder.File("listed.img");
        _database = _folder.File("listed.db");
        DiskImage.Create(_image, ImageBytes, Entries());
        MakeTable(_database);
    }

    [GlobalCleanup]
    public void Remove() => _folder.Dispose();

    [Benchmark]
    public void AuroraMake()
    {
        string image = _folder.File("made.img");
        File.Delete(image);
        DiskImage.Create(image, ImageBytes, Entries());
    }

    [Benchmark]
    public void SqliteMake()
    {
        string database = _folder.File("made.db");
        File.Delete(database);
        MakeTable(database);
    }

    [Benchmark]
    public int AuroraList() => DiskImage.List(_image, Listed, recursive: false).Count;

    [Benchmark]
    public int SqliteList()
    {
        using SqliteConnection connection = Connect(_database);
        using SqliteCommand select = connection.CreateCommand();
        select.CommandText = "SELECT name FROM names WHERE folder = $folder";
        select.Parameters.AddWithValue("$folder", Listed);
        using SqliteDataReader reader = select.ExecuteReader();
        int count = 0;
        while (reader.Read())
            count++;
        return count;
    }

    private IEnumerable<RootEntry> Entries() =>
    [
        new RootEntry { Path = "/", Kind = RootEntryKind.Directory },
        new RootEntry { Path = "/tree", Kind = RootEntryKind.Directory },
        .. Enumerable.Range(0, Files / FilesPerFolder).SelectMany(folder => (IEnumerable<RootEntry>)
        [
            new RootEntry { Path = $"/tree/{folder}", Kind = RootEntryKind.Directory },
            .. Enumerable.Range(0, FilesPerFolder).Select(
                file => new RootEntry { Path = $"/tree/{folder}/{file}", Kind = RootEntryKind.File, Open = () => Stream.Null }),
        ]),
    ];

    private void MakeTable(string database)
    {
        using SqliteConnection connection = Connect(database);
        using SqliteTransaction transaction = connection.BeginTransaction();
        Run(connection, transaction, "CREATE TABLE names(folder TEXT, name TEXT, mode INTEGER, PRIMARY KEY(folder, name)) WITHOUT ROWID");
        using SqliteCommand insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText = "INSERT INTO names VALUES($folder, $name, 420)";
        SqliteParameter folder = insert.Parameters.Add("$folder", SqliteType.Text), name = insert.Parameters.Add("$name", SqliteType.Text);
        for (int file = 0; file < Files; file++)
        {
            folder.Value = $"/tree/{file / FilesPerFolder}";
            name.Value = $"{file % FilesPerFolder}";
            insert.ExecuteNonQuery();
        }
        transaction.Commit();
    }

    private static SqliteConnection Connect(string database)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }

    private static void Run(SqliteConnection connection, SqliteTransaction transaction, string text)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
