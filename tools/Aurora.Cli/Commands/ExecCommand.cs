using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Aurora.Cli.Workspace;
using Aurora.Qemu;

namespace Aurora.Cli.Commands;

/// <summary><c>aurora exec</c>: a further program in a machine that runs, its streams on the standard ones.</summary>
internal static class ExecCommand
{
    private const int NotExecutableStatus = 126;
    private const int NotFoundStatus = 127;
    private const int NoSuchFile = 2;

    public static Command Create()
    {
        var command = new Command("exec", """
            Run a program in the machine that runs with a disk (aurora shell or run, in another terminal): as root, in the
            machine's own group or another one, as sls exec does inside. Standard input, output and errors are passed on; output
            is shown once the checkpoint is durable that covers it. The program gets pipes, no terminal. So the verbs of sls work
            from outside:

              aurora exec my.img -- sls ps
              aurora exec my.img -- sls fork a b
              aurora exec my.img --group a -- cat /tmp/f > f

            ^C ends this command, and with it the program's input; its output is closed.

            Exit status: the program's own; 126 when it could not be started and 127 when it is not there; 125 when Aurora itself
            failed: no machine runs with the disk, there is no such group or it does not run, the machine has ended or restarted
            meanwhile; 141 when the reader of standard output went away.
            """);
        Argument<string> disk = new("disk") { Description = "The disk image the machine runs with." };
        Option<string?> group = PsCommand.Group();
        var directory = new Option<string?>("-w", "--workdir") { Description = "Where the program begins (default: the root directory)." };
        var variables = new Option<string[]>("-e", "--env") { Description = "VAR=VALUE of its environment; may be given several times." };
        var isDetached = new Option<bool>("-d", "--detach")
        {
            Description = "In the background: without input, its output on the group's console. Its process id is printed.",
        };
        var program = new Argument<string[]>("program")
        {
            Description = "The program and its arguments, after --.", Arity = ArgumentArity.OneOrMore,
        };
        variables.Validators.Add(result =>
        {
            foreach (Token token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
                result.AddError($"-e wants VAR=VALUE, not '{token.Value}'");
        });
        command.Arguments.Add(disk);
        foreach (Option option in (Option[])[group, directory, variables, isDetached])
            command.Options.Add(option);
        command.Arguments.Add(program);
        command.SetAction((parsed, cancellation) =>
        {
            var request = new ExecRequest(
                parsed.GetValue(group) ?? "host", parsed.GetValue(directory) ?? "", parsed.GetValue(isDetached), parsed.GetValue(program)!,
                GuestEnvironment.Merge(GuestEnvironment.Default.Concat(parsed.GetValue(variables) ?? [])));
            return RunAsync(parsed.GetValue(disk)!, request, cancellation);
        });
        return command;
    }

    private static async Task<int> RunAsync(string disk, ExecRequest request, CancellationToken cancellation)
    {
        ExecOutcome? outcome = await ExecClient.RunAsync(disk, request, cancellation);
        if (outcome == null)
            throw new UserException($"exec: no machine runs with {disk} (start it with: aurora shell --disk {disk})");
        switch (outcome.End)
        {
            case ExecEnd.Ended:
                return outcome.Number;
            case ExecEnd.Began:
                Console.WriteLine(outcome.Number.ToString(CultureInfo.InvariantCulture));
                return ExitCode.Success;
            case ExecEnd.NotStarted:
                Report.Error($"exec: {request.Arguments[0]}: {ExecMessages.NotStarted(outcome.Number)}");
                return outcome.Number == NoSuchFile ? NotFoundStatus : NotExecutableStatus;
            case ExecEnd.Refused:
                throw new UserException($"exec: {request.Group}: {ExecMessages.Refused(outcome.Number)}");
            case ExecEnd.OutputClosed:
                return ExitCode.OutputClosed;
            default:
                throw new UserException($"exec: {outcome.Words}");
        }
    }
}
