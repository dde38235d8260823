// Who is told by a signal when a file is ready: F_SETOWN and F_SETSIG with their kin. A process or thread that has ended is no owner any
// more.
using System.Runtime.InteropServices;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Files;

/// <summary>struct f_owner_ex.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct LinuxFileOwner
{
    public const int Thread = 0;
    public const int Process = 1;
    public const int Group = 2;

    public int Kind;
    public int Id;
}

internal static unsafe class OwnerCalls
{
    public const uint SetOwner = 8;
    public const uint GetOwner = 9;
    public const uint SetSignal = 10;
    public const uint GetSignal = 11;
    public const uint SetOwnerEx = 15;
    public const uint GetOwnerEx = 16;

    private const ulong LastSignal = 64;

    public static SystemCallResult Control(ref FileCall call, OpenFile* file, uint command, ulong argument)
    {
        switch (command)
        {
            case SetOwner:
                int who = (int)argument;
                if (who == int.MinValue)
                    return Errno.EINVAL;
                return Set(ref call, file,
                    new LinuxFileOwner { Kind = who < 0 ? LinuxFileOwner.Group : LinuxFileOwner.Process, Id = who < 0 ? -who : who });
            case GetOwner:
                LinuxFileOwner present = Describe(ref call, file);
                return present.Kind == LinuxFileOwner.Group ? (long)-present.Id : present.Id;
            case SetOwnerEx:
                return call.Read(argument, out LinuxFileOwner asked) ? Set(ref call, file, asked) : call.Failure;
            case GetOwnerEx:
                return call.Write(argument, Describe(ref call, file)) ? Errno.Ok : call.Failure;
            case SetSignal:
                if (argument > LastSignal)
                    return Errno.EINVAL;
                file->OwnerSignal = (int)argument;
                call.Files.MarkChanged(&file->Header);
                return Errno.Ok;
            default:
                return (long)file->OwnerSignal;
        }
    }

    private static Errno Set(ref FileCall call, OpenFile* file, LinuxFileOwner owner)
    {
        if (owner.Kind is not (LinuxFileOwner.Thread or LinuxFileOwner.Process or LinuxFileOwner.Group))
            return Errno.EINVAL;
        if (owner.Id != 0 && !Exists(ref call, owner))
            return Errno.ESRCH;
        file->Owner = owner.Kind == LinuxFileOwner.Group ? -owner.Id : owner.Id;
        file->OwnerIsThread = owner.Kind == LinuxFileOwner.Thread && owner.Id != 0;
        call.Files.MarkChanged(&file->Header);
        return Errno.Ok;
    }

    private static LinuxFileOwner Describe(ref FileCall call, OpenFile* file)
    {
        var owner = new LinuxFileOwner
        {
            Kind = file->Owner < 0 ? LinuxFileOwner.Group : file->Owner == 0 || file->OwnerIsThread ? LinuxFileOwner.Thread
                : LinuxFileOwner.Process,
            Id = file->Owner < 0 ? -file->Owner : file->Owner,
        };
        if (owner.Id != 0 && !Exists(ref call, owner))
            owner.Id = 0;
        return owner;
    }

    private static bool Exists(ref FileCall call, LinuxFileOwner owner)
    {
        ProcessTable processes = call.Kernel.Processes;
        return owner.Id > 0 && owner.Kind switch
        {
            LinuxFileOwner.Thread => processes.FindThread(owner.Id) != null,
            LinuxFileOwner.Process => processes.FindProcess(owner.Id) != null,
            _ => processes.FindGroup(owner.Id) != null,
        };
    }
}
