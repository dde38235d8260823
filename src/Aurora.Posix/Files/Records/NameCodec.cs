using System;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a former name, and of a directory entry before version 2; the name follows.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NameRecord
{
    public const int Bytes = 16;

    public ObjectId Directory;
    public ObjectId Target;
}

/// <summary>What entries of directories and former names have in common: a name, where it stands, and what it leads to.</summary>
public abstract unsafe class NameCodec(FileServices files) : FileCodec(files)
{
    public override int LargestPayload => sizeof(NameRecord) + DirectoryEntry.MaxNameBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        int length = Write(payload, new NameRecord { Directory = entry->Directory->Header.Id, Target = entry->Target->Header.Id });
        ReadOnlySpan<byte> name = DirectoryEntry.NameOf(entry);
        name.CopyTo(payload[length..]);
        return length + name.Length;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out NameRecord _);
        if (status != RestoreStatus.Ok)
            return status;
        ReadOnlySpan<byte> name = payload[NameRecord.Bytes..];
        if (Files.State.FindNamespace(tracker) is null || !NameTable.IsValidName(name))
            return RestoreStatus.BadRecord;
        DirectoryEntry* entry = Files.Entries.Allocate(name);
        if (entry == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&entry->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        NameRecord record = Reread<NameRecord>(payload);
        Inode* directory = (Inode*)tracker.Find(record.Directory, ObjectKind.Inode);
        Inode* target = (Inode*)tracker.Find(record.Target, ObjectKind.Inode);
        if (directory == null || target == null)
            return RestoreStatus.MissingReference;
        return Connect((DirectoryEntry*)header, directory, target) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    /// <summary>Puts a restored name where it stands; false when it may not stand there.</summary>
    private protected abstract bool Connect(DirectoryEntry* entry, Inode* directory, Inode* target);
}
