using System;
using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Aurora.Cli.Workspace;
using Aurora.Images;
using Spectre.Console;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora volume ls|fork|rm|send|recv</c>.</summary>
internal static class VolumeCommand
{
    public static Command Create()
    {
        var command = new Command("volume", "The volumes of a disk image: list, fork, remove, send and receive them.");
        foreach (Command child in (Command[])[CreateList(), CreateFork(), CreateRemove(), CreateSend(), CreateReceive()])
            command.Subcommands.Add(child);
        return command;
    }

    private static Argument<string> Image() => new("image") { Description = "The disk image." };

    private static Argument<string> Volume() => new("volume") { Description = "The volume, by name or number; 1 is the machine's own." };

    private static Command CreateList()
    {
        var command = new Command("ls", "List the volumes of an image.");
        Argument<string> image = Image();
        var quiet = new Option<bool>("-q") { Description = "Numbers only." };
        var format = new Option<string>("-o") { Description = "table or json.", DefaultValueFactory = _ => "table" };
        format.AcceptOnlyFromAmong("table", "json");
        command.Arguments.Add(image);
        command.Options.Add(quiet);
        command.Options.Add(format);
        command.SetAction(parsed =>
        {
            var volumes = DiskImage.Volumes(parsed.GetValue(image)!);
            if (parsed.GetValue(quiet))
            {
                foreach (ImageVolume volume in volumes)
                    Console.WriteLine(volume.Number.ToString(CultureInfo.InvariantCulture));
                return ExitCode.Success;
            }
            if (parsed.GetValue(format) == "json")
            {
                Console.WriteLine(JsonSerializer.Serialize(volumes));
                return ExitCode.Success;
            }
            var table = new Table().AddColumns("volume", "name", "from", "made", "state");
            foreach (ImageVolume volume in volumes)
                AddRow(table, volume);
            Report.Print(table);
            return ExitCode.Success;
        });
        return command;
    }

    private static void AddRow(Table table, ImageVolume volume) => table.AddRow(
        volume.Number.ToString(CultureInfo.InvariantCulture),
        Markup.Escape(volume.Name),
        volume.Parent == 0 ? "" : volume.Parent.ToString(CultureInfo.InvariantCulture),
        volume.Made?.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "",
        StateOf(volume));

    private static string StateOf(ImageVolume volume)
        => volume.IsPartial ? "incomplete" : volume.IsGroup ? "group" : volume.IsImage ? "image" : volume.IsRegion ? "region" : "";

    private static Command CreateFork()
    {
        var command = new Command("fork", "Make a new volume with the state of another one; copies nothing.");
        Argument<string> image = Image();
        Argument<string> volume = Volume();
        var name = new Argument<string>("name") { Description = "The new volume's name." };
        var at = new Option<string?>("--at") { Description = "As of this checkpoint, by epoch or name." };
        command.Arguments.Add(image);
        command.Arguments.Add(volume);
        command.Arguments.Add(name);
        command.Options.Add(at);
        command.SetAction(parsed =>
        {
            ImageVolume made = DiskImage.Fork(
                parsed.GetValue(image)!, parsed.GetValue(volume)!, parsed.GetValue(name)!, parsed.GetValue(at));
            Report.Line($"volume {made.Number}: {made.Name}");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateRemove()
    {
        var command = new Command("rm", "Remove a volume and its history; volumes forked from it stay.");
        Argument<string> image = Image();
        Argument<string> volume = Volume();
        command.Arguments.Add(image);
        command.Arguments.Add(volume);
        command.SetAction(parsed =>
        {
            DiskImage.RemoveVolume(parsed.GetValue(image)!, parsed.GetValue(volume)!);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateSend()
    {
        var command = new Command("send", "Write a volume to a stream, or what differs from an older checkpoint of it.");
        Argument<string> image = Image();
        Argument<string> volume = Volume();
        var at = new Option<string?>("--at") { Description = "This checkpoint, by epoch or name, instead of the present state." };
        var since = new Option<string?>("--since") { Description = "Only what differs from this checkpoint, which the receiver has." };
        var file = new Option<string?>("--output") { Description = "A file instead of standard output." };
        command.Arguments.Add(image);
        command.Arguments.Add(volume);
        foreach (Option option in (Option[])[at, since, file])
            command.Options.Add(option);
        command.SetAction(parsed =>
        {
            using Stream output = parsed.GetValue(file) is { } path ? Files.CreateNew(path) : Console.OpenStandardOutput();
            ulong epoch = DiskImage.Send(
                parsed.GetValue(image)!, parsed.GetValue(volume)!, parsed.GetValue(at), parsed.GetValue(since), output);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"sent epoch {epoch}"));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateReceive()
    {
        var command = new Command("recv", "Make a new volume of a stream.");
        Argument<string> image = Image();
        var name = new Argument<string>("name") { Description = "The new volume's name." };
        var file = new Option<string?>("--input") { Description = "A file instead of standard input." };
        command.Arguments.Add(image);
        command.Arguments.Add(name);
        command.Options.Add(file);
        command.SetAction(parsed =>
        {
            using Stream input = parsed.GetValue(file) is { } path ? Files.OpenExisting(path) : Console.OpenStandardInput();
            ImageVolume made = DiskImage.Receive(parsed.GetValue(image)!, parsed.GetValue(name)!, input);
            Report.Line($"volume {made.Number}: {made.Name}");
            return ExitCode.Success;
        });
        return command;
    }

    private static class Files
    {
        public static Stream CreateNew(string path)
        {
            if (File.Exists(path))
                throw new UserException($"{path} exists already");
            return Guard(path, () => new FileStream(path, FileMode.CreateNew, FileAccess.Write));
        }

        public static Stream OpenExisting(string path) => Guard(path, () => File.OpenRead(path));

        private static Stream Guard(string path, Func<Stream> open)
        {
            try
            {
                return open();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new UserException($"{path} cannot be opened: {failure.Message}");
            }
        }
    }
}
