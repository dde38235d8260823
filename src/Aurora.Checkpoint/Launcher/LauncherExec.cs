namespace Aurora.Checkpoint;

/// <summary>How far a program that the launcher has run has come.</summary>
internal enum LauncherExecPhase : byte
{
    None,

    /// <summary>Its strings are arriving.</summary>
    Collecting,

    /// <summary>It is to be asked for.</summary>
    Asking,

    /// <summary>It has been asked for, and the ticket tells when it has been made.</summary>
    Asked,
    Running,

    /// <summary>The launcher has been told the last thing about it.</summary>
    Told,
}

/// <summary>A program that the launcher has run in a group; not saved (<see cref="LauncherExecTable"/>).</summary>
internal unsafe struct LauncherExec
{
    public LauncherExecPhase Phase;

    /// <summary>Its streams are the group's console, and only its beginning is told.</summary>
    public bool IsDetached;

    /// <summary>Nobody is there any more: it goes as soon as it is known by which number it is to be forgotten.</summary>
    public bool IsForgotten;

    /// <summary>No more input comes than has come; none is taken any more.</summary>
    public bool HasInputEnded, IsInputOver;

    /// <summary>The launcher's number for it.</summary>
    public ulong Number;

    /// <summary>What has been given for its order, and then the number by which the group's programs know it.</summary>
    public ulong Ticket, Exec;

    /// <summary>Its strings until it has been asked for, in whole pages; null for none. So many bytes of them have arrived.</summary>
    public byte* Text;
    public int TextBytes, TextArrived, ArgumentCount, EnvironmentCount;

    /// <summary>
    /// Input that has arrived and is not in the pipe yet: a page that belongs to the place, and where the bytes are in it.
    /// </summary>
    public byte* Input;
    public int InputStart, InputEnd;

    /// <summary>Input that the launcher may still send.</summary>
    public int Room;

    /// <summary>Output that the launcher takes.</summary>
    public ulong Wanted;

    public readonly int InputWaiting => InputEnd - InputStart;
}
