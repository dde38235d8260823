// The directory tree of one consistency group. Entries are found through one hash table keyed by directory and name, under a secret that
// every boot chooses anew; each directory also has the list of its entries in id order. /proc is part of every tree: its top directory is
// an ordinary pinned inode, what is below it is made on demand (ProcFileSystem). /dev consists of ordinary device inodes made with the
// image (StandardTree).
using System;
using System.Buffers.Binary;
using Aurora.Base;
using Aurora.Posix.SystemCalls;

namespace Aurora.Posix.Files;

/// <summary>The names of one group's files and the operations on them. Inodes it hands out are held; the caller releases them.</summary>
public sealed unsafe partial class Namespace
{
    private const int BucketPages = 64;
    private const uint BucketCount = BucketPages * PageSize.Bytes / 8;

    private readonly FileServices _files;
    private readonly DirectoryEntry** _buckets;
    private ulong _hashKey0;
    private ulong _hashKey1;

    internal Namespace(FileServices files, ObjectTracker tracker)
    {
        _files = files;
        Tracker = tracker;
        _buckets = (DirectoryEntry**)files.State.Pages.Allocate(BucketPages);
        Panic.Unless(_buckets != null, "namespace: no memory for the index"u8);
    }

    public ObjectTracker Tracker { get; }
    public FileServices Files => _files;

    /// <summary>The root directory; null until <see cref="CreateRoot"/> or a restore has made it.</summary>
    public Inode* Root { get; internal set; }

    /// <summary>The directory /proc; null when the tree has none.</summary>
    public Inode* ProcRoot { get; internal set; }

    public int EntryCount { get; private set; }

    /// <summary>Makes the root directory of a new tree; false when memory is exhausted.</summary>
    public bool CreateRoot()
    {
        Panic.Unless(Root == null, "namespace: a second root"u8);
        Inode* root = _files.Inodes.Create(Tracker, InodeMode.Directory | 0x1ED, 0, 0);
        if (root == null)
            return false;
        root->Flags = InodeFlags.Root;
        root->Parent = root;
        Root = root;
        return true;
    }

    /// <summary>True for what may name an entry: 1 to 255 bytes without NUL and '/', and neither "." nor "..".</summary>
    public static bool IsValidName(ReadOnlySpan<byte> name)
        => name.Length is > 0 and <= DirectoryEntry.MaxNameBytes && name.IndexOfAny((byte)0, (byte)'/') < 0
            && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    /// <summary>The entry with this name, or null.</summary>
    public DirectoryEntry* Find(Inode* directory, ReadOnlySpan<byte> name)
    {
        uint hash = HashOf(directory, name);
        for (DirectoryEntry* entry = _buckets[hash % BucketCount]; entry != null; entry = entry->NextInBucket)
        {
            if (entry->Hash == hash && entry->Directory == directory && DirectoryEntry.NameOf(entry).SequenceEqual(name))
                return entry;
        }
        return null;
    }

    /// <summary>The first entry of a directory after a position (d_off), or null at the end.</summary>
    public DirectoryEntry* FirstAfter(Inode* directory, ulong position, ObjectId hint)
    {
        if (position <= DirectoryEntry.FirstPosition)
            return directory->FirstEntry;
        DirectoryEntry* entry = (DirectoryEntry*)Tracker.Find(hint, ObjectKind.DirectoryEntry);
        if (entry == null || entry->Directory != directory || entry->Position > position)
            entry = directory->FirstEntry;
        while (entry != null && entry->Position <= position)
            entry = entry->Next;
        return entry;
    }

    /// <summary>The next entry of an open directory after a position, remembered so that going on is fast; null at the end.</summary>
    public DirectoryEntry* Next(OpenFile* file, ulong position)
    {
        DirectoryEntry* entry = FirstAfter(file->Inode, position, file->DirectoryHint);
        file->DirectoryHint = entry == null ? default : entry->Header.Id;
        return entry;
    }

    /// <summary>Names an inode. The caller has checked that the name is free and allowed; false when memory is exhausted.</summary>
    internal bool AddEntry(Inode* directory, ReadOnlySpan<byte> name, Inode* target)
    {
        DirectoryEntry* entry = AllocateEntry(name);
        if (entry == null)
            return false;
        Tracker.Register(&entry->Header, ObjectKind.DirectoryEntry);
        Connect(entry, directory, target);
        _files.Stamps.TouchContents(directory);
        _files.Stamps.TouchStatus(target);
        return true;
    }

    /// <summary>Takes a name away; with the last one the target ends, or remembers it while it is in use.</summary>
    internal void RemoveEntry(DirectoryEntry* entry)
    {
        Inode* target = entry->Target;
        TakeOut(entry);
        if (target->NameCount == 0 && !target->IsUnused)
        {
            BecomeFormer(entry);
            return;
        }
        FreeEntry(entry);
        _files.Inodes.EndIfUnused(target);
    }

