using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a former name; the name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct FormerNameRecord
{
    public const int Bytes = 16;

    public ObjectId Directory;
    public ObjectId Target;
}

/// <summary>Captures what files without names were called last, and puts it back.</summary>
public sealed unsafe class FormerNameCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.FormerName;
    public override int LargestPayload => sizeof(FormerNameRecord) + DirectoryEntry.MaxNameBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        int length = Write(payload, new FormerNameRecord { Directory = entry->Directory->Header.Id, Target = entry->Target->Header.Id });
        ReadOnlySpan<byte> name = DirectoryEntry.NameOf(entry);
        name.CopyTo(payload[length..]);
        return length + name.Length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        return IsHeld(entry->Directory, ObjectKind.Inode) && IsLive(entry->Target, ObjectKind.Inode)
            && Namespace.IsValidName(DirectoryEntry.NameOf(entry)) && entry->Target->FormerName == entry && IsValid(entry);
    }

    // Whoever has names or entries has no former name: so ways up never come back.
    private static bool IsValid(DirectoryEntry* entry)
    {
        Inode* target = entry->Target;
        return entry->Directory != target && entry->Directory->IsDirectory && !entry->Directory->IsProc
            && target->NameCount == 0 && target->EntryCount == 0 && !target->IsRoot && !target->IsProc && !target->IsMemoryFile
            && !target->IsAnonymousPipe;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out FormerNameRecord _);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> name = payload[FormerNameRecord.Bytes..];
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
        FormerNameRecord record = Reread<FormerNameRecord>(payload);
        Inode* directory = (Inode*)tracker.Find(record.Directory, ObjectKind.Inode);
        Inode* target = (Inode*)tracker.Find(record.Target, ObjectKind.Inode);
        if (directory == null || target == null)
            return RestoreStatus.MissingReference;
        if (target->FormerName != null)
            return RestoreStatus.BadRecord;
        Files.NamespaceOf(header).ConnectFormer((DirectoryEntry*)header, directory, target);
        return RestoreStatus.Ok;
    }

    // What has a name is known when all are linked.
    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
        => IsValid((DirectoryEntry*)header) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
}
