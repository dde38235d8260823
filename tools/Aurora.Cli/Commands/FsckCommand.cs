using System;
using System.CommandLine;
using System.Text.Json;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora fsck</c>: checks an image.</summary>
internal static class FsckCommand
{
    private static readonly JsonSerializerOptions _jsonOptions = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    public static Command Create()
    {
        var command = new Command("fsck", """
            Check a disk image: every structure, reference count and checksum, and that a machine can continue from it. Nothing is written.
            Exits 1 when a fault is found.
            """);
        var image = new Argument<string>("image") { Description = "The disk image." };
        var quick = new Option<bool>("--quick") { Description = "Leave out the checksums of file and memory data." };
        command.Arguments.Add(image);
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        var history = new Option<bool>("--history") { Description = "Restore every checkpoint of the history, not only the present state." };
        command.Options.Add(quick);
        command.Options.Add(history);
        command.Options.Add(json);
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetValue(image)!;
            ImageReport report = await Report.WorkAsync(
                $"checking {path}", _ => Task.Run(() => DiskImage.Check(path, !parsed.GetValue(quick), parsed.GetValue(history)), cancellation));
            if (parsed.GetValue(json))
                Console.WriteLine(JsonSerializer.Serialize(report, _jsonOptions));
            else
                Print(path, report);
            return report.Faults.Count == 0 ? ExitCode.Success : ExitCode.Failed;
        });
        return command;
    }

    private static void Print(string path, ImageReport report)
    {
        foreach (string fault in report.Faults)
            Console.WriteLine(fault);
        Console.WriteLine(report.Faults.Count == 0
            ? $"{path}: clean; commit {report.LastSequence}, {report.Objects} objects, {report.DataBlocks} data blocks, {report.TreeNodes} of the index, {report.FreeBlocks} free"
            : $"{path}: {report.Faults.Count} faults; the present state {(report.IsRestorable ? "can" : "cannot")} be restored");
        if (report.WholeSuperblocks < 4 && report.LastSequence > 0)
            Console.WriteLine($"{path}: {report.WholeSuperblocks} of 4 copies of the superblock are whole; the next writes repair them");
    }
}
