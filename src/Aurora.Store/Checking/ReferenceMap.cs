// Reference counts as a check finds them: 16 bits a block, in pages that exist only for groups with references.
using Aurora.Base;

namespace Aurora.Store;

/// <summary>Counts references to data blocks. Memory: 4 KiB for each group of 2,032 blocks in use, 8 bytes for each group.</summary>
internal sealed unsafe class ReferenceMap
{
    private readonly PageAllocator _pages;
    private readonly ulong _dataStart;
    private readonly ulong _groups;
    private readonly int _tablePages;
    private readonly ushort** _table;

    public ReferenceMap(PageAllocator pages, in Geometry geometry)
    {
        _pages = pages;
        _dataStart = geometry.DataStart;
        _groups = geometry.Groups;
        _tablePages = (int)PageSize.PagesFor(_groups * 8);
        _table = (ushort**)pages.Allocate(_tablePages);
    }

    public bool HasMemory => _table != null;

    /// <summary>The references counted for a data block.</summary>
    public uint Count(ulong block)
    {
        ulong index = block - _dataStart;
        ushort* counts = _table[index / SpacePage.BlocksPerGroup];
        return counts == null ? 0u : counts[index % SpacePage.BlocksPerGroup];
    }

    public bool HasGroup(ulong group) => _table[group] != null;

    /// <summary>Counts one more and returns the new number; 0 when there is no memory. Numbers stop at the format's saturation.</summary>
    public uint Add(ulong block)
    {
        ulong index = block - _dataStart;
        ushort** slot = &_table[index / SpacePage.BlocksPerGroup];
        if (*slot == null)
            *slot = (ushort*)_pages.Allocate(1);
        if (*slot == null)
            return 0;
        ushort* count = &(*slot)[index % SpacePage.BlocksPerGroup];
        if (*count < SpacePage.Saturated)
            (*count)++;
        return *count;
    }

    public void Free()
    {
        for (ulong i = 0; HasMemory && i < _groups; i++)
        {
            if (_table[i] != null)
                _pages.Free(_table[i], 1);
        }
        if (HasMemory)
            _pages.Free(_table, _tablePages);
    }
}
