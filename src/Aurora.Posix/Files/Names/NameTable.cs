// Names by directory and name, in order, and by what they name. A lookup that finds its answer in memory is one hash and one look into a
// bucket; what is not there is asked for (NameRequests), and the answer is EIOCBQUEUED: nothing has happened, the caller begins again
// later. Protected by the kernel lock.
using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>Finds names, and puts them where they belong.</summary>
public sealed unsafe class NameTable
{
    private readonly FileState _state;
    private readonly RandomSource _random;
    private readonly NameRequests _requests;
    private readonly NameRoom _room;
    private readonly NameBucketTable _buckets;

    internal NameTable(FileState state, RandomSource random, NameRequests requests, NameRoom room, NameBucketTable buckets)
    {
        _room = room;
        _state = state;
        _random = random;
        _requests = requests;
        _buckets = buckets;
    }

    /// <summary>True for what may name an entry: 1 to 255 bytes without NUL and '/', and neither "." nor "..".</summary>
    public static bool IsValidName(ReadOnlySpan<byte> name)
        => name.Length is > 0 and <= DirectoryEntry.MaxNameBytes && name.IndexOfAny((byte)0, (byte)'/') < 0
            && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    /// <summary>Ok with the entry of this name, or with null when the directory has none; or what stands in the way of knowing.</summary>
    public Errno Find(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, out DirectoryEntry* found)
        => Find(in caller, directory, name, HashOf(directory, name), out found);

    /// <summary>As above, of a name whose hash is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Errno Find(in FileCaller caller, Inode* directory, ReadOnlySpan<byte> name, uint hash, out DirectoryEntry* found)
    {
        DirectoryEntry** slot = NameBucketTable.SlotOf(directory, hash);
        DirectoryEntry* entry = slot == null ? NameBuckets.Marked(BucketMark.Unknown) : *slot;
        while ((nuint)entry > (nuint)BucketMark.NoMemory)
        {
            if (entry->Hash == hash && DirectoryEntry.IsNamed(entry, name))
            {
                if (entry->State == EntryState.Idle)
                    entry->State = EntryState.Fine;
                found = entry;
                return Errno.Ok;
            }
            entry = entry->NextInBucket;
        }
        found = null;
        return entry == null ? Errno.Ok : NotKnownOf(in caller, directory, hash, NameBuckets.MarkOf(entry));
    }

    private Errno NotKnownOf(in FileCaller caller, Inode* directory, uint hash, BucketMark mark)
        => NotKnown(in caller, directory, NameBucketTable.Reverse(hash), mark, isListing: false);

    /// <summary>Makes sure that what an entry leads to is in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Errno Follow(in FileCaller caller, DirectoryEntry* entry) => entry->Target != null ? Errno.Ok : FollowStored(in caller, entry);

    private Errno FollowStored(in FileCaller caller, DirectoryEntry* entry)
    {
        if (entry->State == EntryState.Lost)
            return Errno.EIO;
        if (entry->State == EntryState.NoMemory)
        {
            entry->State = EntryState.Fine;
            return _room.Lack(in caller, Errno.ENOMEM);
        }
        Inode* target = (Inode*)_state.TrackerOf(&entry->Header).Find(entry->TargetId, ObjectKind.Inode);
        if (target == null)
            return _requests.AwaitTarget(in caller, entry);
        if (MayAttach(entry, target))
        {
            Attach(entry, target);
            return Errno.Ok;
        }
        entry->State = EntryState.Lost;
        ReportLost(entry, " leads to a file that contradicts it"u8);
        return Errno.EIO;
    }

