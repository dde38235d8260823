using System;
using System.IO;

namespace Aurora.HostBench;

/// <summary>A folder for one benchmark's files: below AURORA_BENCH_FOLDER, where that is set, or in the system's place.</summary>
internal sealed class BenchFolder : IDisposable
{
    private readonly string _path;

    public BenchFolder()
    {
        string parent = Environment.GetEnvironmentVariable("AURORA_BENCH_FOLDER") ?? Path.GetTempPath();
        _path = Path.Combine(parent, $"aurora-bench-{Guid.NewGuid():n}");
        Directory.CreateDirectory(_path);
    }

    public string File(string name) => Path.Combine(_path, name);

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
