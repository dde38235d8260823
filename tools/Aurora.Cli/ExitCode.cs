namespace Aurora.Cli;

/// <summary>
/// The tool's exit codes. <c>run</c> and <c>shell</c> end with the guest program's own status; the values from 122 up are chosen as
/// timeout(1) and container tools do, where a guest's status of the same value is possible but rare.
/// </summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The command ran and its answer is no: a test failed, a check found faults, a demo's claim did not hold.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>run, shell: the newest state of the session cannot be restored; what was printed says why and what can be done.</summary>
    public const int Unrestorable = 122;

    /// <summary>run, shell: the session panicked three times in a row soon after its start and is not started once more.</summary>
    public const int Held = 123;

    /// <summary>run: the time limit passed and the machine was switched off.</summary>
    public const int TimedOut = 124;

    /// <summary>Aurora itself could not do it: no QEMU, a bad image, a machine that ended without a status.</summary>
    public const int Trouble = 125;

    /// <summary>Ctrl-C.</summary>
    public const int Interrupted = 130;

    /// <summary>run: the machine was powered off or its plug pulled from the keyboard; a session on a disk can be resumed.</summary>
    public const int PowerCut = 137;

    /// <summary>run: the reader of standard output went away.</summary>
    public const int OutputClosed = 141;
}