    private Errno NotKnown(in FileCaller caller, Inode* directory, uint from, BucketMark mark, bool isListing)
    {
        if (mark == BucketMark.Unknown && directory->Entries.Unsaid != BucketMark.None)
        {
            mark = directory->Entries.Unsaid;
            directory->Entries.Unsaid = BucketMark.None;
            return mark == BucketMark.Unreadable ? Errno.EIO : _room.Lack(in caller, Errno.ENOMEM);
        }
        if (mark == BucketMark.Unreadable)
            return Errno.EIO;
        if (mark == BucketMark.Unknown)
            return _requests.AwaitEntries(in caller, directory, from, isListing);
        _buckets.Mark(directory, NameBucketTable.Reverse(from), BucketMark.Unknown);
        return _room.Lack(in caller, Errno.ENOMEM);
    }

    /// <summary>The first entry of a directory after a position (d_off), null at the end; or what stands in the way of knowing.</summary>
    public Errno Next(in FileCaller caller, Inode* directory, ulong position, out DirectoryEntry* entry)
    {
        entry = null;
        ulong place = position <= DirectoryEntry.FirstPosition ? 0 : DirectoryEntry.PlaceAfter(position);
        while (place < (ulong)NameBucketTable.HashLimit << FileIds.TurnBits)
        {
            uint ordered = (uint)(place >> FileIds.TurnBits);
            uint hash = NameBucketTable.Reverse(ordered);
            BucketMark mark = NameBucketTable.MarkOf(directory, hash);
            if (mark != BucketMark.None)
                return NotKnown(in caller, directory, ordered, mark, isListing: true);
            entry = NameBucketTable.FirstAt(*NameBucketTable.SlotOf(directory, hash), place);
            if (entry != null)
                return Errno.Ok;
            place = (ulong)NameBucketTable.RangeOf(directory, ordered).End << FileIds.TurnBits;
        }
        return Errno.Ok;
    }

    /// <summary>Ok when a directory has no entries, ENOTEMPTY when it has; or what stands in the way of knowing.</summary>
    internal Errno CheckEmpty(in FileCaller caller, Inode* directory)
    {
        if (directory->EntryCount != 0 || directory->Entries.LoadedCount != 0)
            return Errno.ENOTEMPTY;
        if (directory->Entries.IsComplete)
            return Errno.Ok;
        Errno error = Next(in caller, directory, 0, out DirectoryEntry* entry);
        return error != Errno.Ok ? error : entry != null ? Errno.ENOTEMPTY : Errno.Ok;
    }

    /// <summary>True when a directory, where a name of this hash is known not to be, has room for it.</summary>
    internal static bool HasRoomFor(Inode* directory, uint hash) => NameBucketTable.FreeTurn(directory, hash) >= 0;

    /// <summary>
    /// Gives an entry its place in a directory, where its name is known not to be and has room, and a target; the caller registers it, by
    /// the id of its place.
    /// </summary>
    internal void Connect(DirectoryEntry* entry, uint hash, Inode* directory, Inode* target)
    {
        Namespace* space = _state.NamespaceOf(&directory->Header);
        entry->Directory = directory;
        entry->Hash = hash;
        int turn = NameBucketTable.FreeTurn(directory, entry->Hash);
        Panic.Unless(turn >= 0, "names: no room for a name"u8);
        entry->Place = NameBucketTable.PlaceOf(entry->Hash, turn);
        _buckets.Insert(directory, entry);
        directory->EntryCount++;
        AttachNew(entry, target);
        space->EntryCount++;
        _buckets.Grow(directory);
    }

    /// <summary>The id of an entry that has its place.</summary>
    internal static ObjectId IdOf(DirectoryEntry* entry) => FileIds.OfName(entry->Directory->Number, entry->Place);

    /// <summary>Takes an entry out of its directory and its target's names.</summary>
    internal void Disconnect(DirectoryEntry* entry)
    {
        NameBucketTable.Remove(entry->Directory, entry);
        NameBucketTable.NoteTaken(entry->Directory, entry->Hash, _state.TrackerOf(&entry->Header).NextCapture);
        if (entry->Directory->EntryCount > 0)
            entry->Directory->EntryCount--;
        Detach(entry);
        _state.NamespaceOf(&entry->Header)->EntryCount--;
    }

