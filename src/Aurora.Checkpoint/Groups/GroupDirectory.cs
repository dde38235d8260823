// Which groups there are, by name and number. A name is 1 to 31 letters, digits, '.', '_' and '-', begins with a letter or digit, and is no
// number, so that a number is always a number. An entry never moves. Protected by the kernel lock.
using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Posix.Files;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The list of groups.</summary>
internal sealed unsafe class GroupDirectory
{
    /// <summary>Groups there may be at once.</summary>
    public const int Capacity = FileState.MaxTrees;

    private readonly GroupEntry* _entries;

    public GroupDirectory(PageAllocator pages)
    {
        _entries = (GroupEntry*)pages.Allocate((int)PageSize.PagesFor((ulong)(Capacity * sizeof(GroupEntry))));
        Panic.Unless(_entries != null, "groups: no memory for their list"u8);
    }

    /// <summary>A new entry, on its way into memory; null when there are too many. The name is allowed and free.</summary>
    public GroupEntry* Add(ReadOnlySpan<byte> name, VolumeId volume)
    {
        for (int i = 0; i < Capacity; i++)
        {
            GroupEntry* entry = &_entries[i];
            if (entry->Phase != GroupPhase.None)
                continue;
            *entry = new GroupEntry { Phase = GroupPhase.Moving, Volume = volume.Value, NameLength = name.Length };
            name.CopyTo(new Span<byte>(entry->Name, GroupEntry.MaxNameBytes));
            return entry;
        }
        return null;
    }

    public void Remove(GroupEntry* entry) => *entry = default;

    /// <summary>The <paramref name="index"/>-th group in the order of their numbers; null past the last.</summary>
    public GroupEntry* At(int index)
    {
        ulong after = 0;
        GroupEntry* next = null;
        for (int i = 0; i <= index; i++)
        {
            next = NextAfter(after);
            if (next == null)
                return null;
            after = next->Volume;
        }
        return next;
    }

    /// <summary>The group that a name or a number means; null for none.</summary>
    public GroupEntry* Find(ReadOnlySpan<byte> name)
    {
        bool isNumber = IsNumber(name, out ulong number);
        for (int i = 0; i < Capacity; i++)
        {
            GroupEntry* entry = &_entries[i];
            if (entry->Phase == GroupPhase.None)
                continue;
            if (isNumber ? entry->Volume != 0 && entry->Number == number : entry->IsNamed(name))
                return entry;
        }
        return null;
    }

    /// <summary>The group with these tables; null for one that nobody manages.</summary>
    public GroupEntry* Find(ObjectTracker group)
    {
        for (int i = 0; i < Capacity; i++)
        {
            bool isInMemory = _entries[i].Phase is GroupPhase.Present or GroupPhase.Moving;
            if (isInMemory && _entries[i].Volume != 0 && _entries[i].Index == group.Index)
                return &_entries[i];
        }
        return null;
    }

    /// <summary>True for what may be the name of a group.</summary>
    public static bool IsAllowed(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > GroupEntry.MaxNameBytes || !char.IsAsciiLetterOrDigit((char)name[0]))
            return false;
        bool isNumber = true;
        foreach (byte letter in name)
        {
            isNumber &= char.IsAsciiDigit((char)letter);
            if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'.' or (byte)'_' or (byte)'-'))
                return false;
        }
        return !isNumber;
    }

    /// <summary>A name for a group that was given none: the first free one of g1, g2, and so on.</summary>
    public int NameNew(Span<byte> buffer)
    {
        for (int number = 1; ; number++)
        {
            var name = new Utf8Writer(buffer);
            name.Append((byte)'g');
            name.AppendDecimal(number);
            if (Find(name.Written) == null)
                return name.Length;
        }
    }

    private GroupEntry* NextAfter(ulong volume)
    {
        GroupEntry* next = null;
        for (int i = 0; i < Capacity; i++)
        {
            GroupEntry* entry = &_entries[i];
            bool isLater = entry->Phase != GroupPhase.None && entry->Volume > volume;
            if (isLater && (next == null || entry->Volume < next->Volume))
                next = entry;
        }
        return next;
    }

    private static bool IsNumber(ReadOnlySpan<byte> name, out ulong number)
        => Utf8Parser.TryParse(name, out number, out int used) && used == name.Length;
}
