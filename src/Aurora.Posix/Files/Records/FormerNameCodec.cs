using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Captures what files were called whose names have gone while they were used, and puts it back.</summary>
public sealed unsafe class FormerNameCodec(FileServices files) : NameCodec(files)
{
    public override ObjectKind Kind => ObjectKind.FormerName;

    public override bool IsSound(ObjectHeader* header)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        return IsHeld(entry->Directory, ObjectKind.Inode) && IsLive(entry->Target, ObjectKind.Inode)
            && NameTable.IsValidName(DirectoryEntry.NameOf(entry)) && entry->Target->FormerName == entry && IsValid(entry);
    }

    // No directory that has a name or entries has a former name too: so ways up never come back.
    private static bool IsValid(DirectoryEntry* entry)
    {
        Inode* target = entry->Target;
        return entry->Directory != target && entry->Directory->IsDirectory && !entry->Directory->IsProc
            && (target->NameCount == 0 || !target->IsDirectory) && target->StoredName.IsNone && target->EntryCount == 0 && !target->IsRoot
            && !target->IsProc && !target->IsMemoryFile && !target->IsAnonymousPipe && !target->IsAnonymousFile;
    }

    private protected override bool Connect(DirectoryEntry* entry, Inode* directory, Inode* target)
    {
        if (target->FormerName != null)
            return false;
        Files.Changes.ConnectFormer(entry, directory, target);
        return true;
    }

    public override int References(ReadOnlySpan<byte> payload, Span<ObjectId> ids)
    {
        NameRecord record = Reread<NameRecord>(payload);
        ids[0] = record.Directory;
        ids[1] = record.Target;
        return 2;
    }

    // What has a name is known when all are linked, and so is where the ways up lead, and what nobody uses: that ends.
    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        Files.State.PutOffIfUnused(entry->Target);
        return IsValid(entry) && InodeCodec.LeadsUp(entry->Target) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }
}
