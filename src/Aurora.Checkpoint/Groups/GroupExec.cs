using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Checkpoint;

/// <summary>How far a program that is run in a group from outside has come.</summary>
internal enum ExecPhase : byte
{
    None,

    /// <summary>Its process is there, and has not begun with it.</summary>
    Starting,
    Running,
    Ended,

    /// <summary>The group has left memory: nothing is told any more.</summary>
    Gone,
}

/// <summary>
/// The outer end of an output stream. Positions are in bytes of all that was ever put into the pipe (<see cref="Pipe.Produced"/>).
/// </summary>
internal unsafe struct ExecStream
{
    /// <summary>Null when there is none.</summary>
    public OpenFile* File;

    /// <summary>What may be shown.</summary>
    public OutputGate Gate;

    public readonly Pipe* Pipe => File == null ? null : File->Inode->Pipe;

    /// <summary>How many bytes of the pipe may be shown.</summary>
    public readonly ulong Available
        => File == null || Gate.Released <= Pipe->Taken ? 0 : System.Math.Min(Gate.Released - Pipe->Taken, Pipe->Length);
}

/// <summary>A program that is run in a group from outside; not saved (<see cref="GroupExecTable"/>).</summary>
internal unsafe struct GroupExec
{
    public ExecPhase Phase;

    /// <summary>Its streams are the group's console, and only its beginning is told.</summary>
    public bool IsDetached;

    /// <summary>Who asked is there, and has not been told everything.</summary>
    public bool HasAsker;

    /// <summary>How it ended has been noticed: what it wrote until then, and that, may be told once EndEpoch is durable.</summary>
    public bool IsEndMarked;
    public ushort Group;
    public ulong Number;

    /// <summary>The process that asked, by its id in the host, zero for the launcher; and that of the program in its group.</summary>
    public ulong Asker, Process;
    public int ProcessId;
    public int WaitStatus;
    public Errno Failure;
    public ulong EndEpoch;

    /// <summary>Its strings until it has begun, in whole pages; null for none.</summary>
    public byte* Text;
    public int TextBytes, ArgumentCount, EnvironmentCount;

    /// <summary>The outer end of its standard input; null when that has ended.</summary>
    public OpenFile* Input;
    public ExecStream Output, Errors;

    /// <summary>Woken when the phase changes.</summary>
    public WaitQueue Changed;
}
