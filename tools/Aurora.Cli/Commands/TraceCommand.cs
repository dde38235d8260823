using System.CommandLine;
using System.Globalization;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Host;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora trace</c>: what the kernel of a machine that runs does, in a file.</summary>
internal static class TraceCommand
{
    private const int MostSeconds = 3600;

    public static Command Create()
    {
        var command = new Command("trace", """
            Write what the kernel of the machine that runs with a disk (aurora shell or run, in another terminal) does for some
            seconds to a file, which about://tracing and https://ui.perfetto.dev open (Chrome trace-event JSON). There is a process
            for each group, by its number, and one for the kernel's own work; a thread for each fiber, 0 the main loop. It shows the
            parts of each checkpoint (quiesce, freeze, capture, resume, sum, write, flush), the turns of commits (log append, apply),
            cuts, discards, page-ins, reclaim, restores, and of system calls and of fibers that run those that took long.

              aurora trace my.img --seconds 5 -o trace.json

            The kernel keeps the newest 16,383 events; how many more there were is in the file (otherData, lost). Inside the machine
            'sls trace' does the same. One trace is made at a time: another is refused meanwhile. One whose 'sls trace' was killed ends
            by itself 10 seconds later. Until the file is whole it is beside its name, as FILE.part, which must not be there before.

            Exit status: 0; 125 when it cannot be done.
            """);
        Argument<string> disk = new("disk") { Description = "The disk image the machine runs with." };
        var seconds = new Option<int>("--seconds") { Description = "For so long (default 1).", DefaultValueFactory = _ => 1 };
        var longer = new Option<uint>("--longer")
        {
            Description = "Calls, and fibers that run, are shown when they take so many microseconds (default 10).",
            DefaultValueFactory = _ => 10,
        };
        var faults = new Option<bool>("--faults") { Description = "Page faults that do not wait, too: there are many." };
        var file = new Option<string>("-o", "--output")
        {
            Description = "The file to write; one that exists is replaced.", Required = true,
        };
        seconds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > MostSeconds)
                result.AddError($"--seconds wants a number from 1 to {MostSeconds}");
        });
        command.Arguments.Add(disk);
        foreach (Option option in (Option[])[seconds, longer, faults, file])
            command.Options.Add(option);
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(disk)!, parsed.GetValue(file)!,
            new ExecRequest(
                "host", "", IsDetached: false, ArgumentsOf(parsed.GetValue(seconds), parsed.GetValue(longer), parsed.GetValue(faults)),
                GuestEnvironment.Default),
            cancellation));
        return command;
    }

    private static string[] ArgumentsOf(int seconds, uint longer, bool tellsFaults)
    {
        string[] words =
        [
            "sls", "trace", "--seconds", seconds.ToString(CultureInfo.InvariantCulture), "--longer",
            longer.ToString(CultureInfo.InvariantCulture),
        ];
        return tellsFaults ? [.. words, "--faults"] : words;
    }

    // The file is there when it is whole.
    private static async Task<int> RunAsync(string disk, string path, ExecRequest request, CancellationToken cancellation)
    {
        ExecOutcome? outcome;
        try
        {
            using var file = new PartialFile(path);
            int descriptor = (int)file.Stream.SafeFileHandle.DangerousGetHandle();
            outcome = await ExecClient.RunAsync(disk, request, cancellation, descriptor, hasInput: false);
            if (outcome is { End: ExecEnd.Ended, Number: 0 })
                file.Keep();
        }
        catch (System.Exception failure) when (failure is IOException or System.UnauthorizedAccessException or System.ArgumentException)
        {
            throw new UserException($"trace: {path}: {failure.Message}");
        }
        if (outcome == null)
            throw new UserException($"trace: no machine runs with {disk} (start it with: aurora shell --disk {disk})");
        return outcome.End switch
        {
            ExecEnd.Ended when outcome.Number == 0 => ExitCode.Success,
            ExecEnd.Ended => ExitCode.Trouble,
            ExecEnd.NotStarted => throw new UserException($"trace: sls: {ExecMessages.NotStarted(outcome.Number)}"),
            ExecEnd.Refused => throw new UserException($"trace: {ExecMessages.Refused(outcome.Number)}"),
            _ => throw new UserException($"trace: {outcome.Words}"),
        };
    }
}
