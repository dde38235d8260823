// The end of files. A file that ends gives up the directory its former name lies in, which may have been removed as well and end then, and
// so on up: as many as there are. So what is unused by that, what memory says is not mapped any more, and what a restore finds unused goes
// on a list that the main loop works off, a few at a time; a thread's turn is over when there is something on it. Protected by the
// kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

public sealed unsafe partial class Inodes
{
    /// <summary>The former name of a file that ends or gets a name goes, and does not hold its directory any more.</summary>
    internal void EndFormerName(Inode* inode)
    {
        DirectoryEntry* former = inode->FormerName;
        if (former == null)
            return;
        Inode* directory = former->Directory;
        inode->FormerName = null;
        state.TrackerOf(&former->Header).Remove(&former->Header);
        entries.Free(former);
        Panic.Unless(directory->Header.References > 0, "files: a former name did not hold its directory"u8);
        directory->Header.References--;
        state.PutOffIfUnused(directory);
    }

    /// <summary>Ends some of them: each is one of a step, and so is each watch that ends with it.</summary>
    internal void EndSome()
    {
        for (int left = ProcessLife.UnitsPerStep; left > 0 && state.FirstPutOff != null; left--)
        {
            Inode* inode = state.FirstPutOff;
            state.FirstPutOff = inode->NextPutOff;
            inode->IsPutOff = false;
            EndIfUnused(inode, ref left);
        }
    }
}
