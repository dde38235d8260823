// What the figures depend on besides Aurora: the emulator that counts, the C library in the measuring program, and the compiler of it.
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;

namespace Aurora.Bench.Instructions;

/// <summary>Versions of the host's tools for which counted instructions can be compared.</summary>
public static class HostVersions
{
    /// <summary>The versions of this host, by name.</summary>
    public static IReadOnlyDictionary<string, string> Read() => new SortedDictionary<string, string>
    {
        ["qemu-system-x86_64"] = FirstLine("qemu-system-x86_64", "--version"),
        ["libc6-dev"] = FirstLine("dpkg-query", "--show", "--showformat=${Version}", "libc6-dev"),
        ["gcc"] = FirstLine("gcc", "-dumpfullversion"),
    };

    // A tool that is not there has a version that equals none.
    private static string FirstLine(string program, params string[] arguments)
    {
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start)!;
            string line = process.StandardOutput.ReadLine() ?? "";
            process.WaitForExit();
            return process.ExitCode == 0 && line.Length > 0 ? line : $"none ({program} fails)";
        }
        catch (Win32Exception)
        {
            return $"none ({program} is not installed)";
        }
    }
}
