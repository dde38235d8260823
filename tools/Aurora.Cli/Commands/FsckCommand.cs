using System;
using System.CommandLine;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora fsck</c>: checks an image.</summary>
internal static class FsckCommand
{
    public static Command Create()
    {
        var command = new Command("fsck", "Check a disk image: every structure, reference count and checksum. Nothing is written. Exits 1 when a fault is found.");
        var image = new Argument<string>("image") { Description = "The disk image." };
        var quick = new Option<bool>("--quick") { Description = "Leave out the checksums of file and memory data." };
        command.Arguments.Add(image);
        command.Options.Add(quick);
        command.SetAction(async (parsed, cancellation) =>
        {
            string path = parsed.GetValue(image)!;
            ImageReport report = await Report.WorkAsync($"checking {path}", _ => Task.Run(() => DiskImage.Check(path, !parsed.GetValue(quick)), cancellation));
            foreach (string fault in report.Faults)
                Console.WriteLine(fault);
            Console.WriteLine(report.Faults.Count == 0
                ? $"{path}: clean; commit {report.LastSequence}, {report.DataBlocks} data blocks, {report.FreeBlocks} free"
                : $"{path}: {report.Faults.Count} faults");
            return report.Faults.Count == 0 ? ExitCode.Success : ExitCode.Failed;
        });
        return command;
    }
}
