// Trees that older kernels have written: every inode, name and file's pages under an id that says nothing. Such a tree is restored as a
// whole, with the rest of the state; then everything that has a name gets the id that says what it is about (FileIds), with the number it
// had as its number, and the next checkpoint writes all of it, and what refers to it, in one commit. Until that is durable the store has
// the tree as it was. The pages of a file move as a clone whose source ends. Places in directories change: who was reading one begins
// again. Protected by the kernel lock.
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>Makes of an older kernel's tree one that is read on demand.</summary>
public sealed unsafe class NameConversion(
    FileState state, FileCreation creation, NameChanges changes, MemoryManager memory, FiberScheduler fibers)
{
    private const uint PlacesPerLook = 256;

    /// <summary>Converts a group's tree that has just been restored, if it is an old one.</summary>
    public RestoreStatus Convert(ObjectTracker group)
    {
        Namespace* space = state.FindNamespace(group);
        if (space->Root == null || FileIds.IsOnDemand(space->Root->Header.Id))
            return space->IsOld ? RestoreStatus.BadRecord : RestoreStatus.Ok;
        if (group.NextId.Value >= FileIds.DirectoryLimit)
            return RestoreStatus.BadRecord;
        if (space->Tree == null && !creation.MakeTree(space, firstDirectory: 1))
            return RestoreStatus.OutOfMemory;
        space->Tree->NextDirectory = group.NextId.Value;
        RestoreStatus status = ConvertInodes(space);
        if (status != RestoreStatus.Ok)
            return status;
        ConvertEntries(group);
        RewindListings(group);
        space->Tree->Root = space->Root->Header.Id;
        space->Tree->ProcRoot = space->ProcRoot == null ? default : space->ProcRoot->Header.Id;
        space->IsOld = false;
        for (ulong place = 0; !group.MarkAllChanged(ref place);)
            fibers.GiveWay();
        return RestoreStatus.Ok;
    }

    private RestoreStatus ConvertInodes(Namespace* space)
    {
        ObjectTracker group = state.TrackerOf(space);
        for (uint index = 0; index < state.Inodes.IndexBound; index++)
        {
            LookUp(index);
            Inode* inode = state.Inodes.LiveAt(index);
            if (inode == null || inode->Header.Group != group.Index)
                continue;
            bool isMade = !NeedsFormerName(inode) || changes.MakeFormerName(space->Root, inode);
            if (!isMade || (HasPlace(inode) && !Convert(group, inode)))
                return RestoreStatus.OutOfMemory;
        }
        return RestoreStatus.Ok;
    }

    private void ConvertEntries(ObjectTracker group)
    {
        for (uint index = 0; index < state.ShortEntries.IndexBound; index++)
        {
            LookUp(index);
            Convert(group, state.ShortEntries.LiveAt(index));
        }
        for (uint index = 0; index < state.LongEntries.IndexBound; index++)
        {
            LookUp(index);
            Convert(group, (DirectoryEntry*)state.LongEntries.LiveAt(index));
        }
    }

    private void LookUp(uint index)
    {
        if (index % PlacesPerLook == 0)
            fibers.GiveWay();
    }

    // What has no name, and never gets one, stays where it is.
    private static bool HasPlace(Inode* inode) => inode->IsRoot || inode->NameCount > 0 || inode->FormerName != null;

    // A file in use that may get a name, from before such files had a former one: every restore finds it by that.
    private static bool NeedsFormerName(Inode* inode)
        => !inode->IsRoot && inode->NameCount == 0 && inode->FormerName == null
            && (inode->Flags & InodeFlags.Linkable) != 0 && inode->Header.References > 0;

    private bool Convert(ObjectTracker group, Inode* inode)
    {
        if (inode->Data != null && !memory.Objects.Rename(inode->Data, FileIds.OfFile(inode->Number, FilePart.Data)))
            return false;
        if (inode->Attributes != null)
            group.Rename(&inode->Attributes->Header, FileIds.OfFile(inode->Number, FilePart.Attributes));
        if (inode->Tail != null)
            group.Rename(&inode->Tail->Header, FileIds.OfFile(inode->Number, FilePart.TargetTail));
        group.Rename(&inode->Header, FileIds.OfFile(inode->Number, FilePart.Inode));
        for (DirectoryEntry* entry = inode->FirstName; entry != null; entry = entry->NextName)
            entry->TargetId = inode->Header.Id;
        return true;
    }

    private static void Convert(ObjectTracker group, DirectoryEntry* entry)
    {
        if (entry != null && entry->Header.Group == group.Index && entry->Header.Kind == ObjectKind.DirectoryEntry)
            group.Rename(&entry->Header, NameTable.IdOf(entry));
    }

    private void RewindListings(ObjectTracker group)
    {
        for (uint index = 0; index < state.OpenFiles.IndexBound; index++)
        {
            OpenFile* file = state.OpenFiles.LiveAt(index);
            if (file != null && file->Header.Group == group.Index && file->Kind == FileKind.Directory && !file->Inode->IsProc)
                file->Offset = System.Math.Min(file->Offset, DirectoryEntry.FirstPosition);
        }
    }
}
