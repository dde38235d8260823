// The end of a group's tree in memory, when no process of the group is left and nobody waits for a name: what is in the store stays there,
// and only what has been read, or made, is here. First the names go, then the files, since those of a name may be in memory or not. They
// lie among those of other groups: a bounded number of places is looked at in a step. Protected by the kernel lock.
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>How far the end of a tree has come.</summary>
internal struct TreeEndState
{
    public TreeEndPart Part;
    public uint Place;
}

/// <summary>What of a tree is being ended.</summary>
internal enum TreeEndPart : byte
{
    ShortNames = 0,
    LongNames = 1,
    Inodes = 2,
}

/// <summary>Takes trees of groups that end out of memory.</summary>
public sealed unsafe class TreeEnd(FileState state, Inodes inodes, NameEntries entries)
{
    private const int PlacesPerStep = 512;

    /// <summary>
    /// Goes on with the end of a group's tree; true when nothing of it is left. Before, the group's files have been closed, its address
    /// spaces and what was asked of its names have ended.
    /// </summary>
    public bool Step(ObjectTracker group)
    {
        Namespace* tree = state.FindNamespace(group);
        if (tree == null)
            return true;
        tree->ProcRoot = tree->Root = null;
        for (int left = PlacesPerStep; left > 0; left--)
        {
            if (tree->End.Place < BoundOf(tree->End.Part))
            {
                EndAt(tree, tree->End.Part, tree->End.Place++);
                continue;
            }
            if (tree->End.Part == TreeEndPart.Inodes)
            {
                EndTree(tree);
                return true;
            }
            tree->End = new TreeEndState { Part = tree->End.Part + 1 };
        }
        return false;
    }

    private uint BoundOf(TreeEndPart part)
        => part switch
        {
            TreeEndPart.ShortNames => state.ShortEntries.IndexBound,
            TreeEndPart.LongNames => state.LongEntries.IndexBound,
            _ => state.Inodes.IndexBound,
        };

    private void EndAt(Namespace* tree, TreeEndPart part, uint place)
    {
        if (part == TreeEndPart.ShortNames)
            EndName(tree, state.ShortEntries.LiveAt(place));
        else if (part == TreeEndPart.LongNames)
            EndName(tree, (DirectoryEntry*)state.LongEntries.LiveAt(place));
        else
            EndInode(tree, state.Inodes.LiveAt(place));
    }

    private void EndName(Namespace* tree, DirectoryEntry* entry)
    {
        if (entry == null || entry->Header.Group != tree->Group || entry->Header.Kind != ObjectKind.DirectoryEntry)
            return;
        NameBucketTable.Remove(entry->Directory, entry);
        tree->EntryCount--;
        state.TrackerOf(&entry->Header).Remove(&entry->Header);
        entries.Free(entry);
    }

    private void EndInode(Namespace* tree, Inode* inode)
    {
        if (inode == null || inode->Header.Group != tree->Group || inode->Header.Kind != ObjectKind.Inode)
            return;
        inode->FirstName = null;
        inode->NameCount = inode->EntryCount = 0;
        inode->Flags &= ~InodeFlags.Root;
        Panic.Unless(inode->IsUnused && !inode->IsPutOff, "files: a group ends while somebody holds a file of it"u8);
        inodes.EndIfUnused(inode);
    }

    private void EndTree(Namespace* space)
    {
        if (space->Tree != null)
        {
            state.TrackerOf(space).Remove(&space->Tree->Header);
            state.Trees.Free(space->Tree);
            space->Tree = null;
        }
        space->Close();
    }
}
