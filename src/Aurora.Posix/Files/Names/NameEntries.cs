using System;

namespace Aurora.Posix.Files;

/// <summary>The memory of directory entries and former names.</summary>
public sealed unsafe class NameEntries(FileState state)
{
    /// <summary>An entry of this name that is nowhere yet; null when memory is exhausted.</summary>
    internal DirectoryEntry* Allocate(ReadOnlySpan<byte> name)
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

    internal void Free(DirectoryEntry* entry)
    {
        if (entry->NameLength <= DirectoryEntry.ShortNameBytes)
            state.ShortEntries.Free(entry);
        else
            state.LongEntries.Free((LongDirectoryEntry*)entry);
    }
}
