using System;
using System.Diagnostics;
using System.Threading.Tasks;

namespace Aurora.SystemTests;

/// <summary>The command line as a user has it.</summary>
internal static class Tool
{
    /// <summary>Runs <c>aurora</c> to its end: its exit status, and what it wrote on standard output and standard error.</summary>
    public static Task<(int Status, string Output, string Errors)> RunAsync(params string[] arguments) => RunWithInputAsync("", arguments);

    /// <summary>The same for what may take longer.</summary>
    public static Task<(int Status, string Output, string Errors)> RunAsync(TimeSpan deadline, params string[] arguments)
        => RunAsync(deadline, "", arguments);

    /// <summary>The same with something on standard input.</summary>
    public static Task<(int Status, string Output, string Errors)> RunWithInputAsync(string input, params string[] arguments)
        => RunAsync(Guest.Deadline, input, arguments);

    private static async Task<(int Status, string Output, string Errors)> RunAsync(TimeSpan deadline, string input, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Products.Tool, .. arguments])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["AURORA_ROOT"] = Products.Root;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        try
        {
            await process.WaitForExitAsync().WaitAsync(deadline);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return (process.ExitCode, await output, await errors);
    }
}
