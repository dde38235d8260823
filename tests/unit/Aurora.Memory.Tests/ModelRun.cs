using System;
using System.Collections.Generic;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>Interprets a list of numbers as operations on a machine and on the model, comparing as it goes.</summary>
internal sealed unsafe class ModelRun : IDisposable
{
    private const ulong Arena = 0x4000_0000;
    private const int ArenaPages = 96;
    private const Protection ReadWrite = Protection.Read | Protection.Write;

    private TestMachine _machine = new();
    private ModelState _state = new();
    private Random _random = new(0);
    private ulong _nextValue = 1;

    public void Dispose() => _machine.Dispose();

    public void Run(int[] program)
    {
        foreach (int word in program)
        {
            _random = new Random(word);
            Step(_random.Next(100));
        }
        CompareAll(_machine, _state);
        ReleaseEverything();
        _machine.AssertNothingLeft();
    }

    private void Step(int kind)
    {
        switch (kind)
        {
            case < 4: NewSpace(); break;
            case < 6: NewFile(); break;
            case < 12: MapAnonymous(); break;
            case < 22: MapFile(); break;
            case < 25: Unmap(); break;
            case < 30: Protect(); break;
            case < 34: Fork(); break;
            case < 56: StoreWord(); break;
            case < 64: LoadWord(); break;
            case < 70: WriteFile(); break;
            case < 73: ResizeFile(); break;
            case < 75: DropPages(); break;
            case < 77: Remap(); break;
            case < 79: EndSpace(); break;
            case < 80: EndFile(); break;
            case < 88: Freeze(); break;
            case < 89: StoreAndFreezeRepeatedly(); break;
            case < 93: SubmitNext(); break;
            case < 95: ReleaseOldest(); break;
            case < 96: Merge(); break;
            case < 98: HoldPageIns(); break;
            default: CrashAndRestore(); break;
        }
    }

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

    private void StoreWord()
    {
        if (!PickPage(out AddressSpace* space, out ulong number, out ModelPage? page))
            return;
        int word = _random.Next(4);
        ulong address = (number << 12) + (ulong)Cell.Offsets[word];
        ulong value = _random.Next(6) == 0 ? 0 : _nextValue++;
        MemoryStatus expected = Expected(page, write: true);
        MemoryStatus status;
        if (_random.Next(3) == 0)
        {
            status = ByKernel(space, address, value);
            expected = expected == MemoryStatus.Ok ? expected : MemoryStatus.Fault;
        }
        else
        {
            status = _machine.TryAccess(space, address, FaultAccess.Write, out byte* pointer);
            if (status == MemoryStatus.Ok)
                *(ulong*)pointer = value;
        }
        Assert.Equal(expected, status);
        if (status == MemoryStatus.Ok)
            page.Contents(create: true)!.Words[word] = value;
    }

    private MemoryStatus ByKernel(AddressSpace* space, ulong address, ulong value)
    {
        AccessResult result = _machine.User.Write(space, new VirtualAddress(address), in value);
        for (; result.Status == MemoryStatus.WouldBlock; result = _machine.User.Write(space, new VirtualAddress(address), in value))
            _machine.ServePager();
        return result.Status;
    }

    private void LoadWord()
    {
        if (PickPage(out AddressSpace* space, out ulong number, out ModelPage? page))
            ComparePage(_machine, space, number, page);
    }

    private void WriteFile()
    {
        if (!PickFile(out VmObject* file, out ModelFile? contents) || contents.Size == 0)
            return;
        ulong page = (ulong)_random.Next(12) * 101 % contents.Size;
        bool overwrite = _random.Next(2) == 0;
        PageAccess access = _machine.FileForWrite(file, page, overwrite);
        Assert.Equal(MemoryStatus.Ok, access.Status);
        Cell cell = contents.PageAt(page, create: true)!;
        if (overwrite)
        {
            new Span<byte>(access.Address, 4096).Clear();
            Array.Clear(cell.Words);
        }
        int word = _random.Next(4);
        *(ulong*)(access.Address + Cell.Offsets[word]) = cell.Words[word] = _nextValue++;
    }

