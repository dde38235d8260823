using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Operations on open directories (getdents is apart) and on O_PATH files: none but being there.</summary>
internal sealed unsafe class DirectoryOperations : FileOperations
{
    public override SystemCallResult Read(OpenFile* file, ref FileTransfer transfer)
        => file->Kind == FileKind.Directory ? Errno.EISDIR : Errno.EBADF;

    public override SystemCallResult Write(OpenFile* file, ref FileTransfer transfer) => Errno.EBADF;

    public override bool IsSeekable(OpenFile* file) => file->Kind == FileKind.Directory;
}
