using System;
using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>Makes entries of the records of a directory's names.</summary>
internal sealed unsafe class StoredNames(FileState state, NameTable names, NameEntries entries, NameBucketTable buckets)
{
    /// <summary>
    /// Makes the bucket of a hash, which counts in the order of places and is not known, known: the directory has these records there.
    /// False when out of memory: then nothing has changed. What is no name is passed over, and named on the kernel's log.
    /// </summary>
    public bool Install(Inode* directory, uint from, byte* room, ReadOnlySpan<StoredRecord> records)
    {
        ObjectTracker group = state.TrackerOf(&directory->Header);
        uint hash = NameBucketTable.Reverse(from);
        if (!buckets.Reserve(directory, hash) || !group.ReserveAdoptions(records.Length))
            return false;
        DirectoryEntry* first = null;
        foreach (ref readonly StoredRecord record in records)
        {
            state.Pages.Accounts.Enter(record.User, isPrivileged: true);
            RestoreStatus status = Make(directory, first, room, in record, out DirectoryEntry* entry);
            if (status == RestoreStatus.OutOfMemory)
            {
                Free(first);
                return false;
            }
            if (status != RestoreStatus.Ok)
            {
                Report(directory, in record);
                continue;
            }
            entry->NextInBucket = first;
            first = entry;
        }
        NameBucketTable.BeginKnown(directory, hash);
        while (first != null)
        {
            DirectoryEntry* entry = first;
            first = entry->NextInBucket;
            buckets.Insert(directory, entry);
            group.Adopt(&entry->Header, ObjectKind.DirectoryEntry, NameTable.IdOf(entry));
            state.NamespaceOf(&directory->Header)->EntryCount++;
        }
        return true;
    }

    /// <summary>More buckets until the one of a hash has none at or behind another; false when that cannot be.</summary>
    public bool Narrow(Inode* directory, uint ordered, uint end) => buckets.Narrow(directory, ordered, end);

    public void Mark(Inode* directory, uint hash, BucketMark mark) => buckets.Mark(directory, hash, mark);

    /// <summary>A directory has as many entries as are there, whatever its record says.</summary>
    public void NoteCount(Inode* directory)
    {
        uint loaded = directory->Entries.LoadedCount;
        if (directory->EntryCount == loaded || (directory->EntryCount > loaded && !directory->Entries.IsComplete))
            return;
        state.Contradictions++;
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append("files: directory "u8);
        line.AppendDecimal(directory->Number);
        line.Append(" should have "u8);
        line.AppendDecimal(directory->EntryCount);
        line.Append(" names and has "u8);
        line.AppendDecimal(loaded);
        KernelLog.Line(line.Written);
        directory->EntryCount = loaded;
        directory->SubdirectoryCount = Math.Min(directory->SubdirectoryCount, loaded);
        buckets.Grow(directory);
    }

    private RestoreStatus Make(Inode* directory, DirectoryEntry* others, byte* room, in StoredRecord record, out DirectoryEntry* entry)
    {
        entry = null;
        var payload = new ReadOnlySpan<byte>(room + record.Start, record.Length);
        bool isName = DirectoryEntryCodec.TryRead(record.Version, payload, out DirectoryEntryRecord fields, out ReadOnlySpan<byte> name);
        if (record.Kind != ObjectKind.DirectoryEntry || !isName)
            return RestoreStatus.BadRecord;
        uint place = FileIds.PlaceOf(record.Id);
        uint hash = names.HashOf(directory, name);
        if (place >> FileIds.TurnBits != NameBucketTable.Reverse(hash) || IsAmong(others, name))
            return RestoreStatus.BadRecord;
        entry = entries.Allocate(name);
        if (entry == null)
            return RestoreStatus.OutOfMemory;
        entry->Directory = directory;
        entry->Hash = hash;
        entry->Place = place;
        entry->TargetId = fields.Target;
        entry->TargetType = fields.TargetType;
        return RestoreStatus.Ok;
    }

    private static bool IsAmong(DirectoryEntry* first, ReadOnlySpan<byte> name)
    {
        for (DirectoryEntry* entry = first; entry != null; entry = entry->NextInBucket)
        {
            if (DirectoryEntry.NameOf(entry).SequenceEqual(name))
                return true;
        }
        return false;
    }

    private void Free(DirectoryEntry* first)
    {
        while (first != null)
        {
            DirectoryEntry* entry = first;
            first = entry->NextInBucket;
            entries.Free(entry);
        }
    }

    private void Report(Inode* directory, in StoredRecord record)
    {
        state.Contradictions++;
        Span<byte> buffer = stackalloc byte[160];
        var line = new Utf8Writer(buffer);
        line.Append("files: a name in directory "u8);
        line.AppendDecimal(directory->Number);
        line.Append(" is lost: its record at place "u8);
        line.AppendDecimal(FileIds.PlaceOf(record.Id));
        line.Append(" is impossible"u8);
        KernelLog.Line(line.Written);
    }
}
