using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a directory entry; the name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DirectoryEntryRecord
{
    public const int Bytes = 16;

    public ObjectId Directory;
    public ObjectId Target;
}

/// <summary>Captures directory entries and puts them back, and with them everything that follows from them.</summary>
public sealed unsafe class DirectoryEntryCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.DirectoryEntry;
    public override int LargestPayload => sizeof(DirectoryEntryRecord) + DirectoryEntry.MaxNameBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        int length = Write(payload, new DirectoryEntryRecord { Directory = entry->Directory->Header.Id, Target = entry->Target->Header.Id });
        ReadOnlySpan<byte> name = DirectoryEntry.NameOf(entry);
        name.CopyTo(payload[length..]);
        return length + name.Length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        return IsLive(entry->Directory, ObjectKind.Inode) && IsLive(entry->Target, ObjectKind.Inode) && Namespace.IsValidName(DirectoryEntry.NameOf(entry))
            && MayLead(entry->Directory, entry->Target) && entry->Target->NameCount > 0 && (!entry->Target->IsDirectory || entry->Target->NameCount == 1);
    }

    private static bool MayLead(Inode* directory, Inode* target) => directory->IsDirectory && !directory->IsProc && !target->IsRoot;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out DirectoryEntryRecord _);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> name = payload[DirectoryEntryRecord.Bytes..];
        Namespace? space = Files.FindNamespace(tracker);
        if (space is null || !Namespace.IsValidName(name))
            return RestoreStatus.BadRecord;
        DirectoryEntry* entry = space.AllocateEntry(name);
        if (entry == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&entry->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        DirectoryEntryRecord record = Reread<DirectoryEntryRecord>(payload);
        Inode* directory = (Inode*)tracker.Find(record.Directory, ObjectKind.Inode);
        Inode* target = (Inode*)tracker.Find(record.Target, ObjectKind.Inode);
        if (directory == null || target == null)
            return RestoreStatus.MissingReference;
        Namespace space = Files.NamespaceOf(header);
        bool isValid = MayLead(directory, target) && (!target->IsDirectory || target->NameCount == 0) && space.Find(directory, DirectoryEntry.NameOf(entry)) == null;
        if (!isValid)
            return RestoreStatus.BadRecord;
        space.Connect(entry, directory, target);
        return RestoreStatus.Ok;
    }
}
