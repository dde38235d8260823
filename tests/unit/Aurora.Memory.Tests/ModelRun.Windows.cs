using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>The operations that move and widen windows: mremap of every form, stacks, and many mappings at once.</summary>
internal sealed unsafe partial class ModelRun
{
    private void Remap()
    {
        if (!PickPage(out AddressSpace* space, out ulong number, out ModelPage? page))
            return;
        ModelSpace model = _state.Spaces[space->Header.Id.Value];
        Mapping* mapping = MappingTable.Find(space, At(number));
        ulong oldPages = mapping->Pages - (number - (mapping->Start.Value >> 12));
        oldPages = 1 + ((ulong)_random.Next(20) % oldPages);
        ulong newPages = model.Pages.Count > MostPages ? 1 : (ulong)_random.Next(1, 24);
        PickRange(out ulong target, out _);
        var request = new RemapRequest
        {
            Address = At(number), OldLength = _random.Next(20) == 0 ? 0 : oldPages << 12, NewLength = newPages << 12,
            MayMove = _random.Next(3) != 0, IsFixed = _random.Next(2) == 0, NewAddress = At(target),
        };
        MemoryStatus expected = ExpectedOfRemap(model, in request, number, oldPages, newPages);
        MemoryStatus status = _machine.Memory.Remaps.Remap(space, request, out VirtualAddress address);
        Assert.Equal(expected, status);
        if (status == MemoryStatus.Ok)
            MoveInModel(model, number, oldPages, address.Value >> 12, newPages, page);
    }

    private static MemoryStatus ExpectedOfRemap(ModelSpace model, in RemapRequest request, ulong number, ulong oldPages, ulong newPages)
    {
        ulong target = request.NewAddress.Value >> 12;
        if (request.OldLength == 0)
            return MemoryStatus.InvalidArgument;
        bool overlaps = target < number + oldPages && number < target + newPages;
        if (request.IsFixed)
            return overlaps || !request.MayMove ? MemoryStatus.InvalidArgument : MemoryStatus.Ok;
        bool isFree = newPages <= oldPages || !Range(number + oldPages, newPages - oldPages).Any(model.Pages.ContainsKey);
        return isFree || request.MayMove ? MemoryStatus.Ok : MemoryStatus.OverLimit;
    }

    private static void MoveInModel(ModelSpace model, ulong from, ulong oldPages, ulong to, ulong newPages, ModelPage first)
    {
        ModelPage[] old = [.. Range(from, oldPages).Select(page => model.Pages[page])];
        foreach (ulong page in Range(from, oldPages))
            model.Pages.Remove(page);
        for (ulong page = 0; page < newPages; page++)
            model.Pages[to + page] = page < oldPages ? old[page] : first.Following(page);
    }

    // The old place shows what a new mapping of the same would.
    private void RemapKeeping()
    {
        if (!PickPage(out AddressSpace* space, out ulong number, out _))
            return;
        ModelSpace model = _state.Spaces[space->Header.Id.Value];
        Mapping* mapping = MappingTable.Find(space, At(number));
        ulong pages = 1 + ((ulong)_random.Next(20) % (mapping->Pages - (number - (mapping->Start.Value >> 12))));
        if (model.Pages.Count > MostPages)
            return;
        PickRange(out ulong target, out _);
        bool isFixed = _random.Next(2) == 0;
        var request = new RemapRequest
        {
            Address = At(number), OldLength = pages << 12, NewLength = pages << 12, MayMove = true, KeepsOld = true,
            IsFixed = isFixed, NewAddress = At(isFixed || _random.Next(2) == 0 ? target : 0),
        };
        bool overlaps = request.NewAddress.Value != 0 && target < number + pages && number < target + pages;
        MemoryStatus status = _machine.Memory.Remaps.Remap(space, request, out VirtualAddress address);
        Assert.Equal(overlaps ? MemoryStatus.InvalidArgument : MemoryStatus.Ok, status);
        if (status != MemoryStatus.Ok)
            return;
        ModelPage[] old = [.. Range(number, pages).Select(page => model.Pages[page])];
        for (ulong page = 0; page < pages; page++)
        {
            model.Pages[number + page] = old[page].Following(0);
            model.Pages[(address.Value >> 12) + page] = old[page];
        }
    }

