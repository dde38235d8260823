using System;
using System.Collections.Generic;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>What an object store does with an epoch, as plain dictionaries.</summary>
internal sealed unsafe class ModelStore
{
    private readonly Dictionary<ulong, Dictionary<ulong, byte[]>> _objects = [];

    public Dictionary<ulong, (ObjectKind Kind, byte[] Payload)> Records { get; } = [];

    /// <summary>The id the next new object gets.</summary>
    public ObjectId NextId { get; set; } = new(1);

    /// <summary>The stored bytes of a page, or null for a hole.</summary>
    public byte[]? Page(ulong id, ulong page) => _objects.TryGetValue(id, out var pages) ? pages.GetValueOrDefault(page) : null;

    /// <summary>Stores a page of an object.</summary>
    public void SetPage(ulong id, ulong page, byte[] bytes)
    {
        if (!_objects.TryGetValue(id, out Dictionary<ulong, byte[]>? pages))
            _objects[id] = pages = [];
        pages[page] = bytes;
    }

    /// <summary>Cuts an object's pages from one on.</summary>
    public void Cut(ulong id, ulong first)
    {
        foreach (ulong page in new List<ulong>(_objects.GetValueOrDefault(id)?.Keys ?? (IEnumerable<ulong>)[]))
        {
            if (page >= first)
                _objects[id].Remove(page);
        }
    }

    /// <summary>The first run of stored pages at or behind a page.</summary>
    public void NextPages(ulong id, ulong page, out ulong present, out ulong presentEnd)
    {
        Dictionary<ulong, byte[]> pages = _objects.GetValueOrDefault(id) ?? [];
        present = presentEnd = ulong.MaxValue;
        foreach (ulong stored in pages.Keys)
            present = stored >= page && stored < present ? stored : present;
        if (present == ulong.MaxValue)
            return;
        for (presentEnd = present; pages.ContainsKey(presentEnd);)
            presentEnd++;
    }

    public bool Knows(ulong id) => _objects.ContainsKey(id);

    public void Apply(FrozenEpoch* epoch, Dictionary<ulong, (ObjectKind Kind, byte[] Payload)> records, List<ulong> ended, FramePool frames)
    {
        for (ChangeSet* set = epoch->First; set != null; set = set->Next)
        {
            if (set->IsClone)
                _objects[set->Id.Value] = new Dictionary<ulong, byte[]>(_objects[set->CloneSource.Value]);
        }
        foreach (ulong id in ended)
        {
            _objects.Remove(id);
            Records.Remove(id);
        }
        for (ChangeSet* set = epoch->First; set != null; set = set->Next)
        {
            if (!ended.Contains(set->Id.Value))
                ApplyPages(set, frames);
        }
        foreach ((ulong id, (ObjectKind, byte[]) record) in records)
            Records[id] = record;
    }

    public ModelStore Copy()
    {
        var copy = new ModelStore { NextId = NextId };
        foreach ((ulong id, Dictionary<ulong, byte[]> pages) in _objects)
            copy._objects[id] = new Dictionary<ulong, byte[]>(pages);
        foreach ((ulong id, (ObjectKind, byte[]) record) in Records)
            copy.Records[id] = record;
        return copy;
    }

    // As the checkpoint engine does.
    private static bool IsElided(ChangeSet* set, byte* contents) => !set->IsOverlay && PageContents.IsZero(contents);

    private void ApplyPages(ChangeSet* set, FramePool frames)
    {
        bool isKnown = _objects.TryGetValue(set->Id.Value, out Dictionary<ulong, byte[]>? pages);
        if (pages == null)
            _objects[set->Id.Value] = pages = [];
        Assert.True(isKnown || !set->IsTruncated, "cut an object the store does not know");
        if (set->IsTruncated)
        {
            foreach (ulong page in new List<ulong>(pages.Keys))
            {
                if (page >= set->TruncateFrom)
                    pages.Remove(page);
            }
        }
        var cursor = new FrozenPageCursor(set);
        while (cursor.MoveNext())
        {
            Assert.True(isKnown || !cursor.Current->IsHole, "a hole in an object the store does not know");
            if (cursor.Current->IsHole || IsElided(set, frames.AddressOf(cursor.Current->Frame)))
                pages.Remove(cursor.Current->Page);
            else
                pages[cursor.Current->Page] = new ReadOnlySpan<byte>(frames.AddressOf(cursor.Current->Frame), 4096).ToArray();
        }
    }
}
