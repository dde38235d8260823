using System;
using Aurora.Posix.Signals;

namespace Aurora.Linux.Signals;

/// <summary>Translates between the kernel's SignalInfo and the ABI's siginfo_t.</summary>
public static unsafe class SignalInfoFormat
{
    // The greatest codes of signals that the kernel itself raises with a reason, from SIGILL on; of all others the greatest is that of
    // SIGIO.
    private static ReadOnlySpan<byte> GreatestCodes => [11, 6, 0, 5, 15, 0, 0, 9];

    private const int GreatestChildCode = 6;
    private const int GreatestPollCode = 6;
    private const int GreatestSystemCallCode = 2;
    private const int LeastCommonCode = -7;
    private const int NameLookupCode = -60;

    /// <summary>Fills in siginfo_t.</summary>
    public static UserSignalInfo ToUser(in SignalInfo info)
    {
        UserSignalInfo user = default;
        user.Number = info.Number;
        user.Error = info.Error;
        user.Code = info.Code;
        fixed (byte* fields = info.Fields)
            new ReadOnlySpan<byte>(fields, SignalInfo.FieldBytes).CopyTo(new Span<byte>(user.Fields, SignalInfo.FieldBytes));
        return user;
    }

    /// <summary>
    /// What a program passes to be queued; false when it has bytes the kernel does not keep, and the meaning of its code is not known.
    /// </summary>
    public static bool FromUser(in UserSignalInfo user, int number, out SignalInfo info)
    {
        info = new SignalInfo { Number = number, Error = user.Error, Code = user.Code };
        fixed (UserSignalInfo* u = &user)
        {
            var fields = new ReadOnlySpan<byte>(u->Fields, UserSignalInfo.FieldBytes);
            fixed (byte* kept = info.Fields)
                fields[..SignalInfo.FieldBytes].CopyTo(new Span<byte>(kept, SignalInfo.FieldBytes));
            return IsKnown((Signal)number, user.Code) || fields[SignalInfo.FieldBytes..].IndexOfAnyExcept((byte)0) < 0;
        }
    }

    private static bool IsKnown(Signal signal, int code)
    {
        if (code <= SignalCode.User)
            return code is >= LeastCommonCode or NameLookupCode;
        return code == SignalCode.Kernel || code <= GreatestCodeOf(signal);
    }

    private static int GreatestCodeOf(Signal signal) => signal switch
    {
        Signal.SIGILL or Signal.SIGTRAP or Signal.SIGBUS or Signal.SIGFPE or Signal.SIGSEGV => GreatestCodes[signal - Signal.SIGILL],
        Signal.SIGCHLD => GreatestChildCode,
        Signal.SIGSYS => GreatestSystemCallCode,
        _ => GreatestPollCode,
    };
}
