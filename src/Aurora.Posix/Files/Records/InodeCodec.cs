using System;
using System.Runtime.InteropServices;
using Aurora.Base;
using Aurora.Memory;

namespace Aurora.Posix.Files;

/// <summary>The state record of an inode. A symbolic link's target follows, up to <see cref="SymbolicLinkTail.FirstByte"/> bytes of
/// it.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InodeRecord
{
    public const int Bytes = 128;

    /// <summary>Versions before 4 end before Number.</summary>
    public const int BytesOfVersion3 = 96;

    public InodeFlags Flags;
    public uint Mode;
    public uint Uid;
    public uint Gid;
    public ulong Size;
    public long AccessTime;
    public long ModifyTime;
    public long ChangeTime;
    public long BirthTime;

    /// <summary>Device nodes: the device. /proc nodes of a process: its object id; none in older images, where that has ended.</summary>
    public ulong Device;
    public ObjectId Data;
    public ProcKey ProcKey;
    public ushort TargetLength;
    public ushort Reserved0;
    public FileSeals Seals;
    public uint Reserved1;
    public ulong Number;

    /// <summary>The entry that is the name its path is; none if it has no names, or that one has gone.</summary>
    public ObjectId Name;
    public uint Names;

    /// <summary>Directories.</summary>
    public uint Entries;
    public uint Subdirectories;
    public uint Reserved2;
}

/// <summary>Captures inodes and puts them back.</summary>
public sealed unsafe class InodeCodec(FileServices files) : FileCodec(files)
{
    private const byte Unseen = 0;
    private const byte InThisWalk = 1;
    private const byte LeadsToEnd = 2;

    private const InodeFlags KnownFlags = InodeFlags.Root | InodeFlags.Proc | InodeFlags.Pinned | InodeFlags.Anonymous
        | InodeFlags.Linkable | InodeFlags.MemoryFile | InodeFlags.Executed | InodeFlags.AnonymousFile
        | InodeFlags.Terminal | InodeFlags.NamedQueue;

    private const byte VersionWithoutNewFlags = 2;
    private const byte VersionWithoutNames = 3;
    // What is never in a tree.
    private const InodeFlags Nameless = InodeFlags.Anonymous | InodeFlags.MemoryFile | InodeFlags.AnonymousFile
        | InodeFlags.Terminal | InodeFlags.NamedQueue;

    private const InodeFlags NewFlags = InodeFlags.Linkable | InodeFlags.MemoryFile | InodeFlags.Executed
        | InodeFlags.AnonymousFile | InodeFlags.Terminal | InodeFlags.NamedQueue;

    public override ObjectKind Kind => ObjectKind.Inode;

    /// <summary>
    /// Version 1 did not tell anonymous pipes from FIFOs; version 2 had no memory files, no files that may yet get a name, and none that
    /// had run; version 3 had no numbers of names and entries: they followed from the entries, all of which were restored.
    /// </summary>
    public override byte Version => 4;

