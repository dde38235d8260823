// Seals of memory files (F_ADD_SEALS, F_GET_SEALS): once something is forbidden it stays so, for everybody who has the file. What they
// forbid is asked for where files are written, sized and mapped (Inode.IsSealed).
using Aurora.Memory;
using Aurora.Posix.Files;
using Aurora.Posix.SystemCalls;

namespace Aurora.Linux.Files;

internal static unsafe class SealCalls
{
    public const uint AddSeals = 1033;
    public const uint GetSeals = 1034;

    public static SystemCallResult Control(ref FileCall call, OpenFile* file, uint command, ulong argument)
    {
        Inode* inode = file->Inode;
        if (command == GetSeals)
            return inode->IsMemoryFile ? (long)inode->Seals : Errno.EINVAL;
        if (argument > uint.MaxValue)
            return Errno.EINVAL;
        if (!file->IsWritable)
            return Errno.EPERM;
        FileSeals seals = (FileSeals)argument;
        if ((seals & ~FileSeals.All) != 0 || !inode->IsMemoryFile)
            return Errno.EINVAL;
        if (inode->IsSealed(FileSeals.Seal))
            return Errno.EPERM;
        bool endsWriting = (seals & FileSeals.Write) != 0 && !inode->IsSealed(FileSeals.Write);
        if (endsWriting && inode->Data != null && inode->Data->HasSharedWriter)
            return Errno.EBUSY;
        inode->Seals |= seals;
        call.Files.MarkChanged(&inode->Header);
        return Errno.Ok;
    }
}
