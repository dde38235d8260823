using System;
using System.Linq;
using Aurora.Base;
using Aurora.Memory;
using Xunit;

namespace Aurora.Memory.Tests;

/// <summary>The operations on contents: stores, loads, files.</summary>
internal sealed unsafe partial class ModelRun
{
    private void StoreWord()
    {
        if (!PickPage(out AddressSpace* space, out ulong number, out ModelPage? page))
            return;
        if (_random.Next(12) == 0)
        {
            for (int each = 0; each < 4; each++)
                StoreWord(space, number, page, each, 0);
            return;
        }
        StoreWord(space, number, page, _random.Next(4), _random.Next(6) == 0 ? 0 : _nextValue++);
    }

    private void StoreWord(AddressSpace* space, ulong number, ModelPage page, int word, ulong value)
    {
        ulong address = (number << 12) + (ulong)Cell.Offsets[word];
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
            page.ForStore().Words[word] = value;
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
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Objects.Resize(file, size));
        contents.Resize(size);
        foreach (ModelPage page in _state.Spaces.Values.SelectMany(space => space.Pages.Values))
        {
            if (page.File == contents && page.FilePage >= size)
                page.GiveUp();
        }
        if (_random.Next(2) == 0)
            return;
        Assert.Equal(MemoryStatus.Ok, _machine.Memory.Objects.Resize(file, size + 40));
        contents.Resize(size + 40);
    }
}
