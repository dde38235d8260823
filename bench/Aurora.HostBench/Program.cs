// aurora bench host: the arguments are BenchmarkDotNet's. Benchmarks run in this process: a separate one would be built from a project that
// BenchmarkDotNet writes and restores, which knows nothing of this working tree.
using System.IO;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Aurora.HostBench;

internal static class Program
{
    private const int Warmups = 3;
    private const int Iterations = 12;

    public static void Main(string[] arguments)
    {
        Job job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(Warmups).WithIterationCount(Iterations);
        IConfig config = DefaultConfig.Instance.AddJob(job.AsDefault()).HideColumns(Column.Error, Column.RatioSD)
            .WithArtifactsPath(Path.Combine(Directory.GetCurrentDirectory(), "artifacts", "bench"));
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(arguments, config);
    }
}
