// F_SETLEASE and F_GETLEASE. Nobody is given a lease, as on Linux in a file system that cannot watch its files: EINVAL. What would stand in
// the way of one is told first.
using Aurora.Posix.Files;
using Aurora.Posix.Processes;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Files;

internal static unsafe class LeaseCalls
{
    public const uint SetLease = 1024;
    public const uint GetLease = 1025;

    private const ulong Read = 0;
    private const ulong Write = 1;
    private const ulong None = 2;

    public static SystemCallResult Control(ref FileCall call, OpenFile* file, uint command, ulong type)
    {
        if (command == GetLease)
            return (long)None;
        FileCaller caller = call.Caller;
        if (caller.Uid != file->Inode->Uid && !caller.Has(Capability.Lease))
            return Errno.EACCES;
        if (!file->Inode->IsRegular || type is not (Read or Write or None))
            return Errno.EINVAL;
        bool isOpenForWriting = file->Inode->Writers > (type == Write && file->IsWritable ? 1 : 0);
        return type == None || isOpenForWriting ? Errno.EAGAIN : Errno.EINVAL;
    }
}
