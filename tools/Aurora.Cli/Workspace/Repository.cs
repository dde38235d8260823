using System;
using System.IO;

namespace Aurora.Cli.Workspace;

/// <summary>Where things are in the working tree this tool belongs to.</summary>
internal static class Repository
{
    /// <summary>The repository's root: told by the wrapper script, else found above the program.</summary>
    public static string Root { get; } = Environment.GetEnvironmentVariable("AURORA_ROOT") ?? FindRoot();

    public static string Artifacts => In("artifacts");
    public static string KernelImage => In("artifacts/kernel/aurora.elf");

    /// <summary>Compiled guest programs.</summary>
    public static string Guests => In("artifacts/guests");

    /// <summary>Files the tool may throw away: cached images, test results.</summary>
    public static string Cache => In("artifacts/cache");

    public static string In(string relative) => Path.Combine(Root, relative);

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder != null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Aurora.sln")))
                return folder;
        }
        throw new UserException("this program is not inside an Aurora working tree; set AURORA_ROOT");
    }
}
