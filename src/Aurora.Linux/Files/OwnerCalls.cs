// Who is told by a signal when a file is ready: F_SETOWN and F_SETSIG with their kin. A process or thread that has ended is no owner any
// more.
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;
using Aurora.Posix.Terminals;

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
                if (argument > FileOwner.LastSignal)
                    return Errno.EINVAL;
                file->Owner.Signal = (int)argument;
                call.Files.MarkChanged(&file->Header);
                return Errno.Ok;
            default:
                return (long)file->Owner.Signal;
        }
    }

    /// <summary>Who makes something of a file that its owner must be told of owns it.</summary>
    public static void SetToCaller(ref FileCall call, OpenFile* file)
        => Set(ref call, file, new LinuxFileOwner { Kind = LinuxFileOwner.Process, Id = call.Process->Id });

    /// <summary>
    /// A terminal without an owner belongs to its foreground group, and one that is no session's, or a master, to the caller.
    /// </summary>
    public static void SetToForeground(ref FileCall call, OpenFile* file)
    {
        var terminal = (Terminal*)file->Attachment;
        if (file->Inode->Device == DeviceNumber.Multiplexer || terminal->Session == null || terminal->ForegroundGroup == 0)
            SetToCaller(ref call, file);
        else
            Set(ref call, file, new LinuxFileOwner { Kind = LinuxFileOwner.Group, Id = terminal->ForegroundGroup });
    }

    private static Errno Set(ref FileCall call, OpenFile* file, LinuxFileOwner owner)
    {
        if (owner.Kind is not (LinuxFileOwner.Thread or LinuxFileOwner.Process or LinuxFileOwner.Group))
            return Errno.EINVAL;
        ObjectHeader* found = owner.Id == 0 ? null : Find(ref call, owner);
        if (owner.Id != 0 && found == null)
            return Errno.ESRCH;
        int signal = file->Owner.Signal;
        file->Owner = default;
        file->Owner.Signal = signal;
        if (found != null)
        {
            file->Owner.Id = owner.Kind == LinuxFileOwner.Group ? -owner.Id : owner.Id;
            file->Owner.IsThread = owner.Kind == LinuxFileOwner.Thread;
            file->Owner.Object = found->Id;
            file->Owner.Uid = call.Process->Credentials.RealUid;
            file->Owner.EffectiveUid = call.Process->Credentials.EffectiveUid;
        }
        call.Files.MarkChanged(&file->Header);
        return Errno.Ok;
    }

    private static LinuxFileOwner Describe(ref FileCall call, OpenFile* file)
    {
        int id = file->Owner.Id;
        var owner = new LinuxFileOwner
        {
            Kind = id < 0 ? LinuxFileOwner.Group : id == 0 || file->Owner.IsThread ? LinuxFileOwner.Thread : LinuxFileOwner.Process,
            Id = id < 0 ? -id : id,
        };
        if (id != 0 && !IsThere(ref call, file, owner))
            owner.Id = 0;
        return owner;
    }

    // In an older image only the number is known.
    private static bool IsThere(ref FileCall call, OpenFile* file, LinuxFileOwner owner)
        => file->Owner.Object.IsNone ? Find(ref call, owner) != null
            : call.Kernel.GroupOf(call.Thread).Find(file->Owner.Object, file->Owner.Kind) != null;

    private static ObjectHeader* Find(ref FileCall call, LinuxFileOwner owner)
    {
        PidNamespace processes = call.Kernel.Processes.Of(call.Thread);
        return owner.Id <= 0 ? null : owner.Kind switch
        {
            LinuxFileOwner.Thread => (ObjectHeader*)processes.FindThread(owner.Id),
            LinuxFileOwner.Process => (ObjectHeader*)processes.FindProcess(owner.Id),
            _ => (ObjectHeader*)processes.FindGroup(owner.Id),
        };
    }
}
