// Blocks whose count is saturated stay for ever, also when nothing refers to them any more. A node among them keeps what it refers to: its references are
// real and are counted as if it were a root. Its checksum went with the last pointer to it, so the node has to speak for itself.
namespace Aurora.Store;

internal sealed unsafe partial class StoreChecker
{
    private void CountUnreachable()
    {
        for (ulong group = 0; group < _context.Geometry.Groups && _status == StoreStatus.Ok; group++)
        {
            // What cannot be read here is reported when the counts are compared.
            if (_audit.IsGroupPresent(group, out bool isPresent) == StoreStatus.Ok && isPresent)
                CountUnreachableIn(group);
            _context.Fibers.Yield();
        }
    }

    private void CountUnreachableIn(ulong group)
    {
        ulong start = _context.Geometry.DataStart + (group * SpacePage.BlocksPerGroup);
        for (ulong block = start; block < start + SpacePage.BlocksPerGroup && block < _context.Geometry.BlockCount && _status == StoreStatus.Ok; block++)
        {
            if (_audit.Read(block, out _, out ushort raw) != StoreStatus.Ok)
                return;
            if (raw == SpacePage.Saturated && _present.Count(block) == 0)
                CountUnreachableNode(block);
        }
    }

    // Counted once itself, so that another one that refers to it does not walk it again.
    private void CountUnreachableNode(ulong block)
    {
        var header = (NodeHeader*)_node;
        if (_context.ReadBlock(block, _node) != StoreStatus.Ok)
        {
            Report(_context.Fault);
            return;
        }
        var self = new NodePointer { Block = block, Level = header->Level };
        bool isKind = header->Kind is TreeKind.Objects or TreeKind.Pages or TreeKind.History or TreeKind.Volumes;
        if (!isKind || header->Level >= StoreFormat.MaxLevels || !NodeCheck.IsValid(_node, header->Kind, self, _context.Geometry))
            return;
        if (_present.Add(block) == 0)
        {
            _status = StoreStatus.OutOfMemory;
            return;
        }
        _report.TreeNodes++;
        if (header->Kind != TreeKind.Pages && header->Level == 0)
            CountRecords(header->Kind, _node + NodeHeader.Bytes, header->Count, block);
        else
            CountEntries(header->Kind, (MapEntry*)(_node + NodeHeader.Bytes), header->Count, header->Level, ulong.MaxValue, 0);
    }
}
