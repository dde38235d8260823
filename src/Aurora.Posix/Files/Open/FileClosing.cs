// What nobody refers to any more and takes more to close than one step may change: open files with many locks of their own, and tables
// with many files that only they hold. Both can be left by a call that waited: its files were closed meanwhile, and it was the last to
// hold them. They go on lists that the main loop works off, some locks or files at a time. The locks exclude nobody any more. A restore
// finds such objects without references and puts them on the lists again. Protected by the kernel lock.
namespace Aurora.Posix.Files;

/// <summary>Goes on with what could not be closed in one step.</summary>
public sealed class FileClosing(FileState state, OpenFiles openFiles, Descriptors descriptors, Inodes inodes)
{
    /// <summary>True while something is being closed: <see cref="Step"/> has work.</summary>
    public bool HasWork => state.HasPutOff;

    /// <summary>Goes on with closing. The main loop calls it every turn.</summary>
    public void Step()
    {
        if (openFiles.HasPutOff)
            openFiles.CloseNext();
        else if (descriptors.HasPutOff)
            descriptors.CloseNext();
        else
            inodes.EndSome();
    }
}
