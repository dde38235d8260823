using System;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>The operations on address spaces and mappings.</summary>
internal sealed unsafe partial class ModelRun
{
    private void NewSpace()
    {
        if (_state.Spaces.Count < 4)
            _state.Spaces[_machine.NewSpace()->Header.Id.Value] = new ModelSpace();
    }

    private void NewFile()
    {
        if (_state.Files.Count >= 3)
            return;
        ulong size = Pick(1UL, 40UL, 600UL, 1100UL);
        VmObject* file = _machine.Memory.CreateObject(_machine.Tracker, size, VmObjectFlags.File);
        _state.Files[file->Header.Id.Value] = new ModelFile { Size = size };
    }

    private void MapAnonymous()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        bool isShared = _random.Next(4) == 0;
        _machine.MapAnonymous(space, first << 12, pages, isShared ? MappingFlags.Shared : 0);
        ModelFile? memory = isShared ? new ModelFile { Size = pages } : null;
        if (memory != null)
            _state.Unnamed.Add(memory);
        for (ulong page = 0; page < pages; page++)
        {
            model.Pages[first + page] = new ModelPage
            {
                File = memory, FilePage = page, Own = isShared ? null : new Cell(), IsShared = isShared, IsAnonymous = true,
                Protection = ReadWrite,
            };
        }
    }

    private void MapFile()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model) || !PickFile(out VmObject* file, out ModelFile? contents))
            return;
        PickRange(out ulong first, out ulong pages);
        ulong offset = Pick(0UL, 0UL, 30UL, 505UL, 1000UL);
        bool isShared = _random.Next(2) == 0;
        Protection protection = _random.Next(2) == 0 ? Protection.Read : ReadWrite;
        _machine.MapFile(space, first << 12, file, offset, pages, isShared ? MappingFlags.Shared : 0, protection);
        for (ulong page = 0; page < pages; page++)
        {
            var mapped = new ModelPage { File = contents, FilePage = offset + page, IsShared = isShared, Protection = protection };
            if (protection == ReadWrite)
                mapped.Part();
            model.Pages[first + page] = mapped;
        }
    }

    private void Unmap()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Unmap(space, At(first), pages << 12));
        for (ulong page = first; page < first + pages; page++)
            model.Pages.Remove(page);
    }

    private void Protect()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        Protection protection = Pick(Protection.None, Protection.Read, ReadWrite, ReadWrite);
        MemoryStatus status = _machine.Memory.Protect(space, At(first), pages << 12, protection);
        bool isMapped = Range(first, pages).All(model.Pages.ContainsKey);
        Assert.Equal(isMapped ? MemoryStatus.Ok : MemoryStatus.NotMapped, status);
        if (!isMapped)
            return;
        foreach (ulong number in Range(first, pages))
        {
            model.Pages[number].Protection = protection;
            if (protection == ReadWrite)
                model.Pages[number].Part();
        }
    }

    private void Fork()
    {
        if (_state.Spaces.Count >= 4 || !PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.ForkSpace(space, out AddressSpace* child));
        _state.Spaces[child->Header.Id.Value] = model.Copy(null);
    }

    private void DropPages()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        bool isMapped = Range(first, pages).All(model.Pages.ContainsKey);
        MemoryStatus status = _machine.Memory.DropPages(space, At(first), pages << 12, out ulong done);
        Assert.Equal(isMapped ? MemoryStatus.Ok : MemoryStatus.NotMapped, status);
        if (!isMapped)
            return;
        Assert.Equal(pages << 12, done);
        foreach (ModelPage page in Range(first, pages).Select(number => model.Pages[number]))
        {
            if (page.Own != null && page.IsAnonymous)
                page.Own = new Cell();
        }
    }

    // Moves a private anonymous mapping, whole or in part, and grows or shrinks it.
    private void Remap()
    {
        if (!PickPage(out AddressSpace* space, out ulong number, out ModelPage? page) || !page.IsAnonymous || page.IsShared)
            return;
        Mapping* mapping = _machine.Memory.FindMapping(space, At(number));
        ulong oldPages = mapping->Pages - (number - (mapping->Start.Value >> 12));
        oldPages = 1 + ((ulong)_random.Next(20) % oldPages);
        ulong newPages = (ulong)_random.Next(1, 24);
        PickRange(out ulong target, out _);
        var request = new RemapRequest
        {
            Address = At(number), OldLength = oldPages << 12, NewLength = newPages << 12, MayMove = true, IsFixed = true, NewAddress = At(target),
        };
        bool overlaps = target < number + oldPages && number < target + newPages;
        MemoryStatus status = _machine.Memory.Remap(space, request, out VirtualAddress address);
        Assert.Equal(overlaps ? MemoryStatus.InvalidArgument : MemoryStatus.Ok, status);
        if (!overlaps)
            MoveInModel(_state.Spaces[space->Header.Id.Value], number, oldPages, address.Value >> 12, newPages, page.Protection);
    }

    private static void MoveInModel(ModelSpace model, ulong from, ulong oldPages, ulong to, ulong newPages, Protection protection)
    {
        for (ulong page = to; page < to + newPages; page++)
            model.Pages.Remove(page);
        for (ulong page = 0; page < Math.Max(oldPages, newPages); page++)
        {
            ModelPage? moved = null;
            if (page < oldPages)
                model.Pages.Remove(from + page, out moved);
            if (page < newPages)
                model.Pages[to + page] = moved ?? new ModelPage { Own = new Cell(), IsAnonymous = true, Protection = protection };
        }
    }

    private void EndSpace()
    {
        if (!PickSpace(out AddressSpace* space, out _))
            return;
        _state.Spaces.Remove(space->Header.Id.Value);
        _machine.Memory.Release(space);
    }

    private void EndFile()
    {
        if (!PickFile(out VmObject* file, out ModelFile? contents))
            return;
        _state.Files.Remove(file->Header.Id.Value);
        _state.Unnamed.Add(contents);
        _machine.Memory.Release(file);
    }
}
