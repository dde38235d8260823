using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Cli.Workspace;

/// <summary>The outcome of a finished host program.</summary>
internal sealed record HostResult(int Status, string Output);

/// <summary>Runs programs of the host: compilers, package managers, test runners.</summary>
internal static class HostProcess
{
    /// <summary>Runs a program to its end, collecting both its outputs; each line is also handed to <paramref name="onLine"/>.</summary>
    public static async Task<HostResult> RunAsync(
        string program, IEnumerable<string> arguments, Action<string>? onLine = null, CancellationToken cancellation = default)
    {
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        // A child that reuses a build server would outlive us and hold files of this working tree.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        using Process process = Start(start);
        process.StandardInput.Close();
        var output = new StringBuilder();
        var gate = new Lock();
        process.OutputDataReceived += (_, data) => Collect(data.Data);
        process.ErrorDataReceived += (_, data) => Collect(data.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        lock (gate)
            return new HostResult(process.ExitCode, output.ToString());

        void Collect(string? line)
        {
            if (line == null)
                return;
            lock (gate)
            {
                output.AppendLine(line);
                onLine?.Invoke(line);
            }
        }
    }

    /// <summary>Runs a program that owns the terminal, such as a debugger, and returns its status.</summary>
    public static async Task<int> RunInteractiveAsync(string program, IEnumerable<string> arguments, CancellationToken cancellation)
    {
        using Process process = Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Repository.Root });
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode;
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw new UserException($"{start.FileName} is not installed; run: ./aurora setup");
        }
    }
}
