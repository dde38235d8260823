// The options of prctl about privilege: the bounding and the ambient set, and what a change of ids keeps.
using Aurora.Linux.Executive;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Threads;

namespace Aurora.Linux.Calls;

internal static unsafe class PrivilegeOptions
{
    private const int GetKeep = 7;
    private const int SetKeep = 8;
    private const int ReadBounding = 23;
    private const int DropBounding = 24;
    private const int GetSecureBits = 27;
    private const int SetSecureBits = 28;
    private const int SetNoNewPrivileges = 38;
    private const int GetNoNewPrivileges = 39;
    private const int AmbientSet = 47;
    private const ulong AmbientIsSet = 1;
    private const ulong AmbientRaise = 2;
    private const ulong AmbientLower = 3;
    private const ulong AmbientClear = 4;

    /// <summary>True for the options that are answered here.</summary>
    public static bool Has(int option)
        => option is GetKeep or SetKeep or ReadBounding or DropBounding or GetSecureBits or SetSecureBits or SetNoNewPrivileges
            or GetNoNewPrivileges or AmbientSet;

    public static SystemCallResult Call(LinuxKernel kernel, Thread* thread, SystemCallArguments* arguments)
    {
        Process* process = thread->Process;
        ref CapabilitySets own = ref process->Credentials.Capabilities;
        ulong value = arguments->Arg1;
        bool hasRest = arguments->Arg2 != 0 || arguments->Arg3 != 0 || arguments->Arg4 != 0;
        kernel.Tracked.MarkChanged(&process->Header);
        switch (arguments->Int0)
        {
            case GetKeep:
                return (own.SecureBits & SecureBits.KeepCapabilities) != 0 ? 1 : 0;
            case SetKeep:
                return Keep(ref own, value);
            case ReadBounding:
                return value > (ulong)Capability.Last ? Errno.EINVAL : (long)(own.Bounding >> (int)value & 1);
            case DropBounding:
                if (!own.Has(Capability.SetPermitted))
                    return Errno.EPERM;
                if (value > (ulong)Capability.Last)
                    return Errno.EINVAL;
                own.Bounding &= ~(1UL << (int)value);
                return 0;
            case GetSecureBits:
                return (long)own.SecureBits;
            case SetSecureBits:
                return Secure(ref own, value);
            case SetNoNewPrivileges:
                if (value != 1 || hasRest)
                    return Errno.EINVAL;
                process->NoNewPrivileges = true;
                return 0;
            case GetNoNewPrivileges:
                return value != 0 || hasRest ? Errno.EINVAL : process->NoNewPrivileges ? 1 : 0;
            default:
                return Ambient(ref own, arguments);
        }
    }

    private static SystemCallResult Keep(ref CapabilitySets own, ulong value)
    {
        if (value > 1)
            return Errno.EINVAL;
        if ((own.SecureBits & SecureBits.KeepCapabilitiesLocked) != 0)
            return Errno.EPERM;
        own.SecureBits = (own.SecureBits & ~SecureBits.KeepCapabilities) | (value == 1 ? SecureBits.KeepCapabilities : 0);
        return 0;
    }

    // A lock stays, and what it locks stays as it is.
    private static SystemCallResult Secure(ref CapabilitySets own, ulong value)
    {
        uint locks = (uint)(own.SecureBits & SecureBits.Locks);
        bool isAllowed = ((locks >> 1) & ((uint)own.SecureBits ^ value)) == 0 && (locks & ~value) == 0
            && (value & ~(ulong)SecureBits.All) == 0 && own.Has(Capability.SetPermitted);
        if (!isAllowed)
            return Errno.EPERM;
        own.SecureBits = (SecureBits)value;
        return 0;
    }

    private static SystemCallResult Ambient(ref CapabilitySets own, SystemCallArguments* arguments)
    {
        ulong which = arguments->Arg2;
        bool hasRest = arguments->Arg3 != 0 || arguments->Arg4 != 0;
        if (arguments->Arg1 == AmbientClear)
        {
            if (which != 0 || hasRest)
                return Errno.EINVAL;
            own.Ambient = 0;
            return 0;
        }
        if (which > (ulong)Capability.Last || hasRest || arguments->Arg1 is < AmbientIsSet or > AmbientLower)
            return Errno.EINVAL;
        ulong bit = 1UL << (int)which;
        if (arguments->Arg1 == AmbientIsSet)
            return (own.Ambient & bit) != 0 ? 1 : 0;
        if (arguments->Arg1 == AmbientLower)
        {
            own.Ambient &= ~bit;
            return 0;
        }
        if ((own.Permitted & own.Inheritable & bit) == 0 || (own.SecureBits & SecureBits.NoAmbientRaise) != 0)
            return Errno.EPERM;
        own.Ambient |= bit;
        return 0;
    }
}