    protected override byte OldestVersion => 1;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        Inode* inode = (Inode*)header;
        InodeRecord record = Describe(inode);
        int length = Write(payload, in record);
        ReadOnlySpan<byte> target = Inodes.TargetOf(inode);
        target = target[..Math.Min(target.Length, SymbolicLinkTail.FirstByte)];
        target.CopyTo(payload[length..]);
        return length + target.Length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        Inode* inode = (Inode*)header;
        InodeRecord record = Describe(inode);
        return IsValid(in record, Math.Min((int)inode->TargetLength, SymbolicLinkTail.FirstByte)) && HasTail(inode)
            && IsPlaced(header->Id, in record) && inode->AttachedCount <= inode->NameCount
            && (inode->FormerName == null || (inode->StoredName.IsNone && (inode->NameCount == 0 || !inode->IsDirectory)))
            && inode->EntryCount >= inode->Entries.LoadedCount
            && (!inode->Entries.IsComplete || inode->EntryCount == inode->Entries.LoadedCount)
            && (inode->Data == null || (IsHeld(inode->Data, ObjectKind.MemoryObject) && inode->Data->MayBeContents))
            && (!inode->IsRoot || Files.NamespaceOf(header)->Root == inode);
    }

    // A name that is not in memory may be the one that is shown, as long as some are not. What a damaged image says of it is not worth a
    // checkpoint: another of the names is as good.
    private ObjectId ShownNameOf(Inode* inode)
    {
        if (inode->StoredName.IsNone || (inode->FirstName != null && inode->FirstName->Header.Id == inode->StoredName))
            return inode->StoredName;
        var entry = (DirectoryEntry*)Files.State.TrackerOf(&inode->Header).Find(inode->StoredName, ObjectKind.DirectoryEntry);
        bool isOne = entry != null ? entry->TargetId == inode->Header.Id : inode->AttachedCount < inode->NameCount;
        return isOne ? inode->StoredName : inode->FirstName != null ? inode->FirstName->Header.Id : default;
    }

    internal static bool HasTail(Inode* inode)
        => inode->TargetLength <= SymbolicLinkTail.FirstByte || IsLive(inode->Tail, ObjectKind.SymbolicLinkTail);

    private InodeRecord Describe(Inode* inode)
        => new()
        {
            Flags = inode->Flags,
            Mode = inode->Mode,
            Uid = inode->Uid,
            Gid = inode->Gid,
            Size = inode->Size,
            AccessTime = inode->AccessTime,
            ModifyTime = inode->ModifyTime,
            ChangeTime = inode->ChangeTime,
            BirthTime = inode->BirthTime,
            Device = inode->IsProc ? inode->ProcOwner.Value : inode->Device,
            Data = inode->Data == null ? default : inode->Data->Header.Id,
            ProcKey = inode->ProcKey,
            TargetLength = inode->TargetLength,
            Seals = inode->Seals,
            Number = inode->Number,
            Name = ShownNameOf(inode),
            Names = inode->NameCount,
            Entries = inode->EntryCount,
            Subdirectories = inode->SubdirectoryCount,
        };

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(id, version, payload, out InodeRecord record, out ReadOnlySpan<byte> target);
        if (status != RestoreStatus.Ok)
            return status;
        Namespace* space = Files.State.FindNamespace(tracker);
        if (space == null || !IsValid(in record, target.Length) || !IsPlaced(id, in record) || !HasPlaceIn(space, id, in record))
            return RestoreStatus.BadRecord;
        Inode* inode = Files.Inodes.Allocate();
        if (inode == null)
            return RestoreStatus.OutOfMemory;
        Fill(inode, in record);
        // A directory that has been removed is known to have nothing, whatever the store says.
        bool isRead = FileIds.IsOnDemand(id) && inode->IsDirectory && (inode->NameCount != 0 || inode->IsRoot);
        bool hasTable = !isRead || Files.Buckets.Prepare(inode);
        if (!hasTable || (record.TargetLength > Inode.InlineTargetBytes && !Files.Inodes.AddTargetPage(inode)))
        {
            Files.Inodes.Free(inode);
            return RestoreStatus.OutOfMemory;
        }
        target.CopyTo(new Span<byte>(inode->TargetPage != null ? inode->TargetPage : inode->InlineTarget, target.Length));
        tracker.Adopt(&inode->Header, Kind, id);
        if (inode->IsRoot)
        {
            inode->Parent = inode;
            space->Root = inode;
        }
        if (inode->IsProc && inode->ProcKey.Node == ProcNode.Root)
            space->ProcRoot = inode;
        return RestoreStatus.Ok;
    }

    // Older records do not say what follows from names: that is counted as the names are linked.
    private RestoreStatus Read(ObjectId id, byte version, ReadOnlySpan<byte> payload, out InodeRecord record, out ReadOnlySpan<byte> target)
    {
        bool isOld = version <= VersionWithoutNames;
        int bytes = isOld ? InodeRecord.BytesOfVersion3 : InodeRecord.Bytes;
        record = default;
        target = default;
        if (version < OldestVersion || version > Version)
            return RestoreStatus.UnknownVersion;
        if (payload.Length < bytes || (isOld && FileIds.IsOnDemand(id)))
            return RestoreStatus.BadRecord;
        record = RereadGrown<InodeRecord>(payload[..bytes]);
        target = payload[bytes..];
        if (version <= VersionWithoutNewFlags && !AddFlags(ref record))
            return RestoreStatus.BadRecord;
        if (isOld)
            record.Number = id.Value;
        return RestoreStatus.Ok;
    }

    // What is read on demand has a name, or may have one, and is not what a tree has one of, unless it is that.
    private static bool HasPlaceIn(Namespace* space, ObjectId id, in InodeRecord record)
    {
        bool isRoot = (record.Flags & InodeFlags.Root) != 0;
        bool isProc = (record.Flags & InodeFlags.Proc) != 0;
        if (!FileIds.IsOnDemand(id))
            return !isRoot || space->Root == null;
        return space->Tree != null && isRoot == (space->Tree->Root == id) && isProc == (space->Tree->ProcRoot == id)
            && (record.Flags & Nameless) == 0 && (!isProc || record.ProcKey.Node == ProcNode.Root);
    }

    // What the id and the record say of it.
    private static bool IsPlaced(ObjectId id, in InodeRecord record)
    {
        bool isDirectory = (record.Mode & InodeMode.TypeMask) == InodeMode.Directory;
        if (!FileIds.IsOnDemand(id))
            return record.Names == 0 && record.Name.IsNone && record.Entries == 0 && record.Subdirectories == 0;
        bool isRoot = (record.Flags & InodeFlags.Root) != 0;
        return FileIds.IsFile(id) && FileIds.PartOf(id) == FilePart.Inode && FileIds.NumberOf(id) == record.Number
            && record.Number is > 0 and < FileIds.NumberLimit && (!isDirectory || record.Number < FileIds.DirectoryLimit)
            && record.Names <= (isRoot ? 0 : isDirectory ? 1 : FileCreation.MaxLinksOfInode)
            && (record.Name.IsNone ? !isDirectory || record.Names == 0 : FileIds.IsName(record.Name) && record.Names > 0)
            && (isDirectory || record.Entries == 0) && record.Subdirectories <= record.Entries
            && (record.Names == 0 || (record.Flags & InodeFlags.Linkable) == 0)
            && (record.Data.IsNone || record.Data == FileIds.OfFile(record.Number, FilePart.Data))
            && record.Reserved2 == 0;
    }

    // What an older record does not say is as it was then: whatever has no name may get one (until Finish, which knows the names), and each
    // file may have been run. False when it says it all the same.
    private static bool AddFlags(ref InodeRecord record)
    {
        if ((record.Flags & NewFlags) != 0)
            return false;
        if ((record.Mode & InodeMode.TypeMask) == InodeMode.Regular && (record.Flags & InodeFlags.Proc) == 0)
            record.Flags |= InodeFlags.Linkable | InodeFlags.Executed;
        return true;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        Inode* inode = (Inode*)header;
        ObjectId data = RereadGrown<InodeRecord>(payload[..InodeRecord.BytesOfVersion3]).Data;
        if (data.IsNone)
            return RestoreStatus.Ok;
        inode->Data = (VmObject*)tracker.Find(data, ObjectKind.MemoryObject);
        if (inode->Data == null)
            return RestoreStatus.MissingReference;
        if (inode->Data->Keeper != null || !inode->Data->MayBeContents)
            return RestoreStatus.BadRecord;
        inode->Data->Keeper = inode;
        Files.Memory.Objects.Retain(inode->Data);
        return RestoreStatus.Ok;
    }

    /// <summary>
    /// Refuses directories that contain themselves: walks up from one would never end. What nothing uses ends; a directory that does has no
    /// entries.
    /// </summary>
    public override RestoreStatus Finish(ObjectTracker tracker, ObjectHeader* header)
    {
        Inode* inode = (Inode*)header;
        if (!HasTail(inode))
            return RestoreStatus.MissingReference;
        if (inode->IsOrphan && inode->EntryCount > 0)
            return RestoreStatus.BadRecord;
        if (inode->NameCount > 0)
            inode->Flags &= ~InodeFlags.Linkable;
        Files.State.PutOffIfUnused(inode);
        return LeadsUp(inode) ? RestoreStatus.Ok : RestoreStatus.BadRecord;
    }

    // Every directory is walked through once for all that lie below it, however deep they are.
    internal static bool LeadsUp(Inode* inode)
    {
        Inode* place = inode;
        for (; HasParent(place) && place->WalkMark == Unseen; place = place->Above)
            place->WalkMark = InThisWalk;
        if (HasParent(place) && place->WalkMark == InThisWalk)
            return false;
        for (place = inode; HasParent(place) && place->WalkMark == InThisWalk; place = place->Above)
            place->WalkMark = LeadsToEnd;
        return true;
    }

    private static bool HasParent(Inode* inode) => inode->Above != null && inode->Above != inode;

    private static bool IsValid(in InodeRecord record, int targetBytes)
    {
        bool isLink = (record.Mode & InodeMode.TypeMask) == InodeMode.SymbolicLink;
        bool isDirectory = (record.Mode & InodeMode.TypeMask) == InodeMode.Directory;
        bool isProc = (record.Flags & InodeFlags.Proc) != 0;
        bool hasTarget = isLink && !isProc;
        bool isMemoryFile = (record.Flags & InodeFlags.MemoryFile) != 0;
        bool isAnonymous = (record.Flags & InodeFlags.AnonymousFile) != 0;
        int mostTargetBytes = isMemoryFile ? Inode.MaxMemoryFileName : isAnonymous ? Inode.InlineTargetBytes : Inode.MaxTargetBytes;
        bool isNameless = (record.Flags & (InodeFlags.MemoryFile | InodeFlags.Linkable)) != 0;
        bool isRegular = (record.Mode & InodeMode.TypeMask) == InodeMode.Regular && !isProc;
        return (record.Flags & ~KnownFlags) == 0
            && record.Mode <= 0xFFFF && (isAnonymous ? record.Mode <= InodeMode.PermissionMask : InodeMode.IsValidType(record.Mode))
            && (!isAnonymous || !isProc) && ((record.Flags & InodeFlags.Terminal) == 0 || IsTerminalValid(in record))
            && ((record.Flags & InodeFlags.NamedQueue) == 0 || IsQueueValid(in record))
            && record.Size <= FileData.MaxFileBytes
            && (isDirectory || (record.Flags & InodeFlags.Root) == 0)
            && (!isProc || record.ProcKey.IsKnown)
            && (!isProc || record.ProcKey.Node != ProcNode.Root || isDirectory)
            && (isRegular || (!isNameless && (record.Flags & InodeFlags.Executed) == 0))
            && (record.Seals & ~FileSeals.All) == 0 && (isMemoryFile || record.Seals == FileSeals.None)
            && record.TargetLength <= mostTargetBytes
            && (isMemoryFile || (hasTarget || isAnonymous) == record.TargetLength > 0)
            && targetBytes == Math.Min((int)record.TargetLength, SymbolicLinkTail.FirstByte);
    }

    // It is nothing else, and has the number of its device.
    private static bool IsTerminalValid(in InodeRecord record)
        => record.Flags == InodeFlags.Terminal && (record.Mode & InodeMode.TypeMask) == InodeMode.CharacterDevice
            && DeviceNumber.Major(record.Device) == DeviceNumber.PseudoTerminals
            && DeviceNumber.Minor(record.Device) < TerminalNodes.Most
            && record.Number == TerminalNodes.NumberOf(DeviceNumber.Minor(record.Device));

    // It is nothing else, and has no pages.
    private static bool IsQueueValid(in InodeRecord record)
        => record.Flags == InodeFlags.NamedQueue && (record.Mode & InodeMode.TypeMask) == InodeMode.Regular && record.Data.IsNone;

    private static void Fill(Inode* inode, in InodeRecord record)
    {
        inode->Flags = record.Flags;
        inode->Mode = record.Mode;
        inode->Uid = record.Uid;
        inode->Gid = record.Gid;
        inode->Size = record.Size;
        inode->AccessTime = record.AccessTime;
        inode->ModifyTime = record.ModifyTime;
        inode->ChangeTime = record.ChangeTime;
        inode->BirthTime = record.BirthTime;
        if (inode->IsProc)
        {
            inode->ProcOwner = new ObjectId(record.Device);
            inode->Device = record.ProcKey.Node == ProcNode.Multiplexer ? DeviceNumber.Multiplexer : 0;
        }
        else
            inode->Device = record.Device;
        inode->ProcKey = record.ProcKey;
        inode->TargetLength = record.TargetLength;
        inode->Seals = record.Seals;
        inode->Number = record.Number;
        inode->NameCount = record.Names;
        inode->StoredName = record.Name;
        inode->EntryCount = record.Entries;
        inode->SubdirectoryCount = record.Subdirectories;
    }
}

