using System;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>The index of names: entries by directory and name, in order, and by what they name.</summary>
public sealed unsafe class NameTable(FileState state, RandomSource random)
{
    /// <summary>True for what may name an entry: 1 to 255 bytes without NUL and '/', and neither "." nor "..".</summary>
    public static bool IsValidName(ReadOnlySpan<byte> name)
        => name.Length is > 0 and <= DirectoryEntry.MaxNameBytes && name.IndexOfAny((byte)0, (byte)'/') < 0
            && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8);

    /// <summary>The entry with this name, or null.</summary>
    public DirectoryEntry* Find(Inode* directory, ReadOnlySpan<byte> name)
    {
        Namespace space = state.NamespaceOf(&directory->Header);
        uint hash = HashOf(space, directory, name);
        for (DirectoryEntry* entry = space.Buckets[hash % Namespace.BucketCount]; entry != null; entry = entry->NextInBucket)
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
        DirectoryEntry* entry = (DirectoryEntry*)state.TrackerOf(&directory->Header).Find(hint, ObjectKind.DirectoryEntry);
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

    internal DirectoryEntry* AllocateEntry(ReadOnlySpan<byte> name)
    {
        DirectoryEntry* entry = name.Length <= DirectoryEntry.ShortNameBytes
            ? state.ShortEntries.Allocate()
            : (DirectoryEntry*)state.LongEntries.Allocate();
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
            state.ShortEntries.Free(entry);
        else
            state.LongEntries.Free((LongDirectoryEntry*)entry);
    }

    /// <summary>Puts an entry into the index, its directory and its target's list of names.</summary>
    internal void Connect(DirectoryEntry* entry, Inode* directory, Inode* target)
    {
        Namespace space = state.NamespaceOf(&directory->Header);
        // By now the random source has been seeded, and nobody has used the old key.
        if (space.EntryCount == 0)
            ChooseHashKey(space);
        entry->Directory = directory;
        entry->Target = target;
        entry->Hash = HashOf(space, directory, DirectoryEntry.NameOf(entry));
        DirectoryEntry** bucket = &space.Buckets[entry->Hash % Namespace.BucketCount];
        entry->NextInBucket = *bucket;
        *bucket = entry;
        InsertInOrder(directory, entry);
        AttachName(entry);
        space.EntryCount++;
    }

    /// <summary>Takes an entry out of all of them.</summary>
    internal void Disconnect(DirectoryEntry* entry)
    {
        Namespace space = state.NamespaceOf(&entry->Header);
        DirectoryEntry** link = &space.Buckets[entry->Hash % Namespace.BucketCount];
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
        space.EntryCount--;
    }

    /// <summary>Makes an entry name another inode (rename's exchange); link counts move along.</summary>
    internal void Retarget(DirectoryEntry* entry, Inode* target)
    {
        DetachName(entry);
        entry->Target = target;
        AttachName(entry);
        state.MarkChanged(&entry->Header);
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

    private void ChooseHashKey(Namespace space)
    {
        Span<byte> key = stackalloc byte[2 * sizeof(ulong)];
        random.Fill(key);
        space.HashKey0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        space.HashKey1 = BinaryPrimitives.ReadUInt64LittleEndian(key[sizeof(ulong)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint HashOf(Namespace space, Inode* directory, ReadOnlySpan<byte> name)
        => (uint)NameHash.Of(space.HashKey0, space.HashKey1, directory->Header.Id.Value, name);
}
