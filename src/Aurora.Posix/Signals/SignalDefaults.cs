namespace Aurora.Posix.Signals;

/// <summary>What a signal does when it has no handler.</summary>
public enum DefaultAction : byte
{
    Terminate,
    Ignore,
    Stop,
    Continue,
}

/// <summary>The default action of each signal (signal(7)); what would write a core file only terminates.</summary>
public static class SignalDefaults
{
    public static DefaultAction Of(Signal signal) => signal switch
    {
        Signal.SIGCHLD or Signal.SIGURG or Signal.SIGWINCH => DefaultAction.Ignore,
        Signal.SIGSTOP or Signal.SIGTSTP or Signal.SIGTTIN or Signal.SIGTTOU => DefaultAction.Stop,
        Signal.SIGCONT => DefaultAction.Continue,
        _ => DefaultAction.Terminate,
    };
}
