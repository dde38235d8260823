// Programs of this Linux on a test's disk, with the libraries that they are linked with, at the same paths: what a test can have of other
// people's programs without a mirror.
using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Aurora.Images;
using Aurora.Images.Root;

namespace Aurora.SystemTests;

/// <summary>Puts programs of the host into images.</summary>
internal static partial class HostPrograms
{
    // The prompt of later ones is another program, which wants to know its terminal.
    private const int LastMinorWithReadline = 12;

    /// <summary>
    /// Why a test cannot have python as Debian has it (/usr/bin/python3.N, its library, and its module of readline); null if it can.
    /// </summary>
    public static string? WhyNoPython
    {
        get
        {
            if (Path.GetDirectoryName(Python) != "/usr/bin" || PythonName().Match(Python) is not { Success: true } name)
                return $"this host's /usr/bin/python3 is no /usr/bin/python3.N, but '{Python}'";
            if (int.Parse(name.Groups["minor"].ValueSpan, CultureInfo.InvariantCulture) > LastMinorWithReadline)
                return $"{Python} has a prompt of its own";
            return ModuleOfReadline == null ? $"{Library} has no module of readline" : null;
        }
    }

    private static string Python => File.Exists("/usr/bin/python3")
        ? new FileInfo("/usr/bin/python3").ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? ""
        : "";

    private static string Library => "/usr/lib/" + Path.GetFileName(Python);

    private static string? ModuleOfReadline
    {
        get
        {
            string modules = Path.Combine(Library, "lib-dynload");
            return Directory.Exists(modules) ? Directory.EnumerateFiles(modules, "readline.*.so").FirstOrDefault() : null;
        }
    }

    /// <summary>Puts python and its library into an image; <see cref="WhyNoPython"/> must be null.</summary>
    public static string PutPython(string image)
    {
        PutFolder(image, Library);
        Put(image, Python);
        PutLibrariesOf(image, ModuleOfReadline!);
        return Python;
    }

    /// <summary>Puts a program and its libraries into an image.</summary>
    public static void Put(string image, string program)
    {
        PutFile(image, program);
        PutLibrariesOf(image, program);
    }

    /// <summary>Puts a folder into an image, at the same path.</summary>
    public static void PutFolder(string image, string folder)
        => DiskImage.Put(image, DirectoryRoot.Read(folder, folder), Path.GetDirectoryName(folder) + "/");

    private static void PutLibrariesOf(string image, string file)
    {
        using Process list = Process.Start(new ProcessStartInfo("ldd", [file]) { RedirectStandardOutput = true })!;
        string text = list.StandardOutput.ReadToEnd();
        list.WaitForExit();
        if (list.ExitCode != 0 || text.Contains("not found", StringComparison.Ordinal))
            throw new InvalidOperationException($"ldd cannot tell the libraries of {file}: {text}");
        foreach (string library in LibraryPath().Matches(text).Select(match => match.Value).Distinct())
            PutFile(image, library);
    }

    private static void PutFile(string image, string file)
        => DiskImage.Put(image, [DirectoryRoot.ReadFile(file, file)], Path.GetDirectoryName(file) + "/");

    [GeneratedRegex(@"(?<=\s)/\S+(?= \(0x)", RegexOptions.CultureInvariant)]
    private static partial Regex LibraryPath();

    [GeneratedRegex(@"/python3\.(?<minor>\d+)$", RegexOptions.CultureInvariant)]
    private static partial Regex PythonName();
}
