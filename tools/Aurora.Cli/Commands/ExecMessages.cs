using System.Globalization;
using Aurora.Cli.Workspace;

namespace Aurora.Cli.Commands;

/// <summary>What <c>aurora exec</c> says for the kernel's error numbers; inside the machine <c>sls exec</c> says the same.</summary>
internal static class ExecMessages
{
    /// <summary>Why a program could not be loaded.</summary>
    public static string NotStarted(int error)
        => ProgramMessages.NotStarted(error) + (error == ProgramMessages.NotFound ? " in the group" : "");

    /// <summary>Why nothing can be run in a group, or nothing more is known of it.</summary>
    public static string Refused(int error) => error switch
    {
        2 => "there is no such group; 'sls ps' lists them",
        3 => "the group has ended; 'sls rewind' takes it back to when it ran, and 'sls run' starts another",
        5 => "the store has failed, or the group could not be brought back; 'sls ps' and the kernel's log say more",
        6 => "there is no /dev/console in the group",
        7 => "the program's arguments are too long",
        12 => "not enough memory",
        16 => "the group is suspended; 'sls resume' lets it go on",
        19 => "that is a saved volume, which nobody runs; 'sls restore N@' makes a group of it",
        20 => "the directory is not there in the group",
        23 => "as many programs are run from outside as may be at once (8, with 'sls exec' 32); wait until one has ended, or use -d",
        36 => "the name of the group, or the directory, is too long",
        95 => "this machine keeps nothing (--no-persist); further programs are run where checkpoints are taken",
        125 => "the group has gone or gone back meanwhile: what was started goes on, if it is there, alone",
        _ => "refused, errno " + error.ToString(CultureInfo.InvariantCulture),
    };
}
