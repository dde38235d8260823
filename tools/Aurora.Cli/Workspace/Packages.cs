using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Aurora.Cli.Workspace;

/// <summary>A program the tool needs and the Debian package that brings it.</summary>
internal sealed record RequiredProgram(string Package, string Program, string Purpose);

/// <summary>What must be installed on the host, and how to install what is missing.</summary>
internal static class Packages
{
    public static IReadOnlyList<RequiredProgram> Required { get; } =
    [
        new("nasm", "nasm", "assembles the kernel's entry code"),
        new("lld", "ld.lld", "links the kernel"),
        new("qemu-system-x86", "qemu-system-x86_64", "runs the machine"),
        new("busybox-static", "/bin/busybox", "is the guest's shell and tools"),
        new("gcc", "gcc", "compiles guest test programs"),
        new("libc6-dev", "/usr/lib/x86_64-linux-gnu/libc.a", "is linked into guest test programs"),
        new("libsqlite3-dev", "/usr/lib/x86_64-linux-gnu/libsqlite3.a", "is linked into guest programs over regions"),
        new("gdb", "gdb", "debugs the kernel"),
        new("util-linux", "setpriv", "ties QEMU's life to the tool's"),
    ];

    public static IReadOnlyList<RequiredProgram> Missing() => [.. Required.Where(item => !IsInstalled(item.Program))];

    /// <summary>Installs packages with apt-get; throws saying what to type when that is not possible.</summary>
    public static async Task InstallAsync(IReadOnlyList<RequiredProgram> missing, CancellationToken cancellation)
    {
        string[] names = [.. missing.Select(item => item.Package)];
        string command = $"apt-get install -y --no-install-recommends {string.Join(' ', names)}";
        if (!IsInstalled("apt-get"))
            throw new UserException($"missing: {string.Join(", ", names)}. This host has no apt-get: install them with its own package manager.");
        if (Environment.UserName != "root")
            throw new UserException($"missing: {string.Join(", ", names)}. Installing needs root: sudo {command}");
        await RunAptAsync(["update", "-q"], cancellation);
        await RunAptAsync(["install", "-q", "-y", "--no-install-recommends", .. names], cancellation);
        if (Missing() is { Count: > 0 } still)
            throw new UserException($"still missing after installation: {string.Join(", ", still.Select(item => item.Package))}");
    }

    private static async Task RunAptAsync(IEnumerable<string> arguments, CancellationToken cancellation)
    {
        HostResult result = await Report.WorkAsync($"apt-get {arguments.First()}", update => HostProcess.RunAsync(
            "env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", .. arguments], update, cancellation));
        if (result.Status != 0)
            throw new UserException($"apt-get failed:\n{result.Output}");
    }

    private static bool IsInstalled(string program)
        => program.StartsWith('/')
            ? File.Exists(program)
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
