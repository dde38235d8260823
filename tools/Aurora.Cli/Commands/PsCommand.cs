using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Spectre.Console;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora ps</c>: the processes of a group of an image.</summary>
internal static class PsCommand
{
    public static Command Create()
    {
        var command = new Command("ps", "List the processes that a disk image holds, as of a checkpoint.");
        Argument<string> image = ImageCommand.Image();
        Option<string?> group = Group();
        Option<string?> at = ImageCommand.At();
        var format = new Option<string>("-o") { Description = "table or json.", DefaultValueFactory = _ => "table" };
        format.AcceptOnlyFromAmong("table", "json");
        command.Arguments.Add(image);
        foreach (Option option in (Option[])[group, at, format])
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            IReadOnlyList<ImageProcess> processes =
                DiskImage.Processes(parsed.GetValue(image)!, parsed.GetValue(group), parsed.GetValue(at));
            if (parsed.GetValue(format) == "json")
            {
                Console.WriteLine(JsonSerializer.Serialize(processes));
                return ExitCode.Success;
            }
            var table = new Table().AddColumns("pid", "parent", "state", "threads", "memory", "name");
            foreach (ImageProcess process in processes)
                AddRow(table, process);
            Report.Print(table);
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>Which group a command is about.</summary>
    internal static Option<string?> Group()
        => new("--group") { Description = "The group, by name or number; host (0), the machine's own, unless given." };

    private static void AddRow(Table table, ImageProcess process) => table.AddRow(
        process.Id.ToString(CultureInfo.InvariantCulture),
        process.Parent.ToString(CultureInfo.InvariantCulture),
        process.IsDetached ? $"{process.State}, detached" : process.State.ToString(),
        process.Threads.ToString(CultureInfo.InvariantCulture),
        ByteSize.Format((long)process.MemoryBytes),
        Markup.Escape(process.Name));
}
