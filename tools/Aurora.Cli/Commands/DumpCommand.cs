using System.CommandLine;
using System.Globalization;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Images;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora dump</c>: a core file of a process as of a checkpoint.</summary>
internal static class DumpCommand
{
    public static Command Create()
    {
        var command = new Command("dump", """
            Write an ELF core file of a process as it was at a checkpoint, the newest unless another is chosen: gdb PROGRAM CORE shows its
            threads, registers and memory. The image is only read.
            """);
        Argument<string> image = ImageCommand.Image();
        var process = new Argument<int>("pid") { Description = "The number of the process (see aurora ps)." };
        Option<string?> group = PsCommand.Group();
        Option<string?> at = ImageCommand.At();
        var output = new Option<string?>("-o", "--output") { Description = "The file, which must not exist yet; core.PID unless given." };
        command.Arguments.Add(image);
        command.Arguments.Add(process);
        foreach (Option option in (Option[])[group, at, output])
            command.Options.Add(option);
        command.SetAction(async (parsed, cancellation) =>
        {
            int id = parsed.GetValue(process);
            string path = parsed.GetValue(output) ?? string.Create(CultureInfo.InvariantCulture, $"core.{id}");
            ImageCore core = await Report.WorkAsync($"writing {path}", _ => Task.Run(
                () => DiskImage.Dump(parsed.GetValue(image)!, id, path, parsed.GetValue(group), parsed.GetValue(at)), cancellation));
            string contents = $"{core.Process.Threads} threads, {core.Mappings} mappings, {ByteSize.Format((long)core.DataBytes)}";
            Report.Line($"{core.Path}: process {id} ({core.Process.Name}) as of epoch {core.Epoch}: {contents}");
            return ExitCode.Success;
        });
        return command;
    }
}
