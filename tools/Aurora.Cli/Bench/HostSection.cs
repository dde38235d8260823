using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Bench;

/// <summary>aurora bench host: the store on this host, by BenchmarkDotNet.</summary>
internal static class HostSection
{
    private const string Project = "bench/Aurora.HostBench/Aurora.HostBench.csproj";
    private const string Product = "artifacts/bin/Aurora.HostBench/debug/Aurora.HostBench.dll";

    /// <summary>Builds and runs the project, all of it unless the arguments choose.</summary>
    public static async Task<int> RunAsync(string[] arguments, string folder, CancellationToken cancellation)
    {
        await Builder.BuildAsync(Project, "building the host's benchmarks", cancellation);
        string[] chosen = arguments.Length == 0 ? ["--filter", "*"] : arguments;
        return await HostProcess.RunInteractiveAsync(
            "env", ["AURORA_BENCH_FOLDER=" + folder, "dotnet", Repository.In(Product), .. chosen], cancellation);
    }
}
