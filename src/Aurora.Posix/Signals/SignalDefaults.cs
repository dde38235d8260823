namespace Aurora.Posix.Signals;

/// <summary>What a signal does when it has no handler.</summary>
public enum DefaultAction : byte
{
    Terminate,
    TerminateWithCore,
    Ignore,
    Stop,
    Continue,
}

/// <summary>The default action of each signal (signal(7)).</summary>
public static class SignalDefaults
{
    public static DefaultAction Of(Signal signal) => signal switch
    {
        Signal.SIGQUIT or Signal.SIGILL or Signal.SIGTRAP or Signal.SIGABRT or Signal.SIGBUS or Signal.SIGFPE or Signal.SIGSEGV
            or Signal.SIGXCPU or Signal.SIGXFSZ or Signal.SIGSYS => DefaultAction.TerminateWithCore,
        Signal.SIGCHLD or Signal.SIGURG or Signal.SIGWINCH => DefaultAction.Ignore,
        Signal.SIGSTOP or Signal.SIGTSTP or Signal.SIGTTIN or Signal.SIGTTOU => DefaultAction.Stop,
        Signal.SIGCONT => DefaultAction.Continue,
        _ => DefaultAction.Terminate,
    };
}