/// <summary>The state record of the end of a long symbolic link; its bytes follow.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SymbolicLinkTailRecord
{
    public const int Bytes = 8;

    public ObjectId Owner;
}

/// <summary>Captures the ends of long symbolic links and puts them back.</summary>
public sealed unsafe class SymbolicLinkTailCodec(FileServices files) : FileCodec(files)
{
    public override ObjectKind Kind => ObjectKind.SymbolicLinkTail;

    public override int Capture(ObjectHeader* header, Span<byte> payload)
    {
        SymbolicLinkTail* tail = (SymbolicLinkTail*)header;
        int length = Write(payload, new SymbolicLinkTailRecord { Owner = tail->Owner->Header.Id });
        ReadOnlySpan<byte> rest = Inodes.TargetOf(tail->Owner)[SymbolicLinkTail.FirstByte..];
        rest.CopyTo(payload[length..]);
        return length + rest.Length;
    }

    public override bool IsSound(ObjectHeader* header)
    {
        SymbolicLinkTail* tail = (SymbolicLinkTail*)header;
        return IsLive(tail->Owner, ObjectKind.Inode) && tail->Owner->Tail == tail && tail->Owner->TargetLength > SymbolicLinkTail.FirstByte;
    }

    public override RestoreStatus Create(ObjectTracker tracker, ObjectId id, byte version, ReadOnlySpan<byte> payload)
    {
        RestoreStatus status = Read(version, payload, -1, out SymbolicLinkTailRecord _);
        if (status != RestoreStatus.Ok)
            return status;
        SymbolicLinkTail* tail = Files.Inodes.AllocateTail();
        if (tail == null)
            return RestoreStatus.OutOfMemory;
        tracker.Adopt(&tail->Header, Kind, id);
        return RestoreStatus.Ok;
    }

    public override RestoreStatus Link(ObjectTracker tracker, ObjectHeader* header, ReadOnlySpan<byte> payload)
    {
        SymbolicLinkTail* tail = (SymbolicLinkTail*)header;
        ReadOnlySpan<byte> rest = payload[SymbolicLinkTailRecord.Bytes..];
        tail->Owner = (Inode*)tracker.Find(Reread<SymbolicLinkTailRecord>(payload).Owner, ObjectKind.Inode);
        if (tail->Owner == null)
            return RestoreStatus.MissingReference;
        if (tail->Owner->Tail != null || tail->Owner->TargetLength != SymbolicLinkTail.FirstByte + rest.Length || rest.IsEmpty)
            return RestoreStatus.BadRecord;
        tail->Owner->Tail = tail;
        rest.CopyTo(new Span<byte>(tail->Owner->TargetPage + SymbolicLinkTail.FirstByte, rest.Length));
        return RestoreStatus.Ok;
    }
}
