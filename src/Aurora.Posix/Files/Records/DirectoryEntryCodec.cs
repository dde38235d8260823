using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The state record of a directory entry, whose id says where it is; the name follows. Version 1 was a <see
/// cref="NameRecord"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DirectoryEntryRecord
{
    public const int Bytes = 16;

    /// <summary>The inode it leads to.</summary>
    public ObjectId Target;
    public byte TargetType;
    public byte Reserved0;
    public ushort Reserved1;
    public uint Reserved2;
}

/// <summary>
/// Captures directory entries. They are read one directory's stretch at a time (<see cref="FileLoader"/>); only what an older kernel has
/// written, with ids that say nothing, is restored as other objects are.
/// </summary>
public sealed unsafe class DirectoryEntryCodec(FileServices files) : NameCodec(files)
{
    private const byte OldVersion = 1;

    public override ObjectKind Kind => ObjectKind.DirectoryEntry;

    /// <summary>Version 1 said which directory it was in, and had an id that did not.</summary>
    public override byte Version => 2;

    protected override byte OldestVersion => OldVersion;

    public override int LargestPayload => sizeof(DirectoryEntryRecord) + DirectoryEntry.MaxNameBytes;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        int length = Write(payload, new DirectoryEntryRecord { Target = entry->TargetId, TargetType = entry->TargetType });
        ReadOnlySpan<byte> name = DirectoryEntry.NameOf(entry);
        name.CopyTo(payload[length..]);
        return length + name.Length;
    }

    /// <summary>Takes a payload of the present version apart; false when it is none.</summary>
    internal static bool TryRead(byte version, ReadOnlySpan<byte> payload, out DirectoryEntryRecord record, out ReadOnlySpan<byte> name)
    {
        record = default;
        name = default;
        if (version != OldVersion + 1 || payload.Length <= DirectoryEntryRecord.Bytes)
            return false;
        record = Unsafe.ReadUnaligned<DirectoryEntryRecord>(ref MemoryMarshal.GetReference(payload));
        name = payload[DirectoryEntryRecord.Bytes..];
        return FileIds.IsFile(record.Target) && FileIds.PartOf(record.Target) == FilePart.Inode
            && InodeMode.IsValidType((uint)record.TargetType << InodeMode.DirectoryTypeShift)
            && record.Reserved0 == 0 && record.Reserved1 == 0 && record.Reserved2 == 0 && NameTable.IsValidName(name);
    }

    public override bool IsSound(ObjectHeader* header)
    {
        DirectoryEntry* entry = (DirectoryEntry*)header;
        return IsLive(entry->Directory, ObjectKind.Inode) && IsLive(entry->Target, ObjectKind.Inode)
            && entry->TargetId == entry->Target->Header.Id && entry->TargetType == InodeMode.DirectoryType(entry->Target->Mode)
            && NameTable.IsValidName(DirectoryEntry.NameOf(entry)) && MayLead(entry->Directory, entry->Target)
            && entry->Target->NameCount > 0 && (!entry->Target->IsDirectory || entry->Target->NameCount == 1)
            && header->Id == NameTable.IdOf(entry) && entry->Hash == Files.Names.HashOf(entry->Directory, DirectoryEntry.NameOf(entry))
            && entry->Place >> FileIds.TurnBits == NameBucketTable.Reverse(entry->Hash);
    }

    private static bool MayLead(Inode* directory, Inode* target) => directory->IsDirectory && !directory->IsProc && !target->IsRoot;

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
        => version != OldVersion || FileIds.IsOnDemand(id) ? RestoreStatus.UnknownVersion : base.Create(tracker, id, version, payload);

    private protected override bool Connect(DirectoryEntry* entry, Inode* directory, Inode* target)
    {
        if (!PrepareOld(directory) || !MayLead(directory, target) || (target->IsDirectory && target->NameCount > 0))
            return false;
        ReadOnlySpan<byte> name = DirectoryEntry.NameOf(entry);
        var nobody = default(FileCaller);
        uint hash = Files.Names.HashOf(directory, name);
        bool isValid = Files.Names.Find(in nobody, directory, name, hash, out DirectoryEntry* present) == SystemCalls.Errno.Ok
            && present == null && NameTable.HasRoomFor(directory, hash);
        if (isValid)
            Files.Names.Connect(entry, hash, directory, target);
        return isValid;
    }

    // An older kernel's tree has no books of its own.
    private bool PrepareOld(Inode* directory)
    {
        Namespace* space = Files.NamespaceOf(&directory->Header);
        if (space->Tree != null)
            return space->IsOld && directory->IsDirectory && directory->Entries.IsComplete;
        space->IsOld = true;
        return directory->IsDirectory && Files.Creation.MakeTree(space, firstDirectory: 1);
    }
}