    private void ResizeFile()
    {
        if (!PickFile(out VmObject* file, out ModelFile? contents))
            return;
        ulong size = Pick(0UL, 10UL, 35UL, 510UL, 513UL, 1100UL, contents.Size / 2);
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Resize(file, size));
        contents.Resize(size);
        if (_random.Next(2) == 0)
            return;
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Resize(file, size + 40));
        contents.Resize(size + 40);
    }

    private void DropPages()
    {
        if (!PickSpace(out AddressSpace* space, out ModelSpace? model))
            return;
        PickRange(out ulong first, out ulong pages);
        bool isMapped = Range(first, pages).All(model.Pages.ContainsKey);
        MemoryStatus status = _machine.Memory.DropPages(space, At(first), pages << 12);
        Assert.Equal(isMapped ? MemoryStatus.Ok : MemoryStatus.NotMapped, status);
        if (!isMapped)
            return;
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

    // Starts reading pages and lets other things happen before the reads complete.
    private void HoldPageIns()
    {
        for (int count = 0; count < 3; count++)
        {
            if (PickPage(out AddressSpace* space, out ulong number, out _))
                _machine.Memory.HandleFault(space, At(number), FaultAccess.Read);
        }
        _machine.HoldPageIns();
    }

    private void Freeze()
    {
        if (_machine.Epochs.Count < 4)
            _machine.Freeze().Tag = _state.Copy();
    }

    // Makes a page hot, and leaves it so.
    private void StoreAndFreezeRepeatedly()
    {
        if (!PickPage(out AddressSpace* space, out ulong number, out ModelPage? page) || Expected(page, write: true) != MemoryStatus.Ok)
            return;
        int rounds = _random.Next(3, 14);
        for (int round = 0; round < rounds; round++)
        {
            _machine.Store64(space, number << 12, _nextValue);
            page.Contents(create: true)!.Words[0] = _nextValue++;
            if (_machine.Epochs.Count == 4)
                _machine.ReleaseOldest();
            Freeze();
        }
    }

    private void SubmitNext()
    {
        InFlightEpoch? next = _machine.Epochs.Find(epoch => !epoch.IsSubmitted);
        if (next != null)
            _machine.Submit(next);
    }

    private void ReleaseOldest()
    {
        if (_machine.Epochs.Count > 0)
            _machine.ReleaseOldest();
    }

    private void Merge()
    {
        while (_machine.Epochs.Count > 0 && !_machine.Epochs[^1].IsSubmitted)
            _machine.MergeNewest();
    }

    // Power is lost: what the last submitted epoch captured is what comes back, on an empty machine.
    private void CrashAndRestore()
    {
        if (_machine.Epochs.Count == 0)
            Freeze();
        foreach (InFlightEpoch epoch in _machine.Epochs.Where(epoch => !epoch.IsSubmitted).ToList())
            _machine.Submit(epoch);
        var state = (ModelState)_machine.Epochs[^1].Tag!;
        TestMachine restored = _machine.Restore(_machine.Store.Copy());
        foreach (ulong id in state.Spaces.Keys)
            restored.Memory.Retain((AddressSpace*)restored.Tracker.Find(new ObjectId(id)));
        foreach (ulong id in state.Files.Keys)
            restored.Memory.Retain((VmObject*)restored.Tracker.Find(new ObjectId(id)));
        _machine.Dispose();
        _machine = restored;
        _state = state;
        if (_random.Next(2) == 0)
            CompareAll(_machine, _state);
    }

    private static void CompareAll(TestMachine machine, ModelState state)
    {
        foreach ((ulong id, ModelSpace model) in state.Spaces)
        {
            AddressSpace* space = (AddressSpace*)machine.Tracker.Find(new ObjectId(id));
            Assert.Equal((ulong)model.Pages.Count, space->MappedPages);
            foreach ((ulong number, ModelPage page) in model.Pages)
                ComparePage(machine, space, number, page);
        }
        foreach ((ulong id, ModelFile model) in state.Files)
        {
            VmObject* file = (VmObject*)machine.Tracker.Find(new ObjectId(id));
            Assert.Equal(model.Size, file->SizePages);
            foreach (ulong page in model.Pages.Keys)
                CompareWords(machine.FileForRead(file, page).Address, model.Pages[page]);
        }
        machine.Memory.VerifyAll();
    }

    private static void ComparePage(TestMachine machine, AddressSpace* space, ulong number, ModelPage page)
    {
        MemoryStatus status = machine.TryAccess(space, number << 12, FaultAccess.Read, out byte* pointer);
        Assert.Equal(Expected(page, write: false), status);
        if (status == MemoryStatus.Ok)
            CompareWords(pointer, page.Contents(create: false)!);
    }

    private static void CompareWords(byte* page, Cell cell)
    {
        for (int word = 0; word < 4; word++)
            Assert.Equal(cell.Words[word], *(ulong*)(page + Cell.Offsets[word]));
    }

    private static MemoryStatus Expected(ModelPage page, bool write)
    {
        if (page.Protection == Protection.None || (write && (page.Protection & Protection.Write) == 0))
            return MemoryStatus.AccessDenied;
        return page.Contents(create: false) == null ? MemoryStatus.BusError : MemoryStatus.Ok;
    }

    private void ReleaseEverything()
    {
        foreach (ulong id in _state.Spaces.Keys)
            _machine.Memory.Release((AddressSpace*)_machine.Tracker.Find(new ObjectId(id)));
        foreach (ulong id in _state.Files.Keys)
            _machine.Memory.Release((VmObject*)_machine.Tracker.Find(new ObjectId(id)));
    }

    private bool PickSpace(out AddressSpace* space, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ModelSpace? model)
    {
        space = null;
        model = null;
        if (_state.Spaces.Count == 0)
            return false;
        ulong id = _state.Spaces.Keys.Order().ElementAt(_random.Next(_state.Spaces.Count));
        model = _state.Spaces[id];
        space = (AddressSpace*)_machine.Tracker.Find(new ObjectId(id));
        return true;
    }

    private bool PickFile(out VmObject* file, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ModelFile? model)
    {
        file = null;
        model = null;
        if (_state.Files.Count == 0)
            return false;
        ulong id = _state.Files.Keys.Order().ElementAt(_random.Next(_state.Files.Count));
        model = _state.Files[id];
        file = (VmObject*)_machine.Tracker.Find(new ObjectId(id));
        return true;
    }

    private bool PickPage(out AddressSpace* space, out ulong number, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ModelPage? page)
    {
        number = 0;
        page = null;
        if (!PickSpace(out space, out ModelSpace? model) || model.Pages.Count == 0)
            return false;
        // Half of the accesses go to a few pages, so that operations meet.
        int among = _random.Next(2) == 0 ? Math.Min(4, model.Pages.Count) : model.Pages.Count;
        number = model.Pages.Keys.Order().ElementAt(_random.Next(among));
        page = model.Pages[number];
        return true;
    }

    private void PickRange(out ulong first, out ulong pages)
    {
        pages = (ulong)_random.Next(1, 24);
        first = (Arena >> 12) + (ulong)_random.Next(ArenaPages - 24);
    }

    private T Pick<T>(params T[] choices) => choices[_random.Next(choices.Length)];

    private static IEnumerable<ulong> Range(ulong first, ulong pages)
    {
        for (ulong page = first; page < first + pages; page++)
            yield return page;
    }

    private static VirtualAddress At(ulong page) => new(page << 12);
}