    /// <summary>Makes an entry name another inode (rename's exchange); link counts move along.</summary>
    internal void Retarget(DirectoryEntry* entry, Inode* target)
    {
        Detach(entry);
        AttachNew(entry, target);
        _state.MarkChanged(&entry->Header);
    }

    /// <summary>
    /// What an entry says of a file, and the file of its names, fit together: a directory has one name, and says which. So no two ways lead
    /// to a directory, and none leads back to where it came from, whatever the entries say.
    /// </summary>
    internal static bool MayAttach(DirectoryEntry* entry, Inode* target)
        => entry->TargetType == InodeMode.DirectoryType(target->Mode) && target->AttachedCount < target->NameCount
            && (!target->IsDirectory || target->StoredName == entry->Header.Id);

    /// <summary>Attaches an entry to what it leads to, both of which the store has as they are.</summary>
    internal static void Attach(DirectoryEntry* entry, Inode* target)
    {
        entry->Target = target;
        entry->NextName = target->FirstName;
        target->FirstName = entry;
        target->AttachedCount++;
        if (target->IsDirectory)
            target->Parent = entry->Directory;
    }

    private static void AttachNew(DirectoryEntry* entry, Inode* target)
    {
        entry->TargetId = target->Header.Id;
        entry->TargetType = InodeMode.DirectoryType(target->Mode);
        target->NameCount++;
        if (target->StoredName.IsNone && target->FormerName == null)
            target->StoredName = IdOf(entry);
        Attach(entry, target);
        if (target->IsDirectory)
            entry->Directory->SubdirectoryCount++;
    }

    private static void Detach(DirectoryEntry* entry)
    {
        Inode* target = entry->Target;
        DirectoryEntry** link = &target->FirstName;
        while (*link != entry)
            link = &(*link)->NextName;
        *link = entry->NextName;
        target->NameCount--;
        target->AttachedCount--;
        if (target->StoredName == entry->Header.Id)
            target->StoredName = target->FirstName != null ? target->FirstName->Header.Id : default;
        if (target->NameCount == 0)
            target->StoredName = default;
        if (!target->IsDirectory)
            return;
        if (target->Parent == entry->Directory)
            target->Parent = null;
        if (entry->Directory->SubdirectoryCount > 0)
            entry->Directory->SubdirectoryCount--;
    }

    /// <summary>What hides a name from everybody is on the kernel's log.</summary>
    internal void ReportLost(DirectoryEntry* entry, ReadOnlySpan<byte> what)
    {
        _state.Contradictions++;
        Span<byte> buffer = stackalloc byte[DirectoryEntry.MaxNameBytes + 160];
        var line = new Utf8Writer(buffer);
        line.Append("files: the name "u8);
        line.Append(DirectoryEntry.NameOf(entry));
        line.Append(" in directory "u8);
        line.AppendDecimal(entry->Directory->Number);
        line.Append(what);
        KernelLog.Line(line.Written);
    }

    /// <summary>The hash of a name in a directory, <see cref="FileIds.HashBits"/> of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint HashOf(Inode* directory, ReadOnlySpan<byte> name)
        => HashOf(_state.NamespaceOf(&directory->Header)->Tree, directory, name);

    /// <summary>As above, in a directory of this tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal uint HashOf(FileTree* tree, Inode* directory, ReadOnlySpan<byte> name)
    {
        if (!tree->HasKey)
            ChooseHashKey(tree);
        return (uint)NameHash.Of(tree->HashKey0, tree->HashKey1, directory->Number, name) & (NameBucketTable.HashLimit - 1);
    }

    // With the first name: by then the random source has been seeded.
    private void ChooseHashKey(FileTree* tree)
    {
        Span<byte> key = stackalloc byte[2 * sizeof(ulong)];
        _random.Fill(key);
        tree->HashKey0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        tree->HashKey1 = BinaryPrimitives.ReadUInt64LittleEndian(key[sizeof(ulong)..]);
        tree->HasKey = true;
        _state.MarkChanged(&tree->Header);
    }
}
