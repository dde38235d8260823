using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Linq;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Spectre.Console;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora history</c>: the checkpoints an image holds.</summary>
internal static class HistoryCommand
{
    private const int DefaultCount = 20;

    public static Command Create()
    {
        var command = new Command("history", "List the checkpoints of a disk image that can still be read, newest first; or drop one.");
        var image = new Argument<string>("image") { Description = "The disk image." };
        var count = new Option<int>("--count", "-n") { Description = "How many; 0 for all.", DefaultValueFactory = _ => DefaultCount };
        var drop = new Option<string?>("--drop") { Description = "Drop the kept checkpoint with this name or epoch; what only it needs becomes free." };
        command.Arguments.Add(image);
        command.Options.Add(count);
        command.Options.Add(drop);
        Option<string?> group = PsCommand.Group();
        command.Options.Add(group);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(drop) is { } name)
            {
                DiskImage.DropCheckpoint(parsed.GetValue(image)!, name, parsed.GetValue(group));
                Report.Line($"dropped {name}");
                return ExitCode.Success;
            }
            IReadOnlyList<ImageCheckpoint> all = DiskImage.History(parsed.GetValue(image)!, parsed.GetValue(group));
            int limit = parsed.GetValue(count) == 0 ? all.Count : parsed.GetValue(count);
            var table = new Table().AddColumns("commit", "epoch", "taken", "written", "name", "kept", "branch");
            foreach (ImageCheckpoint checkpoint in all.Reverse().Take(limit))
                AddRow(table, checkpoint);
            Report.Print(table);
            if (DiskImage.HistoryDamage(parsed.GetValue(image)!, parsed.GetValue(group)) is { } damage)
                Report.Warning($"the history is damaged, checkpoints may be missing: {damage}; the present is not concerned");
            if (limit < all.Count)
                Report.Line($"{all.Count - limit} older ones are not shown (-n 0 shows all)");
            return ExitCode.Success;
        });
        return command;
    }

    private static void AddRow(Table table, ImageCheckpoint checkpoint) => table.AddRow(
        checkpoint.Sequence.ToString(CultureInfo.InvariantCulture),
        checkpoint.Epoch.ToString(CultureInfo.InvariantCulture),
        checkpoint.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture),
        ByteSize.Format((long)checkpoint.Bytes),
        Markup.Escape(checkpoint.Name),
        checkpoint.IsAutomatic ? "for a time" : checkpoint.IsKept ? "yes" : "",
        checkpoint.IsLeft ? "left" : "");
}
