using System.Collections.Generic;
using System.CommandLine;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Spectre.Console;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora setup</c>: installs what is missing on the host.</summary>
internal static class SetupCommand
{
    public static Command Create()
    {
        var command = new Command("setup", "Install the host programs Aurora needs (Debian packages; needs root).");
        var check = new Option<bool>("--check") { Description = "Only tell what is missing; exit 1 if anything is." };
        command.Options.Add(check);
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(check), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(bool checkOnly, CancellationToken cancellation)
    {
        IReadOnlyList<RequiredProgram> missing = Packages.Missing();
        if (!checkOnly && missing.Count > 0)
        {
            await Packages.InstallAsync(missing, cancellation);
            missing = [];
        }
        var table = new Table().AddColumns("package", "needed because it", "state");
        foreach (RequiredProgram item in Packages.Required)
            table.AddRow(item.Package, item.Purpose, missing.Contains(item) ? "missing" : "installed");
        Report.Print(table);
        return missing.Count == 0 ? ExitCode.Success : ExitCode.Failed;
    }
}
