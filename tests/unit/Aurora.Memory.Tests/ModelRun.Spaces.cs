using System;
using System.Collections.Generic;
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
        VmObject* file = _machine.Memory.Objects.Create(_machine.Tracker, size, VmObjectFlags.File);
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
            model.Pages[first + page] = new ModelPage { File = contents, FilePage = offset + page, IsShared = isShared, Protection = protection };
        }
    }

    private void Unmap()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Mappings.Unmap(space, At(first), pages << 12));
        for (ulong page = first; page < first + pages; page++)
            model.Pages.Remove(page);
    }

    private void Protect()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        Protection protection = Pick(Protection.None, Protection.Read, ReadWrite, ReadWrite);
        MemoryStatus status = _machine.Memory.Mappings.Protect(space, At(first), pages << 12, protection);
        bool isMapped = Range(first, pages).All(model.Pages.ContainsKey);
        Assert.Equal(isMapped ? MemoryStatus.Ok : MemoryStatus.NotMapped, status);
        if (!isMapped)
            return;
        foreach (ulong number in Range(first, pages))
            model.Pages[number].Protection = protection;
    }

    private void Fork()
    {
        if (_state.Spaces.Count >= 4 || !PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Spaces.Fork(space, out AddressSpace* child));
        ModelSpace copy = model.Copy(null);
        foreach (ulong number in copy.Pages.Keys.ToArray())
        {
            if (copy.Pages[number].Marks.HasFlag(MappingFlags.DontFork))
                copy.Pages.Remove(number);
            else if (copy.Pages[number].Marks.HasFlag(MappingFlags.WipeOnFork))
                copy.Pages[number].GiveUp();
        }
        _state.Spaces[child->Header.Id.Value] = copy;
    }

    // Over gaps, and up to the first mapping that cannot have the mark.
    private void Mark()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        MappingFlags mark = Pick(MappingFlags.DontFork, MappingFlags.WipeOnFork, MappingFlags.WipeOnFork);
        bool isSet = _random.Next(3) != 0;
        bool isMapped = Range(first, pages).All(model.Pages.ContainsKey);
        MemoryStatus expected = isMapped ? MemoryStatus.Ok : MemoryStatus.NotMapped;
        foreach (ModelPage page in Range(first, pages).Where(model.Pages.ContainsKey).Select(number => model.Pages[number]))
        {
            if (isSet && mark == MappingFlags.WipeOnFork && (!page.IsAnonymous || page.IsShared))
            {
                expected = MemoryStatus.InvalidArgument;
                break;
            }
            page.Marks = isSet ? page.Marks | mark : page.Marks & ~mark;
        }
        Assert.Equal(expected, _machine.Memory.Marks.Mark(space, At(first), pages << 12, mark, isSet));
    }

    private void DropPages()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        ulong dirty = _machine.Memory.Epochs.DirtyPagesOf(_machine.Tracker);
        MemoryStatus status = _machine.DropPages(space, first << 12, pages << 12, out ulong done);
        Assert.Equal(MemoryStatus.Ok, status);
        Assert.Equal(pages << 12, done);
        List<ModelPage> dropped = [.. Range(first, pages).Where(model.Pages.ContainsKey).Select(number => model.Pages[number])];
        ulong written = (ulong)dropped.Count(page => page.IsWritten);
        dirty = _machine.Memory.Epochs.DirtyPagesOf(_machine.Tracker) - dirty;
        Assert.True(dirty <= written, $"{dirty} holes were made of {written} pages that were there");
        dropped.ForEach(page => page.GiveUp());
    }

    private void EndSpace()
    {
        if (!PickSpace(out AddressSpace* space, out _))
            return;
        _state.Spaces.Remove(space->Header.Id.Value);
        _machine.Release(space);
    }

    private void EndFile()
    {
        if (!PickFile(out VmObject* file, out ModelFile? contents))
            return;
        _state.Files.Remove(file->Header.Id.Value);
        _state.Unnamed.Add(contents);
        _machine.Memory.Objects.Release(file);
    }
}