    // The caller frees the entry, and does something about a target without names.
    private void TakeOut(DirectoryEntry* entry)
    {
        _files.Stamps.TouchContents(entry->Directory);
        _files.Stamps.TouchStatus(entry->Target);
        Disconnect(entry);
        Tracker.Remove(&entry->Header);
    }

    /// <summary>Makes an entry name another inode (rename's exchange); link counts move along.</summary>
    internal void Retarget(DirectoryEntry* entry, Inode* target)
    {
        DetachName(entry);
        entry->Target = target;
        AttachName(entry);
        Tracker.MarkChanged(&entry->Header);
    }

    internal DirectoryEntry* AllocateEntry(ReadOnlySpan<byte> name)
    {
        DirectoryEntry* entry = name.Length <= DirectoryEntry.ShortNameBytes
            ? _files.State.ShortEntries.Allocate()
            : (DirectoryEntry*)_files.State.LongEntries.Allocate();
        if (entry == null)
            return null;
        entry->NameLength = (byte)name.Length;
        // SAFETY: a name longer than the short limit lies in a LongDirectoryEntry, which continues right after the short name's bytes.
        name.CopyTo(new Span<byte>(entry->NameBytes, name.Length));
        return entry;
    }

    internal void FreeEntry(DirectoryEntry* entry)
    {
        if (entry->NameLength <= DirectoryEntry.ShortNameBytes)
            _files.State.ShortEntries.Free(entry);
        else
            _files.State.LongEntries.Free((LongDirectoryEntry*)entry);
    }

    /// <summary>Puts an entry into the index, its directory and its target's list of names.</summary>
    internal void Connect(DirectoryEntry* entry, Inode* directory, Inode* target)
    {
        // By now the random source has been seeded, and nobody has used the old key.
        if (EntryCount == 0)
            ChooseHashKey();
        entry->Directory = directory;
        entry->Target = target;
        entry->Hash = HashOf(directory, DirectoryEntry.NameOf(entry));
        DirectoryEntry** bucket = &_buckets[entry->Hash % BucketCount];
        entry->NextInBucket = *bucket;
        *bucket = entry;
        InsertInOrder(directory, entry);
        AttachName(entry);
        EntryCount++;
    }

    private void Disconnect(DirectoryEntry* entry)
    {
        DirectoryEntry** link = &_buckets[entry->Hash % BucketCount];
        while (*link != entry)
            link = &(*link)->NextInBucket;
        *link = entry->NextInBucket;
        Inode* directory = entry->Directory;
        if (entry->Previous != null)
            entry->Previous->Next = entry->Next;
        else
            directory->FirstEntry = entry->Next;
        if (entry->Next != null)
            entry->Next->Previous = entry->Previous;
        else
            directory->LastEntry = entry->Previous;
        directory->EntryCount--;
        DetachName(entry);
        EntryCount--;
    }

    // New entries have the highest id and go to the end at once; so do restored ones when records come in id order.
    private static void InsertInOrder(Inode* directory, DirectoryEntry* entry)
    {
        DirectoryEntry* previous = directory->LastEntry;
        while (previous != null && previous->Header.Id > entry->Header.Id)
            previous = previous->Previous;
        entry->Previous = previous;
        entry->Next = previous == null ? directory->FirstEntry : previous->Next;
        if (entry->Next != null)
            entry->Next->Previous = entry;
        else
            directory->LastEntry = entry;
        if (previous != null)
            previous->Next = entry;
        else
            directory->FirstEntry = entry;
        directory->EntryCount++;
    }

    private static void AttachName(DirectoryEntry* entry)
    {
        Inode* target = entry->Target;
        entry->NextName = target->FirstName;
        target->FirstName = entry;
        target->NameCount++;
        if (!target->IsDirectory)
            return;
        target->Parent = entry->Directory;
        entry->Directory->SubdirectoryCount++;
    }

    private static void DetachName(DirectoryEntry* entry)
    {
        Inode* target = entry->Target;
        DirectoryEntry** link = &target->FirstName;
        while (*link != entry)
            link = &(*link)->NextName;
        *link = entry->NextName;
        target->NameCount--;
        if (!target->IsDirectory)
            return;
        if (target->Parent == entry->Directory)
            target->Parent = null;
        entry->Directory->SubdirectoryCount--;
    }

    private void ChooseHashKey()
    {
        Span<byte> key = stackalloc byte[2 * sizeof(ulong)];
        _files.Random.Fill(key);
        _hashKey0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _hashKey1 = BinaryPrimitives.ReadUInt64LittleEndian(key[sizeof(ulong)..]);
    }

    private uint HashOf(Inode* directory, ReadOnlySpan<byte> name)
        => (uint)NameHash.Of(_hashKey0, _hashKey1, directory->Header.Id.Value, name);
}
