using System.Globalization;

namespace Aurora.Cli.Workspace;

/// <summary>What is said for Linux's error numbers when a program does not start.</summary>
internal static class ProgramMessages
{
    /// <summary>ENOENT.</summary>
    public const int NotFound = 2;

    /// <summary>Why a program could not be loaded.</summary>
    public static string NotStarted(int error) => error switch
    {
        NotFound => "there is no such program",
        7 => "its arguments are too long",
        8 => "that is no program",
        12 => "there is not enough memory to start it",
        13 => "it may not be run",
        20 => "its path leads through something that is no directory",
        26 => "somebody is writing it",
        _ => "it could not be started, errno " + error.ToString(CultureInfo.InvariantCulture),
    };
}
