// What nobody refers to any more and takes more to close than one step may change: open files with many locks of their own, and tables
// with many files that only they hold. Both can be left by a call that waited: its files were closed meanwhile, and it was the last to
// hold them. They go on lists that the main loop works off, some locks or files at a time. The locks exclude nobody any more. A restore
// finds such objects without references and puts them on the lists again. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Goes on with what could not be closed in one step.</summary>
public sealed unsafe class FileClosing(FileState state, OpenFiles openFiles, Descriptors descriptors, Inodes inodes)
{
    /// <summary>True while something is being closed: <see cref="Step"/> has work.</summary>
    public bool HasWork => state.HasPutOff;

    /// <summary>As <see cref="HasWork"/>, of one group.</summary>
    public bool HasWorkOf(ObjectTracker group)
    {
        OpenFile* file = state.FirstClosing;
        while (file != null && file->Header.Group != group.Index)
            file = file->NextClosing;
        DescriptorTable* table = state.FirstClosingTable;
        while (table != null && table->Header.Group != group.Index)
            table = table->NextClosing;
        Inode* inode = state.FirstPutOff;
        while (inode != null && inode->Header.Group != group.Index)
            inode = inode->NextPutOff;
        return file != null || table != null || inode != null;
    }

    /// <summary>
    /// Leaves alone what is to be closed of a group whose restore has failed: some of it is not whole.
    /// </summary>
    public void Forget(ObjectTracker group)
    {
        fixed (OpenFile** first = &state.FirstClosing)
        {
            for (OpenFile** link = first; *link != null;)
            {
                if ((*link)->Header.Group == group.Index)
                    *link = (*link)->NextClosing;
                else
                    link = &(*link)->NextClosing;
            }
        }
        fixed (DescriptorTable** first = &state.FirstClosingTable)
        {
            for (DescriptorTable** link = first; *link != null;)
            {
                if ((*link)->Header.Group == group.Index)
                    *link = (*link)->NextClosing;
                else
                    link = &(*link)->NextClosing;
            }
        }
        fixed (Inode** first = &state.FirstPutOff)
        {
            for (Inode** link = first; *link != null;)
            {
                if ((*link)->Header.Group == group.Index)
                    *link = (*link)->NextPutOff;
                else
                    link = &(*link)->NextPutOff;
            }
        }
    }

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
