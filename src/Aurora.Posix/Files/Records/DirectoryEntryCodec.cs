using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Captures directory entries and puts them back, and with them everything that follows from them.</summary>
public sealed unsafe class DirectoryEntryCodec(FileServices files) : NameCodec(files)
{
    public override ObjectKind Kind => ObjectKind.DirectoryEntry;

    public override bool IsSound(ObjectHeader* header)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        return IsLive(entry->Directory, ObjectKind.Inode) && IsLive(entry->Target, ObjectKind.Inode)
            && NameTable.IsValidName(DirectoryEntry.NameOf(entry)) && MayLead(entry->Directory, entry->Target)
            && entry->Target->NameCount > 0 && (!entry->Target->IsDirectory || entry->Target->NameCount == 1);
    }

    private static bool MayLead(Inode* directory, Inode* target) => directory->IsDirectory && !directory->IsProc && !target->IsRoot;

    private protected override bool Connect(DirectoryEntry* entry, Inode* directory, Inode* target)
    {
        bool isValid = MayLead(directory, target) && (!target->IsDirectory || target->NameCount == 0)
            && Files.Names.Find(directory, DirectoryEntry.NameOf(entry)) == null;
        if (isValid)
            Files.Names.Connect(entry, directory, target);
        return isValid;
    }
}
