// The end of files. A file that ends gives up the directory its former name lies in, which may have been removed as well and end then, and
// so on up: as many as there are. So what is unused by that, and what a restore finds unused, goes on a list that the main loop works off,
// a few at a time. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

public sealed unsafe partial class FileServices
{
    private Inode* _firstPutOff;

    /// <summary>Ends an inode later, if nothing keeps it alive until then.</summary>
    internal void PutOffIfUnused(Inode* inode)
    {
        if (!inode->IsUnused || inode->IsPutOff)
            return;
        inode->IsPutOff = true;
        inode->NextPutOff = _firstPutOff;
        _firstPutOff = inode;
    }

    /// <summary>The former name of a file that ends or gets a name goes, and does not hold its directory any more.</summary>
    internal void EndFormerName(Inode* inode)
    {
        DirectoryEntry* former = inode->FormerName;
        if (former == null)
            return;
        Inode* directory = former->Directory;
        inode->FormerName = null;
        TrackerOf(&former->Header).Remove(&former->Header);
        NamespaceOf(&inode->Header).FreeEntry(former);
        Panic.Unless(directory->Header.References > 0, "files: a former name did not hold its directory"u8);
        directory->Header.References--;
        PutOffIfUnused(directory);
    }

    private void EndSomeInodes()
    {
        for (int left = ProcessLife.UnitsPerStep; left > 0 && _firstPutOff != null; left--)
        {
            Inode* inode = _firstPutOff;
            _firstPutOff = inode->NextPutOff;
            inode->IsPutOff = false;
            EndIfUnused(inode);
        }
    }

    private sealed class Keeper(FileServices files) : FileKeeper
    {
        public override void Unmapped(void* keeper) => files.EndIfUnused((Inode*)keeper);
    }
}
