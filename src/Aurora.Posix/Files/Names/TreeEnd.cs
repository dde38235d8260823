// The end of a group's tree in memory, when no process of the group is left: what is in the store stays there. Names go from the leaves up,
// a bounded number at a time; a file ends with its last name, since nobody has it open. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Posix.Processes;

namespace Aurora.Posix.Files;

/// <summary>Takes trees of groups that end out of memory.</summary>
public sealed unsafe class TreeEnd(FileState state, Inodes inodes, NameChanges changes)
{
    /// <summary>
    /// Goes on with the end of a group's tree; true when nothing of it is left. Before, the group's files have been closed and its address
    /// spaces have ended.
    /// </summary>
    public bool Step(ObjectTracker group)
    {
        Namespace? tree = state.FindNamespace(group);
        if (tree is null)
            return true;
        tree.ProcRoot = null;
        for (int left = ProcessLife.UnitsPerStep; left > 0; left--)
        {
            if (tree.Root == null || !EndOne(tree))
            {
                EndRoot(tree);
                tree.Close();
                return true;
            }
        }
        return false;
    }

    // One name, or one level down or up. It descends by first entries alone, so whatever it comes back from is the first entry above.
    private bool EndOne(Namespace tree)
    {
        Inode* directory = tree.EndsAt == null ? tree.Root : tree.EndsAt;
        DirectoryEntry* entry = directory->FirstEntry;
        if (entry == null && directory == tree.Root)
            return false;
        if (entry == null)
            tree.EndsAt = directory->Parent;
        else if (entry->Target->IsDirectory && entry->Target->FirstEntry != null)
            tree.EndsAt = entry->Target;
        else
            changes.Remove(entry);
        return true;
    }

    private void EndRoot(Namespace tree)
    {
        Inode* root = tree.Root;
        tree.Root = tree.EndsAt = null;
        if (root == null)
            return;
        root->Flags &= ~InodeFlags.Root;
        Panic.Unless(root->IsUnused, "files: a group ends while somebody holds its root"u8);
        inodes.EndIfUnused(root);
    }
}
