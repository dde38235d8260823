// Which groups there are, by name and number: entries in a slab, and an array of them in the order of their numbers, which grows. A name is
// 1 to 31 letters, digits, '.', '_' and '-', begins with a letter or digit, and is no number, so that a number is always a number. An entry
// never moves. Protected by the kernel lock.
using System;
using System.Buffers.Text;
using Aurora.Base;
using Aurora.Store;

namespace Aurora.Checkpoint;

/// <summary>The list of groups.</summary>
internal sealed unsafe class GroupDirectory(PageAllocator pages)
{
    private const int PerPage = PageSize.Bytes / 8;

    private readonly Slab<GroupEntry> _entries = new(pages, GroupTable.MaxGroups);
    private GroupEntry** _sorted;
    private int _sortedPages;
    private int _count;

    // What somebody has called g999999999999 does not use the numbers up.
    private const ulong MostNamed = uint.MaxValue;

    // The highest number a name was made of: what has gone does not lend its name to another one soon.
    private ulong _lastNamed;

    /// <summary>
    /// A new entry, on its way into memory; null when there is no memory for it, or there are too many. The name is allowed and free, the
    /// volume in no entry.
    /// </summary>
    public GroupEntry* Add(ReadOnlySpan<byte> name, VolumeId volume)
        => Add(name, new GroupEntry { Volume = volume.Value, Stored = volume.Value });

    /// <summary>As above, of what is known of the group: its volumes, and whether it is ephemeral.</summary>
    public GroupEntry* Add(ReadOnlySpan<byte> name, in GroupEntry about)
    {
        GroupEntry* entry = Reserve() ? _entries.Allocate() : null;
        if (entry == null)
            return null;
        *entry = about;
        entry->Phase = GroupPhase.Moving;
        entry->NameLength = name.Length;
        name.CopyTo(new Span<byte>(entry->Name, GroupEntry.MaxNameBytes));
        int place = PlaceOf(about.Volume);
        // SAFETY: there is room for one more.
        new ReadOnlySpan<nint>(_sorted + place, _count - place).CopyTo(new Span<nint>(_sorted + place + 1, _count - place));
        _sorted[place] = entry;
        _count++;
        if (name[0] == (byte)'g' && IsNumber(name[1..], out ulong number) && number <= MostNamed)
            _lastNamed = Math.Max(_lastNamed, number);
        return entry;
    }

    public void Remove(GroupEntry* entry)
    {
        int place = PlaceOf(entry->Volume);
        Panic.Unless(At(place) == entry, "groups: removed one that is not in the list"u8);
        _count--;
        new ReadOnlySpan<nint>(_sorted + place + 1, _count - place).CopyTo(new Span<nint>(_sorted + place, _count - place));
        _entries.Free(entry);
    }

    /// <summary>The <paramref name="index"/>-th group in the order of their numbers; null past the last.</summary>
    public GroupEntry* At(int index) => (uint)index < (uint)_count ? _sorted[index] : null;

    /// <summary>The group that a name or a number means; null for none.</summary>
    public GroupEntry* Find(ReadOnlySpan<byte> name)
    {
        if (IsNumber(name, out ulong number))
        {
            GroupEntry* numbered = number < ulong.MaxValue - VolumeId.First.Value ? At(PlaceOf(number + VolumeId.First.Value)) : null;
            return numbered != null && numbered->Number == number ? numbered : null;
        }
        for (int i = 0; i < _count; i++)
        {
            if (_sorted[i]->IsNamed(name))
                return _sorted[i];
        }
        return null;
    }

    /// <summary>The group with these tables; null for one that nobody manages.</summary>
    public GroupEntry* Find(ObjectTracker group) => FindAt(group.Index);

    /// <summary>The group with this index, of which others may have known before it had it; null for none.</summary>
    public GroupEntry* FindAt(uint index)
    {
        for (int i = 0; i < _count; i++)
        {
            GroupEntry* entry = _sorted[i];
            if (entry->Phase is GroupPhase.Present or GroupPhase.Moving && entry->Index == index)
                return entry;
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

    /// <summary>A name for a group that was given none: the next free one of g1, g2, and so on.</summary>
    public int NameNew(Span<byte> buffer)
    {
        for (;;)
        {
            var name = new Utf8Writer(buffer);
            name.Append((byte)'g');
            name.AppendDecimal(++_lastNamed);
            if (Find(name.Written) == null)
                return name.Length;
        }
    }

    // The place of the first entry with this volume or a later one.
    private int PlaceOf(ulong volume)
    {
        int low = 0;
        int high = _count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_sorted[middle]->Volume >= volume)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    private bool Reserve()
    {
        if (_count < _sortedPages * PerPage)
            return true;
        int more = _sortedPages == 0 ? 1 : _sortedPages * 2;
        GroupEntry** sorted = (GroupEntry**)pages.Allocate(more);
        if (sorted == null)
            return false;
        new ReadOnlySpan<nint>(_sorted, _count).CopyTo(new Span<nint>(sorted, _count));
        if (_sorted != null)
            pages.Free(_sorted, _sortedPages);
        _sorted = sorted;
        _sortedPages = more;
        return true;
    }

    private static bool IsNumber(ReadOnlySpan<byte> name, out ulong number)
        => Utf8Parser.TryParse(name, out number, out int used) && used == name.Length;
}
