using Aurora.Posix.Signals;

namespace Aurora.Linux.Signals;

/// <summary>Translates between the kernel's SignalInfo and the ABI's siginfo_t.</summary>
public static unsafe class SignalInfoFormat
{
    /// <summary>Fills in siginfo_t; which union member counts depends on code and signal.</summary>
    public static UserSignalInfo ToUser(in SignalInfo info)
    {
        UserSignalInfo user = default;
        user.Number = info.Number;
        user.Error = info.Error;
        user.Code = info.Code;
        uint pid = (uint)info.Pid;
        if (info.Code == SignalCode.Timer)
        {
            user.Fields[0] = pid | ((ulong)(uint)info.Status << 32);
            user.Fields[1] = info.Value;
        }
        else if (info.Code <= 0)
        {
            user.Fields[0] = pid | ((ulong)info.Uid << 32);
            user.Fields[1] = info.Value;
        }
        else if (info.Signal == Signal.SIGCHLD)
        {
            user.Fields[0] = pid | ((ulong)info.Uid << 32);
            user.Fields[1] = (uint)info.Status;
            user.Fields[2] = info.Value;
            user.Fields[3] = info.Address;
        }
        else
        {
            user.Fields[0] = info.Address;
        }
        return user;
    }

    /// <summary>What rt_sigqueueinfo passes: sender and value.</summary>
    public static SignalInfo FromUser(in UserSignalInfo user, Signal signal)
    {
        fixed (UserSignalInfo* u = &user)
        {
            return new SignalInfo
            {
                Number = (int)signal,
                Error = user.Error,
                Code = user.Code,
                Pid = (int)(uint)u->Fields[0],
                Uid = (uint)(u->Fields[0] >> 32),
                Value = u->Fields[1],
            };
        }
    }
}
