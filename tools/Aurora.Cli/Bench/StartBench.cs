// How long the kernel takes from its entry to the first guest instruction with few and with many files on the disk, which are read when
// somebody asks for them. Most of it is waiting for the disk, so the instruction counter as clock would tell nothing.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Aurora.Images.Root;
using Aurora.Qemu;

namespace Aurora.Cli.Bench;

/// <summary>The measurements of starts beside many files.</summary>
internal sealed class StartBench(MachineConfiguration machine, string folder)
{
    private const int Few = 1_000;
    private const int Many = 1_000_000;
    private const int FilesPerFolder = 1_000;
    private const int Runs = 5;
    private const long DiskBytes = 8L << 30;

    /// <summary>Measures and judges.</summary>
    public async Task<IReadOnlyList<Measurement>> RunAsync(Action<string> progress, CancellationToken cancellation)
    {
        double few = await MeasureAsync(Few, progress, cancellation);
        double many = await MeasureAsync(Many, progress, cancellation);
        return
        [
            new($"kernel entry to first guest instruction, {Few:N0} files", Milliseconds(few)),
            new($"the same, {Many:N0} files", $"{Milliseconds(many)} = {many / few:0.00} ×", "≤ 1.2 ×", many <= 1.2 * few),
        ];
    }

    // The median in nanoseconds.
    private async Task<double> MeasureAsync(int files, Action<string> progress, CancellationToken cancellation)
    {
        progress($"a disk with {files:N0} files");
        await Builder.EnsureGuestsAsync(cancellation);
        string disk = Path.Combine(folder, "files.img");
        IEnumerable<RootEntry> entries = new StandardRoot(Repository.Guests).Read().Concat(Files(files));
        await Task.Run(() => DiskImage.Create(disk, DiskBytes, entries), cancellation);
        progress($"starts with {files:N0} files");
        var times = new List<double>();
        for (int run = 0; run < Runs; run++)
            times.Add((await BenchGuest.RunOnAsync(disk, machine, cancellation, "boot")).Value("boot", 0, "ns"));
        File.Delete(disk);
        return times.Order().ElementAt(Runs / 2);
    }

    private static IEnumerable<RootEntry> Files(int count)
    {
        yield return new RootEntry { Path = "/many", Kind = RootEntryKind.Directory };
        for (int file = 0; file < count; file++)
        {
            string parent = $"/many/{file / FilesPerFolder}";
            if (file % FilesPerFolder == 0)
                yield return new RootEntry { Path = parent, Kind = RootEntryKind.Directory };
            yield return new RootEntry { Path = $"{parent}/{file}", Kind = RootEntryKind.File, Open = () => Stream.Null };
        }
    }

    private static string Milliseconds(double nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.0} ms");
}
