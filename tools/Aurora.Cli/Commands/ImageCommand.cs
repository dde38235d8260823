using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Globalization;
using System.IO;
using Aurora.Cli.Workspace;
using Aurora.Images;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora image create|ls|cat|put|extract|upgrade</c>.</summary>
internal static class ImageCommand
{
    public static Command Create()
    {
        var command = new Command("image", "Make disk images, and look into them.");
        foreach (Command child in (Command[])[CreateCreate(), CreateList(), CreateCat(), CreatePut(), CreateExtract(), CreateUpgrade()])
            command.Subcommands.Add(child);
        return command;
    }

    /// <summary>Which image a command is about.</summary>
    internal static Argument<string> Image() => new("image") { Description = "The disk image." };

    /// <summary>Which checkpoint.</summary>
    internal static Option<string?> At() => new("--at") { Description = "As of this checkpoint, by epoch or name (see aurora history)." };

    private static Argument<string> GuestPath(string description) => new("path") { Description = description, DefaultValueFactory = _ => "/" };

    private static Command CreateCreate()
    {
        var command = new Command("create", "Make an image with a root file system.");
        Argument<string> image = Image();
        var size = new Option<string>("--size") { Description = "The disk's size (K, M, G); the file is sparse.", DefaultValueFactory = _ => "4G" };
        var root = new RootOptions();
        command.Arguments.Add(image);
        command.Options.Add(size);
        root.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            long bytes = ByteSize.Parse(parsed.GetValue(size)!, defaultUnit: 1) ?? throw new UserException($"'{parsed.GetValue(size)}' is not a size");
            await DiskImages.CreateAsync(parsed.GetValue(image)!, bytes, root.Get(parsed), cancellation);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateList()
    {
        var command = new Command("ls", "List a directory of an image.");
        Argument<string> image = Image();
        Argument<string> path = GuestPath("The directory or file in the image.");
        var recursive = new Option<bool>("--recursive", "-R") { Description = "Everything below it." };
        var plain = new Option<bool>("-1") { Description = "Names only." };
        Option<string?> at = At();
        Option<string?> group = PsCommand.Group();
        command.Options.Add(at);
        command.Options.Add(group);
        command.Arguments.Add(image);
        command.Arguments.Add(path);
        command.Options.Add(recursive);
        command.Options.Add(plain);
        command.SetAction(parsed =>
        {
            IReadOnlyList<ImageEntry> entries = DiskImage.List(
                parsed.GetValue(image)!, parsed.GetValue(path)!, parsed.GetValue(recursive), parsed.GetValue(at), parsed.GetValue(group));
            foreach (ImageEntry entry in entries)
                Console.WriteLine(parsed.GetValue(plain) ? entry.Path : Line(entry));
            return ExitCode.Success;
        });
        return command;
    }

    private static string Line(ImageEntry entry)
    {
        string target = entry.Target.Length > 0 ? " -> " + entry.Target : "";
        string time = entry.Modified.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{entry.ModeText} {entry.Links,3} {entry.UserId,5} {entry.GroupId,5} {entry.Size,10} {time} {entry.Path}{target}");
    }

    private static Command CreateCat()
    {
        var command = new Command("cat", "Copy a file of an image to standard output.");
        Argument<string> image = Image();
        var path = new Argument<string>("path") { Description = "The file in the image." };
        command.Arguments.Add(image);
        Option<string?> at = At();
        Option<string?> group = PsCommand.Group();
        command.Arguments.Add(path);
        command.Options.Add(at);
        command.Options.Add(group);
        command.SetAction(parsed =>
        {
            using Stream output = Console.OpenStandardOutput();
            DiskImage.Cat(parsed.GetValue(image)!, parsed.GetValue(path)!, output, parsed.GetValue(at), parsed.GetValue(group));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreatePut()
    {
        var command = new Command("put", "Copy a file or folder of the host into an image that holds no live session.");
        Argument<string> image = Image();
        var source = new Argument<string>("source") { Description = "A file or folder of the host." };
        var path = new Argument<string>("path") { Description = "Its path in the image; a path that ends in / is a folder to put it into." };
        command.Arguments.Add(image);
        command.Arguments.Add(source);
        command.Arguments.Add(path);
        command.SetAction(parsed =>
        {
            string from = parsed.GetValue(source)!.TrimEnd('/');
            string to = parsed.GetValue(path)!;
            DiskImages.ReportLeftOut(DiskImages.Put(parsed.GetValue(image)!, from, to.EndsWith('/') ? to + Path.GetFileName(from) : to));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command CreateUpgrade()
    {
        var command = new Command("upgrade", "Bring an image of the format from before volumes up to date; nothing in it changes.");
        Argument<string> image = Image();
        command.Arguments.Add(image);
        command.SetAction(parsed =>
        {
            DiskImage.Upgrade(parsed.GetValue(image)!);
            Report.Line("upgraded to format version 2");
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary><c>aurora image extract</c>, and <c>aurora extract</c>.</summary>
    public static Command CreateExtract()
    {
        var command = new Command("extract", "Copy a file or folder of an image to the host.");
        Option<string?> at = At();
        Option<string?> group = PsCommand.Group();
        Argument<string> image = Image();
        var path = new Argument<string>("path") { Description = "The file or folder in the image." };
        var folder = new Argument<string>("folder") { Description = "The folder to copy into; made when missing.", DefaultValueFactory = _ => "." };
        command.Arguments.Add(image);
        command.Arguments.Add(path);
        command.Arguments.Add(folder);
        command.Options.Add(at);
        command.Options.Add(group);
        command.SetAction(parsed =>
        {
            int files = DiskImage.Extract(
                parsed.GetValue(image)!, parsed.GetValue(path)!, parsed.GetValue(folder)!, parsed.GetValue(at), parsed.GetValue(group));
            Report.Line(files == 1 ? "1 file" : $"{files} files");
            return ExitCode.Success;
        });
        return command;
    }
}