    private void MapStack()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        ulong first = StackAt(_random.Next(3));
        _machine.MapAnonymous(space, first << 12, StackPages, MappingFlags.GrowsDown);
        foreach (ulong page in Range(first, StackPages))
            model.Pages[page] = new ModelPage { Own = new Cell(), IsAnonymous = true, GrowsDown = true, Protection = ReadWrite };
    }

    // An access below a stack: it grows unless something is within the gap below.
    private void GrowStack()
    {
        const ulong Gap = 256;
        if (!PickStackPage(out AddressSpace* space, out ModelSpace? model, out ulong lowest))
            return;
        if (_random.Next(3) == 0)
            lowest = MoveLowerPart(space, model, lowest);
        if (!model.Pages.TryGetValue(lowest, out ModelPage? stack) || !stack.GrowsDown)
            return;
        ulong target = lowest - (ulong)_random.Next(1, 6);
        if (Range(target, lowest - target).Any(model.Pages.ContainsKey))
            return;
        ModelPage above = model.Pages[lowest];
        bool isClear = !model.Pages.Keys.Any(number => number <= target && number + Gap >= target);
        FaultAccess access = _random.Next(2) == 0 ? FaultAccess.Read : FaultAccess.Write;
        MemoryStatus expected = isClear ? Expected(above, write: access == FaultAccess.Write) : MemoryStatus.NotMapped;
        Assert.Equal(expected, _machine.TryAccess(space, target << 12, access, out _));
        if (!isClear)
            return;
        // It grows before the access is judged.
        foreach (ulong page in Range(target, lowest - target))
            model.Pages[page] = above.Following(0);
        model.Pages[target].IsWritten = access == FaultAccess.Write && expected == MemoryStatus.Ok;
    }

    // The pages below the new lowest one, which is returned, show elsewhere from now on.
    private ulong MoveLowerPart(AddressSpace* space, ModelSpace model, ulong lowest)
    {
        ulong pages = (ulong)_random.Next(1, 6);
        ModelPage first = model.Pages[lowest];
        bool isOne = MappingTable.Find(space, At(lowest))->Pages > pages;
        if (!isOne || Expected(first, write: true) != MemoryStatus.Ok)
            return lowest;
        for (ulong page = lowest; page < lowest + pages; page++)
        {
            _machine.Store64(space, page << 12, _nextValue);
            model.Pages[page].ForStore().Words[0] = _nextValue++;
        }
        ulong target = (Arena >> 12) + (ulong)_random.Next(ArenaPages - 24);
        var request = new RemapRequest
        {
            Address = At(lowest), OldLength = pages << 12, NewLength = pages << 12, MayMove = true, IsFixed = true, NewAddress = At(target),
        };
        bool overlaps = target < lowest + pages && lowest < target + pages;
        Assert.Equal(overlaps ? MemoryStatus.InvalidArgument : MemoryStatus.Ok, _machine.Memory.Remaps.Remap(space, request, out _));
        if (overlaps)
            return lowest;
        MoveInModel(model, lowest, pages, target, pages, first);
        return lowest + pages;
    }

    // The lowest of some pages that follow each other.
    private bool PickStackPage(out AddressSpace* space, [NotNullWhen(true)] out ModelSpace? model, out ulong lowest)
    {
        lowest = 0;
        if (!PickSpace(out space, out model))
            return false;
        ModelSpace all = model;
        ulong[] pages = [.. all.Pages.Where(page => page.Value.GrowsDown && !all.Pages.ContainsKey(page.Key - 1)).Select(page => page.Key).Order()];
        if (pages.Length == 0 || all.Pages.Count > MostPages)
            return false;
        lowest = pages[_random.Next(pages.Length)];
        return true;
    }

    // More single pages than a table's first sizes hold, copied by a fork in one go.
    private void ForkManyMappings()
    {
        if (_random.Next(12) != 0 || !PickSpace(out AddressSpace* space, out _))
            return;
        const ulong First = 0x7000_0000 >> 12;
        ulong pages = Pick(511UL, 513UL, 1030UL, 1600UL);
        _machine.MapAnonymous(space, First << 12, pages, protection: Protection.Read);
        for (ulong page = 0; page < pages; page += 2)
            Assert.Equal(MemoryStatus.Ok, _machine.Memory.Mappings.Protect(space, At(First + page), 4096, ReadWrite));
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Spaces.Fork(space, out AddressSpace* child));
        int inherited = 0;
        for (int index = 0; index < space->MappingCount; index++)
            inherited += MappingTable.At(space, index)->Flags.HasFlag(MappingFlags.DontFork) ? 0 : 1;
        Assert.Equal(inherited, child->MappingCount);
        _machine.Release(child);
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Mappings.Unmap(space, At(First), pages << 12));
    }
}
